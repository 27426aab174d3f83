"""Netfilter rules as data: matches, targets, chains, and the rule set of one node.

A :class:`Rule` is a list of conditions (*matches*) and one thing to do (the *target*), in the form both kube-proxy
modes share; how it is written as text is the business of its dialect (``iptables_text`` and ``nftables_text``). A
:class:`Ruleset` is everything one machine has. It is a value: pass 1 (kube-proxy) makes it, pass 2 (the walker) reads
it.

A chain with thousands of rules is not searched one by one. Rules that demand one destination address, protocol and
port are found by that key; the few others are tried in their place, so the result is the one a list walk would give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from kubesim.network.hooks import PRIORITIES, Hook
from kubesim.network.ipsets import IpSet
from kubesim.network.matches import (
    Comment,
    Destination,
    DestinationPort,
    DestinationPorts,
    Match,
    OutInterface,
    Protocol,
)
from kubesim.network.targets import Accept, Drop, Masquerade, Target


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    :param matches: in the order in which they are written; all must hold.
    :param target: what is done; None counts the packet and goes on.
    :param text: the rule as ``nft`` prints it; for iptables rules the text is made from the parts when asked for.
    """

    matches: tuple[Match, ...]
    target: Target | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class BaseChain:
    """A chain that the kernel itself calls.

    :param priority: chains of one hook run from the lowest number to the highest; NAT of destinations is at -100.
    :param nat: whether it is consulted for the first packet of a connection only.
    """

    table: str
    chain: str
    hook: Hook
    priority: int
    nat: bool = False


def built_in(table: str, hook: Hook) -> BaseChain:
    """The chain of an iptables table at a hook, such as PREROUTING of ``nat``."""
    return BaseChain(table, hook.name, hook, PRIORITIES[hook, table], table == "nat")


@dataclass(frozen=True)
class Chain:
    """A list of rules.

    :param rules: a tuple, or a list that is composed when somebody reads it.
    :param comment: shown by ``nft list ruleset``.
    """

    name: str
    rules: Sequence[Rule]
    comment: str = ""

    @cached_property
    def _index(self) -> tuple[dict[tuple[str, str, int], list[int]], list[int]]:
        exact: dict[tuple[str, str, int], list[int]] = {}
        others: list[int] = []
        for position, rule in enumerate(self.rules):
            key = exact_key(rule)
            if key is None:
                others.append(position)
            else:
                exact.setdefault(key, []).append(position)
        return exact, others

    def candidates(self, protocol: str, destination: str, port: int, source: str = "") -> Iterator[tuple[int, Rule]]:
        """The rules that could match a packet, with their positions, in their order.

        :param protocol: lower case, as rules write it.
        """
        if len(self.rules) <= 16:
            return enumerate(self.rules)
        exact, others = self._index
        here = exact.get((protocol, destination, port), [])
        anywhere = exact.get((protocol, "", port), [])
        return ((position, self.rules[position]) for position in sorted([*here, *anywhere, *others]))


def exact_key(rule: Rule) -> tuple[str, str, int] | None:
    """The (protocol, destination, port) that a rule demands: destination "" where it is no single address; None where
    the rule takes any protocol or port.
    """
    protocol, destination, port = "", "", 0
    for match in rule.matches:
        if isinstance(match, Protocol):
            protocol = match.protocol
        elif isinstance(match, DestinationPort):
            port = match.port
        elif isinstance(match, Destination) and not match.negated and "/" not in match.prefix:
            destination = match.prefix
    return (protocol, destination, port) if protocol and port else None


@dataclass(frozen=True, slots=True)
class NamedSet:
    """A set or map of nftables.

    :param kind: ``set`` or ``map``.
    :param type: as nft writes it: ``ipv4_addr . inet_proto . inet_service : verdict``.
    :param elements: key → verdict (an empty verdict for sets); keys as nft writes them.
    :param labels: key → comment.
    """

    name: str
    kind: str
    type: str
    elements: Mapping[tuple[str, ...], Target | None]
    comment: str = ""
    labels: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    timeout_seconds: int = 0


