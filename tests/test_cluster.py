from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from kubesim.api.errors import ApiError
from kubesim.api.objects import Service, Wire
from kubesim.api.store import Change
from kubesim.cluster import Cluster, ClusterConfiguration
from kubesim.cluster.configuration import DATA, ClusterFileError

MANIFESTS = DATA / "manifests"


def pod(name: str, image: str = "nginx", labels: dict[str, str] | None = None, **spec: object) -> Wire:
    container = {"name": name, "image": image}
    container |= spec.pop("container", {})  # type: ignore[arg-type]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {"run": name}},
        "spec": {"containers": [container], **spec},
    }


def deployment(name: str, replicas: int, **container: object) -> Wire:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "c", "image": "nginx", **container}]},
            },
        },
    }


def status_of(cluster: Cluster, name: str) -> str:
    table = cluster.table("pods")
    return str(table[table["NAME"] == name]["STATUS"].iloc[0])


def ready_addresses(cluster: Cluster, service: str) -> set[str]:
    slices = cluster.store.list("EndpointSlice", "default", {"kubernetes.io/service-name": service})
    points = [point for piece in slices for point in piece.get("endpoints") or []]
    return {point["addresses"][0] for point in points if point["conditions"]["ready"]}


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def test_a_fresh_cluster_has_what_k3s_has(cluster: Cluster) -> None:
    assert list(cluster.table("nodes")["NAME"]) == ["master", "worker"]
    assert set(cluster.table("nodes")["STATUS"]) == {"Ready"}
    services = cluster.table("services", None)
    assert dict(zip(services["NAME"], services["CLUSTER-IP"], strict=True)) == {
        "kubernetes": "10.43.0.1",
        "kube-dns": "10.43.0.10",
    }
    assert list(cluster.table("pods", "kube-system")["READY"]) == ["1/1"]


def test_the_same_seed_is_the_same_run() -> None:
    first, second = Cluster(seed=7), Cluster(seed=7)
    for each in (first, second):
        each.apply(deployment("web", 3))
        each.settle()
    assert first.store.snapshot() == second.store.snapshot()


def test_the_chapters_addresses(cluster: Cluster) -> None:
    cluster.apply(pod("mynginx"))
    cluster.apply(MANIFESTS / "myservice.yaml")
    cluster.apply(MANIFESTS / "load-bal.yaml")
    cluster.settle()
    assert cluster.get("Pod", "mynginx").status.podIP == "10.42.2.42"
    service: Service = cluster.get("Service", "myservice")
    assert service.spec.clusterIP == "10.43.113.175"
    assert cluster.get("Service", "load-bal").spec.clusterIP == "10.43.249.78"
    cluster.delete("pod", "mynginx")
    cluster.settle()
    cluster.apply(pod("mynginx"))
    cluster.settle()
    assert cluster.get("Pod", "mynginx").status.podIP != "10.42.2.42"


def test_a_request_by_name_reaches_the_pod(cluster: Cluster) -> None:
    cluster.apply([pod("mynginx"), pod("client")])
    cluster.apply(MANIFESTS / "myservice.yaml")
    cluster.settle()
    journey = cluster.connect("pod/client", "http://myservice:8080")
    assert journey.reached
    assert journey.destination == "pod/default/mynginx"
    assert journey.resolution is not None
    assert journey.resolution.addresses == ("10.43.113.175",)
    assert cluster.connect("pod/client", "http://myervice:8080").outcome == "unresolved"
    assert cluster.connect("node/master", "10.43.113.175:8080").reached
    assert not cluster.connect("laptop", "10.43.113.175:8080").reached


def test_a_node_port_answers_on_both_nodes_and_the_balancer_in_front(cluster: Cluster) -> None:
    cluster.apply(pod("mynginx"))
    cluster.apply(MANIFESTS / "node-port.yaml")
    cluster.apply(MANIFESTS / "load-bal.yaml")
    cluster.settle()
    address = cluster.get("Service", "load-bal").status.loadBalancer.ingress[0].ip
    for target in ("172.31.0.10:30080", "172.31.0.11:30080", f"{address}:8080"):
        assert cluster.connect("laptop", target).destination == "pod/default/mynginx"


