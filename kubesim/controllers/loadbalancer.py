"""Load balancers: the controller of the cloud, which asks one for each Service of type LoadBalancer.

Two may be asked: :class:`ExternalBalancer`, here, and k3s' own, :mod:`kubesim.controllers.servicelb`. Where a cluster
has neither, nobody takes notice of such a Service: it waits, ``<pending>``.

A finalizer keeps a deleted Service until its load balancer is gone. Upstream: ``cloud-provider/controllers/service``.
"""

from __future__ import annotations

import ipaddress
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable
from typing import Any

from kubesim.api.objects import Service, Wire
from kubesim.api.store import Change, Key
from kubesim.controllers.client import Client
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.manager import Manager, Parts
from kubesim.controllers.proxies import BALANCER
from kubesim.network.network import Network
from kubesim.simulation import Simulation

FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
NAME = "service-controller"
PROVISION_SECONDS = 5.0
"""How long it takes until an external balancer's address is there."""
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 5.0, 300.0
"""How long a Service without an address waits for the next attempt; each time twice as long."""


class ServiceController(ABC):
    """Ensures that a balancer is there for each Service that wants one, and gone for each that does not."""

    name = NAME
    kinds: tuple[str | Parts, ...] = ("Service",)

    def __init__(self, client: Client, events: EventRecorder) -> None:
        self._client = client
        self._events = events
        self._before: dict[Key, Wire] = {}
        """What the Services were like at the last look, of those that have changed since."""

    def keys(self, change: Change) -> Iterable[Hashable]:
        """Services that want a balancer, those that did, and what of them a balancer heeds has changed."""
        old, new = change.old, change.new
        if not any(wants_balancer(wire) or _is_kept(wire) for wire in (old, new) if wire is not None):
            return ()
        if old is not None and new is not None:
            if not _needs_update(old, new) and not _needs_cleanup(new):
                return ()
            self._before.setdefault(change.key, old)
        return (change.key,)

    def reconcile(self, key: Hashable) -> None:
        """Bring one Service's load balancer to what it should be."""
        assert isinstance(key, tuple)
        before, wire = self._before.pop(key, None), self._client.get("Service", *key)
        if wire is None:
            self._forget(key)
            return
        if before is not None and before["metadata"]["uid"] == wire["metadata"]["uid"]:
            for reason, message in _said_of_change(before, wire):
                self._say(wire, reason, message)
        if wire["metadata"].get("deletionTimestamp") or not wants_balancer(wire):
            self._remove(key, wire)
            return
        if not _is_kept(wire):
            wire = self._client.set_finalizers(wire, [*(wire["metadata"].get("finalizers") or []), FINALIZER])
        self._ensure(key, wire)

    @abstractmethod
    def _ensure(self, key: Key, wire: Wire) -> None:
        """See that the Service has a balancer."""

    @abstractmethod
    def _end(self, key: Key, wire: Wire) -> None:
        """Take its balancer away."""

    @abstractmethod
    def _forget(self, key: Key) -> None:
        """The Service wants none any more: give back what was kept for it."""

    def _remove(self, key: Key, wire: Wire) -> None:
        if not _is_kept(wire):
            self._forget(key)
            return
        self._say(wire, "DeletingLoadBalancer", "Deleting load balancer")
        self._end(key, wire)
        self._forget(key)
        if (wire.get("status") or {}).get("loadBalancer", {}).get("ingress"):
            self._client.update_status(wire, {**wire["status"], "loadBalancer": {}})
            wire = self._client.get("Service", *key) or wire
        self._say(wire, "DeletedLoadBalancer", "Deleted load balancer")
        self._client.set_finalizers(wire, [f for f in wire["metadata"]["finalizers"] if f != FINALIZER])

    def _say(self, wire: Wire, reason: str, message: str) -> None:
        self._events.record(wire, NORMAL, reason, message, component=NAME)


def wants_balancer(wire: Wire) -> bool:
    """Whether a Service wants a load balancer of the cloud; one that names a class wants another's."""
    spec = wire.get("spec") or {}
    return spec.get("type") == "LoadBalancer" and not spec.get("loadBalancerClass")


def _is_kept(wire: Wire) -> bool:
    return FINALIZER in (wire["metadata"].get("finalizers") or ())


def _needs_cleanup(wire: Wire) -> bool:
    return _is_kept(wire) and (bool(wire["metadata"].get("deletionTimestamp")) or not wants_balancer(wire))


_PORT_FIELDS = ("name", "protocol", "port", "nodePort")
"""What of a port a balancer heeds; where it leads is not its business."""
_HEEDED = ("loadBalancerIP", "externalIPs", "sessionAffinity", "sessionAffinityConfig", "healthCheckNodePort")
_SAID = ("loadBalancerSourceRanges", "externalTrafficPolicy")
"""Fields whose change is an event of their own."""


