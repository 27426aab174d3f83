"""A load balancer in front of the nodes: which address a Service has, as Services come and go."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from kubesim.controllers.loadbalancer import ExternalBalancer
from tests.controllers.control_plane import ControlPlane


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

    def __init__(self, addresses: str = "192.0.2.10-192.0.2.11") -> None:
        super().__init__()
        self.network: Any = Outside()
        self.manager.add(
            ExternalBalancer(self.simulation, self.manager, self.client, self.events, self.network, addresses)
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


def test_a_service_that_names_a_class_is_somebody_elses() -> None:
    lab = Lab()
    lab.balanced("a", "10.43.0.7", loadBalancerClass="example.com/own")
    lab.simulation.advance(60)
    assert (lab.addresses("a"), lab.said("a"), lab.network.machines) == ([], [], {})
    assert not lab.get("Service", "a")["metadata"].get("finalizers")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"loadBalancerSourceRanges": ["10.0.0.0/8"]}, [("LoadBalancerSourceRanges", "[] -> [10.0.0.0/8]")]),
        ({"externalTrafficPolicy": "Local"}, [("ExternalTrafficPolicy", "Cluster -> Local")]),
        ({"sessionAffinity": "ClientIP"}, []),
        ({"selector": {"app": "other"}}, []),
    ],
)
def test_some_changes_are_events(changed: dict[str, Any], said: list[tuple[str, str]]) -> None:
    lab = Lab()
    lab.balanced("a", "10.43.0.7", externalTrafficPolicy="Cluster")
    before = len(lab.said("a"))
    lab.change("a", **changed)
    assert [(reason, message) for _, reason, message in lab.said("a")[before:]] == said


def test_one_address_may_be_all_there_is() -> None:
    lab = Lab(addresses="192.0.2.10")
    lab.balanced("a", "10.43.0.7")
    lab.balanced("b", "10.43.0.8")
    assert (lab.addresses("a"), lab.addresses("b")) == (["192.0.2.10"], [])
