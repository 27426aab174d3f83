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

from collections.abc import Callable, Mapping, Sequence

from kubesim.network.addresses import is_loopback
from kubesim.network.hooks import Hook
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
from kubesim.network.proxy.endpoints import EndpointInfo
from kubesim.network.proxy.names import ServicePortName, endpoint_chain, service_hash
from kubesim.network.proxy.node import NodePortAddresses, NodeView
from kubesim.network.proxy.rule_sum import Fragment, Own, Place, Sight
from kubesim.network.proxy.service_ports import ServicePort
from kubesim.network.rules import Chain, Rule, Ruleset, built_in
from kubesim.network.targets import (
    Accept,
    Dnat,
    Drop,
    FlipMark,
    Jump,
    Masquerade,
    Reject,
    Return,
    SetMark,
    Target,
)

LOOPBACK = "127.0.0.0/8"

BASES = (
    built_in("nat", Hook.PREROUTING),
    built_in("nat", Hook.INPUT),
    built_in("nat", Hook.OUTPUT),
    built_in("nat", Hook.POSTROUTING),
    built_in("filter", Hook.INPUT),
    built_in("filter", Hook.FORWARD),
    built_in("filter", Hook.OUTPUT),
)
"""The kernel's own chains that kube-proxy and flannel use, in the order in which iptables-save lists them."""


_COMMON = frozenset(
    {
        ("nat", "KUBE-SERVICES"),
        ("nat", "KUBE-NODEPORTS"),
        ("filter", "KUBE-SERVICES"),
        ("filter", "KUBE-NODEPORTS"),
        ("filter", "KUBE-EXTERNAL-SERVICES"),
        ("filter", "KUBE-PROXY-FIREWALL"),
    }
)
_FIXED: Mapping[str, Sequence[str]] = {
    "filter": (
        "KUBE-NODEPORTS",
        "KUBE-SERVICES",
        "KUBE-EXTERNAL-SERVICES",
        "KUBE-FIREWALL",
        "KUBE-FORWARD",
        "KUBE-PROXY-FIREWALL",
        "KUBE-PROXY-CANARY",
    ),
    "nat": ("KUBE-NODEPORTS", "KUBE-SERVICES", "KUBE-MARK-MASQ", "KUBE-POSTROUTING", "KUBE-PROXY-CANARY"),
}
"""kube-proxy's chains that are there whatever the Services."""

_PROTOCOLS = {name: Protocol(name) for name in ("tcp", "udp", "sctp")}
_MARK_MASQ = Jump("KUBE-MARK-MASQ")
_DROP, _REJECT = Drop(), Reject()


_Add = Callable[..., None]
"""Append a rule: table, chain, target, matches."""


class _Writer:
    """Chains as they grow."""

    def __init__(self, *places: Place) -> None:
        self.chains: dict[Place, list[Rule]] = {place: [] for place in places}

    def add(self, table: str, chain: str, target: Target | None, *matches: Match) -> None:
        """Append a rule; a chain is made when first used."""
        self.chains.setdefault((table, chain), []).append(Rule(matches, target))

    def finished(self) -> dict[Place, Chain]:
        """The chains as they are now."""
        return {place: Chain(place[1], tuple(rules)) for place, rules in self.chains.items()}


class Iptables:
    """How kube-proxy writes its rules in iptables mode."""

    common = _COMMON

    def __init__(self, config: ProxyConfig) -> None:
        self.config = config
        self._fixed = _fixed(config)

    def fragment(self, name: ServicePortName, port: ServicePort, sight: Sight, large: bool) -> Fragment:
        """What a port adds where it is seen so."""
        return _IptablesFragment(name, port, sight, self.config, large)

    def depends_on_node(self, port: ServicePort) -> bool:
        """Under a Local policy, a node without an endpoint refuses the traffic."""
        return port.uses_local_endpoints

    def fixed(self, node: NodeView) -> Ruleset:
        """What is on every node."""
        return self._fixed

    def last(self, node: NodeView) -> Mapping[Place, Sequence[Rule]]:
        """The call of KUBE-NODEPORTS, last in KUBE-SERVICES."""
        comment = Comment("kubernetes service nodeports; NOTE: this must be the last rule in this chain")
        config = self.config
        chosen = NodePortAddresses.of(config.node_port_prefixes(node.address))
        conditions: list[tuple[Match, ...]]
        if chosen.matches_all:
            loopback = () if config.localhost_node_ports else (Destination(LOOPBACK, negated=True),)
            conditions = [(LocalDestination(), *loopback)]
        else:
            addresses = chosen.chosen(node.addresses)
            conditions = [(Destination(a),) for a in addresses if config.localhost_node_ports or not is_loopback(a)]
        rules = [Rule((comment, *matches), Jump("KUBE-NODEPORTS")) for matches in conditions]
        return {("nat", "KUBE-SERVICES"): rules}