@dataclass(frozen=True)
class Ruleset:
    """All rules of one machine.

    :param mode: ``iptables`` or ``nftables``: which program lists them.
    :param chains: (table, chain name) → chain, in the order in which they are printed. The mapping may compose a chain
        when it is asked for it; so may ``sets``.
    :param bases: the chains that the kernel calls.
    :param route_localnet: whether packets from 127.0.0.1 may leave by a real interface, as kube-proxy allows in
        iptables mode so that node ports answer on the loopback.
    :param ipsets: the sets of ``ipset`` by name.
    """

    mode: str
    chains: Mapping[tuple[str, str], Chain]
    bases: tuple[BaseChain, ...]
    sets: Mapping[tuple[str, str], NamedSet] = field(default_factory=dict)
    route_localnet: bool = False
    ipsets: Mapping[str, IpSet] = field(default_factory=dict)

    @cached_property
    def _hooks(self) -> dict[Hook, tuple[BaseChain, ...]]:
        found: dict[Hook, list[BaseChain]] = {}
        for base in sorted(self.bases, key=lambda base: base.priority):
            found.setdefault(base.hook, []).append(base)
        return {hook: tuple(bases) for hook, bases in found.items()}

    def members(self, table: str) -> Mapping[str, Mapping[tuple[str, ...], Target | None]]:
        """The elements of every named set and map of a table, by its name."""
        return _Members(self.sets, table)

    def at(self, hook: Hook) -> tuple[BaseChain, ...]:
        """The base chains of a hook in the order in which they run."""
        return self._hooks.get(hook, ())

    def chain(self, table: str, name: str) -> Chain:
        """A chain by table and name.

        :raises KeyError: if there is none.
        """
        return self.chains[table, name]

    @property
    def rule_count(self) -> int:
        """How many rules there are in all."""
        return sum(len(chain.rules) for chain in self.chains.values())


@dataclass(frozen=True, slots=True)
class _Members(Mapping[str, Mapping[tuple[str, ...], Target | None]]):
    """The sets of one table; each is looked up when it is asked for."""

    sets: Mapping[tuple[str, str], NamedSet]
    table: str

    def __getitem__(self, name: str) -> Mapping[tuple[str, ...], Target | None]:
        return self.sets[self.table, name].elements

    def __iter__(self) -> Iterator[str]:
        return (name for table, name in self.sets if table == self.table)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class LaidOver(Mapping[tuple[str, str], Chain]):
    """Chains that hide others of their name."""

    def __init__(self, upper: Mapping[tuple[str, str], Chain], lower: Mapping[tuple[str, str], Chain]) -> None:
        self._upper = upper
        self._lower = lower

    def __getitem__(self, place: tuple[str, str]) -> Chain:
        found = self._upper.get(place)
        return self._lower[place] if found is None else found

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield from self._upper
        yield from (place for place in self._lower if place not in self._upper)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def merged(*rulesets: Ruleset) -> Ruleset:
    """Several writers' rules on one machine (kube-proxy's and flannel's), as the kernel holds them: by table.

    Chains of the same table and name are joined in the order given, as when each writer appends its own rules.

    :raises ValueError: if nothing is given.
    """
    if not rulesets:
        raise ValueError("at least one rule set must be given, got none")
    chains: dict[tuple[str, str], Chain] = {}
    bases: dict[tuple[str, str], BaseChain] = {}
    sets: dict[tuple[str, str], NamedSet] = {}
    for ruleset in rulesets:
        for key, chain in ruleset.chains.items():
            known = chains.get(key)
            chains[key] = chain if known is None else replace(known, rules=(*known.rules, *chain.rules))
        bases |= {(base.table, base.chain): base for base in ruleset.bases}
        sets |= ruleset.sets
    return Ruleset(
        rulesets[0].mode, chains, tuple(bases.values()), sets, any(ruleset.route_localnet for ruleset in rulesets)
    )


def base_chains(mode: str, tables: Sequence[BaseChain]) -> Ruleset:
    """A rule set that has only the given base chains, all empty."""
    return Ruleset(mode, {(base.table, base.chain): Chain(base.chain, ()) for base in tables}, tuple(tables))


def router_ruleset(outside: str) -> Ruleset:
    """The rules of the router between the nodes' LAN and the Internet: it masquerades what goes out.

    :param outside: the name of its interface to the Internet.
    """
    chain = Chain("POSTROUTING", (Rule((OutInterface(outside),), Masquerade()),))
    return Ruleset("iptables", {("nat", "POSTROUTING"): chain}, (built_in("nat", Hook.POSTROUTING),))


OWN_FIREWALL = "its own firewall"
"""The comment of the rule with which a machine's own firewall drops."""


def firewall_ruleset(ports: Sequence[tuple[int, int]]) -> Ruleset:
    """The rules of a machine that calls others on some TCP ports only: what goes elsewhere is dropped.

    :param ports: (first, last) of each range that it may call.
    """
    asked = (DestinationPort(first) if first == last else DestinationPorts(first, last) for first, last in ports)
    admitted = [Rule((Protocol("tcp"), port), Accept()) for port in asked]
    elsewhere = Destination("127.0.0.0/8", negated=True)
    rest = Rule((elsewhere, Protocol("tcp", loads=False), Comment(OWN_FIREWALL)), Drop())
    chain = Chain("OUTPUT", (*admitted, rest))
    return Ruleset("iptables", {("filter", "OUTPUT"): chain}, (built_in("filter", Hook.OUTPUT),))
