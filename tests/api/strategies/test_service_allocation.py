"""What a Service holds of addresses and ports, change by change. Expected: upstream's ``alloc.go``, read as rules."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

import copy
from random import Random
from typing import Any, NamedTuple

import pytest

from kubesim.api.allocators import AddressAllocator, PortAllocator
from kubesim.api.cluster_addresses import ClusterAddresses
from kubesim.api.defaults import apply_defaults
from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.store import Store
from kubesim.api.strategies.service_allocation import ServiceAllocation
from kubesim.simulation import Simulation

V4, V6, PORTS = "10.43.0.0/28", "fd00::/124", (30000, 30003)
A, B = {"name": "a", "port": 80}, {"name": "b", "port": 81}
UDP = {"name": "u", "port": 80, "protocol": "UDP"}


class Held(NamedTuple):
    """How many are given away."""

    v4: int = 0
    v6: int = 0
    ports: int = 0


class Ground:
    """A cluster's ranges: 14 addresses, 15 of IPv6, four node ports."""

    def __init__(self) -> None:
        self.v4, self.v6 = AddressAllocator(V4, Random(1)), AddressAllocator(V6, Random(2))
        self.ports = PortAllocator(PORTS, Random(3))
        addresses = ClusterAddresses(Simulation(), Store(), (self.v4, self.v6), Random(5))
        self.allocation = ServiceAllocation(addresses, self.ports, Random(4))

    @property
    def held(self) -> Held:
        return Held(14 - self.v4.free, 15 - self.v6.free, 4 - self.ports.free)

    def create(self, **spec: Any) -> Wire:
        made = service(**spec)
        self.allocation.create(made, dry_run=False).commit()
        return made


