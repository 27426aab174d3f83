"""kube-proxy's rules in iptables mode (upstream's ``pkg/proxy/iptables/proxier.go``).

A packet for a Service passes three chains::

    KUBE-SERVICES       by address and port: which Service?
    KUBE-SVC-… or SVL   which endpoint? (SVL: endpoints of this node only)
    KUBE-SEP-…          rewrite the destination to that endpoint

An address for the outside goes through KUBE-EXT-… first, which decides about masquerading and the traffic policy, and a
load balancer with source ranges through KUBE-FW-… before that. What has no endpoint is rejected or dropped in the
filter table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kubesim.network.addresses import is_loopback, within
from kubesim.network.matches import (
    Account,
    Comment,
    ConnectionState,
    Destination,
    DestinationPort,
    LocalDestination,
    LocalSource,
    Mark,
    Match,
    Protocol,
    RecentlySeen,
    RememberSource,
    Source,
    Statistic,
)
from kubesim.network.proxy.config import MASQUERADE_MARK, ProxyConfig
from kubesim.network.proxy.endpoints import Categorized, EndpointInfo, EndpointsMap, categorize
from kubesim.network.proxy.names import ServicePortName, endpoint_chain, service_hash
from kubesim.network.proxy.node_addresses import NodePortAddresses
from kubesim.network.proxy.service_ports import ServicePort
from kubesim.network.rules import BaseChain, Chain, Hook, Rule, Ruleset
from kubesim.network.targets import Accept, Dnat, Drop, FlipMark, Jump, Masquerade, Reject, Return, SetMark, Target

LARGE_CLUSTER_ENDPOINTS = 1000
"""From this many endpoints on, kube-proxy leaves the comments out of the rules of endpoints, to save memory."""

LOOPBACK = "127.0.0.0/8"

BASES = (
    BaseChain("nat", "PREROUTING", Hook.PREROUTING, -100, nat=True),
    BaseChain("nat", "INPUT", Hook.INPUT, 100, nat=True),
    BaseChain("nat", "OUTPUT", Hook.OUTPUT, -100, nat=True),
    BaseChain("nat", "POSTROUTING", Hook.POSTROUTING, 100, nat=True),
    BaseChain("filter", "INPUT", Hook.INPUT, 0),
    BaseChain("filter", "FORWARD", Hook.FORWARD, 0),
    BaseChain("filter", "OUTPUT", Hook.OUTPUT, 0),
)
"""The kernel's own chains that kube-proxy and flannel use, in the order in which iptables-save lists them."""

_PROTOCOLS = {name: Protocol(name) for name in ("tcp", "udp", "sctp")}
_MARK_MASQ = Jump("KUBE-MARK-MASQ")
_DROP, _REJECT = Drop(), Reject()


@dataclass(frozen=True, slots=True)
class NodeView:
    """The node for which rules are written.

    :param address: its primary address.
    :param addresses: all of its addresses, the loopback's among them.
    :param labels: the node's labels (its zone).
    """

    name: str
    address: str
    addresses: tuple[str, ...]
    labels: Mapping[str, str]


def iptables_rules(
    node: NodeView,
    ports: Mapping[ServicePortName, ServicePort],
    endpoints: EndpointsMap,
    config: ProxyConfig,
    large_cluster: bool | None = None,
) -> Ruleset:
    """All rules that kube-proxy writes on a node.

    :param large_cluster: whether comments are left out; None decides by the number of endpoints.
    """
    if large_cluster is None:
        large_cluster = sum(map(len, endpoints.values())) > LARGE_CLUSTER_ENDPOINTS
    writer = _Writer(node, config, large_cluster)
    writer.fixed()
    for name, port in ports.items():
        listed = endpoints.get(name, [])
        _ServiceRules(writer, name, port, categorize(listed, port, node.name, node.labels)).write()
    writer.node_ports()
    chains = {(table, chain): Chain(chain, tuple(rules)) for (table, chain), rules in writer.chains.items()}
    return Ruleset("iptables", chains, BASES, route_localnet=config.localhost_node_ports)


