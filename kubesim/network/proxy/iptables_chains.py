"""The chains of iptables mode as they grow, and the rules that are there whatever the Services.

The kernel's own chains call kube-proxy's; a mark decides about masquerading; packets of known connections are let
through.
"""

from __future__ import annotations

from kubesim.network.addresses import is_loopback
from kubesim.network.hooks import Hook
from kubesim.network.matches import (
    Account,
    Comment,
    ConnectionState,
    Destination,
    LocalDestination,
    Mark,
    Match,
    Source,
)
from kubesim.network.proxy.config import MASQUERADE_MARK, ProxyConfig
from kubesim.network.proxy.node_addresses import NodePortAddresses
from kubesim.network.proxy.node_view import NodeView
from kubesim.network.rules import Rule, built_in
from kubesim.network.targets import Accept, Drop, FlipMark, Jump, Masquerade, Return, SetMark, Target

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


class IptablesChains:
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
            self.add("filter", "KUBE-FIREWALL", Drop(), blocked, *ends, states)
        if not self.config.tcp_liberal:
            counted = (Account("ct_state_invalid_dropped_pkts"),) if self.config.count_packets else ()
            self.add("filter", "KUBE-FORWARD", Drop(), ConnectionState(("INVALID",)), *counted)
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
