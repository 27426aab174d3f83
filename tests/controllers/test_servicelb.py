"""servicelb: the DaemonSet of a Service, its Pods and their host ports, and which addresses the Service has."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.cluster import Cluster
from kubesim.controllers.servicelb import daemon_set, daemon_set_name


def service(**spec: Any) -> dict[str, Any]:
    wanted = {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 8080}]} | spec
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": wanted}


def pod(node: str) -> dict[str, Any]:
    spec = {"nodeName": node, "containers": [{"name": "c", "image": "nginx"}]}
    metadata = {"name": f"on-{node}", "labels": {"app": "web"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def node_addresses(cluster: Cluster) -> dict[str, str]:
    return {
        node["metadata"]["name"]: next(a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP")
        for node in cluster.store.list("Node")
    }


def given(cluster: Cluster) -> list[str]:
    return [entry.ip for entry in cluster.get("Service", "web").status.loadBalancer.ingress or []]


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(load_balancer="servicelb")


def test_with_the_policy_cluster_every_ready_node_takes_traffic(cluster: Cluster) -> None:
    cluster.apply(service())
    cluster.settle()
    nodes = node_addresses(cluster)
    assert sorted(given(cluster)) == sorted(nodes.values())
    last = list(nodes)[-1]
    cluster.fail_node(last)
    cluster.advance(60)
    assert given(cluster) == [address for name, address in nodes.items() if name != last]
    cluster.recover_node(last)
    cluster.advance(60)
    assert sorted(given(cluster)) == sorted(nodes.values())


def test_with_the_policy_local_only_nodes_with_a_ready_endpoint_do(cluster: Cluster) -> None:
    nodes = node_addresses(cluster)
    cluster.apply(service(externalTrafficPolicy="Local"))
    cluster.settle()
    assert given(cluster) == []
    for name in nodes:
        cluster.apply(pod(name))
        cluster.settle()
        assert nodes[name] in given(cluster)
    first = next(iter(nodes))
    cluster.delete("Pod", f"on-{first}")
    cluster.settle()
    assert given(cluster) == [address for name, address in nodes.items() if name != first]


def test_a_changed_policy_counts_at_once(cluster: Cluster) -> None:
    cluster.apply(service())
    cluster.settle()
    cluster.patch("Service", "web", {"spec": {"externalTrafficPolicy": "Local"}})
    cluster.settle()
    assert given(cluster) == []
    cluster.patch("Service", "web", {"spec": {"externalTrafficPolicy": "Cluster"}})
    cluster.settle()
    assert sorted(given(cluster)) == sorted(node_addresses(cluster).values())


def test_a_service_of_another_type_gives_its_addresses_back(cluster: Cluster) -> None:
    cluster.apply(service())
    cluster.settle()
    cluster.patch("Service", "web", {"spec": {"type": "ClusterIP"}})
    cluster.settle()
    found = cluster.store.get("Service", "web", "default")
    assert given(cluster) == [] and found is not None and not found["metadata"].get("finalizers")


NODES = ["172.31.0.10", "172.31.0.11"]


def balancer_pods(cluster: Cluster, name: str = "web") -> list[dict[str, Any]]:
    """The Pods of a Service's DaemonSet."""
    return [
        wire
        for wire in cluster.store.list("Pod", "kube-system")
        if (wire["metadata"].get("labels") or {}).get("svccontroller.k3s.cattle.io/svcname") == name
    ]


def said(cluster: Cluster, name: str = "web") -> list[tuple[str, str]]:
    """What the Events about a Service say: reason and message."""
    return [(e["reason"], e["message"]) for e in cluster.store.list("Event") if e["involvedObject"]["name"] == name]


def test_it_says_what_it_does_and_takes_everything_away_again(cluster: Cluster) -> None:
    cluster.apply(service())
    cluster.settle()
    uid = cluster.get("Service", "web").metadata.uid[:8]
    daemons = f"svclb-web-{uid}"
    assert said(cluster) == [
        ("EnsuringLoadBalancer", "Ensuring load balancer"),
        ("AppliedDaemonSet", f"Applied LoadBalancer DaemonSet kube-system/{daemons}"),
        ("UpdatedLoadBalancer", "Updated LoadBalancer with new IPs: [] -> [172.31.0.10 172.31.0.11]"),
    ]
    assert {pod["metadata"]["name"].rpartition("-")[0] for pod in balancer_pods(cluster)} == {daemons}
    assert cluster.get("Service", "web").status.loadBalancer.ingress[0].ipMode == "VIP"
    cluster.delete("Service", "web")
    cluster.settle()
    assert cluster.store.get("Service", "web", "default") is None
    assert cluster.store.list("DaemonSet", "kube-system") == [] and balancer_pods(cluster) == []
    assert [reason for reason, _ in said(cluster)][3:] == [
        "DeletingLoadBalancer",
        "DeletedDaemonSet",
        "DeletedLoadBalancer",
    ]


def test_a_port_is_one_services_and_the_next_waits_until_it_is_free(cluster: Cluster) -> None:
    cluster.apply(service())
    cluster.settle()
    cluster.apply({**service(), "metadata": {"name": "late"}})
    cluster.settle()
    waiting = balancer_pods(cluster, "late")
    assert [pod["status"]["phase"] for pod in waiting] == ["Pending", "Pending"]
    message = waiting[0]["status"]["conditions"][0]["message"]
    assert "1 node(s) didn't have free ports for the requested pod ports" in message
    assert not cluster.get("Service", "late").status.loadBalancer.ingress
    cluster.delete("Service", "web")
    cluster.advance(60)
    assert [entry.ip for entry in cluster.get("Service", "late").status.loadBalancer.ingress] == NODES


