"""Load balancers: whose addresses a Service has, as nodes, endpoints and Services come and go."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from kubesim.cluster import Cluster
from kubesim.controllers.loadbalancer import LoadBalancerController
from tests.controllers.control_plane import ControlPlane


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


# --- one address in front of the nodes -------------------------------------------------------------------------------


class Outside:
    """The network, as far as a balancer's machine stands in it."""

    def __init__(self) -> None:
        self.machines: dict[str, list[str]] = {}

    def add_outside(self, name: str, addresses: list[str], *, forwards: bool) -> None:
        assert forwards
        self.machines[name] = addresses

    def remove_outside(self, name: str) -> None:
        del self.machines[name]


class Lab(ControlPlane):
    """A provider with two addresses."""

    def __init__(self, provider: str = "external", addresses: str = "192.0.2.10-192.0.2.11") -> None:
        super().__init__()
        self.network: Any = Outside()
        self.manager.add(
            LoadBalancerController(
                self.simulation, self.manager, self.client, self.events, self.network, (provider, addresses)
            )
        )

    def balanced(self, name: str, address: str, **spec: Any) -> None:
        """Add a Service of type LoadBalancer; five seconds later it may have an address."""
        wanted = {"type": "LoadBalancer", "clusterIP": address, "ports": [{"port": 80}], **spec}
        self.make("Service", name, spec=wanted)
        self.simulation.settle()

    def addresses(self, name: str) -> list[str]:
        entries = self.get("Service", name)["status"]["loadBalancer"].get("ingress") or []
        assert {entry["ipMode"] for entry in entries} <= {"VIP"}
        return [entry["ip"] for entry in entries]

    def change(self, name: str, **spec: Any) -> None:
        wire = self.get("Service", name)
        changed = {key: value for key, value in {**wire["spec"], **spec}.items() if value is not None}
        self.store.commit({**wire, "spec": changed})
        self.simulation.settle()


def test_an_address_comes_after_five_seconds_and_the_balancer_has_it() -> None:
    lab = Lab()
    began = lab.simulation.now
    lab.balanced("a", "10.43.0.7")
    assert lab.simulation.now - began == 5.0
    assert lab.addresses("a") == ["192.0.2.10"]
    assert list(lab.network.machines.values()) == [["192.0.2.10"]]
    assert lab.get("Service", "a")["metadata"]["finalizers"] == ["service.kubernetes.io/load-balancer-cleanup"]
    assert lab.said("a") == [
        ("Normal", "EnsuringLoadBalancer", "Ensuring load balancer"),
        ("Normal", "EnsuredLoadBalancer", "Ensured load balancer"),
    ]


def test_addresses_in_turn_until_none_is_left_and_one_that_came_back_is_given_again() -> None:
    lab = Lab()
    for name, address in (("a", "10.43.0.7"), ("b", "10.43.0.8"), ("c", "10.43.0.9")):
        lab.balanced(name, address)
    assert [lab.addresses(name) for name in "abc"] == [["192.0.2.10"], ["192.0.2.11"], []]
    assert lab.said("c")[-1] == (
        "Warning",
        "SyncLoadBalancerFailed",
        "Error syncing load balancer: failed to ensure load balancer: no address is left",
    )
    lab.client.delete(lab.get("Service", "a"))
    lab.simulation.settle()
    assert not lab.has("Service", "a")
    assert lab.addresses("c") == []
    lab.simulation.advance(5)
    assert lab.addresses("c") == ["192.0.2.10"]
    assert list(lab.network.machines.values()) == [["192.0.2.11", "192.0.2.10"]]


@pytest.mark.parametrize(("asked", "given_"), [("192.0.2.11", "192.0.2.11"), ("192.0.2.99", "192.0.2.10")])
def test_an_address_that_is_asked_for_is_given_where_it_is_free(asked: str, given_: str) -> None:
    lab = Lab()
    lab.balanced("a", "10.43.0.7", loadBalancerIP=asked)
    assert lab.addresses("a") == [given_]
    lab.balanced("b", "10.43.0.8", loadBalancerIP=given_)
    assert lab.addresses("b") == [({"192.0.2.10", "192.0.2.11"} - {given_}).pop()]


