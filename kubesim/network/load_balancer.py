"""A load balancer outside the cluster: a machine that has the Services' addresses and spreads connections over the
nodes.

It knows nothing of Pods. For each port of a Service it has the list of healthy nodes and sends each new connection to
the node port of one of them, all equally likely, from its own address, so that the answers come back through it.
Healthy is a node that is Ready; where the Service's policy is Local it must also have a ready endpoint, which the load
balancer learns from the Service's health check port.

Where a Service names source ranges, the balancer itself lets in only those senders and drops the others silently. It
guards its own address: a node port is the nodes' and stays open.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.objects import EndpointSlice, Node, Service
from kubesim.network.hooks import Hook
from kubesim.network.matches import (
    Comment,
    ConnectionState,
    Destination,
    DestinationPort,
    Match,
    Protocol,
    Source,
    Statistic,
)
from kubesim.network.proxy.endpoints import ReadyOn, endpoints_map, local_ready_addresses
from kubesim.network.proxy.service_ports import ServicePort, service_ports
from kubesim.network.rules import Chain, Rule, Ruleset, built_in
from kubesim.network.targets import Dnat, Drop, Jump, Masquerade, Return

EXCLUDED_LABEL = "node.kubernetes.io/exclude-from-external-load-balancers"
"""A node with this label gets no traffic from load balancers."""

BASES = (built_in("mangle", Hook.PREROUTING), built_in("nat", Hook.PREROUTING), built_in("nat", Hook.POSTROUTING))


def balanced_addresses(services: Sequence[Service], nodes: Sequence[Node]) -> tuple[str, ...]:
    """The addresses that the load balancer must have: those of Services, but not the nodes' own."""
    own = {entry.address for node in nodes for entry in node.status.addresses or []}
    found = (
        ingress.ip
        for service in services
        if service.spec.type == "LoadBalancer"
        for ingress in service.status.loadBalancer.ingress or []
        if ingress.ip and ingress.ip not in own
    )
    return tuple(dict.fromkeys(found))


def balancer_ruleset(
    services: Sequence[Service], nodes: Sequence[Node], slices: Sequence[EndpointSlice] = ()
) -> Ruleset:
    """The load balancer's rules.

    :param slices: needed for Services whose policy is Local.
    """
    rules: list[Rule] = []
    guards: list[Rule] = []
    chains: dict[tuple[str, str], Chain] = {}
    addresses = frozenset(balanced_addresses(services, nodes))
    ready = local_ready_addresses(endpoints_map(slices))
    for service in services:
        if service.spec.type != "LoadBalancer":
            continue
        own = [ingress.ip for ingress in service.status.loadBalancer.ingress or [] if ingress.ip in addresses]
        healthy = healthy_nodes(service, nodes, ready)
        for name, port in service_ports(service).items():
            for address in own:
                if port.load_balancer_source_ranges:
                    guarded = f"LB-FW-{len(chains) + 1}"
                    guards.append(_guard(str(name), address, port, guarded))
                    chains["mangle", guarded] = _admitting(str(name), guarded, port.load_balancer_source_ranges)
                if port.node_port:
                    target = (port.protocol.lower(), address, port.port, port.node_port)
                    rules += _spread(str(name), target, healthy)
    leave = Rule((ConnectionState(("DNAT",)),), Masquerade())
    chains |= {
        ("mangle", "PREROUTING"): Chain("PREROUTING", tuple(guards)),
        ("nat", "PREROUTING"): Chain("PREROUTING", tuple(rules)),
        ("nat", "POSTROUTING"): Chain("POSTROUTING", (leave,)),
    }
    return Ruleset("iptables", chains, BASES)


def healthy_nodes(service: Service, nodes: Sequence[Node], ready_on: ReadyOn | None = None) -> tuple[str, ...]:
    """The addresses of the nodes to which connections for a Service are spread.

    :param ready_on: needed where the Service's policy is Local.
    """
    local_only = service.spec.externalTrafficPolicy == "Local"
    own = (ready_on or {}).get((service.metadata.namespace, service.metadata.name), {})
    found = []
    for node in nodes:
        ready = any(c.type == "Ready" and c.status == "True" for c in node.status.conditions or [])
        if not ready or EXCLUDED_LABEL in (node.metadata.labels or {}):
            continue
        if local_only and node.metadata.name not in own:
            continue
        found += [entry.address for entry in node.status.addresses or [] if entry.type == "InternalIP"][:1]
    return tuple(found)


def _guard(service: str, address: str, port: ServicePort, chain: str) -> Rule:
    """Have the senders of what comes for a guarded port looked at."""
    comment = Comment(f"{service} loadbalancer source ranges")
    matches = (comment, Protocol(port.protocol.lower()), Destination(address), DestinationPort(port.port))
    return Rule(matches, Jump(chain))


def _admitting(service: str, chain: str, ranges: Sequence[str]) -> Chain:
    """Go on with senders of these ranges, drop the others."""
    admitted = [Rule((Comment(f"{service} admits this range"), Source(prefix)), Return()) for prefix in ranges]
    return Chain(chain, (*admitted, Rule((Comment(f"{service} traffic not accepted"),), Drop())))


def _spread(service: str, target: tuple[str, str, int, int], healthy: Sequence[str]) -> list[Rule]:
    protocol, address, port, node_port = target
    rules = []
    for position, node in enumerate(healthy):
        matches: tuple[Match, ...] = (
            Comment(f"{service} balanced to node {node}"),
            Protocol(protocol),
            Destination(address),
            DestinationPort(port),
        )
        if position < len(healthy) - 1:
            matches = (*matches, Statistic(1 / (len(healthy) - position)))
        rules.append(Rule(matches, Dnat(node, node_port)))
    return rules
