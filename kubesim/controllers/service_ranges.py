"""The ranges of cluster addresses are kept while they are used, and every Service keeps its addresses.

A ServiceCIDR that is deleted stays as long as it alone holds the address of some Service, and ten seconds beyond its
deletion at least; it gives out no address meanwhile. An IPAddress that somebody deletes under its Service is made
again at the API server's next sweep, or as soon as the Service changes. Upstream: ``pkg/controller/servicecidrs`` and
``pkg/registry/core/service/ipallocator/controller/repairip.go``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Hashable, Iterable, Sequence

from kubesim.api.cluster_addresses import (
    ALLOCATOR,
    FINALIZER,
    MANAGED_BY_LABEL,
    READY,
    ClusterAddresses,
    parent_service,
)
from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND
from kubesim.api.store import Change, Key, key_of
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import condition, moment
from kubesim.controllers.events import WARNING, EventRecorder
from kubesim.controllers.manager import Manager, Parts
from kubesim.simulation import Simulation

RANGE, ADDRESS = "ServiceCIDR", "IPAddress"
GRACE_SECONDS = 10.0
"""How long a deleted range stays at least: until every API server has heard of it (``deletionGracePeriod``)."""
SWEEP_SECONDS = 180.0
"""How often all Services and addresses are looked at again (``ServiceClusterIPRepairInterval``)."""
ORPHAN_SECONDS = 60.0
"""How old an address without its Service must be before it counts as leaked."""
TERMINATING = {
    "message": "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new "
    "ServiceCIDR",
    "reason": "Terminating",
    "status": "False",
    "type": "Ready",
}
REPAIR = "ipallocator-repair-controller"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ServiceCIDRController:
    """Says of each range that it is ready, and holds those that are used."""

    name = "service-cidr-controller"
    kinds: Sequence[str | Parts] = (RANGE, Parts.gone(ADDRESS))

    def __init__(self, simulation: Simulation, manager: Manager, client: Client) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._leaving: dict[Key, None] = {}
        """The ranges that are deleted and still there."""

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The range; where one comes or goes, or an address goes, also those that wait to go."""
        if change.kind == RANGE and change.type == "MODIFIED":
            return (change.key,)
        return (change.key, *self._leaving) if change.kind == RANGE else tuple(self._leaving)

    def reconcile(self, key: Hashable) -> None:
        """Look at one range."""
        assert isinstance(key, tuple)
        wire = self._client.get(RANGE, *key)
        if wire is None:
            self._leaving.pop(key, None)
            return
        since, finalizers = wire["metadata"].get("deletionTimestamp"), wire["metadata"].get("finalizers") or []
        if not since:
            if FINALIZER not in finalizers:
                wire = self._client.set_finalizers(wire, [*finalizers, FINALIZER])
            self._say(wire, READY)
            return
        self._leaving[key] = None
        if self._is_needed(wire):
            self._say(wire, TERMINATING)
            return
        left = GRACE_SECONDS - (self._simulation.datetime - moment(since)).total_seconds()
        if left > 0:
            self._manager.enqueue_after(self, key, left, progress=False)
        elif FINALIZER in finalizers:
            self._client.set_finalizers(wire, [each for each in finalizers if each != FINALIZER])

    def _say(self, wire: Wire, ready: Wire) -> None:
        known = condition(wire, "Ready")
        if known is None or any(known.get(name) != value for name, value in ready.items()):
            said = {"lastTransitionTime": self._simulation.timestamp(), **ready}
            self._client.update_status(wire, {"conditions": [said]})

    def _is_needed(self, wire: Wire) -> bool:
        """Whether a Service would be left with an address that no other range holds."""
        others = [
            network
            for each in self._client.store.list(RANGE)
            if each["metadata"]["uid"] != wire["metadata"]["uid"]
            for network in _networks(each)
        ]
        own = _networks(wire)
        if all(any(_holds(other, network) for other in others) for network in own):
            return False
        for each in self._client.store.list(ADDRESS, None, {MANAGED_BY_LABEL: ALLOCATOR}):
            address = ipaddress.ip_address(each["metadata"]["name"])
            if any(address in network for network in own) and not any(address in network for network in others):
                return True
        return False