@pytest.mark.parametrize(
    ("provider", "expected"),
    [("external", ["172.31.0.200"]), ("servicelb", ["172.31.0.10", "172.31.0.11"]), ("none", [])],
)
def test_load_balancer_providers(provider: str, expected: list[str]) -> None:
    cluster = Cluster(load_balancer=provider)
    cluster.apply(pod("mynginx"))
    cluster.apply(MANIFESTS / "load-bal.yaml")
    assert cluster.settle()
    ingress = cluster.get("Service", "load-bal").status.loadBalancer.ingress or []
    assert [entry.ip for entry in ingress] == expected
    cluster.delete("service", "load-bal")
    cluster.settle()
    with pytest.raises(ApiError):
        cluster.get("Service", "load-bal")


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (pod("p", "nosuchimage:v9"), "ImagePullBackOff"),
        (pod("p", "busybox:1.36", container={"command": ["sh", "-c", "exit 1"]}), "CrashLoopBackOff"),
        (pod("p", "busybox:1.36", container={"args": ["nosuchprogram"]}, restartPolicy="Never"), "StartError"),
        (pod("p", nodeSelector={"disktype": "ssd"}), "Pending"),
        (pod("p"), "Running"),
    ],
)
def test_how_pods_fare(cluster: Cluster, manifest: Wire, expected: str) -> None:
    cluster.apply(manifest)
    assert cluster.settle()
    assert status_of(cluster, "p") == expected


def test_a_crashing_container_waits_longer_each_time(cluster: Cluster) -> None:
    cluster.apply(pod("p", "busybox:1.36", container={"command": ["sh", "-c", "exit 1"]}))
    cluster.settle()
    moments = []
    restarts = 0
    for _ in range(400):
        cluster.advance(1)
        now = cluster.get("Pod", "p").status.containerStatuses[0].restartCount
        if now != restarts:
            restarts = now
            moments.append(cluster.simulation.now)
    gaps = [round(later - earlier) for earlier, later in itertools.pairwise(moments)]
    assert gaps[-3:] == pytest.approx([40, 80, 160], abs=3)


def test_the_reason_why_no_node_fits_is_an_event(cluster: Cluster) -> None:
    cluster.apply(pod("p", nodeSelector={"disktype": "ssd"}))
    cluster.settle()
    messages = [e["message"] for e in cluster.store.list("Event") if e["reason"] == "FailedScheduling"]
    assert messages == [
        "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, "
        "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    ]


def test_a_rollout_never_drops_below_what_was_promised(cluster: Cluster) -> None:
    probe = {"httpGet": {"path": "/", "port": 80}}
    cluster.apply(deployment("web", 4, readinessProbe=probe))
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
        }
    )
    cluster.settle()
    assert len(ready_addresses(cluster, "web")) == 4
    fewest = 4

    def watch(change: Change) -> None:
        nonlocal fewest
        fewest = min(fewest, len(ready_addresses(cluster, "web")))

    cluster.store.watch(watch, ["EndpointSlice"])
    cluster.patch("deployment", "web", {"spec": {"template": {"metadata": {"annotations": {"restarted": "1"}}}}})
    assert cluster.settle()
    assert len(ready_addresses(cluster, "web")) == 4
    assert fewest >= 3
    sets = cluster.store.list("ReplicaSet", "default")
    assert sorted(each["spec"]["replicas"] for each in sets) == [0, 4]


def test_a_bad_image_stops_a_rollout_and_the_old_pods_stay(cluster: Cluster) -> None:
    cluster.apply(deployment("web", 4))
    cluster.settle()
    changed = deployment("web", 4)
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = "nosuchimage:v9"
    cluster.apply(changed)
    assert cluster.settle()
    assert cluster.get("Deployment", "web").status.availableReplicas >= 3
    cluster.advance(601)
    conditions = {c.type: c for c in cluster.get("Deployment", "web").status.conditions}
    assert conditions["Progressing"].reason == "ProgressDeadlineExceeded"