class _Writer:
    """The chains as they grow."""

    def __init__(self, node: NodeView, config: ProxyConfig, large_cluster: bool) -> None:
        self.node = node
        self.config = config
        self.large_cluster = large_cluster
        self.chains: dict[tuple[str, str], list[Rule]] = {(base.table, base.chain): [] for base in BASES}

    def chain(self, table: str, name: str) -> list[Rule]:
        """A chain's rules, made when first asked for."""
        return self.chains.setdefault((table, name), [])

    def add(self, table: str, chain: str, target: Target | None, *matches: Match) -> None:
        """Append a rule."""
        self.chain(table, chain).append(Rule(matches, target))

    def fixed(self) -> None:
        """What is there whatever the Services: calls from the kernel's chains, masquerading, forwarding."""
        for name in ("KUBE-NODEPORTS", "KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-FIREWALL", "KUBE-FORWARD"):
            self.chain("filter", name)
        for name in ("KUBE-PROXY-FIREWALL", "KUBE-PROXY-CANARY"):
            self.chain("filter", name)
        for name in ("KUBE-NODEPORTS", "KUBE-SERVICES", "KUBE-MARK-MASQ", "KUBE-POSTROUTING", "KUBE-PROXY-CANARY"):
            self.chain("nat", name)
        self._calls()
        random_fully, mark = self.config.random_fully, MASQUERADE_MARK
        self.add("nat", "KUBE-MARK-MASQ", SetMark(mark))
        self.add("nat", "KUBE-POSTROUTING", Return(), Mark(mark, negated=True))
        self.add("nat", "KUBE-POSTROUTING", FlipMark(mark))
        requiring = Comment("kubernetes service traffic requiring SNAT")
        self.add("nat", "KUBE-POSTROUTING", Masquerade(random_fully), requiring)
        if self.config.localhost_node_ports:
            blocked = Comment("block incoming localnet connections")
            states = ConnectionState(("RELATED", "ESTABLISHED", "DNAT"), negated=True)
            ends = (Destination(LOOPBACK), Source(LOOPBACK, negated=True))
            self.add("filter", "KUBE-FIREWALL", _DROP, blocked, *ends, states)
        if not self.config.tcp_liberal:
            counted = (Account("ct_state_invalid_dropped_pkts"),) if self.config.count_packets else ()
            self.add("filter", "KUBE-FORWARD", _DROP, ConnectionState(("INVALID",)), *counted)
        self.add("filter", "KUBE-FORWARD", Accept(), Comment("kubernetes forwarding rules"), Mark(mark))
        known = (Comment("kubernetes forwarding conntrack rule"), ConnectionState(("RELATED", "ESTABLISHED")))
        self.add("filter", "KUBE-FORWARD", Accept(), *known)

    def _calls(self) -> None:
        new = ConnectionState(("NEW",))
        for chain in ("PREROUTING", "OUTPUT"):
            self.add("nat", chain, Jump("KUBE-SERVICES"), Comment("kubernetes service portals"))
        self.add("nat", "POSTROUTING", Jump("KUBE-POSTROUTING"), Comment("kubernetes postrouting rules"))
        firewall = Comment("kubernetes load balancer firewall")
        visible = Comment("kubernetes externally-visible service portals")
        for chain in ("INPUT", "FORWARD", "OUTPUT"):
            if chain != "FORWARD":
                self.add("filter", chain, Jump("KUBE-FIREWALL"))
            self.add("filter", chain, Jump("KUBE-PROXY-FIREWALL"), new, firewall)
            if chain == "INPUT":
                health = Comment("kubernetes health check service ports")
                self.add("filter", chain, Jump("KUBE-NODEPORTS"), health)
            if chain == "FORWARD":
                self.add("filter", chain, Jump("KUBE-FORWARD"), Comment("kubernetes forwarding rules"))
            if chain != "INPUT":
                self.add("filter", chain, Jump("KUBE-SERVICES"), new, Comment("kubernetes service portals"))
            if chain != "OUTPUT":
                self.add("filter", chain, Jump("KUBE-EXTERNAL-SERVICES"), new, visible)

    def node_ports(self) -> None:
        """The call of KUBE-NODEPORTS, last in KUBE-SERVICES."""
        last = Comment("kubernetes service nodeports; NOTE: this must be the last rule in this chain")
        chosen = NodePortAddresses.of(self.config.node_port_addresses)
        target = Jump("KUBE-NODEPORTS")
        if chosen.matches_all:
            loopback = () if self.config.localhost_node_ports else (Destination(LOOPBACK, negated=True),)
            self.add("nat", "KUBE-SERVICES", target, last, LocalDestination(), *loopback)
            return
        for address in chosen.chosen(self.node.addresses):
            if not is_loopback(address) or self.config.localhost_node_ports:
                self.add("nat", "KUBE-SERVICES", target, last, Destination(address))