class ClusterAddressRepair:
    """Makes the addresses of Services again that are missing, and clears away those of no Service.

    :param addresses: makes them.
    """

    name = REPAIR
    kinds: Sequence[str | Parts] = (Parts.of(ADDRESS, "spec"), Parts.of("Service", "spec", "labels", "annotations"))

    def __init__(
        self,
        simulation: Simulation,
        manager: Manager,
        client: Client,
        events: EventRecorder,
        addresses: ClusterAddresses,
    ) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._events = events
        self._addresses = addresses
        self._robbed: dict[Key, None] = {}
        """The Services of which an IPAddress has gone: all others have theirs."""

    def keys(self, change: Change) -> Iterable[Hashable]:
        """An address that no Service has just taken, or the Service that has lost one: at the next sweep, or when that
        Service changes.
        """
        if change.kind == "Service":
            return (("Service", change.key),) if change.key in self._robbed else ()
        if change.new is not None:
            is_due = change.old is None and change.key[1] != self._addresses.recording
            return ((ADDRESS, change.key),) if is_due else ()
        owner = parent_service(change.object)
        if owner is not None and self._client.get("Service", *owner) is not None:
            self._robbed[owner] = None
            left = SWEEP_SECONDS - self._simulation.now % SWEEP_SECONDS
            self._manager.enqueue_after(self, ("Service", owner), left, progress=False)
        return ()

    def reconcile(self, key: Hashable) -> None:
        """Look at one Service or one address."""
        assert isinstance(key, tuple)
        kind, (namespace, name) = key
        wire = self._client.get(kind, namespace, name)
        if kind == ADDRESS:
            if wire is not None:
                self._clear_away(wire)
            return
        self._robbed.pop((namespace, name), None)
        for address in _addresses_of(wire):
            self._restore(wire, address)

    def _restore(self, service: Wire | None, address: str) -> None:
        assert service is not None, "one that is gone has no addresses"
        if self._client.get(ADDRESS, "", address) is not None:
            return
        subject = f"Cluster IP [IPv{ipaddress.ip_address(address).version}]: {address}"
        if not any(
            ipaddress.ip_address(address) in network
            for each in self._client.store.list(RANGE)
            for network in _networks(each)
        ):
            message = f"{subject} is not within any configured Service CIDR; please recreate service"
            self._say(service, "ClusterIPOutOfRange", message)
            return
        self._say(service, "ClusterIPNotAllocated", f"{subject} is not allocated; repairing")
        self._addresses.record(address, *key_of(service))

    def _clear_away(self, wire: Wire) -> None:
        """Delete an address that an allocator made for a Service which does not have it."""
        labels, owner = wire["metadata"].get("labels") or {}, parent_service(wire)
        if labels.get(MANAGED_BY_LABEL) != ALLOCATOR or owner is None:
            return
        name = wire["metadata"]["name"]
        service = self._client.get("Service", *owner)
        if name in _addresses_of(service):
            return
        subject = f"IPAddress: {name} for Service {owner[0]}/{owner[1]}"
        if service is not None:
            self._say(wire, "IPAddressWrongReference", f"{subject} has a wrong reference; cleaning up")
        else:
            age = (self._simulation.datetime - moment(wire["metadata"]["creationTimestamp"])).total_seconds()
            if age < ORPHAN_SECONDS:
                self._manager.enqueue_after(self, (ADDRESS, key_of(wire)), ORPHAN_SECONDS - age, progress=False)
                return
            self._say(wire, "IPAddressNotAllocated", f"{subject} appears to have leaked: cleaning up")
        self._client.api.delete(BY_KIND[ADDRESS], name)

    def _say(self, wire: Wire, reason: str, message: str) -> None:
        action = "ClusterIPAllocation" if wire["kind"] == "Service" else "IPAddressAllocation"
        self._events.announce(wire, WARNING, reason, message, action=action, component=REPAIR, instance=REPAIR)


def _addresses_of(service: Wire | None) -> list[str]:
    """The cluster addresses that a Service has."""
    spec = {} if service is None else service["spec"]
    given = [] if spec.get("type") == "ExternalName" else spec.get("clusterIPs") or []
    return [address for address in given if address != "None"]


def _networks(wire: Wire) -> list[Network]:
    return [ipaddress.ip_network(cidr) for cidr in wire["spec"].get("cidrs") or ()]


def _holds(outer: Network, inner: Network) -> bool:
    return outer.version == inner.version and outer.prefixlen <= inner.prefixlen and inner.network_address in outer
