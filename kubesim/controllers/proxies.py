"""kube-proxy on every node: its rules, written anew when Services, EndpointSlices or the node have changed.

The rules are computed when a packet first asks for them, so that a thousand changes at one instant cost one
computation. Conntrack entries of UDP endpoints that are gone are deleted at the same time, as kube-proxy does.
"""

from __future__ import annotations

from kubesim.api.objects import EndpointSlice, Node, Service, Wire
from kubesim.api.store import Store
from kubesim.network.load_balancer import balancer_ruleset
from kubesim.network.network import Network
from kubesim.network.proxy import ProxyConfig, ruleset
from kubesim.network.proxy.endpoints import endpoints_map
from kubesim.network.proxy.service_ports import service_port_map
from kubesim.network.proxy.stale import stale_entries
from kubesim.network.rules import Ruleset
from kubesim.network.topology import node_name

BALANCER = "load-balancer"
"""The machine in front of the nodes that the ``external`` provider runs."""

WATCHED = ("Service", "EndpointSlice", "Node")


class KubeProxies:
    """The rules of all nodes; :meth:`rules` is the network's ``ruleset_provider``."""

    def __init__(self, store: Store, network: Network, config: ProxyConfig) -> None:
        self._store = store
        self._network = network
        self.config = config
        self._rules: dict[str, Ruleset] = {}
        self._names: set[str] = set()
        self._dirty = True
        store.watch(self._changed, WATCHED)

    def _changed(self, type: str, old: Wire | None, new: Wire | None) -> None:
        if old is not None and new is not None and _proxied(old) == _proxied(new):
            return
        self._dirty = True

    def rules(self, machine: str) -> Ruleset | None:
        """The rules of a node, or of the load balancer, by now; None for other machines."""
        if self._dirty:
            self._rules.clear()
            self._names = {node_name(node.metadata.name) for node in self._store.views(Node)}
            self._dirty = False
        known = self._rules.get(machine)
        if known is not None:
            return known
        if machine == BALANCER:
            self._rules[machine] = self._balancer_rules()
            return self._rules[machine]
        if machine not in self._names:
            return None
        node = self._store.view(Node, machine.removeprefix("node/"))
        if node is None:
            return None
        services, slices = self._store.views(Service), self._store.views(EndpointSlice)
        written = ruleset(node, services, slices, self.config)
        self._rules[machine] = written
        ports = service_port_map(services)
        endpoints = endpoints_map(slices, node.metadata.name)
        self._network.forget_connections(machine, stale_entries(ports, endpoints))
        return written

    def _balancer_rules(self) -> Ruleset:
        balanced = [s for s in self._store.views(Service) if s.spec.type == "LoadBalancer"]
        local = any(s.spec.externalTrafficPolicy == "Local" for s in balanced)
        return balancer_ruleset(balanced, self._store.views(Node), self._store.views(EndpointSlice) if local else ())


def _proxied(wire: Wire) -> tuple[object, ...]:
    """What of an object a proxy's rules depend on."""
    metadata, status = wire["metadata"], wire.get("status") or {}
    return (
        metadata.get("labels"),
        metadata.get("annotations") if wire["kind"] == "Service" else None,
        wire.get("spec"),
        wire.get("endpoints"),
        wire.get("ports"),
        status.get("loadBalancer"),
        status.get("addresses"),
        [(c.get("type"), c.get("status")) for c in status.get("conditions") or []],
    )