def service(name: str = "web", **spec: Any) -> Wire:
    whole = {"ports": [A], **spec}
    if "clusterIP" in spec:
        whole["clusterIPs"] = [spec["clusterIP"]]
    return apply_defaults({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": whole})


LOCAL: dict[str, Any] = {"type": "LoadBalancer", "externalTrafficPolicy": "Local"}
OUTSIDE: dict[str, Any] = {"type": "ExternalName", "externalName": "a.example"}
BARE: dict[str, Any] = {"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False}
DUAL: dict[str, Any] = {"ipFamilyPolicy": "PreferDualStack"}


@pytest.mark.parametrize(
    ("spec", "families", "held"),
    [
        ({}, ["IPv4"], Held(1)),
        ({"clusterIP": "10.43.0.7"}, ["IPv4"], Held(1)),
        ({"clusterIP": "fd00::7"}, ["IPv6"], Held(0, 1)),
        ({"ipFamilies": ["IPv6"]}, ["IPv6"], Held(0, 1)),
        (DUAL, ["IPv4", "IPv6"], Held(1, 1)),
        ({**DUAL, "ipFamilies": ["IPv6"]}, ["IPv6", "IPv4"], Held(1, 1)),
        ({"clusterIP": "None", "selector": {"a": "b"}}, ["IPv4"], Held()),
        ({"clusterIP": "None"}, ["IPv4", "IPv6"], Held()),
        (OUTSIDE, None, Held()),
        ({"type": "NodePort"}, ["IPv4"], Held(1, 0, 1)),
        ({"type": "NodePort", "ports": [A, B]}, ["IPv4"], Held(1, 0, 2)),
        # TCP and UDP of one number share a node port, whoever names it
        ({"type": "NodePort", "ports": [A, UDP]}, ["IPv4"], Held(1, 0, 1)),
        ({"type": "NodePort", "ports": [A, {**UDP, "nodePort": 30001}]}, ["IPv4"], Held(1, 0, 1)),
        ({"type": "NodePort", "ports": [{**A, "nodePort": 30002}, {**UDP, "nodePort": 30001}]}, ["IPv4"], Held(1, 0, 2)),
        (BARE, ["IPv4"], Held(1)),
        ({**BARE, "ports": [{**A, "nodePort": 30001}, B]}, ["IPv4"], Held(1, 0, 1)),
        ({"type": "LoadBalancer", "ports": [A, B]}, ["IPv4"], Held(1, 0, 2)),
        (LOCAL, ["IPv4"], Held(1, 0, 2)),
        ({**LOCAL, "healthCheckNodePort": 30003}, ["IPv4"], Held(1, 0, 2)),
        ({"type": "NodePort", "externalTrafficPolicy": "Local"}, ["IPv4"], Held(1, 0, 1)),
    ],
)  # fmt: skip
def test_what_a_new_service_gets_and_gives_back(spec: dict[str, Any], families: list[str] | None, held: Held) -> None:
    ground = Ground()
    made = ground.create(**spec)
    assert made["spec"].get("ipFamilies") == families
    assert ground.held == held
    if held.v4 or held.v6:
        addresses = made["spec"]["clusterIPs"]
        assert addresses[0] == made["spec"]["clusterIP"]
        assert ["IPv6" if ":" in address else "IPv4" for address in addresses] == families
        assert all(ground.v4.has(address) or ground.v6.has(address) for address in addresses)
    ground.allocation.release(made)
    assert ground.held == Held()


@pytest.mark.parametrize("spec", [{}, DUAL, {"type": "NodePort", "ports": [A, UDP, B]}, LOCAL])
def test_a_dry_run_and_what_is_undone_hold_nothing(spec: dict[str, Any]) -> None:
    for dry_run in (True, False):
        ground = Ground()
        ground.allocation.create(service(**spec), dry_run).revert()
        assert ground.held == Held()


def test_given_numbers_are_those_that_are_held() -> None:
    ground = Ground()
    ports = [{**A, "nodePort": 30002}, UDP, {**B, "nodePort": 30000}]
    made = ground.create(type="LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=30003, ports=ports)
    assert [port["nodePort"] for port in made["spec"]["ports"]] == [30002, 30002, 30000]
    assert made["spec"]["healthCheckNodePort"] == 30003
    assert [port for port in range(30000, 30004) if ground.ports.has(port)] == [30000, 30002, 30003]


TAKEN = {"clusterIP": "10.43.0.7", "type": "NodePort", "ports": [{**A, "nodePort": 30000}]}
ALL = [{"name": f"p{n}", "port": n, "nodePort": 30000 + n} for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("spec", "code", "problem"),
    [
        ({"clusterIP": "10.43.0.7"}, 422, 'spec.clusterIPs: Invalid value: ["10.43.0.7"]: failed to allocate IP 10.43.0.7: provided IP is already allocated'),
        ({"clusterIP": "10.44.0.7"}, 422, 'spec.clusterIPs: Invalid value: ["10.44.0.7"]: failed to allocate IP 10.44.0.7: the provided network does not match the current range'),
        ({"type": "NodePort", "ports": [A, {**B, "nodePort": 30000}]}, 422, "spec.ports[1].nodePort: Invalid value: 30000: provided port is already allocated"),
        ({"type": "NodePort", "ports": [{**A, "nodePort": 30004}]}, 422, "spec.ports[0].nodePort: Invalid value: 30004: provided port is not in the valid range. The range of valid ports is 30000-30003"),
        ({"type": "NodePort", "ports": [{**A, "nodePort": 30001}, {**UDP, "nodePort": 30000}]}, 422, "spec.ports[1].nodePort: Invalid value: 30000: provided port is already allocated"),
        ({"type": "NodePort", "ports": [*ALL, A]}, 500, "Internal error occurred: failed to allocate a nodePort: range is full"),
        ({**LOCAL, "healthCheckNodePort": 30000}, 500, "Internal error occurred: failed to allocate requested HealthCheck NodePort 30000: provided port is already allocated"),
        ({**LOCAL, "ports": ALL}, 500, "Internal error occurred: failed to allocate a HealthCheck NodePort 0: range is full"),
        ({"name": ""}, 422, 'failed to allocate IP: IPAddress.networking.k8s.io "10.43.0.'),
        ({"name": "", "clusterIP": "10.43.0.9"}, 422, 'failed to allocate IP 10.43.0.9: IPAddress.networking.k8s.io "10.43.0.9" is invalid: spec.parentRef.name: Required value'),
    ],
)  # fmt: skip
def test_a_refused_service_holds_nothing(spec: dict[str, Any], code: int, problem: str) -> None:
    ground = Ground()
    ground.create(name="first", **TAKEN)
    before = ground.held
    with pytest.raises(ApiError) as caught:
        ground.create(**spec)
    assert caught.value.code == code
    assert problem in caught.value.message
    assert ground.held == before


SINGLE: dict[str, Any] = {"ipFamilyPolicy": "SingleStack"}
LISTENING: dict[str, Any] = {"type": "NodePort", "ports": [{**A, "nodePort": 30000}]}


@pytest.mark.parametrize(
    ("before", "change", "while_it_may_fail", "held"),
    [
        ({}, {"ports": [B]}, Held(1), Held(1)),
        ({}, DUAL, Held(1, 1), Held(1, 1)),
        (DUAL, SINGLE, Held(1, 1), Held(1)),
        (DUAL, {"ports": [B]}, Held(1, 1), Held(1, 1)),
        ({}, {**OUTSIDE, "clusterIP": None, "clusterIPs": None}, Held(1), Held()),
        (DUAL, {**OUTSIDE, "clusterIP": None, "clusterIPs": None}, Held(1, 1), Held()),
        (OUTSIDE, {"type": "ClusterIP"}, Held(1), Held(1)),
        (OUTSIDE, {"type": "NodePort"}, Held(1, 0, 1), Held(1, 0, 1)),
        ({"clusterIP": "None", "selector": {"a": "b"}}, {"ports": [B]}, Held(), Held()),
        ({}, {"type": "NodePort"}, Held(1, 0, 1), Held(1, 0, 1)),
        (LISTENING, {"type": "ClusterIP", "ports": [A]}, Held(1, 0, 1), Held(1)),
        (LISTENING, {"type": "LoadBalancer"}, Held(1, 0, 1), Held(1, 0, 1)),
        (LISTENING, {"ports": [{**A, "nodePort": 30002}]}, Held(1, 0, 2), Held(1, 0, 1)),
        (LISTENING, {"ports": [{**A, "nodePort": 30000}, B]}, Held(1, 0, 2), Held(1, 0, 2)),
        (LISTENING, {"ports": [{**A, "nodePort": 30000}, {**UDP, "nodePort": 30000}]}, Held(1, 0, 1), Held(1, 0, 1)),
        (LISTENING, {"ports": [{**A, "nodePort": 30001}, {**UDP, "nodePort": 30001}]}, Held(1, 0, 2), Held(1, 0, 1)),
        ({**BARE}, {"ports": [A, B]}, Held(1), Held(1)),
        ({**BARE, "ports": [{**A, "nodePort": 30001}]}, {"ports": [A]}, Held(1, 0, 1), Held(1)),
        (LISTENING, LOCAL, Held(1, 0, 2), Held(1, 0, 2)),
        ({**LOCAL, "ports": [{**A, "nodePort": 30000}]}, {"externalTrafficPolicy": "Cluster", "healthCheckNodePort": 0}, Held(1, 0, 2), Held(1, 0, 1)),
        ({**LOCAL, "ports": [{**A, "nodePort": 30000}]}, {"ports": [{**A, "nodePort": 30000}]}, Held(1, 0, 2), Held(1, 0, 2)),
    ],
)  # fmt: skip
def test_a_changed_service_lets_go_when_the_change_stands(
    before: dict[str, Any], change: dict[str, Any], while_it_may_fail: Held, held: Held
) -> None:
    ground = Ground()
    old = ground.create(**before)
    at_first = ground.held
    new = copy.deepcopy(old)
    new["spec"] |= copy.deepcopy(change)
    new = apply_defaults(new)
    for outcome in ("revert", "commit"):
        asked = copy.deepcopy(new)
        transaction = ground.allocation.update(asked, old, dry_run=False)
        assert ground.held == while_it_may_fail
        getattr(transaction, outcome)()
        assert ground.held == (held if outcome == "commit" else at_first)
    ground.allocation.release(asked)
    assert ground.held == Held()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"ports": [{**A, "nodePort": 30000}, {**B, "nodePort": 30000}]}, "duplicate nodePort: {TCP 30000}"),
        ({"ports": [{**B, "nodePort": 30001}, {**A, "nodePort": 30003}]}, "spec.ports[1].nodePort: Invalid value: 30003: provided port is already allocated"),
        ({"ports": [{**A, "nodePort": 29999}]}, "provided port is not in the valid range"),
        ({"ipFamilyPolicy": "PreferDualStack", "clusterIPs": ["10.43.0.2", "fd00::7"]}, 'spec.clusterIPs: Invalid value: ["10.43.0.2","fd00::7"]: failed to allocate IP fd00::7: provided IP is already allocated'),
    ],
)  # fmt: skip
def test_a_refused_change_leaves_what_was_held(change: dict[str, Any], problem: str) -> None:
    ground = Ground()
    ground.create(name="first", clusterIP="fd00::7", type="NodePort", ports=[{**A, "nodePort": 30003}])
    old = ground.create(clusterIP="10.43.0.2", **LISTENING)
    before, new = ground.held, copy.deepcopy(old)
    new["spec"] |= copy.deepcopy(change)
    with pytest.raises(ApiError) as caught:
        ground.allocation.update(apply_defaults(new), old, dry_run=False)
    assert problem in caught.value.message
    assert ground.held == before
