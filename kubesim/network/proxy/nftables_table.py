"""kube-proxy's nftables table as it grows, and the chains, sets and maps that are there whatever the Services."""

from __future__ import annotations

from kubesim.network.hooks import Hook
from kubesim.network.matches import AnyDestination, ConnectionState, Destination, InSet, LocalDestination, Mark, Match
from kubesim.network.proxy.config import MASQUERADE_MARK, ProxyConfig
from kubesim.network.proxy.iptables_chains import LOOPBACK
from kubesim.network.proxy.node_addresses import NodePortAddresses
from kubesim.network.proxy.node_view import NodeView
from kubesim.network.rules import BaseChain, Chain, NamedSet, Rule, Ruleset
from kubesim.network.targets import Drop, Jump, LookUp, Masquerade, Reject, SetMark, Target

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


class NftablesTable:
    """Chains, sets and maps as they grow."""

    def __init__(self, node: NodeView, config: ProxyConfig) -> None:
        self.node = node
        self.config = config
        self.chains: dict[str, list[Rule]] = {base.chain: [] for base in BASES}
        self.elements: dict[str, dict[tuple[str, ...], Target | None]] = {name: {} for name in _SETS}
        self.labels: dict[str, dict[tuple[str, ...], str]] = {name: {} for name in _SETS}
        self.affinity: dict[str, int] = {}
        prefixes = config.node_port_addresses or ((f"{node.address}/32",) if node.address else ())
        self.node_ports = NodePortAddresses.of(prefixes)
        if self.node_ports.matches_all:
            del self.elements["nodeport-ips"]
        else:
            for address in self.node_ports.chosen(node.addresses):
                if not address.startswith("127."):
                    self.elements["nodeport-ips"][(address,)] = None

    def add(self, chain: str, text: str, target: Target | None, *matches: Match) -> None:
        """Append a rule; a chain is made when first used."""
        self.chains.setdefault(chain, []).append(Rule(matches, target, text))

    def put(self, name: str, key: tuple[str, ...], verdict: Target | None, label: str = "") -> None:
        """Put an element into a set or map."""
        self.elements[name][key] = verdict
        if label:
            self.labels[name][key] = label

    def fixed(self) -> None:
        """What is there whatever the Services."""
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
        if self.node_ports.matches_all:
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

    def ruleset(self) -> Ruleset:
        """The finished rules."""
        comments = {"reject-chain": "helper for @no-endpoint-services / @no-endpoint-nodeports"}
        chains = {
            (TABLE, name): Chain(name, tuple(rules), comments.get(name, "")) for name, rules in self.chains.items()
        }
        sets = {
            (TABLE, name): NamedSet(name, _SETS[name][0], _SETS[name][1], elements, _SETS[name][2], self.labels[name])
            for name, elements in self.elements.items()
        }
        sets |= {
            (TABLE, name): NamedSet(name, "set", "ipv4_addr", {}, timeout_seconds=seconds)
            for name, seconds in self.affinity.items()
        }
        return Ruleset("nftables", chains, BASES, sets)