def _fixed(config: ProxyConfig) -> Ruleset:
    """Calls from the kernel's chains, masquerading, forwarding."""
    own = [(table, chain) for table, chains in _FIXED.items() for chain in chains]
    writer = _Writer(*((base.table, base.chain) for base in BASES), *own)
    _calls(writer.add)
    add = writer.add
    random_fully, mark = config.random_fully, MASQUERADE_MARK
    add("nat", "KUBE-MARK-MASQ", SetMark(mark))
    add("nat", "KUBE-POSTROUTING", Return(), Mark(mark, negated=True))
    add("nat", "KUBE-POSTROUTING", FlipMark(mark))
    requiring = Comment("kubernetes service traffic requiring SNAT")
    add("nat", "KUBE-POSTROUTING", Masquerade(random_fully), requiring)
    if config.localhost_node_ports:
        blocked = Comment("block incoming localnet connections")
        states = ConnectionState(("RELATED", "ESTABLISHED", "DNAT"), negated=True)
        ends = (Destination(LOOPBACK), Source(LOOPBACK, negated=True))
        add("filter", "KUBE-FIREWALL", Drop(), blocked, *ends, states)
    if not config.tcp_liberal:
        counted = (Account("ct_state_invalid_dropped_pkts"),) if config.count_packets else ()
        add("filter", "KUBE-FORWARD", Drop(), ConnectionState(("INVALID",)), *counted)
    add("filter", "KUBE-FORWARD", Accept(), Comment("kubernetes forwarding rules"), Mark(mark))
    known = (Comment("kubernetes forwarding conntrack rule"), ConnectionState(("RELATED", "ESTABLISHED")))
    add("filter", "KUBE-FORWARD", Accept(), *known)
    return Ruleset("iptables", writer.finished(), BASES, route_localnet=config.localhost_node_ports)


def _calls(add: _Add) -> None:
    """The calls from the kernel's own chains."""
    new = ConnectionState(("NEW",))
    for chain in ("PREROUTING", "OUTPUT"):
        add("nat", chain, Jump("KUBE-SERVICES"), Comment("kubernetes service portals"))
    add("nat", "POSTROUTING", Jump("KUBE-POSTROUTING"), Comment("kubernetes postrouting rules"))
    firewall = Comment("kubernetes load balancer firewall")
    visible = Comment("kubernetes externally-visible service portals")
    for chain in ("INPUT", "FORWARD", "OUTPUT"):
        if chain != "FORWARD":
            add("filter", chain, Jump("KUBE-FIREWALL"))
        add("filter", chain, Jump("KUBE-PROXY-FIREWALL"), new, firewall)
        if chain == "INPUT":
            health = Comment("kubernetes health check service ports")
            add("filter", chain, Jump("KUBE-NODEPORTS"), health)
        if chain == "FORWARD":
            add("filter", chain, Jump("KUBE-FORWARD"), Comment("kubernetes forwarding rules"))
        if chain != "INPUT":
            add("filter", chain, Jump("KUBE-SERVICES"), new, Comment("kubernetes service portals"))
        if chain != "OUTPUT":
            add("filter", chain, Jump("KUBE-EXTERNAL-SERVICES"), new, visible)


