// node peer.mjs SERVICES PODS_A_SERVICE: webernetes brings Services with their Pods up; one line of JSON says what it took.
import { BaseImage, Cluster } from "@ngrok/webernetes";

const [services, pods] = process.argv.slice(2).map(Number);

class WebServer extends BaseImage {
  static imageName = "web-server";
  static imageVersion = "1";
  defaultCommand = ["serve"];

  async exec(context, words) {
    if (words[0] !== "serve") return super.exec(context, words);
    context.listenHttp(8080, async () => ({ status: 200, body: "hello\n" }));
    return context.waitUntilKilled();
  }
}

function* manifest() {
  for (let number = 0; number < services; number += 1) {
    const name = `web-${number}`;
    const ports = [{ port: 80, targetPort: 8080, protocol: "TCP" }];
    yield { apiVersion: "v1", kind: "Service", metadata: { name }, spec: { type: "ClusterIP", selector: { app: name }, ports } };
    for (let pod = 0; pod < pods; pod += 1) {
      const metadata = { name: `${name}-${pod}`, labels: { app: name } };
      yield { apiVersion: "v1", kind: "Pod", metadata, spec: { containers: [{ name: "web", image: "web-server:1" }] } };
    }
  }
}

async function readyEndpoints(cluster) {
  const { items } = await cluster.api.discoveryv1.listEndpointSliceForAllNamespaces({});
  const ours = items.filter(({ metadata }) => metadata?.name?.startsWith("web-"));
  return ours.flatMap(({ endpoints }) => endpoints ?? []).filter(({ conditions }) => conditions?.ready).length;
}

const cluster = new Cluster();
cluster.registerImage(WebServer);
await cluster.init();
const began = performance.now();
await cluster.apply([...manifest()]);
while ((await readyEndpoints(cluster)) < services * pods) {
  if (performance.now() - began > 600_000) throw new Error("not all endpoints are ready after ten minutes");
  await new Promise((resolve) => setTimeout(resolve, 20));
}
const seconds = (performance.now() - began) / 1000;
console.log(JSON.stringify({ seconds, mebibytes: process.memoryUsage().rss / 2 ** 20 }));
process.exit(0);
