"""The addresses of Services, as objects: each that is taken is an IPAddress, each range of them a ServiceCIDR.

An allocator only chooses: what is taken is what the IPAddresses say, and where to choose from what the ServiceCIDRs
that are ready say. So whoever deletes the IPAddress of a Service frees it for the next one, and a second ServiceCIDR
widens the range at once. Upstream: ``pkg/registry/core/service/ipallocator/cidrallocator.go`` and KEP-1880.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Protocol

from kubesim.api.allocators import RANGE_FULL, AddressAllocator, AllocationError
from kubesim.api.managed_fields.history import Author, Signature
from kubesim.api.metadata import new_uid
from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND, ResourceType
from kubesim.api.store import Change, Store
from kubesim.simulation import Simulation

DEFAULT_RANGE = "kubernetes"
"""The name of the ServiceCIDR that a cluster begins with."""
FINALIZER = "networking.k8s.io/service-cidr-finalizer"
FAMILY_LABEL = "ipaddress.kubernetes.io/ip-family"
MANAGED_BY_LABEL = "ipaddress.kubernetes.io/managed-by"
ALLOCATOR = "ipallocator.k8s.io"
"""The value of that label on what this module makes."""
READY = {"message": "Kubernetes Service CIDR is ready", "reason": "", "status": "True", "type": "Ready"}
_IP_ADDRESS, _SERVICE_CIDR = BY_KIND["IPAddress"], BY_KIND["ServiceCIDR"]
_BY_SERVER = Signature(Author("kube-apiserver"))


class Keeper(Protocol):
    """What stores and removes objects, and remembers whose their fields are: the registry."""

    def accept(self, resource: ResourceType, new: Wire, *, signature: Signature) -> None:
        """Store an object as it is."""

    def discard(self, resource: ResourceType, last: Wire) -> None:
        """Remove an object, whatever holds it."""


class ClusterAddresses:
    """All ranges of cluster addresses, and what is taken of them.

    :param allocators: those of the ranges that the API server was started with; their families are the cluster's, the
        first is its default.
    :param random: chooses the addresses in ranges that are added later.
    """

    def __init__(
        self, simulation: Simulation, store: Store, allocators: Iterable[AddressAllocator], random: Random
    ) -> None:
        self._simulation = simulation
        self._store = store
        self._random = random
        self._started_with = list(allocators)
        self._ranges = {str(each.network): each for each in self._started_with}
        self._open = list(self._started_with)
        self._keeper: Keeper | None = None
        self.recording = ""
        """The address whose object is being made: it is taken already."""
        store.watch(self._note_address, [_IP_ADDRESS.kind])
        store.watch(self._note_range, [_SERVICE_CIDR.kind])

    @property
    def families(self) -> tuple[str, ...]:
        """The cluster's families of addresses, its default first."""
        return tuple(each.family for each in self._started_with)

    def left(self, family: str) -> int:
        """How many addresses of a family are free."""
        return sum(each.free for each in self._open if each.family == family)

    def kept_by(self, keeper: Keeper) -> None:
        """Have the objects written by a registry; without one, nothing is an object."""
        self._keeper = keeper

    def found(self) -> None:
        """Make the ServiceCIDR that a cluster begins with."""
        now = self._simulation.timestamp()
        wire = {
            "apiVersion": _SERVICE_CIDR.api_version,
            "kind": _SERVICE_CIDR.kind,
            "metadata": {"creationTimestamp": now, "finalizers": [FINALIZER], "name": DEFAULT_RANGE},
            "spec": {"cidrs": [str(each.network) for each in self._started_with]},
            "status": {"conditions": [{"lastTransitionTime": now, **READY}]},
        }
        self._keep(_SERVICE_CIDR, wire)

    # --- taking and giving back --------------------------------------------------------------------------------

    def take(self, address: str) -> None:
        """Take a given address.

        :raises AllocationError: if no range that is ready has it, or if it is taken.
        """
        holding = [each for each in self._open if each.contains(address)]
        if not holding:
            raise AllocationError("the provided network does not match the current range")
        max(holding, key=lambda each: each.network.prefixlen).allocate(address)
        self._mark_elsewhere(address)

    def choose(self, family: str, key: str, random: Random | None = None, *, keep_pin: bool = False) -> str:
        """Take an address that the allocators choose; the oldest range first.

        :param key: ``namespace/name`` of the Service; see :meth:`AddressAllocator.allocate_named`.
        :raises AllocationError: if all ranges are full.
        """
        for each in self._open:
            if each.family != family:
                continue
            try:
                address = each.allocate_named(key, random, keep_pin=keep_pin)
            except AllocationError:
                continue
            self._mark_elsewhere(address)
            return address
        raise AllocationError(RANGE_FULL)

    def record(self, address: str, namespace: str, name: str) -> None:
        """Make the IPAddress of an address that a Service has taken."""
        now, family = self._simulation.timestamp(), "IPv6" if ":" in address else "IPv4"
        wire = {
            "apiVersion": _IP_ADDRESS.api_version,
            "kind": _IP_ADDRESS.kind,
            "metadata": {
                "creationTimestamp": now,
                "labels": {FAMILY_LABEL: family, MANAGED_BY_LABEL: ALLOCATOR},
                "name": address,
            },
            "spec": {"parentRef": {"name": name, "namespace": namespace, "resource": "services"}},
        }
        self._mark(address)
        self.recording = address
        self._keep(_IP_ADDRESS, wire)
        self.recording = ""

    def release(self, address: str) -> None:
        """Give back an address that has not become an object."""
        for each in self._ranges.values():
            each.release(address)

    def give_back(self, address: str, namespace: str, name: str) -> None:
        """Give back the address of a Service; one that was given to somebody else meanwhile stays theirs."""
        wire = self._store.get(_IP_ADDRESS.kind, address)
        if wire is None or self._keeper is None:
            self.release(address)
        elif parent_service(wire) == (namespace, name):
            self._keeper.discard(_IP_ADDRESS, wire)

    # --- following the objects ---------------------------------------------------------------------------------

    def _keep(self, resource: ResourceType, wire: Wire) -> None:
        if self._keeper is not None:
            wire["metadata"]["uid"] = new_uid(self._simulation.random(f"uids/{resource.kind}"))
            self._keeper.accept(resource, wire, signature=_BY_SERVER)

    def _mark_elsewhere(self, address: str) -> None:
        """Take an address that one range has given away in the others."""
        if len(self._ranges) > 1:
            self._mark(address)

    def _mark(self, address: str) -> None:
        """Take an address in all ranges that have it: they may overlap."""
        for each in self._ranges.values():
            if each.contains(address) and not each.has(address):
                each.allocate(address)

    def _note_address(self, change: Change) -> None:
        if change.new is None:
            self.release(change.key[1])
        elif change.old is None and change.key[1] != self.recording:
            self._mark(change.key[1])

    def _note_range(self, change: Change) -> None:
        self._open = []
        for wire in sorted(self._store.list(_SERVICE_CIDR.kind), key=_age):
            for cidr in wire["spec"].get("cidrs") or () if _is_ready(wire) else ():
                allocator = self._ranges.get(cidr) or self._added(cidr)
                if allocator not in self._open:
                    self._open.append(allocator)

    def _added(self, cidr: str) -> AddressAllocator:
        allocator = self._ranges[cidr] = AddressAllocator(cidr, self._random)
        for wire in self._store.list(_IP_ADDRESS.kind):
            if allocator.contains(wire["metadata"]["name"]):
                allocator.allocate(wire["metadata"]["name"])
        return allocator


def parent_service(wire: Wire) -> tuple[str, str] | None:
    """The (namespace, name) of the Service that an IPAddress is for; None where it is for something else."""
    parent = (wire.get("spec") or {}).get("parentRef") or {}
    if parent.get("group") or parent.get("resource") != "services":
        return None
    return parent.get("namespace", ""), parent.get("name", "")


def _age(wire: Wire) -> tuple[bool, str, str]:
    metadata = wire["metadata"]
    return metadata["name"] != DEFAULT_RANGE, metadata["creationTimestamp"], metadata["name"]


def _is_ready(wire: Wire) -> bool:
    """Whether Services get addresses of a range; one of which nobody has said so yet counts as ready."""
    conditions = (wire.get("status") or {}).get("conditions") or ()
    ready = next((each["status"] for each in conditions if each["type"] == "Ready"), "True")
    return ready == "True" and not wire["metadata"].get("deletionTimestamp")