def test_a_service_without_an_address_asks_again_and_waits_twice_as_long_each_time() -> None:
    lab = Lab(addresses="192.0.2.10")
    lab.balanced("a", "10.43.0.7")
    lab.balanced("b", "10.43.0.8")
    tries = [0.0]
    failed = "SyncLoadBalancerFailed"
    for second in range(1, 650):
        before = sum(e.get("count") or 1 for e in lab.store.list("Event") if e["reason"] == failed)
        lab.simulation.advance(1)
        if sum(e.get("count") or 1 for e in lab.store.list("Event") if e["reason"] == failed) > before:
            tries.append(float(second))
    assert [later - earlier for earlier, later in pairwise(tries)] == [5, 10, 20, 40, 80, 160, 300]


@pytest.mark.parametrize("end", ["deleted", "another type"])
def test_the_end_of_a_balancer(end: str) -> None:
    lab = Lab()
    lab.balanced("a", "10.43.0.7")
    if end == "deleted":
        lab.client.delete(lab.get("Service", "a"))
        lab.simulation.settle()
        assert not lab.has("Service", "a")
    else:
        ports = [{"port": 80, "protocol": "TCP", "targetPort": 80}]
        gone = {"allocateLoadBalancerNodePorts": None, "externalTrafficPolicy": None}
        lab.change("a", type="ClusterIP", ports=ports, **gone)
        assert lab.addresses("a") == []
        assert not lab.get("Service", "a")["metadata"].get("finalizers")
    assert lab.network.machines == {}
    assert [reason for _, reason, _ in lab.said("a")][-2:] == ["DeletingLoadBalancer", "DeletedLoadBalancer"]


@pytest.mark.parametrize(("provider", "spec"), [("none", {}), ("external", {"loadBalancerClass": "example.com/own"})])
def test_some_services_are_nobodys_business(provider: str, spec: dict[str, Any]) -> None:
    lab = Lab(provider)
    lab.balanced("a", "10.43.0.7", **spec)
    lab.simulation.advance(60)
    assert (lab.addresses("a"), lab.said("a"), lab.network.machines) == ([], [], {})
    assert not lab.get("Service", "a")["metadata"].get("finalizers")


def test_one_address_may_be_all_there_is() -> None:
    lab = Lab(addresses="192.0.2.10")
    lab.balanced("a", "10.43.0.7")
    lab.balanced("b", "10.43.0.8")
    assert (lab.addresses("a"), lab.addresses("b")) == (["192.0.2.10"], [])


def test_servicelb_says_what_it_does() -> None:
    lab = Lab("servicelb")
    named = {"type": "Hostname", "address": "n"}
    lab.node("n", status={"addresses": [named, {"type": "InternalIP", "address": "172.31.0.2"}]})
    lab.node("m", status={"addresses": [{"type": "InternalIP", "address": "172.31.0.10"}]})
    began = lab.simulation.now
    lab.balanced("a", "10.43.0.7")
    assert lab.simulation.now - began == 1.5
    assert lab.addresses("a") == ["172.31.0.2", "172.31.0.10"]  # in the order of their numbers
    uid = lab.get("Service", "a")["metadata"]["uid"][:8]
    assert lab.said("a") == [
        ("Normal", "EnsuringLoadBalancer", "Ensuring load balancer"),
        ("Normal", "AppliedDaemonSet", f"Applied LoadBalancer DaemonSet kube-system/svclb-a-{uid}"),
        ("Normal", "UpdatedLoadBalancer", "Updated LoadBalancer with new IPs: [] -> [172.31.0.2 172.31.0.10]"),
    ]