class _ServiceRules:
    """The rules of one Service port."""

    def __init__(self, writer: _Writer, name: ServicePortName, port: ServicePort, usable: Categorized) -> None:
        self.writer = writer
        self.name = name
        self.text = str(name)
        self.port = port
        self.usable = usable
        code = service_hash(name)
        self.cluster_chain, self.local_chain = f"KUBE-SVC-{code}", f"KUBE-SVL-{code}"
        self.external_chain, self.firewall_chain = f"KUBE-EXT-{code}", f"KUBE-FW-{code}"
        self.protocol = _PROTOCOLS[port.protocol.lower()]
        self.has_internal = usable.any and (bool(usable.local) or not port.internal_policy_local)
        self.has_external = usable.any and (bool(usable.local) or not port.external_policy_local)
        self.guarded = bool(usable.any and port.load_balancer_vips and port.load_balancer_source_ranges)

    def write(self) -> None:
        """Write all of them."""
        self._addresses()
        if not self.usable.any:
            return
        self._internal_masquerade()
        if self.port.externally_accessible:
            self._external()
        if self.guarded:
            self._source_ranges()
        if self.usable.cluster and self.port.uses_cluster_endpoints:
            self._choose(self.cluster_chain, self.usable.cluster)
        if self.usable.local and self.port.uses_local_endpoints:
            self._choose(self.local_chain, self.usable.local)
        for endpoint in self.usable.reachable:
            self._endpoint(endpoint)

    def _to(self, address: str, port: int) -> tuple[Match, ...]:
        return (self.protocol, Destination(address), DestinationPort(port))

    def _refusal(self) -> tuple[Target, Comment]:
        """What is done with traffic that finds no endpoint: REJECT where there is none at all, DROP where one is
        elsewhere.
        """
        if not self.usable.any:
            return _REJECT, Comment(f"{self.text} has no endpoints")
        return _DROP, Comment(f"{self.text} has no local endpoints")

    def _addresses(self) -> None:
        """Each address and port of the Service: to its chain, or to a refusal."""
        add, port, text = self.writer.add, self.port, self.text
        to_cluster_ip = self._to(port.cluster_ip, port.port)
        refusal, why = self._refusal()
        if self.has_internal:
            chain = self.local_chain if port.internal_policy_local else self.cluster_chain
            add("nat", "KUBE-SERVICES", Jump(chain), Comment(f"{text} cluster IP"), *to_cluster_ip)
        else:
            add("filter", "KUBE-SERVICES", refusal, why, *to_cluster_ip)
        external = Jump(self.external_chain)
        for address in port.external_ips:
            if self.usable.any:
                add("nat", "KUBE-SERVICES", external, Comment(f"{text} external IP"), *self._to(address, port.port))
            if not self.has_external:
                add("filter", "KUBE-EXTERNAL-SERVICES", refusal, why, *self._to(address, port.port))
        balanced = Jump(self.firewall_chain) if self.guarded else external
        for address in port.load_balancer_vips:
            to_vip = self._to(address, port.port)
            if self.usable.any:
                add("nat", "KUBE-SERVICES", balanced, Comment(f"{text} loadbalancer IP"), *to_vip)
            if self.guarded:
                other = Comment(f"{text} traffic not accepted by {self.firewall_chain}")
                add("filter", "KUBE-PROXY-FIREWALL", _DROP, other, *to_vip)
        if not self.has_external:
            for address in port.load_balancer_vips:
                add("filter", "KUBE-EXTERNAL-SERVICES", refusal, why, *self._to(address, port.port))
        if port.node_port:
            self._node_port(external, refusal, why)
        if port.health_check_node_port:
            health = Comment(f"{text} health check node port")
            to_health = (_PROTOCOLS["tcp"], DestinationPort(port.health_check_node_port))
            add("filter", "KUBE-NODEPORTS", Accept(), health, *to_health)

    def _node_port(self, external: Jump, refusal: Target, why: Comment) -> None:
        add, number = self.writer.add, DestinationPort(self.port.node_port)
        config, comment = self.writer.config, Comment(self.text)
        if self.usable.any:
            if config.localhost_node_ports and config.count_packets:
                counted = Account("localhost_nps_accepted_pkts")
                to_loopback = (self.protocol, Destination(LOOPBACK), number, counted)
                add("nat", "KUBE-NODEPORTS", external, comment, *to_loopback)
            add("nat", "KUBE-NODEPORTS", external, comment, self.protocol, number)
        if not self.has_external:
            add("filter", "KUBE-EXTERNAL-SERVICES", refusal, why, LocalDestination(), self.protocol, number)

    def _internal_masquerade(self) -> None:
        """Clients of the cluster IP that are no Pods are masqueraded: the endpoint could not answer them directly."""
        if not self.has_internal:
            return
        chain = self.local_chain if self.port.internal_policy_local else self.cluster_chain
        matches: tuple[Match, ...] = (
            Comment(f"{self.text} cluster IP"),
            *self._to(self.port.cluster_ip, self.port.port),
        )
        config = self.writer.config
        if config.masquerade_all:
            self.writer.add("nat", chain, _MARK_MASQ, *matches)
        elif config.detector.implemented:
            self.writer.add("nat", chain, _MARK_MASQ, *matches, config.detector.match(local=False))

    def _external(self) -> None:
        """Traffic for addresses outside the cluster network."""
        add, chain, detector = self.writer.add, self.external_chain, self.writer.config.detector
        everywhere = Jump(self.cluster_chain)
        what = f"traffic for {self.text} external destinations"
        if not self.port.external_policy_local:
            add("nat", chain, _MARK_MASQ, Comment(f"masquerade {what}"))
        else:
            # Pods and the node itself are not bound by the Local policy: it is as if they went out to the load balancer
            # and came back by another node.
            if detector.implemented:
                add("nat", chain, everywhere, Comment(f"pod {what}"), detector.match(local=True))
            add("nat", chain, _MARK_MASQ, Comment(f"masquerade LOCAL {what}"), LocalSource())
            add("nat", chain, everywhere, Comment(f"route LOCAL {what}"), LocalSource())
        if self.has_external:
            policy = self.local_chain if self.port.external_policy_local else self.cluster_chain
            add("nat", chain, Jump(policy))

    def _source_ranges(self) -> None:
        """A load balancer's source ranges; what matches none falls through to KUBE-PROXY-FIREWALL."""
        add, chain, external = self.writer.add, self.firewall_chain, Jump(self.external_chain)
        allowed = Comment(f"{self.text} loadbalancer IP")
        from_node = False
        for prefix in self.port.load_balancer_source_ranges:
            add("nat", chain, external, allowed, Source(prefix))
            from_node = from_node or within(self.writer.node.address, prefix)
        if from_node:
            # The node may talk to the address even where it takes that very address as its source.
            for address in self.port.load_balancer_vips:
                add("nat", chain, external, allowed, Source(address))
        add("nat", chain, None, Comment(f"other traffic to {self.text} will be dropped by KUBE-PROXY-FIREWALL"))

    def _choose(self, chain: str, endpoints: Sequence[EndpointInfo]) -> None:
        """The choice of an endpoint: first by affinity, then by dice loaded so that all are equally likely."""
        add, count = self.writer.add, len(endpoints)
        chains = [endpoint_chain(self.name, str(endpoint)) for endpoint in endpoints]
        comments = [self._comment(f"{self.text} -> {endpoint}") for endpoint in endpoints]
        if self.port.sticky:
            for target, comment in zip(chains, comments, strict=True):
                recent = RecentlySeen(target, self.port.sticky_max_age_seconds)
                add("nat", chain, Jump(target), *comment, recent)
        for position, (target, comment) in enumerate(zip(chains, comments, strict=True)):
            last = position == count - 1
            dice = () if last else (Statistic(_ten_digits(1 / (count - position))),)
            add("nat", chain, Jump(target), *comment, *dice)

    def _endpoint(self, endpoint: EndpointInfo) -> None:
        chain = endpoint_chain(self.name, str(endpoint))
        comment = self._comment(self.text)
        self.writer.add("nat", chain, _MARK_MASQ, *comment, Source(endpoint.address))
        remember = (RememberSource(chain),) if self.port.sticky else ()
        target = Dnat(endpoint.address, endpoint.port)
        self.writer.add("nat", chain, target, *comment, *remember, self.protocol)

    def _comment(self, text: str) -> tuple[Comment, ...]:
        return () if self.writer.large_cluster else (Comment(text),)


def _ten_digits(probability: float) -> float:
    """A probability as kube-proxy writes it, with ten digits; the kernel gets no more."""
    return float(f"{probability:.10f}")
