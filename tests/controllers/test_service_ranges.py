"""ServiceCIDRs and IPAddresses. Expected: a recorded session of a 1.36.2, and upstream's controllers, read as rules."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubesim.api.cluster_addresses import FINALIZER
from kubesim.api.errors import ApiError
from kubesim.api.resources import BY_KIND
from kubesim.controllers.service_ranges import ClusterAddressRepair, ServiceCIDRController
from tests.controllers.control_plane import ControlPlane

OUTSIDE = "the provided network does not match the current range"
REPAIRED = ("Warning", "ClusterIPNotAllocated", "Cluster IP [IPv4]: 10.43.0.7 is not allocated; repairing")


class Ranges(ControlPlane):
    """A control plane that looks after ranges and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.api.addresses.found()
        self.manager.add(ServiceCIDRController(self.simulation, self.manager, self.client))
        repair = ClusterAddressRepair(self.simulation, self.manager, self.client, self.events, self.api.addresses)
        self.manager.add(repair)

    def range(self, name: str, *cidrs: str) -> None:
        self.make("ServiceCIDR", name, namespace="", spec={"cidrs": list(cidrs)})
        self.simulation.advance(1)

    def service(self, name: str, address: str = "", **spec: Any) -> str:
        own = {"ports": [{"port": 80}], **({"clusterIP": address} if address else {}), **spec}
        made = self.make("Service", name, spec=own)
        self.simulation.advance(1)
        return str(made["spec"]["clusterIP"])

    def delete(self, kind: str, name: str) -> None:
        self.api.delete(BY_KIND[kind], name, "default" if kind == "Service" else "")
        self.simulation.advance(1)

    def ready(self, name: str) -> tuple[str, str]:
        found = self.get("ServiceCIDR", name, "")["status"]["conditions"][0]
        return found["status"], found["reason"]

    def addresses(self) -> dict[str, str]:
        return {wire["metadata"]["name"]: wire["spec"]["parentRef"]["name"] for wire in self.store.list("IPAddress")}


def test_each_address_of_a_service_is_an_object_while_it_has_it() -> None:
    world = Ranges()
    address = world.service("web")
    assert world.addresses() == {address: "web"}
    made = world.get("IPAddress", address, "")
    assert made["metadata"]["labels"] == {
        "ipaddress.kubernetes.io/ip-family": "IPv4",
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
    }
    assert made["spec"] == {"parentRef": {"name": "web", "namespace": "default", "resource": "services"}}
    world.service("bare", "None")
    assert list(world.addresses()) == [address]
    outside = {"spec": {"type": "ExternalName", "externalName": "a.example"}}
    world.api.patch(BY_KIND["Service"], "web", "default", outside)
    assert world.addresses() == {}
    world.api.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "dry"},
            "spec": {"ports": [{"port": 80}]},
        },
        dry_run=True,
    )
    assert world.addresses() == {}


def test_a_second_range_widens_the_first_and_is_used_when_that_is_full() -> None:
    world = Ranges()
    with pytest.raises(ApiError, match=OUTSIDE):
        world.service("early", "10.44.0.5")
    world.range("extra", "10.44.0.0/28")
    assert world.ready("extra") == ("True", "")
    assert world.get("ServiceCIDR", "extra", "")["metadata"]["finalizers"] == [FINALIZER]
    assert world.service("late", "10.44.0.5") == "10.44.0.5"
    world.range("same", "10.44.0.0/29")  # what is taken in one is taken in the other
    with pytest.raises(ApiError, match=re.escape("failed to allocate IP 10.44.0.5: provided IP is already allocated")):
        world.service("again", "10.44.0.5")


def test_addresses_come_from_the_ranges_that_are_ready() -> None:
    world = Ranges()
    world.range("extra", "10.44.0.0/30")
    world.delete("ServiceCIDR", "kubernetes")
    chosen = {world.service("a"), world.service("b")}
    assert chosen == {"10.44.0.1", "10.44.0.2"}
    with pytest.raises(ApiError, match="range is full"):
        world.service("c")


def test_a_range_in_use_stays_and_gives_nothing_out() -> None:
    world = Ranges()
    world.range("extra", "10.44.0.0/28")
    world.service("web", "10.44.0.5")
    world.delete("ServiceCIDR", "extra")
    world.simulation.advance(60)
    assert world.ready("extra") == ("False", "Terminating")
    with pytest.raises(ApiError, match=OUTSIDE):
        world.service("next", "10.44.0.6")
    world.delete("Service", "web")
    assert not world.has("ServiceCIDR", "extra", "")


def test_a_range_nobody_uses_goes_ten_seconds_after_its_deletion() -> None:
    world = Ranges()
    world.range("extra", "10.44.0.0/28")
    world.delete("ServiceCIDR", "extra")
    world.simulation.advance(8)
    assert world.has("ServiceCIDR", "extra", "")
    world.simulation.advance(1)
    assert not world.has("ServiceCIDR", "extra", "")


def test_a_range_within_another_goes_although_it_is_used() -> None:
    world = Ranges()
    world.range("inner", "10.43.7.0/24")
    world.service("web", "10.43.7.7")
    world.delete("ServiceCIDR", "inner")
    world.simulation.advance(10)
    assert not world.has("ServiceCIDR", "inner", "")
    assert world.addresses() == {"10.43.7.7": "web"}


def test_a_lost_address_is_made_again_at_the_next_sweep() -> None:
    world = Ranges()
    world.service("web", "10.43.0.7")
    world.delete("IPAddress", "10.43.0.7")
    world.simulation.advance(100)
    assert (world.addresses(), world.said("web")) == ({}, [])
    world.simulation.advance(80)
    assert (world.addresses(), world.said("web")) == ({"10.43.0.7": "web"}, [REPAIRED])


def test_a_lost_address_is_made_again_when_its_service_changes() -> None:
    world = Ranges()
    world.service("web", "10.43.0.7")
    world.delete("IPAddress", "10.43.0.7")
    world.api.patch(BY_KIND["Service"], "web", "default", {"spec": {"sessionAffinity": "ClientIP"}})
    world.simulation.advance(1)
    assert (world.addresses(), world.said("web")) == ({"10.43.0.7": "web"}, [REPAIRED])


@pytest.mark.parametrize(("labels", "seconds", "stays"), [({}, 300, True), (True, 58, True), (True, 61, False)])
def test_an_address_of_nobody_goes_after_a_minute_if_an_allocator_made_it(
    labels: Any, seconds: int, stays: bool
) -> None:
    world = Ranges()
    managed = {"ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io"} if labels else {}
    reference = {"name": "nobody", "namespace": "default", "resource": "services"}
    world.make("IPAddress", "10.43.77.77", namespace="", metadata={"labels": managed}, spec={"parentRef": reference})
    with pytest.raises(ApiError, match="provided IP is already allocated"):
        world.service("taken", "10.43.77.77")
    world.simulation.advance(seconds)
    assert world.has("IPAddress", "10.43.77.77", "") == stays
    leaked = "IPAddress: 10.43.77.77 for Service default/nobody appears to have leaked: cleaning up"
    assert world.said() == ([] if stays else [("Warning", "IPAddressNotAllocated", leaked)])