@pytest.mark.parametrize(
    ("labels", "addresses"),
    [
        ({"worker": "true"}, NODES[1:]),
        ({"worker": "false"}, []),  # a label of any value means that nodes are chosen
        ({"worker": "true", "master": "true"}, NODES),
    ],
)
def test_labelled_nodes_take_part_once_there_is_a_label(
    cluster: Cluster, labels: dict[str, str], addresses: list[str]
) -> None:
    cluster.apply(service())
    cluster.settle()
    for node, value in labels.items():
        cluster.patch("Node", node, {"metadata": {"labels": {"svccontroller.k3s.cattle.io/enablelb": value}}}, "")
    cluster.advance(60)
    assert given(cluster) == addresses
    selects = cluster.store.list("DaemonSet", "kube-system")[0]["spec"]["template"]["spec"]["nodeSelector"]
    assert selects == {"svccontroller.k3s.cattle.io/enablelb": "true"}


def test_who_calls_a_node_that_is_no_address_goes_through_its_pod(cluster: Cluster) -> None:
    cluster.apply(service(externalTrafficPolicy="Local", ports=[{"port": 8080, "targetPort": 80}]))
    cluster.apply(pod("worker"))
    cluster.settle()
    assert given(cluster) == NODES[1:]
    direct, round_about = (cluster.connect("laptop", f"http://{address}:8080") for address in reversed(NODES))
    assert direct.destination == round_about.destination == "pod/default/on-worker"
    own = "pod/kube-system/svclb-web-"
    assert any(hop.machine.startswith(own) for hop in round_about.hops)
    assert not any(hop.machine.startswith(own) for hop in direct.hops)


# --- what the DaemonSet is like ------------------------------------------------------------------------------------


def stored(name: str = "web", **metadata: Any) -> dict[str, Any]:
    """A Service as the controller reads it."""
    known = {"name": name, "namespace": "default", "uid": "0123456789ab", **metadata}
    port = {"port": 80, "protocol": "TCP", "nodePort": 30080}
    return {"metadata": known, "spec": {"clusterIPs": ["10.43.0.7"], "ports": [port]}}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web", "svclb-web-01234567"),
        ("a" * 48, f"svclb-{'a' * 48}-01234567"),
        ("a" * 60, f"svclb-{'a' * 48}-01234567"),
        ("a" * 46 + "---b", f"svclb-{'a' * 46}-01234567"),
    ],
)
def test_the_name_of_a_daemon_set(name: str, expected: str) -> None:
    assert daemon_set_name(stored(name)) == expected


def test_the_hash_of_the_owner_is_the_one_of_a_real_cluster() -> None:
    """What ``kubectl get ds -o yaml`` showed of k3s' Service traefik."""
    metadata = daemon_set(stored("traefik", namespace="kube-system"), "i", selects=False)["metadata"]
    assert metadata["labels"]["objectset.rio.cattle.io/hash"] == "836fcbce022d5dae5b36694fe1eaf389c93af7dc"


@pytest.mark.parametrize(
    ("spec", "variables"),
    [
        ({}, {"SRC_RANGES": "0.0.0.0/0", "DEST_PORT": "80", "DEST_IPS": "10.43.0.7"}),
        ({"externalTrafficPolicy": "Local"}, {"DEST_PORT": "30080", "DEST_IPS": "status.hostIPs"}),
        ({"loadBalancerSourceRanges": ["10.2.0.0/16", "10.1.0.0/16"]}, {"SRC_RANGES": "10.1.0.0/16,10.2.0.0/16"}),
    ],
)
def test_what_a_container_is_told(spec: dict[str, Any], variables: dict[str, str]) -> None:
    wire = stored()
    wire["spec"] |= spec
    container = daemon_set(wire, "i", selects=False)["spec"]["template"]["spec"]["containers"][0]
    told = {
        entry["name"]: entry.get("value") or entry["valueFrom"]["fieldRef"]["fieldPath"] for entry in container["env"]
    }
    assert variables.items() <= told.items()
    assert container["ports"] == [{"containerPort": 80, "hostPort": 80, "name": "lb-tcp-80", "protocol": "TCP"}]


@pytest.mark.parametrize(
    ("annotations", "field", "value"),
    [
        ({}, "priorityClassName", "system-node-critical"),
        ({"svccontroller.k3s.cattle.io/priorityclassname": "high"}, "priorityClassName", "high"),
        ({}, "nodeSelector", {"svccontroller.k3s.cattle.io/enablelb": "true"}),
    ],
)
def test_what_a_service_may_ask_for(annotations: dict[str, str], field: str, value: object) -> None:
    spec = daemon_set(stored(annotations=annotations), "i", selects=True)["spec"]["template"]["spec"]
    assert spec[field] == value


def test_tolerations_of_an_annotation_come_behind_its_own() -> None:
    annotation = '[{"key": "edge", "value": "yes", "effect": "NoSchedule"}]'
    wire = stored(annotations={"svccontroller.k3s.cattle.io/tolerations": annotation})
    last = daemon_set(wire, "i", selects=False)["spec"]["template"]["spec"]["tolerations"][-1]
    assert last == {"effect": "NoSchedule", "key": "edge", "operator": "Equal", "value": "yes"}
