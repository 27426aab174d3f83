"""servicelb: a Service's addresses are those of the nodes that can take its traffic, as they come and go."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.cluster import Cluster


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