def _needs_update(old: Wire, new: Wire) -> bool:
    """Whether a balancer must look at a Service again (upstream's ``needsUpdate``)."""
    was, now = old["spec"], new["spec"]
    return (
        wants_balancer(old) != wants_balancer(new)
        or any(was.get(field) != now.get(field) for field in (*_HEEDED, *_SAID))
        or _ports(was) != _ports(now)
        or old["metadata"].get("annotations") != new["metadata"].get("annotations")
    )


def _ports(spec: Wire) -> list[tuple[Any, ...]]:
    return [tuple(port.get(field) for field in _PORT_FIELDS) for port in spec.get("ports") or ()]


def _said_of_change(old: Wire, new: Wire) -> Iterable[tuple[str, str]]:
    """The event (reason, message) that a change of a Service is."""
    was, now = old["spec"], new["spec"]
    if wants_balancer(old) != wants_balancer(new):
        if was.get("type") != now.get("type"):
            yield "Type", f"{was.get('type')} -> {now.get('type')}"
        return
    for field in _SAID:
        if was.get(field) != now.get(field):
            yield field[0].upper() + field[1:], f"{_go(was.get(field))} -> {_go(now.get(field))}"
            return


def _go(value: Any) -> str:
    """A value as Go prints it."""
    return f"[{' '.join(value or ())}]" if isinstance(value, list) or value is None else str(value)


class ExternalBalancer(ServiceController):
    """One address in front of the nodes; its machine passes each connection on to the node port of one, by chance.

    :param addresses: the range from which it takes its addresses, ``FIRST-LAST``.
    """

    def __init__(
        self,
        simulation: Simulation,
        manager: Manager,
        client: Client,
        events: EventRecorder,
        network: Network,
        addresses: str,
    ) -> None:
        super().__init__(client, events)
        self._simulation = simulation
        self._manager = manager
        self._network = network
        self._free = _addresses(addresses)
        self._given: dict[Key, str] = {}
        self._joined: dict[Key, str] = {}
        self._ready_at: dict[Key, float] = {}
        """When each Service that has a load balancer has, or had, its address."""
        self._failures: dict[Key, int] = {}
        """How often each Service has waited for an address in vain."""

    def _ensure(self, key: Key, wire: Wire) -> None:
        if key not in self._ready_at:
            self._say(wire, "EnsuringLoadBalancer", "Ensuring load balancer")
            self._ready_at[key] = self._simulation.now + PROVISION_SECONDS
            self._manager.enqueue_after(self, key, PROVISION_SECONDS, progress=True)
        if self._simulation.now >= self._ready_at[key]:
            self._provide(key, wire)

    def _provide(self, key: Key, wire: Wire) -> None:
        service = self._client.store.view(Service, key[1], key[0])
        assert service is not None, "what was just read is there"
        address = self._address(key, service)
        if not address:
            message = "Error syncing load balancer: failed to ensure load balancer: no address is left"
            self._events.record(wire, WARNING, "SyncLoadBalancerFailed", message, component=NAME)
            delay = min(FIRST_RETRY_SECONDS * 2.0 ** self._failures.get(key, 0), LONGEST_RETRY_SECONDS)
            self._failures[key] = self._failures.get(key, 0) + 1
            self._manager.enqueue_after(self, key, delay, progress=False)
            return
        self._failures.pop(key, None)
        self._attach(key, address)
        if [entry.ip for entry in service.status.loadBalancer.ingress or []] == [address]:
            return
        ingress = [{"ip": address, "ipMode": "VIP"}]
        self._client.update_status(wire, {**(wire.get("status") or {}), "loadBalancer": {"ingress": ingress}})
        self._say(wire, "EnsuredLoadBalancer", "Ensured load balancer")

    def _address(self, key: Key, service: Service) -> str:
        if key not in self._given:
            asked = service.spec.loadBalancerIP
            if asked and asked in self._free:
                self._free.remove(asked)
                self._given[key] = asked
            elif self._free:
                self._given[key] = self._free.pop(0)
        return self._given.get(key, "")

    def _attach(self, key: Key, address: str | None) -> None:
        """Give the balancer's machine one more address, or take a Service's away."""
        if self._joined.get(key) == address:
            return
        if address is None:
            del self._joined[key]
        else:
            self._joined[key] = address
        if self._joined:
            self._network.add_outside(BALANCER, list(self._joined.values()), forwards=True)
        else:
            self._network.remove_outside(BALANCER)

    def _end(self, key: Key, wire: Wire) -> None:
        """Its machine loses the address when it is given back."""

    def _forget(self, key: Key) -> None:
        self._ready_at.pop(key, None)
        self._failures.pop(key, None)
        self._attach(key, None)
        address = self._given.pop(key, None)
        if address is not None:
            self._free.append(address)


def _number(address: str) -> int:
    return int(ipaddress.IPv4Address(address))


def _addresses(text: str) -> list[str]:
    """The addresses of ``FIRST-LAST``."""
    first, _, last = text.partition("-")
    return [str(ipaddress.IPv4Address(number)) for number in range(_number(first), _number(last or first) + 1)]