def test_deleting_a_deployment_takes_its_pods(cluster: Cluster) -> None:
    cluster.apply(deployment("web", 2))
    cluster.settle()
    cluster.delete("deployment", "web")
    cluster.settle()
    assert cluster.store.list("Pod", "default") == []
    assert cluster.store.list("ReplicaSet", "default") == []


def test_a_namespace_is_emptied_before_it_goes(cluster: Cluster) -> None:
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    cluster.settle()
    cluster.apply(pod("p"), namespace="shop")
    cluster.settle()
    cluster.delete("namespace", "shop")
    assert cluster.store.get("Namespace", "shop") is not None
    cluster.settle()
    assert cluster.store.get("Namespace", "shop") is None
    assert cluster.store.list("Pod", "shop") == []


def test_the_kubernetes_service_comes_back_within_ten_seconds(cluster: Cluster) -> None:
    cluster.delete("service", "kubernetes")
    cluster.advance(10.1)
    assert cluster.get("Service", "kubernetes").spec.clusterIP == "10.43.0.1"


def test_a_node_that_fails_loses_its_pods_after_five_minutes(cluster: Cluster) -> None:
    cluster.apply(deployment("web", 4))
    cluster.settle()
    cluster.fail_node("worker")
    cluster.advance(41)
    assert list(cluster.table("nodes")["STATUS"]) == ["Ready", "NotReady"]
    cluster.advance(301)
    cluster.settle()
    running = [p for p in cluster.store.list("Pod", "default") if not p["metadata"].get("deletionTimestamp")]
    assert {p["spec"]["nodeName"] for p in running} == {"master"}
    assert len(running) == 4
    cluster.recover_node("worker")
    cluster.settle()
    assert set(cluster.table("nodes")["STATUS"]) == {"Ready"}
    assert len(cluster.store.list("Pod", "default")) == 4


def test_a_hung_dns_server_and_its_cure(cluster: Cluster) -> None:
    cluster.apply([pod("mynginx"), pod("client")])
    cluster.apply(MANIFESTS / "myservice.yaml")
    cluster.settle()
    name = cluster.store.list("Pod", "kube-system")[0]["metadata"]["name"]
    cluster.suspend(name, "kube-system", ports=[53])
    hung = cluster.resolve("pod/client", "myservice")
    assert not hung.addresses
    assert hung.seconds > 5
    assert cluster.connect("pod/client", "http://10.43.113.175:8080").reached
    restart = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}
    cluster.patch("deployment", "coredns", restart, namespace="kube-system")
    cluster.settle()
    assert cluster.connect("pod/client", "http://myservice:8080").reached


def test_exec_and_logs(cluster: Cluster) -> None:
    cluster.apply(pod("client"))
    cluster.settle()
    done = cluster.exec("client", ["cat", "/etc/resolv.conf"])
    assert done.stdout.splitlines()[:2] == [
        "search default.svc.cluster.local svc.cluster.local cluster.local",
        "nameserver 10.43.0.10",
    ]
    assert "nginx" in cluster.logs("client")
    with pytest.raises(LookupError):
        cluster.logs("client", "other")


def test_a_shell_that_goes_on_and_a_server_it_starts(cluster: Cluster) -> None:
    cluster.apply(
        pod("loop", "busybox:1.36", container={"command": ["sh", "-c", "while true; do date; sleep 2; done"]})
    )
    cluster.apply(pod("srv", container={"command": ["sh", "-c", 'sleep 2; nginx -g "daemon off;"']}))
    cluster.settle()
    cluster.advance(10)
    assert status_of(cluster, "loop") == status_of(cluster, "srv") == "Running"
    assert len(cluster.logs("loop").splitlines()) >= 5
    assert cluster.connect("node/master", f"http://{cluster.get('Pod', 'srv').status.podIP}").reached


def test_apply_removes_what_the_last_manifest_had(cluster: Cluster) -> None:
    service: Wire = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "labels": {"a": "1", "b": "2"}},
        "spec": {"selector": {"app": "web"}, "ports": [{"name": "x", "port": 80}, {"name": "y", "port": 81}]},
    }
    cluster.apply(service)
    address = cluster.get("Service", "web").spec.clusterIP
    service["metadata"]["labels"] = {"a": "1"}
    service["spec"]["ports"] = [{"name": "x", "port": 80}]
    cluster.apply(service)
    stored: Service = cluster.get("Service", "web")
    assert stored.metadata.labels == {"a": "1"}
    assert [port.name for port in stored.spec.ports or []] == ["x"]
    assert stored.spec.clusterIP == address