class _IptablesFragment(Fragment):
    """The rules of one Service port."""

    def __init__(
        self, name: ServicePortName, port: ServicePort, sight: Sight, config: ProxyConfig, large: bool
    ) -> None:
        super().__init__(name, port, sight, config, large)
        self.text = str(name)
        code = service_hash(name)
        self.cluster_chain, self.local_chain = f"KUBE-SVC-{code}", f"KUBE-SVL-{code}"
        self.external_chain, self.firewall_chain = f"KUBE-EXT-{code}", f"KUBE-FW-{code}"
        self.protocol = _PROTOCOLS[port.protocol.lower()]

    @property
    def entrances(self) -> tuple[Place, ...]:
        """The chains of its own to which its share of the common chains may lead."""
        names = (self.cluster_chain, self.local_chain, self.external_chain, self.firewall_chain)
        return tuple(("nat", name) for name in names)

    def _shared(self) -> Mapping[Place, Sequence[Rule]]:
        """Each address and port of the Service: to its chain, or to a refusal."""
        writer = _Writer()
        self._addresses(writer.add)
        return writer.chains

    def _own(self) -> Own:
        writer = _Writer()
        if not self.usable.any:
            return Own({})
        add = writer.add
        self._internal_masquerade(add)
        if self.port.externally_accessible:
            self._external(add)
        if self.guarded:
            self._source_ranges(add)
        if self.usable.cluster and self.port.uses_cluster_endpoints:
            self._choose(add, self.cluster_chain, self.usable.cluster)
        if self.usable.local and self.port.uses_local_endpoints:
            self._choose(add, self.local_chain, self.usable.local)
        for endpoint in self.usable.reachable:
            self._endpoint(add, endpoint)
        return Own(writer.finished())

    def _to(self, address: str, port: int) -> tuple[Match, ...]:
        return (self.protocol, Destination(address), DestinationPort(port))

    def _refusal(self) -> tuple[Target, Comment]:
        """What is done with traffic that finds no endpoint: REJECT where there is none at all, DROP where one is
        elsewhere.
        """
        if not self.usable.any:
            return _REJECT, Comment(f"{self.text} has no endpoints")
        return _DROP, Comment(f"{self.text} has no local endpoints")

    def _addresses(self, add: _Add) -> None:
        port, text = self.port, self.text
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
            self._node_port(add, external, refusal, why)
        if port.health_check_node_port:
            health = Comment(f"{text} health check node port")
            to_health = (_PROTOCOLS["tcp"], DestinationPort(port.health_check_node_port))
            add("filter", "KUBE-NODEPORTS", Accept(), health, *to_health)

    def _node_port(self, add: _Add, external: Jump, refusal: Target, why: Comment) -> None:
        number, config, comment = DestinationPort(self.port.node_port), self.config, Comment(self.text)
        if self.usable.any:
            if config.localhost_node_ports and config.count_packets:
                counted = Account("localhost_nps_accepted_pkts")
                to_loopback = (self.protocol, Destination(LOOPBACK), number, counted)
                add("nat", "KUBE-NODEPORTS", external, comment, *to_loopback)
            add("nat", "KUBE-NODEPORTS", external, comment, self.protocol, number)
        if not self.has_external:
            add("filter", "KUBE-EXTERNAL-SERVICES", refusal, why, LocalDestination(), self.protocol, number)

    def _internal_masquerade(self, add: _Add) -> None:
        """Clients of the cluster IP that are no Pods are masqueraded: the endpoint could not answer them directly."""
        if not self.has_internal:
            return
        chain = self.local_chain if self.port.internal_policy_local else self.cluster_chain
        matches: tuple[Match, ...] = (
            Comment(f"{self.text} cluster IP"),
            *self._to(self.port.cluster_ip, self.port.port),
        )
        config = self.config
        if config.masquerade_all:
            add("nat", chain, _MARK_MASQ, *matches)
        elif config.detector.implemented:
            add("nat", chain, _MARK_MASQ, *matches, config.detector.match(local=False))

    def _external(self, add: _Add) -> None:
        """Traffic for addresses outside the cluster network."""
        chain, detector = self.external_chain, self.config.detector
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

    def _source_ranges(self, add: _Add) -> None:
        """A load balancer's source ranges; what matches none falls through to KUBE-PROXY-FIREWALL."""
        chain, external = self.firewall_chain, Jump(self.external_chain)
        allowed = Comment(f"{self.text} loadbalancer IP")
        for prefix in self.port.load_balancer_source_ranges:
            add("nat", chain, external, allowed, Source(prefix))
        if self.admitted:
            # The node may talk to the address even where it takes that very address as its source.
            for address in self.port.load_balancer_vips:
                add("nat", chain, external, allowed, Source(address))
        add("nat", chain, None, Comment(f"other traffic to {self.text} will be dropped by KUBE-PROXY-FIREWALL"))

    def _choose(self, add: _Add, chain: str, endpoints: Sequence[EndpointInfo]) -> None:
        """The choice of an endpoint: first by affinity, then by dice loaded so that all are equally likely."""
        count = len(endpoints)
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

    def _endpoint(self, add: _Add, endpoint: EndpointInfo) -> None:
        chain = endpoint_chain(self.name, str(endpoint))
        comment = self._comment(self.text)
        add("nat", chain, _MARK_MASQ, *comment, Source(endpoint.address))
        remember = (RememberSource(chain),) if self.port.sticky else ()
        target = Dnat(endpoint.address, endpoint.port)
        add("nat", chain, target, *comment, *remember, self.protocol)

    def _comment(self, text: str) -> tuple[Comment, ...]:
        return () if self.large else (Comment(text),)


def _ten_digits(probability: float) -> float:
    """A probability as kube-proxy writes it, with ten digits; the kernel gets no more."""
    return float(f"{probability:.10f}")
