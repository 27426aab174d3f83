"""kube-proxy on every node: its rules, changed as Services, EndpointSlices and nodes change.

A change is only noted; the rules of the Service that it concerns are written when a packet next asks for any, so that
a thousand changes at one instant cost no more than one look at each Service. Conntrack entries of UDP endpoints that
are gone are deleted at the same time, as kube-proxy does.
"""

from __future__ import annotations

import math
from collections.abc import Hashable

from kubesim.api.objects import EndpointSlice, Node, Service, Wire, view
from kubesim.api.store import Change, Key, Store
from kubesim.network.load_balancer import balancer_ruleset
from kubesim.network.network import Network
from kubesim.network.proxy import ProxyConfig
from kubesim.network.proxy.endpoints import SERVICE_NAME_LABEL, EndpointsMap, endpoints_map
from kubesim.network.proxy.names import ServicePortName
from kubesim.network.proxy.node import NodeView, node_view
from kubesim.network.proxy.proxier import rule_sum
from kubesim.network.proxy.service_ports import ServicePort, service_ports
from kubesim.network.proxy.stale import stale_entries
from kubesim.network.rules import Ruleset

BALANCER = "load-balancer"
"""The machine in front of the nodes that the ``external`` provider runs."""

MIN_SYNC_PERIOD = 1.0
"""Seconds from one sync to the next: the default of ``minSyncPeriod``, for iptables and for nftables."""

WATCHED = ("Service", "EndpointSlice", "Node")


class KubeProxies:
    """The rules of all nodes; :meth:`rules` is the network's ``ruleset_provider``."""

    def __init__(self, store: Store, network: Network, config: ProxyConfig) -> None:
        self._store = store
        self._network = network
        self._total = rule_sum(config)
        self._forgets_without_endpoints = config.release.forgets_udp_without_endpoints
        self._ports: dict[Key, dict[ServicePortName, ServicePort]] = {}
        self._changed_services: dict[Key, None] = {}
        self._nodes: dict[str, NodeView] = {}
        self._balanced: dict[Key, None] = {}
        """The Services that have, or had, the load balancer's attention."""
        self._balancer: Ruleset | None = None
        self._watchers = 0
        """How many look so closely that the moments of the syncs matter."""
        self._synced = -math.inf
        self._planned = False
        for kind in WATCHED:
            for wire in store.list(kind):
                self._changed(Change.of(None, wire))
        store.watch(self._changed, WATCHED)

    def _changed(self, change: Change) -> None:
        old, new = change.old, change.new
        if old is not None and new is not None and _proxied(old) == _proxied(new):
            return
        self._network.changes()
        if change.kind == "Node":
            name = change.key[1]
            if new is None:
                del self._nodes[name]
                self._total.forget_node(name)
            else:
                self._nodes[name] = node_view(view(new, Node))
            self._balancer = None
        elif change.kind == "Service":
            self._changed_services[change.key] = None
        else:
            for each in (old, new):
                if each is not None:
                    labels = each["metadata"].get("labels") or {}
                    self._changed_services[change.key[0], labels.get(SERVICE_NAME_LABEL) or ""] = None
        if self._watchers:
            self._plan_sync()

    # --- moments ---------------------------------------------------------------------------------------------------

    def watch_closely(self) -> None:
        """From now on rules come into force when kube-proxy's next sync is due, and not as soon as a packet asks.

        A sync follows a change at once, but no sooner than :data:`MIN_SYNC_PERIOD` after the one before; so in a
        series of changes the later ones wait. Who types lines waits longer between two of them and never sees it; only
        traffic that goes on meanwhile does.
        """
        self._write_changed()
        self._watchers += 1

    def watch_no_longer(self) -> None:
        """The opposite of :meth:`watch_closely`, once for each time that it was asked for."""
        self._watchers -= 1

    def _plan_sync(self) -> None:
        simulation = self._network.simulation
        if not self._planned:
            self._planned = True
            due = max(simulation.now, self._synced + MIN_SYNC_PERIOD)
            simulation.after(due - simulation.now, self._sync, progress=False)

    def _sync(self) -> None:
        self._planned, self._synced = False, self._network.simulation.now
        self._network.changes()
        self._write_changed()

    def _write_changed(self) -> None:
        while self._changed_services:
            self._write(*self._changed_services.popitem()[0])

    def rules(self, machine: str) -> Ruleset | None:
        """The rules of a node, or of the load balancer, by now; None for other machines."""
        if not self._watchers:
            self._write_changed()
        if machine == BALANCER:
            if self._balancer is None:
                self._balancer = self._balancer_rules()
            return self._balancer
        kind, _, name = machine.partition("/")
        if kind != "node":
            return None
        known = self._nodes.get(name)
        return None if known is None else self._total.on(known)

    def sight(self, machine: str, port: ServicePortName) -> Hashable:
        """What a node makes of a Service port: the same for two nodes whose rules for it differ in nothing."""
        self._write_changed()
        summand, known = self._total.summands.get(port), self._nodes.get(machine.removeprefix("node/"))
        return None if summand is None or known is None else summand.on(known)

    def _write(self, namespace: str, name: str) -> None:
        """Write the rules of one Service anew."""
        key = namespace, name
        service = self._store.view(Service, name, namespace)
        slices = self._store.views(EndpointSlice, namespace, {SERVICE_NAME_LABEL: name})
        ports = {} if service is None else service_ports(service)
        endpoints = endpoints_map(slices)
        for gone in self._ports.pop(key, {}).keys() - ports.keys():
            self._total.put(gone, None)
        for port_name, port in ports.items():
            self._total.put(port_name, port, endpoints.get(port_name, ()))
        if ports:
            self._ports[key] = ports
            self._forget_stale(ports, endpoints)
        if service is not None and service.spec.type == "LoadBalancer":
            self._balanced[key] = None
            self._balancer = None
        elif key in self._balanced:
            del self._balanced[key]
            self._balancer = None

    def _forget_stale(self, ports: dict[ServicePortName, ServicePort], endpoints: EndpointsMap) -> None:
        if any(port.protocol == "UDP" for port in ports.values()):
            stale = stale_entries(ports, endpoints, without_endpoints=self._forgets_without_endpoints)
            for machine in self._network.tracking:
                if machine.startswith("node/"):
                    self._network.forget_connections(machine, stale)

    def _balancer_rules(self) -> Ruleset:
        services, slices = [], []
        for namespace, name in sorted(self._balanced):
            service = self._store.view(Service, name, namespace)
            if service is None:
                continue
            services.append(service)
            if service.spec.externalTrafficPolicy == "Local":
                slices += self._store.views(EndpointSlice, namespace, {SERVICE_NAME_LABEL: name})
        return balancer_ruleset(services, self._store.views(Node), slices)


def _proxied(wire: Wire) -> tuple[object, ...]:
    """What of an object a proxy's rules depend on."""
    labels, spec, status = wire["metadata"].get("labels"), wire.get("spec") or {}, wire.get("status") or {}
    if wire["kind"] == "EndpointSlice":
        return labels, wire.get("addressType"), wire.get("endpoints"), wire.get("ports")
    if wire["kind"] == "Service":
        return labels, spec, status.get("loadBalancer")
    conditions = [(each.get("type"), each.get("status")) for each in status.get("conditions") or ()]
    return labels, spec.get("podCIDR"), status.get("addresses"), conditions
