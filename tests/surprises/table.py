"""Where good guesses about Kubernetes 1.36 are wrong, as a table: each row is met in the simulator, and told in words.

A row is what a real 1.36.2 did (control plane and kubectl recorded on 2026-11-29, data plane and CoreDNS on
2026-11-22), or what its source says where the source is named.
"""

# ruff: noqa: E501 (lines of the shell stand as they are typed)

from __future__ import annotations

from dataclasses import dataclass

RECORDED = "recorded, 2026-11-29"
DATA_PLANE = "recorded, 2026-11-22"


@dataclass(frozen=True, slots=True)
class Surprise:
    """One guess that is wrong.

    :param guess: what an engineer would say.
    :param truth: what happens.
    :param commands: lines of the shell that show it.
    :param shows: texts that their output has, in this order.
    :param lacks: texts that it has not.
    :param before: what must be there first, and is not shown.
    :param lost: a node that has lost its power two minutes before.
    :param source: on what it rests.
    :param version: of which Kubernetes.
    """

    guess: str
    truth: str
    commands: str
    shows: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    before: str = ""
    lost: str = ""
    source: str = RECORDED
    version: str = "1.36.2"


@dataclass(frozen=True, slots=True)
class Chapter:
    """Rows that are met one after the other in one cluster.

    :param proxy_mode: of the cluster.
    """

    title: str
    rows: tuple[Surprise, ...]
    proxy_mode: str = "iptables"


def service(name: str, spec: str, *, metadata: str = "") -> str:
    """The lines that apply a Service."""
    return (
        "kubectl apply -f - <<END\napiVersion: v1\nkind: Service\n"
        f"metadata: {{name: {name}{metadata}}}\nspec: {spec}\nEND"
    )


STATEFUL = """\
kubectl apply -f - <<END
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 3
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: nginx}]}
END
kubectl rollout status sts db > /dev/null"""

WEB = """\
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{ports: [{{port: 80, targetPort: {}}}]}}
"""
DEPLOYMENT = """\
kubectl apply -f - <<END > /dev/null
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: c, image: "{}"}}]}}
END"""

