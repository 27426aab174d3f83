"""Load balancers: where the address of a Service of type LoadBalancer comes from.

``external``
    One address in front of the nodes; its machine passes each connection on to a node's node port, in turn by chance.
``servicelb``
    What k3s has built in: the nodes' own addresses; with ``externalTrafficPolicy: Local`` only those with a ready Pod.
    Its Pods take the Service's ports on every node, so each port is for one Service: a second one waits.
``none``
    Nobody: the Service waits, ``<pending>``.

A finalizer keeps a deleted Service until its load balancer is gone. Upstream: ``cloud-provider/controllers/service``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Hashable, Iterable

from kubesim.api.objects import EndpointSlice, Service, Wire
from kubesim.api.store import Change, Key
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import is_true
from kubesim.controllers.endpoints.slices import SERVICE_NAME
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.manager import Manager
from kubesim.controllers.proxies import BALANCER
from kubesim.network.network import Network
from kubesim.simulation import Simulation

FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
NAME = "service-controller"
PROVISION_SECONDS = {"external": 5.0, "servicelb": 1.5}
"""How long it takes until the address is there."""
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 5.0, 300.0
"""How long a Service without an address waits for the next attempt; each time twice as long."""


class LoadBalancerController:
    """Gives LoadBalancer Services their addresses.

    :param provider: the provider, and the range from which ``external`` takes its addresses.
    """

    name = NAME
    kinds = ("Service", "EndpointSlice", "Node")

    def __init__(
        self,
        simulation: Simulation,
        manager: Manager,
        client: Client,
        events: EventRecorder,
        network: Network,
        provider: tuple[str, str],
    ) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._events = events
        self._network = network
        self._provider, addresses = provider
        self._free = _addresses(addresses)
        self._given: dict[Key, str] = {}
        self._joined: dict[Key, str] = {}
        self._ready_at: dict[Key, float] = {}
        """When each Service that has a load balancer has, or had, its address."""
        self._failures: dict[Key, int] = {}
        """How often each Service has waited for an address in vain."""
        self._local: set[Key] = set()
        """servicelb's Services whose addresses follow their endpoints."""
        self._ports: dict[tuple[str, int], Key] = {}
        """Whose each port of the nodes is, by protocol and number: servicelb's Pods have it as their host port."""
        self._nodes: dict[str, str] = {}
        """The address of each node that is ready."""
        self._everywhere: list[str] | None = None
        """The addresses of all nodes that are ready, in order; None until somebody asks after a node has changed."""

    def keys(self, change: Change) -> Iterable[Hashable]:
        """LoadBalancer Services, those that were, and for servicelb those whose endpoints moved."""
        if self._provider == "none":
            return ()
        if change.kind == "Service":
            types = {(w.get("spec") or {}).get("type") for w in (change.old, change.new) if w is not None}
            managed = FINALIZER in (change.object["metadata"].get("finalizers") or ())
            return (change.key,) if "LoadBalancer" in types or managed else ()
        if self._provider != "servicelb":
            return ()
        if change.kind == "Node":
            return self._of_node(change)
        labels = change.object["metadata"].get("labels") or {}
        key = (change.object["metadata"].get("namespace", ""), labels.get(SERVICE_NAME, ""))
        return (key,) if key in self._local else ()

    def _of_node(self, change: Change) -> Iterable[Hashable]:
        name, address = change.object["metadata"]["name"], ""
        if change.new is not None and is_true(change.new, "Ready"):
            addresses = (change.new.get("status") or {}).get("addresses") or ()
            address = next((entry["address"] for entry in addresses if entry["type"] == "InternalIP"), "")
        if address == self._nodes.get(name, ""):
            return ()
        self._nodes.pop(name, None)
        if address:
            self._nodes[name] = address
        self._everywhere = None
        return list(self._ready_at)

    def reconcile(self, key: Hashable) -> None:
        """Bring one Service's load balancer to what it should be."""
        assert isinstance(key, tuple)
        wire = self._client.get("Service", *key)
        if wire is None:
            self._forget(key)
            return
        wanted = wire["spec"].get("type") == "LoadBalancer" and not wire["spec"].get("loadBalancerClass")
        if wire["metadata"].get("deletionTimestamp") or not wanted:
            self._remove(key, wire)
            return
        if FINALIZER not in (wire["metadata"].get("finalizers") or ()):
            wire = self._client.set_finalizers(wire, [*(wire["metadata"].get("finalizers") or []), FINALIZER])
        if key not in self._ready_at:
            self._say(wire, "EnsuringLoadBalancer", "Ensuring load balancer")
            if self._provider == "servicelb":
                name = f"svclb-{key[1]}-{wire['metadata']['uid'][:8]}"
                self._say(wire, "AppliedDaemonSet", f"Applied LoadBalancer DaemonSet kube-system/{name}")
            delay = PROVISION_SECONDS[self._provider]
            self._ready_at[key] = self._simulation.now + delay
            self._manager.enqueue_after(self, key, delay, progress=True)
        if self._simulation.now >= self._ready_at[key]:
            self._provide(key, wire)

    def _provide(self, key: Key, wire: Wire) -> None:
        service = self._client.store.view(Service, key[1], key[0])
        assert service is not None, "what was just read is there"
        if self._provider == "servicelb":
            addresses = self._node_addresses(key, service) if self._takes_ports(key, service) else []
        else:
            address = self._external_address(key, service)
            if not address:
                message = "Error syncing load balancer: failed to ensure load balancer: no address is left"
                self._events.record(wire, WARNING, "SyncLoadBalancerFailed", message, component=NAME)
                delay = min(FIRST_RETRY_SECONDS * 2.0 ** self._failures.get(key, 0), LONGEST_RETRY_SECONDS)
                self._failures[key] = self._failures.get(key, 0) + 1
                self._manager.enqueue_after(self, key, delay, progress=False)
                return
            self._failures.pop(key, None)
            addresses = [address]
            self._attach(key, address)
        known = [entry.ip for entry in service.status.loadBalancer.ingress or []]
        if known == addresses:
            return
        ingress = [{"ip": address, "ipMode": "VIP"} for address in addresses]
        status = {**(wire.get("status") or {}), "loadBalancer": {"ingress": ingress} if ingress else {}}
        self._client.update_status(wire, status)
        if self._provider == "servicelb":
            before, after = " ".join(known), " ".join(addresses)
            message = f"Updated LoadBalancer with new IPs: [{before}] -> [{after}]"
            self._say(wire, "UpdatedLoadBalancer", message)
        else:
            self._say(wire, "EnsuredLoadBalancer", "Ensured load balancer")

    def _external_address(self, key: Key, service: Service) -> str:
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

    def _takes_ports(self, key: Key, service: Service) -> bool:
        """Take the Service's ports on the nodes, all or none; whether they are its own now."""
        wanted = {(port.protocol, port.port) for port in service.spec.ports or []}
        taken = any(self._ports.get(port, key) != key for port in wanted)
        self._give_back_ports(key, set() if taken else wanted)
        if not taken:
            self._ports |= dict.fromkeys(wanted, key)
        return not taken

    def _give_back_ports(self, key: Key, kept: set[tuple[str, int]]) -> None:
        """Give back all ports but some, and look again at the Services that may wait for them."""
        gone = [port for port, holder in self._ports.items() if holder == key and port not in kept]
        for port in gone:
            del self._ports[port]
        if gone:
            for other in self._ready_at.keys() - {key, *self._ports.values()}:
                self._manager.enqueue_after(self, other, 0.0, progress=True)

    def _node_addresses(self, key: Key, service: Service) -> list[str]:
        """The addresses of the nodes that can take the Service's traffic."""
        if service.spec.externalTrafficPolicy != "Local":
            self._local.discard(key)
            if self._everywhere is None:
                self._everywhere = sorted(self._nodes.values(), key=_number)
            return self._everywhere
        self._local.add(key)
        slices = self._client.store.views(EndpointSlice, key[0], {SERVICE_NAME: key[1]})
        ready = {
            endpoint.nodeName
            for piece in slices
            for endpoint in piece.endpoints or []
            if endpoint.conditions.ready is not False
        }
        return sorted((self._nodes[node] for node in ready if node in self._nodes), key=_number)

    def _remove(self, key: Key, wire: Wire) -> None:
        finalizers = wire["metadata"].get("finalizers") or []
        if FINALIZER not in finalizers:
            self._forget(key)
            return
        self._say(wire, "DeletingLoadBalancer", "Deleting load balancer")
        self._forget(key)
        if (wire.get("status") or {}).get("loadBalancer", {}).get("ingress"):
            self._client.update_status(wire, {**wire["status"], "loadBalancer": {}})
            wire = self._client.get("Service", *key) or wire
        self._say(wire, "DeletedLoadBalancer", "Deleted load balancer")
        self._client.set_finalizers(wire, [f for f in finalizers if f != FINALIZER])

    def _forget(self, key: Key) -> None:
        self._local.discard(key)
        self._ready_at.pop(key, None)
        self._give_back_ports(key, set())
        self._failures.pop(key, None)
        self._attach(key, None)
        address = self._given.pop(key, None)
        if address is not None:
            self._free.append(address)

    def _say(self, wire: Wire, reason: str, message: str) -> None:
        self._events.record(wire, NORMAL, reason, message, component=NAME)


def _number(address: str) -> int:
    return int(ipaddress.IPv4Address(address))


def _addresses(text: str) -> list[str]:
    """The addresses of ``FIRST-LAST``."""
    first, _, last = text.partition("-")
    return [str(ipaddress.IPv4Address(number)) for number in range(_number(first), _number(last or first) + 1)]
