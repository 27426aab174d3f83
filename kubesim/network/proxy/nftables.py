"""kube-proxy's rules in nftables mode (upstream's ``pkg/proxy/nftables``).

Where iptables mode walks a list of Services, nftables mode looks the packet up in maps: ``service-ips`` by address,
protocol and port, ``service-nodeports`` by protocol and port. The map's entry is the chain to go to: ``service-…`` (any
endpoint), ``local-…`` (endpoints of this node), ``external-…`` (from outside: masquerade, policy). One rule then picks
an endpoint by number and rewrites the destination. Cluster IPs are a set, so a port that no Service has can be rejected
instead of leaving the cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kubesim.network.hooks import Hook
from kubesim.network.matches import (
    AnyDestination,
    AnySource,
    ConnectionState,
    Destination,
    InSet,
    LocalDestination,
    LocalSource,
    Mark,
    Match,
    Protocol,
    RecentlySeen,
)
from kubesim.network.proxy.config import MASQUERADE_MARK, ProxyConfig
from kubesim.network.proxy.endpoints import EndpointInfo
from kubesim.network.proxy.iptables import LOOPBACK
from kubesim.network.proxy.names import ServicePortName, nft_base, nft_endpoint_base
from kubesim.network.proxy.node import NodePortAddresses, NodeView
from kubesim.network.proxy.rule_sum import Element, Fragment, Own, Place, Sight
from kubesim.network.proxy.service_ports import ServicePort
from kubesim.network.rules import BaseChain, Chain, NamedSet, Rule, Ruleset
from kubesim.network.targets import (
    Dnat,
    DnatAny,
    Drop,
    Goto,
    GotoAny,
    Jump,
    LookUp,
    Masquerade,
    Reject,
    Remember,
    SetMark,
    Target,
)

TABLE = "ip kube-proxy"

BASES = (
    BaseChain(TABLE, "filter-prerouting-pre-dnat", Hook.PREROUTING, -110),
    BaseChain(TABLE, "filter-output-pre-dnat", Hook.OUTPUT, -110),
    BaseChain(TABLE, "filter-input", Hook.INPUT, 0),
    BaseChain(TABLE, "filter-forward", Hook.FORWARD, 0),
    BaseChain(TABLE, "filter-output", Hook.OUTPUT, 0),
    BaseChain(TABLE, "nat-prerouting", Hook.PREROUTING, -100, nat=True),
    BaseChain(TABLE, "nat-output", Hook.OUTPUT, -100, nat=True),
    BaseChain(TABLE, "nat-postrouting", Hook.POSTROUTING, 100, nat=True),
)

BY_ADDRESS = ("daddr", "protocol", "dport")
BY_PORT = ("protocol", "dport")
_HAIRPIN = ("saddr", "daddr", "protocol", "dport")
_ADDRESS_KEY = "ip daddr . meta l4proto . th dport"
_PORT_KEY = "meta l4proto . th dport"
SET_MARK = f"meta mark set meta mark | {MASQUERADE_MARK:#010x}"

_SETS = {
    "hairpin-connections": ("set", "ipv4_addr . ipv4_addr . inet_proto . inet_service", "service hairpin connections"),
    "cluster-ips": ("set", "ipv4_addr", "Active ClusterIPs"),
    "nodeport-ips": ("set", "ipv4_addr", "IPs that accept NodePort traffic"),
    "no-endpoint-services": (
        "map",
        "ipv4_addr . inet_proto . inet_service : verdict",
        "vmap to drop or reject packets to services with no endpoints",
    ),
    "no-endpoint-nodeports": (
        "map",
        "inet_proto . inet_service : verdict",
        "vmap to drop or reject packets to service nodeports with no endpoints",
    ),
    "firewall-ips": (
        "map",
        "ipv4_addr . inet_proto . inet_service : verdict",
        "destinations that are subject to LoadBalancerSourceRanges",
    ),
    "service-ips": (
        "map",
        "ipv4_addr . inet_proto . inet_service : verdict",
        "ClusterIP, ExternalIP and LoadBalancer IP traffic",
    ),
    "service-nodeports": ("map", "inet_proto . inet_service : verdict", "NodePort traffic"),
}
"""The named sets and maps: kind, type, comment."""


_COMMENTS = {"reject-chain": "helper for @no-endpoint-services / @no-endpoint-nodeports"}

_Add = Callable[..., None]
"""Append a rule: chain, text, target, matches."""


class _Writer:
    """Chains as they grow."""

    def __init__(self, *chains: str) -> None:
        self.chains: dict[str, list[Rule]] = {name: [] for name in chains}

    def add(self, chain: str, text: str, target: Target | None, *matches: Match) -> None:
        """Append a rule; a chain is made when first used."""
        self.chains.setdefault(chain, []).append(Rule(matches, target, text))

    def finished(self) -> dict[Place, Chain]:
        """The chains as they are now."""
        return {
            (TABLE, name): Chain(name, tuple(rules), _COMMENTS.get(name, "")) for name, rules in self.chains.items()
        }


class Nftables:
    """How kube-proxy writes its rules in nftables mode."""

    common = frozenset((TABLE, name) for name in _SETS if name != "nodeport-ips")

    def __init__(self, config: ProxyConfig) -> None:
        self.config = config

    def fragment(self, name: ServicePortName, port: ServicePort, sight: Sight, large: bool) -> Fragment:
        """What a port adds where it is seen so."""
        return _NftablesFragment(name, port, sight, self.config, large)

    def depends_on_node(self, port: ServicePort) -> bool:
        """Every node lists the connections of its own endpoints to themselves."""
        return True

    def last(self, node: NodeView) -> Mapping[Place, Sequence[Rule]]:
        """No common chain: Services are found in maps."""
        return {}

    def fixed(self, node: NodeView) -> Ruleset:
        """What is there whatever the Services."""
        prefixes = self.config.node_port_prefixes(node.address) or ((f"{node.address}/32",) if node.address else ())
        node_ports = NodePortAddresses.of(prefixes)
        writer = _Writer(*(base.chain for base in BASES))
        _Fixed(writer.add, self.config, node_ports.matches_all).write()
        own = [a for a in node_ports.chosen(node.addresses) if not a.startswith("127.")]
        elements: dict[str, dict[tuple[str, ...], Target | None]] = {"nodeport-ips": {(a,): None for a in own}}
        sets = {
            (TABLE, name): NamedSet(name, kind, type_, elements.get(name, {}), comment)
            for name, (kind, type_, comment) in _SETS.items()
            if name != "nodeport-ips" or not node_ports.matches_all
        }
        return Ruleset("nftables", writer.finished(), BASES, sets)


class _Fixed:
    """The chains that are there whatever the Services.

    :param everywhere: whether every address of the node takes node ports.
    """

    def __init__(self, add: _Add, config: ProxyConfig, everywhere: bool) -> None:
        self.add = add
        self.config = config
        self.everywhere = everywhere

    def write(self) -> None:
        """Write all of them."""
        new = ConnectionState(("NEW",))
        for chain, checks in (
            ("filter-prerouting-pre-dnat", ("firewall-check",)),
            ("filter-output-pre-dnat", ("firewall-check",)),
            ("filter-input", ("nodeport-endpoints-check", "service-endpoints-check")),
            ("filter-forward", ("service-endpoints-check", "cluster-ips-check")),
            ("filter-output", ("service-endpoints-check", "cluster-ips-check")),
        ):
            for check in checks:
                self.add(chain, f"ct state new jump {check}", Jump(check), new)
        self.add("nat-prerouting", "jump services", Jump("services"))
        self.add("nat-output", "jump services", Jump("services"))
        self.add("nat-postrouting", "jump masquerading", Jump("masquerading"))
        node_port = self._node_port_condition()
        self._look_up("nodeport-endpoints-check", node_port, _PORT_KEY, "no-endpoint-nodeports", BY_PORT)
        self._look_up("service-endpoints-check", None, _ADDRESS_KEY, "no-endpoint-services", BY_ADDRESS)
        self._look_up("firewall-check", None, _ADDRESS_KEY, "firewall-ips", BY_ADDRESS)
        self._mark_cluster_ip_clients()
        self._look_up("services", None, _ADDRESS_KEY, "service-ips", BY_ADDRESS)
        self._look_up("services", node_port, _PORT_KEY, "service-nodeports", BY_PORT)
        self._masquerading()
        to_cluster_ip = InSet("cluster-ips", ("daddr",))
        why = 'comment "Reject traffic to invalid ports of ClusterIPs"'
        self.add("cluster-ips-check", f"ip daddr @cluster-ips reject {why}", Reject(), to_cluster_ip)
        if self.config.service_prefixes:
            listed = ", ".join(self.config.service_prefixes)
            why = 'comment "Drop traffic to unallocated ClusterIPs"'
            several = f"{{ {listed} }}" if len(self.config.service_prefixes) > 1 else listed
            unallocated = AnyDestination(self.config.service_prefixes)
            self.add("cluster-ips-check", f"ip daddr {several} drop {why}", Drop(), unallocated)
        self.add("reject-chain", "reject", Reject())

    def _node_port_condition(self) -> tuple[str, tuple[Match, ...]]:
        if self.everywhere:
            outside = Destination(LOOPBACK, negated=True)
            return f"fib daddr type local ip daddr != {LOOPBACK} ", (LocalDestination(), outside)
        return "ip daddr @nodeport-ips ", (InSet("nodeport-ips", ("daddr",)),)

    def _look_up(
        self,
        chain: str,
        condition: tuple[str, tuple[Match, ...]] | None,
        key_text: str,
        name: str,
        keys: tuple[str, ...],
    ) -> None:
        text, matches = condition or ("", ())
        self.add(chain, f"{text}{key_text} vmap @{name}", LookUp(name, keys), *matches)

    def _mark_cluster_ip_clients(self) -> None:
        to_cluster_ip, mark = InSet("cluster-ips", ("daddr",)), SetMark(MASQUERADE_MARK)
        detector = self.config.detector
        if self.config.masquerade_all:
            text = f'ip daddr @cluster-ips {SET_MARK} comment "masquerade clusterIP traffic"'
            self.add("services", text, mark, to_cluster_ip)
        elif detector.implemented:
            why = 'comment "masquerade clusterIP traffic from outside cluster"'
            text = f"ip daddr @cluster-ips {detector.nft(local=False)} {SET_MARK} {why}"
            self.add("services", text, mark, to_cluster_ip, detector.match(local=False))

    def _masquerading(self) -> None:
        bit = f"{MASQUERADE_MARK:#010x}"
        text = f"meta mark & {bit} != 0x00000000 meta mark set meta mark ^ {bit} masquerade fully-random"
        self.add("masquerading", text, Masquerade(True, clears=MASQUERADE_MARK), Mark(MASQUERADE_MARK))
        text = (
            "ct status dnat ip saddr . ip daddr . meta l4proto . th dport @hairpin-connections masquerade fully-random"
        )
        hairpin = (ConnectionState(("DNAT",)), InSet("hairpin-connections", _HAIRPIN))
        self.add("masquerading", text, Masquerade(True), *hairpin)


class _NftablesFragment(Fragment):
    """The rules of one Service port."""

    def __init__(
        self, name: ServicePortName, port: ServicePort, sight: Sight, config: ProxyConfig, large: bool
    ) -> None:
        super().__init__(name, port, sight, config, large)
        comment = str(name).encode()[: config.release.comment_bytes or None]
        self.label = comment.decode(errors="ignore")
        self.protocol = port.protocol.lower()
        base = nft_base(name)
        self.cluster_chain, self.local_chain = f"service-{base}", f"local-{base}"
        self.external_chain, self.firewall_chain = f"external-{base}", f"firewall-{base}"

    @property
    def entrances(self) -> tuple[Place, ...]:
        """The chains of its own to which its share of the common maps may lead."""
        names = (self.cluster_chain, self.local_chain, self.external_chain, self.firewall_chain)
        return tuple((TABLE, name) for name in names)

    def _shared(self) -> Mapping[Place, Sequence[Element]]:
        elements: dict[Place, list[Element]] = {}

        def put(name: str, key: tuple[str, ...], verdict: Target | None, label: str = "") -> None:
            elements.setdefault((TABLE, name), []).append(Element(key, verdict, label))

        self._addresses(put)
        for endpoint in self.here:
            key = (endpoint.address, endpoint.address, self.protocol, str(endpoint.port))
            put("hairpin-connections", key, None)
        return elements

    def _own(self) -> Own:
        if not self.usable.any:
            return Own({})
        writer = _Writer()
        add = writer.add
        if self.port.externally_accessible:
            self._external(add)
        if self.guarded:
            self._source_ranges(add)
        if self.usable.cluster and self.port.uses_cluster_endpoints:
            self._choose(add, self.cluster_chain, self.usable.cluster)
        if self.usable.local and self.port.uses_local_endpoints:
            self._choose(add, self.local_chain, self.usable.local)
        sets: dict[Place, NamedSet] = {}
        for endpoint in self.usable.reachable if self.port.sticky else ():
            affinity = self._sticky_endpoint(add, endpoint)
            sets[TABLE, affinity.name] = affinity
        return Own(writer.finished(), sets)

    def _addresses(self, put: Callable[..., None]) -> None:
        """Each address and port of the Service: to its chain, or to a refusal."""
        port, label = self.port, self.label
        refusal: Target = Drop() if self.usable.any else Goto("reject-chain")
        put("cluster-ips", (port.cluster_ip,), None)
        cluster_key = (port.cluster_ip, self.protocol, str(port.port))
        if self.has_internal:
            chain = self.local_chain if port.internal_policy_local else self.cluster_chain
            put("service-ips", cluster_key, Goto(chain))
        else:
            put("no-endpoint-services", cluster_key, refusal, label)
        for address in (*port.external_ips, *port.load_balancer_vips):
            key = (address, self.protocol, str(port.port))
            if self.usable.any:
                put("service-ips", key, Goto(self.external_chain))
            if self.guarded and address in port.load_balancer_vips:
                put("firewall-ips", key, Goto(self.firewall_chain))
            if not self.has_external:
                put("no-endpoint-services", key, refusal, label)
        if port.node_port:
            number = (self.protocol, str(port.node_port))
            if self.usable.any:
                put("service-nodeports", number, Goto(self.external_chain))
            if not self.has_external:
                put("no-endpoint-nodeports", number, refusal, label)

    def _external(self, add: _Add) -> None:
        chain, detector = self.external_chain, self.config.detector
        mark, everywhere = SetMark(MASQUERADE_MARK), Goto(self.cluster_chain)
        goto_everywhere = f"goto {self.cluster_chain}"
        if not self.port.external_policy_local:
            add(chain, f'{SET_MARK} comment "masquerade"', mark)
        else:
            if detector.implemented:
                text = f'{detector.nft(local=True)} {goto_everywhere} comment "short-circuit pod traffic"'
                add(chain, text, everywhere, detector.match(local=True))
            local = "fib saddr type local"
            add(chain, f'{local} {SET_MARK} comment "masquerade local traffic"', mark, LocalSource())
            add(chain, f'{local} {goto_everywhere} comment "short-circuit local traffic"', everywhere, LocalSource())
        if self.has_external:
            policy = self.local_chain if self.port.external_policy_local else self.cluster_chain
            add(chain, f"goto {policy}", Goto(policy))

    def _source_ranges(self, add: _Add) -> None:
        # A kernel lists an address without its 32 bits.
        ranges = [prefix.removesuffix("/32") for prefix in self.port.load_balancer_source_ranges]
        if self.admitted:
            ranges += self.port.load_balancer_vips
        unique = tuple(dict.fromkeys(ranges))
        text = unique[0] if len(unique) == 1 else "{ " + ", ".join(unique) + " }"
        add(self.firewall_chain, f"ip saddr != {text} drop", Drop(), AnySource(unique, negated=True))

    def _choose(self, add: _Add, chain: str, endpoints: Sequence[EndpointInfo]) -> None:
        count = len(endpoints)
        if not self.port.sticky and count == 1 and not self.config.release.maps_for_one_endpoint:
            (only,) = endpoints
            text = f"meta l4proto {self.protocol} dnat to {only.address}:{only.port}"
            add(chain, text, Dnat(only.address, only.port), Protocol(self.protocol))
            return
        if not self.port.sticky:
            listed = ", ".join(f"{n} : {e.address} . {e.port}" for n, e in enumerate(endpoints))
            text = f"meta l4proto {self.protocol} dnat ip to numgen random mod {count} map {{ {listed} }}"
            target = DnatAny(tuple((e.address, e.port) for e in endpoints))
            add(chain, text, target, Protocol(self.protocol))
            return
        bases = [nft_endpoint_base(self.name, e.address, e.port) for e in endpoints]
        for base in bases:
            text = f"ip saddr @affinity-{base} goto endpoint-{base}"
            recent = RecentlySeen(f"affinity-{base}", self.port.sticky_max_age_seconds)
            add(chain, text, Goto(f"endpoint-{base}"), recent)
        listed = ", ".join(f"{n} : goto endpoint-{base}" for n, base in enumerate(bases))
        text = f"numgen random mod {count} vmap {{ {listed} }}"
        add(chain, text, GotoAny(tuple(f"endpoint-{base}" for base in bases)))

    def _sticky_endpoint(self, add: _Add, endpoint: EndpointInfo) -> NamedSet:
        """The chain of an endpoint to which clients stick, and the list of those that do."""
        base = nft_endpoint_base(self.name, endpoint.address, endpoint.port)
        name, chain = f"affinity-{base}", f"endpoint-{base}"
        add(chain, f"update @{name} {{ ip saddr }}", Remember(name))
        text = f"meta l4proto {self.protocol} dnat to {endpoint.address}:{endpoint.port}"
        add(chain, text, Dnat(endpoint.address, endpoint.port), Protocol(self.protocol))
        return NamedSet(name, "set", "ipv4_addr", {}, timeout_seconds=self.port.sticky_max_age_seconds)