CHAPTERS = (
    Chapter(
        "Commands",
        (
            Surprise(
                "`kubectl create statefulset` makes a StatefulSet",
                "there is no such generator, and the first option is what is complained of",
                "kubectl create sts db --image nginx",
                ("error: unknown flag: --image",),
            ),
            Surprise(
                "`kubectl expose` takes anything that has Pods",
                "not a StatefulSet",
                "kubectl expose sts db",
                ("cannot expose a StatefulSet.apps",),
                before=STATEFUL,
            ),
            Surprise(
                "`kubectl scale` tells that a DaemonSet cannot be scaled",
                "it says that the server could not find the resource: there is no subresource `scale`",
                "kubectl scale ds agent --replicas 2",
                ("Error from server (NotFound): the server could not find the requested resource",),
                before="kubectl apply -f - <<END\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\n"
                "spec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n"
                "    spec: {containers: [{name: c, image: nginx}]}\nEND",
            ),
            Surprise(
                "`rollout status` of a StatefulSet ends as that of a Deployment does",
                "the API fills in `partition: 0`, so it always speaks of a partitioned roll out",
                "kubectl rollout status sts db",
                ("partitioned roll out complete: 3 new pods have been updated...",),
            ),
            Surprise(
                "events of a StatefulSet begin in lower case, as they did for years",
                "since 1.36: `Create Pod …`, `Delete Pod …`",
                "kubectl get events | grep StatefulSet",
                ("Create Pod db-0 in StatefulSet db successful",),
            ),
            Surprise(
                "a wait that times out names the object",
                "not where it waited for the object to be created",
                "kubectl wait --for=create pod/x --timeout=1s\nkubectl wait --for=delete pod/db-0 --timeout=1s",
                ("error: timed out waiting for the condition\n", "timed out waiting for the condition on pods/db-0"),
            ),
            Surprise(
                "`--cpu-percent` is how autoscale is told its target",
                "it is deprecated, and TARGETS says which resource",
                "kubectl create deployment web --image nginx\nkubectl autoscale deployment web --max 3 --cpu-percent 80\n"
                "sleep 1; kubectl get hpa",
                ("Flag --cpu-percent has been deprecated, Use --cpu", "cpu: <unknown>/80%"),
            ),
            Surprise(
                "`kubectl create service externalname` makes a Service without a selector",
                "it has `app: NAME`, which means nothing there",
                "kubectl create service externalname ext --external-name a.example --dry-run=client -o yaml",
                ("selector:\n    app: ext",),
            ),
        ),
    ),
    Chapter(
        "Field managers and roll outs",
        (
            Surprise(
                "a conflict names the other manager, and its version",
                "not where that one applied with the same version",
                "kubectl apply --server-side -f - <<END\n" + WEB.format(80) + "END\n"
                "kubectl apply --server-side --field-manager me -f - <<END\n" + WEB.format(81) + "END",
                ('conflict with "kubectl": .spec.ports[port=80,protocol="TCP"].targetPort',),
            ),
            Surprise(
                "undoing a roll out brings the annotation of the last apply back, too",
                "it does not, and kubectl warns of it",
                "kubectl rollout undo deployment web",
                ("rolled back", "Warning: resource deployments/web was previously managed with 'kubectl apply'."),
                before=DEPLOYMENT.format("nginx") + "\n" + DEPLOYMENT.format("nginx:1.27"),
            ),
            Surprise(
                "undoing a StatefulSet's roll out of an image that cannot be pulled mends its Pods",
                "the Pod with the bad image stays until somebody deletes it",
                "kubectl set image sts db c=nginx:1.999\nsleep 20\nkubectl rollout undo sts db\nsleep 30\n"
                "kubectl get pod db-2 -o jsonpath='{.spec.containers[0].image}{\"\\n\"}'",
                ("nginx:1.999",),
                before=STATEFUL,
            ),
            Surprise(
                "`kubectl describe` prints what the kubelet says of a container",
                "it puts the path of the field in front",
                "kubectl describe pod db-0",
                ("spec.containers{c}: Container created", "spec.containers{c}: Container started"),
            ),
            Surprise(
                "`kubectl diff` of a new object exits 1, and of a missing file, too",
                "a missing file is an error: 2",
                "kubectl diff -f nothing.yaml; echo $?",
                ("\n2\n",),
            ),
        ),
    ),
    Chapter(
        "Objects",
        (
            Surprise(
                "a label `public: yes` is a text",
                "YAML 1.1: `yes`, `no`, `on`, `off` and `y` are booleans, and a label must be a text",
                service("yaml", "{ports: [{port: 80}]}", metadata=", labels: {public: yes}"),
                ("cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string",),
            ),
            Surprise(
                '`targetPort: "8080"` is the number 8080',
                "a text is a name, and a name has a letter",
                service("quoted", '{ports: [{port: 80, targetPort: "8080"}]}'),
                ('spec.ports[0].targetPort: Invalid value: "8080": must contain at least one letter (a-z)',),
            ),
            Surprise(
                "moving TCP 53 to 54 in a file that also has UDP 53 leaves UDP alone",
                "a client-side apply merges ports by number alone: UDP 53 goes without a word",
                service("dns", "{ports: [{name: u, port: 53, protocol: UDP}, {name: t, port: 53}]}")
                + "\n"
                + service("dns", "{ports: [{name: u, port: 53, protocol: UDP}, {name: t, port: 54}]}")
                + "\nkubectl get svc dns -o jsonpath='{.spec.ports[*].port}{\"\\n\"}'",
                ("service/dns configured\n54\n",),
            ),
            Surprise(
                "taking UDP 53 out of the same file leaves TCP 53",
                "it is refused, with words that do not say why",
                service("dns2", "{ports: [{name: u, port: 53, protocol: UDP}, {name: t, port: 53}]}")
                + "\n"
                + service("dns2", "{ports: [{name: t, port: 53}]}"),
                ('The Service "dns2" is invalid: spec.ports: Required value',),
            ),
            Surprise(
                "server-side apply takes two ports with the same number and protocol, as validation would say",
                "it cannot even build the object: they are one item of a list by key",
                service(
                    "twin", "{ports: [{name: a, port: 53, protocol: UDP}, {name: b, port: 53, protocol: UDP}]}"
                ).replace("apply -f", "apply --server-side -f"),
                (
                    "failed to create typed patch object (default/twin; /v1, Kind=Service): .spec.ports: duplicate entries",
                ),
            ),
            Surprise(
                "`--validate=false` lets a misspelt field pass",
                "not with server-side apply",
                service("typo", "{ports: [{port: 80}], selectr: {a: b}}").replace(
                    "apply -f", "apply --server-side --validate=false -f"
                ),
                (".spec.selectr: field not declared in schema",),
            ),
            Surprise(
                "an EndpointSlice's port must be a port number",
                "ports are not checked for their range; addresses are checked",
                "kubectl apply -f - <<END\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: far}\n"
                "addressType: IPv4\nports: [{port: 99999}]\nendpoints: [{addresses: [192.0.2.1]}]\nEND",
                ("endpointslice.discovery.k8s.io/far created",),
            ),
            Surprise(
                "an object that is being deleted can be created again at once",
                "a finalizer holds it, and the server says so",
                service("fin", "{ports: [{port: 80}]}", metadata=", finalizers: [example.com/hold]")
                + "\nkubectl delete svc fin --wait=false\nkubectl create service clusterip fin --tcp=80",
                ('object is being deleted: services "fin" already exists',),
            ),
            Surprise(
                "a finalizer can be added to an object that is being deleted",
                "none may be added any more",
                'kubectl patch svc fin --type=merge -p \'{"metadata":{"finalizers":["example.com/hold","example.com/more"]}}\'',
                (
                    "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
                    'found new finalizers []string{"example.com/more"}',
                ),
            ),
            Surprise(
                "`allocateLoadBalancerNodePorts: false` takes the node port away",
                "the port that was allocated stays",
                "kubectl create service loadbalancer lb --tcp=80\n"
                'kubectl patch svc lb -p \'{"spec":{"allocateLoadBalancerNodePorts":false}}\' > /dev/null\n'
                "kubectl get svc lb -o jsonpath='{.spec.ports[0].nodePort}{\"\\n\"}'",
                ("\n3",),
            ),
            Surprise(
                "the families of a Service that lives may be changed to IPv6 where there is none: it is told that",
                "it is told that its address is of the wrong family",
                "kubectl create service clusterip six --tcp=80\n"
                'kubectl patch svc six -p \'{"spec":{"ipFamilies":["IPv6"]}}\'',
                ("expected an IPv6 value as indicated by `ipFamilies[0]`",),
            ),
            Surprise(
                "PreferDualStack with both families falls back to one",
                "only without a list of families; with one it is refused",
                service("dual", "{ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4, IPv6], ports: [{port: 80}]}"),
                ('spec.ipFamilies[1]: Invalid value: "IPv6": not configured on this cluster',),
            ),
            Surprise(
                "`trafficDistribution: PreferClose` is the word",
                "it is deprecated",
                service("close", "{trafficDistribution: PreferClose, ports: [{port: 80}]}"),
                ('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',),
            ),
            Surprise(
                "`externalIPs` is an ordinary field",
                "using it warns since 1.36",
                service("given", "{externalIPs: [192.0.2.7], ports: [{port: 80}]}"),
                ("spec.externalIPs is deprecated and may no longer be implemented in some clusters",),
            ),
        ),
    ),
    Chapter(
        "Addresses and endpoints",
        (
            Surprise(
                "a range of Service addresses that is in use cannot be deleted",
                "it is marked as deleted, stays, and at once gives out no more addresses",
                "kubectl apply -f - <<END\napiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {name: extra}\n"
                "spec: {cidrs: [10.44.0.0/28]}\nEND\n"
                "kubectl create service clusterip one --tcp=80 --clusterip=10.44.0.5\n"
                "kubectl delete servicecidr extra --wait=false\n"
                "kubectl create service clusterip two --tcp=80 --clusterip=10.44.0.6\n"
                "kubectl get servicecidr extra -o jsonpath='{.status.conditions[0].reason}{\"\\n\"}'",
                ("deleted", "the provided network does not match the current range", "Terminating"),
            ),
            Surprise(
                "the IPAddress of a live Service cannot be deleted, or is back in seconds",
                "it goes; a sweep of every three minutes makes it again, or the next change of the Service",
                "kubectl delete ipaddress 10.44.0.5\nsleep 5\nkubectl get ipaddress 10.44.0.5\n"
                "kubectl label svc one a=b\nkubectl get ipaddress 10.44.0.5\nkubectl describe svc one",
                ("deleted", "not found", "services/default/one", "is not allocated; repairing"),
            ),
            Surprise(
                "without a selector a Service's slices stay, and nothing else happens",
                "a second slice appears: the old Endpoints are mirrored, and each address is listed twice",
                'kubectl patch svc web --type=json -p \'[{"op":"remove","path":"/spec/selector"}]\'\nsleep 2\n'
                "kubectl get endpointslices -l kubernetes.io/service-name=web -o name | wc -l",
                ("\n2\n",),
                before="kubectl create deployment web --image nginx --replicas 2\nkubectl expose deployment web --port 80\n"
                "kubectl rollout status deployment web > /dev/null",
            ),
            Surprise(
                "a Pod that is never ready and a Service with `publishNotReadyAddresses`: not ready, but listed",
                "its endpoint is *ready* and not *serving*",
                service("early", "{publishNotReadyAddresses: true, selector: {run: lazy}, ports: [{port: 80}]}")
                + "\nsleep 3\nkubectl get endpointslices -l kubernetes.io/service-name=early "
                "-o jsonpath='{.items[0].endpoints[0].conditions}{\"\\n\"}'",
                ('"ready":true,"serving":false',),
                before='kubectl run lazy --image nginx --overrides=\'{"spec":{"containers":[{"name":"lazy",'
                '"image":"nginx","readinessProbe":{"tcpSocket":{"port":99}}}]}}\'',
            ),
            Surprise(
                "a Pod of a lost node is shown as Unknown after a minute",
                "nothing unusual is shown for almost six minutes: 1/1 Running; its endpoint is not ready after one",
                "kubectl get nodes\nkubectl get pods far\n"
                "kubectl get endpointslices -l kubernetes.io/service-name=far "
                "-o jsonpath='{.items[0].endpoints[0].conditions.ready}{\"\\n\"}'",
                ("worker NotReady", "far 1/1 Running", "\nfalse\n"),
                before='kubectl run far --image nginx --port 80 --expose --overrides=\'{"spec":{"nodeName":"worker"}}\'\n'
                "kubectl wait --for=condition=Ready pod/far > /dev/null",
                lost="worker",
            ),
        ),
    ),
    Chapter(
        "Scheduling, quotas and limits",
        (
            Surprise(
                "a Pod that asks for too much: `0/2 nodes are available: 2 Insufficient cpu.`",
                "two more sentences follow, one of claims that nobody made",
                'kubectl run big --image nginx --overrides=\'{"spec":{"containers":[{"name":"big","image":"nginx",'
                '"resources":{"requests":{"cpu":"900"}}}]}}\'\nsleep 1\nkubectl get events | grep FailedScheduling',
                ("2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: 2 ",),
            ),
            Surprise(
                "a quota counts; a Pod without requests counts as nothing",
                "where a quota has cpu or memory, a container that does not say its share is refused",
                "kubectl create quota q --hard=cpu=1\nsleep 1\nkubectl run p --image nginx",
                ('pods "p" is forbidden: failed quota: q: must specify cpu for: p',),
                source="kubernetes/pkg/quota/v1/evaluator/core/pods.go",
            ),
            Surprise(
                "a Deployment that exceeds a quota is refused",
                "it is created, and so is its ReplicaSet; only the Pods are refused, and only events say so",
                "kubectl create deployment over --image nginx\nsleep 2\nkubectl get deployment over\n"
                "kubectl describe rs -l app=over",
                ("created", "0/1", "ReplicaFailure", "Error creating: pods"),
                source="kubernetes/plugin/pkg/admission/resourcequota",
            ),
            Surprise(
                "a LimitRange with a `max` alone only limits",
                "its most becomes the default limit and the default request of every container that says nothing",
                "kubectl delete quota q\nkubectl apply -f - <<END\napiVersion: v1\nkind: LimitRange\nmetadata: {name: most}\n"
                'spec: {limits: [{type: Container, max: {cpu: "1"}}]}\nEND\nkubectl run quiet --image nginx\n'
                "kubectl get pod quiet -o jsonpath='{.spec.containers[0].resources}{\"\\n\"}'",
                ('{"limits":{"cpu":"1"},"requests":{"cpu":"1"}}',),
                source="kubernetes/pkg/apis/core/v1/defaults.go",
            ),
        ),
    ),
    Chapter(
        "nftables mode",
        (
            Surprise(
                "each endpoint has a chain, to which a verdict map leads",
                "only with session affinity; otherwise one rule picks the address, and one endpoint is `mod 1`",
                "nft list table ip kube-proxy",
                ("numgen random mod",),
                ("chain endpoint-",),
                before="kubectl create deployment web --image nginx --replicas 2\nkubectl expose deployment web --port 80\n"
                "kubectl rollout status deployment web > /dev/null",
                source=DATA_PLANE,
            ),
            Surprise(
                "a chain `mark-for-masquerade` marks packets",
                "there is none: the mark is set in place, and hairpins are found in a set",
                "nft list table ip kube-proxy",
                ("hairpin-connections", "meta mark set"),
                ("mark-for-masquerade",),
                source=DATA_PLANE,
            ),
            Surprise(
                "a node port answers at localhost",
                "it is refused there, in nftables mode",
                "kubectl create service nodeport np --tcp=80 --node-port=30333\nkubectl set selector svc np app=web\nsleep 1\n"
                "curl -sS -m 3 http://localhost:30333",
                ("curl: (7)",),
                source=DATA_PLANE,
            ),
        ),
        proxy_mode="nftables",
    ),
    Chapter(
        "Names",
        (
            Surprise(
                "a name's time to live in the cluster is 30 seconds",
                "k3s' Corefile has no `ttl`, so it is 5",
                "dig @10.43.0.10 kubernetes.default.svc.cluster.local +noall +answer",
                ("local. 5 IN A 10.43.0.1",),
                source=DATA_PLANE,
            ),
            Surprise(
                "CoreDNS answers a name in the case in which it was asked",
                "with `cache`, as in the stock Corefile, in lower case",
                "dig @10.43.0.10 KUBERNETES.default.svc.cluster.local +noall +answer",
                ("kubernetes.default.svc.cluster.local.",),
                source=DATA_PLANE,
            ),
            Surprise(
                "an ExternalName that leads to itself fails",
                "NOERROR, without an answer",
                "kubectl create service externalname loop --external-name loop.default.svc.cluster.local\n"
                "dig @10.43.0.10 loop.default.svc.cluster.local",
                ("status: NOERROR",),
                source=DATA_PLANE,
            ),
            Surprise(
                "an SRV record needs `_http._tcp`",
                "`http.tcp` answers as well",
                "dig @10.43.0.10 SRV https.tcp.kubernetes.default.svc.cluster.local +noall +answer",
                ("SRV",),
                source=DATA_PLANE,
            ),
            Surprise(
                "a headless Service without endpoints has an empty answer",
                "its name does not exist: NXDOMAIN",
                "kubectl create service clusterip hollow --clusterip=None\n"
                "dig @10.43.0.10 hollow.default.svc.cluster.local",
                ("NXDOMAIN",),
                source=DATA_PLANE,
            ),
        ),
    ),
)