def test_a_dump_is_taken_as_it_is() -> None:
    live = Cluster()
    live.apply([pod("mynginx"), pod("client")])
    live.apply(MANIFESTS / "myservice.yaml")
    live.settle()
    objects = list(live.store.snapshot().values())
    cluster = Cluster.from_objects({"kind": "List", "apiVersion": "v1", "items": objects})
    before = cluster.store.snapshot()
    assert cluster.connect("pod/client", "http://myservice:8080").destination == "pod/default/mynginx"
    cluster.advance(600)
    assert cluster.store.snapshot() == before


def test_a_dump_of_one_namespace_gets_nodes_and_a_dns_server() -> None:
    live = Cluster()
    live.apply([pod("mynginx"), pod("client")])
    live.apply(MANIFESTS / "myservice.yaml")
    live.settle()
    kinds = ("Pod", "Service", "EndpointSlice")
    objects = [wire for kind in kinds for wire in live.store.list(kind, "default")]
    cluster = Cluster.from_objects(objects)
    assert cluster.connect("pod/client", "http://myservice:8080").destination == "pod/default/mynginx"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "a cluster file must be a mapping, got list"),
        ({}, "a cluster must have a node, got none"),
        ({"base": "k3s.yaml", "loadBalancer": {"provider": "metal"}}, "must be external, servicelb or none"),
        ({"base": "k3s.yaml", "proxy": {"mode": "ebpf"}}, "must be iptables or nftables"),
        ({"base": "k3s.yaml", "node": []}, "unknown field `node`"),
    ],
)
def test_a_cluster_file_says_what_is_wrong(document: object, message: str) -> None:
    with pytest.raises(ClusterFileError, match=message):
        ClusterConfiguration.from_document(document, DATA / "clusters")


def test_the_recorded_cluster_has_another_range_on_the_worker() -> None:
    configuration = ClusterConfiguration.load(Path(DATA / "clusters" / "recorded.yaml"))
    assert [node.podCIDR for node in configuration.nodes] == ["10.42.0.0/24", "10.42.1.0/24"]
    assert configuration.loadBalancer.provider == "servicelb"


def test_a_manifest_that_is_no_file_and_no_object_is_named():
    with pytest.raises(ValueError, match=r"a manifest must be .*, got 'nosuch\.yaml'"):
        Cluster().apply("nosuch.yaml")


def test_the_nodes_search_domains_reach_pods_behind_the_clusters() -> None:
    document = {"base": "k3s.yaml", "networks": {"search": ["corp.example", "example"]}}
    cluster = Cluster(ClusterConfiguration.from_document(document, DATA / "clusters"))
    cluster.apply(pod("mynginx"))
    cluster.settle()
    expected = "search default.svc.cluster.local svc.cluster.local cluster.local corp.example example\n"
    assert cluster.exec("mynginx", ["cat", "/etc/resolv.conf"]).stdout.startswith(expected)
    assert cluster.machine("node/master").files.read("/etc/resolv.conf").startswith("search corp.example example\n")


@pytest.mark.parametrize(
    ("spec", "printed"),
    [
        ({"setHostnameAsFQDN": True, "subdomain": "sub"}, "mynginx.sub.default.svc.cluster.local\n"),
        ({"setHostnameAsFQDN": True, "subdomain": "sub", "hostname": "h"}, "h.sub.default.svc.cluster.local\n"),
        ({"setHostnameAsFQDN": True}, "mynginx\n"),  # a Pod without a subdomain has no whole name
        ({"subdomain": "sub"}, "mynginx\n"),
    ],
)
def test_a_pod_may_go_by_its_whole_name(spec: dict[str, object], printed: str) -> None:
    cluster = Cluster()
    wire = pod("mynginx")
    cluster.apply({**wire, "spec": {**wire["spec"], **spec}})
    cluster.settle()
    assert cluster.exec("mynginx", ["hostname"]).stdout == printed
