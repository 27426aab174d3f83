"""Rules as a sum: what each Service port adds, kept apart, and put together where somebody looks.

Most of what kube-proxy writes for a Service port is the same on every node. So a port's rules are kept once, as a
:class:`Fragment`, for all nodes that see the port alike; a node sees it otherwise where the port has endpoints on that
node only it may use, where hints set endpoints aside for it, or where it lies in a load balancer's source ranges.

A node's rule set is the sum of fragments in the order of the ports' names. It is not written down: a packet asks a
chain that all Services share for the rules of its own destination, and gets those of one or two fragments, with the
places that they have in the whole list. The whole list comes into being only when it is printed. A change of a Service
replaces its own fragments, whatever else there is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, Protocol, overload

from kubesim.network.addresses import within
from kubesim.network.flannel import flannel_rules
from kubesim.network.proxy.config import ProxyConfig
from kubesim.network.proxy.endpoints import Categorized, EndpointInfo, categorize, seen_from
from kubesim.network.proxy.names import ServicePortName
from kubesim.network.proxy.node import NodeView
from kubesim.network.proxy.service_ports import ServicePort
from kubesim.network.rules import Chain, NamedSet, Rule, Ruleset, exact_key, merged
from kubesim.network.targets import Target

LARGE_CLUSTER_ENDPOINTS = 1000
"""From more endpoints on, kube-proxy leaves the comments out of the rules of endpoints, to save memory."""

Place = tuple[str, str]
"""A chain, or a named set: its table and its name."""


class Element(NamedTuple):
    """One element of a named set, or one entry of a map.

    :param label: a comment; empty where there is none.
    """

    key: tuple[str, ...]
    verdict: Target | None = None
    label: str = ""


Item = Rule | Element
"""What a chain or a set is made of."""


@dataclass(slots=True)
class Own:
    """The chains and sets that belong to one Service port alone."""

    chains: dict[Place, Chain]
    sets: dict[Place, NamedSet] = field(default_factory=dict)


class Sight(NamedTuple):
    """What a node makes of the endpoints of a Service port.

    :param usable: the endpoints that it may use.
    :param here: those of them that are on the node itself, where that matters.
    :param admitted: whether the load balancer's source ranges admit the node.
    """

    usable: Categorized
    here: tuple[EndpointInfo, ...] = ()
    admitted: bool = False


class Fragment(ABC):
    """What one Service port adds to the rules of the nodes that see it alike.

    ``has_internal`` and ``has_external`` say whether traffic from inside and from outside the cluster finds an endpoint
    under its traffic policy; ``guarded``, whether only some sources may use the load balancer's addresses.

    :param large: whether the cluster has so many endpoints that comments are left out.
    """

    def __init__(
        self, name: ServicePortName, port: ServicePort, sight: Sight, config: ProxyConfig, large: bool
    ) -> None:
        self.name = name
        self.port = port
        self.usable, self.here, self.admitted = sight
        self.config = config
        self.large = large
        any_usable, local = self.usable.any, bool(self.usable.local)
        self.has_internal = any_usable and (local or not port.internal_policy_local)
        self.has_external = any_usable and (local or not port.external_policy_local)
        self.guarded = bool(any_usable and port.load_balancer_vips and port.load_balancer_source_ranges)

    @cached_property
    def shared(self) -> Mapping[Place, Sequence[Item]]:
        """Its share of the chains and sets to which every Service adds."""
        return self._shared()

    @cached_property
    def own(self) -> Own:
        """The chains and sets that belong to it alone."""
        return self._own()

    @abstractmethod
    def _shared(self) -> Mapping[Place, Sequence[Item]]:
        """Write the share."""

    @abstractmethod
    def _own(self) -> Own:
        """Write what is its own."""

    @property
    @abstractmethod
    def entrances(self) -> Iterable[Place]:
        """The chains of its own to which its share of the common chains may lead."""


class Dialect(Protocol):
    """A mode of kube-proxy: how it writes what all modes decide alike."""

    config: ProxyConfig
    common: frozenset[Place]
    """The chains and sets to which every Service adds."""

    def fragment(self, name: ServicePortName, port: ServicePort, sight: Sight, large: bool) -> Fragment:
        """What a port adds where it is seen so."""

    def fixed(self, node: NodeView) -> Ruleset:
        """What is on a node whatever the Services."""

    def last(self, node: NodeView) -> Mapping[Place, Sequence[Rule]]:
        """The rules that follow those of all Services in a common chain."""

    def depends_on_node(self, port: ServicePort) -> bool:
        """Whether a port's share of the common chains and sets depends on which of its endpoints are on the node."""


class Summand:
    """One Service port with its endpoints, and the fragments that it is on different nodes.

    :ivar chains: the chains of its own that were asked for.
    :ivar places: the nodes on which its share of the common chains may differ from that on all others.
    :ivar elsewhere: the fragment that it is on all others.
    """

    def __init__(
        self, dialect: Dialect, name: ServicePortName, port: ServicePort, endpoints: Sequence[EndpointInfo], large: bool
    ) -> None:
        self.name = name
        self.port = port
        self.endpoints = endpoints
        self.chains: list[Place] = []
        self._dialect = dialect
        self._large = large
        self._twice = len({(each.address, each.port) for each in endpoints}) < len(endpoints)
        special = self._twice or dialect.depends_on_node(port)
        self.places = frozenset(each.node for each in endpoints if each.node) if special else frozenset()
        self._hinted = any(each.zone_hints or each.node_hints for each in endpoints)
        self._ranges = port.load_balancer_source_ranges if port.load_balancer_vips else ()
        self._alike: dict[Sight, Fragment] = {}
        self._seen: dict[NodeView, Fragment] = {}
        self.elsewhere = self._fragment("", {}, False)

    @property
    def count(self) -> int:
        """How many endpoints it has."""
        return len({str(each) for each in self.endpoints}) if self._twice else len(self.endpoints)

    def on(self, node: NodeView) -> Fragment:
        """What it is on a node."""
        if not self._hinted and not self._ranges and node.name not in self.places:
            return self.elsewhere
        found = self._seen.get(node)
        if found is None:
            admitted = bool(node.address) and any(within(node.address, prefix) for prefix in self._ranges)
            found = self._seen[node] = self._fragment(node.name, node.labels, admitted)
        return found

    def _fragment(self, node: str, labels: Mapping[str, str], admitted: bool) -> Fragment:
        endpoints = seen_from(node, self.endpoints) if self._twice else self.endpoints
        usable = categorize(endpoints, self.port, node, labels)
        here = tuple(each for each in usable.reachable if each.local(node)) if node in self.places else ()
        sight = Sight(usable, here, admitted)
        if sight not in self._alike:
            self._alike[sight] = self._dialect.fragment(self.name, self.port, sight, self._large)
        return self._alike[sight]


class _Shares:
    """Who adds how much to one common chain or set, and under which keys."""

    def __init__(self) -> None:
        self.counts = OrderedCounts()
        self._by_key: dict[Hashable, list[ServicePortName]] = {}

    def put(self, name: ServicePortName, items: Sequence[Item], less: int = 0) -> None:
        """Add a share.

        :param less: how much less its size counts.
        """
        self.counts[name] = len(items) - less
        for key in dict.fromkeys(map(_key, items)):
            insort(self._by_key.setdefault(key, []), name)

    def remove(self, name: ServicePortName, items: Sequence[Item]) -> None:
        """Take a share away."""
        del self.counts[name]
        for key in dict.fromkeys(map(_key, items)):
            names = self._by_key[key]
            names.remove(name)
            if not names:
                del self._by_key[key]

    def named(self, key: Hashable) -> Sequence[ServicePortName]:
        """Who has something under a key."""
        return self._by_key.get(key, ())


def _key(item: Item) -> Hashable:
    return item.key if isinstance(item, Element) else exact_key(item)


class OrderedCounts:
    """A number under each name, and the sum of those under the names before one. Costs the root of their number."""

    BLOCK = 64

    def __init__(self) -> None:
        self.total = 0
        """The sum of all."""
        self._numbers: dict[ServicePortName, int] = {}
        self._blocks: list[list[ServicePortName]] = []
        self._sums: list[int] = []

    def __setitem__(self, name: ServicePortName, number: int) -> None:
        if name in self._numbers:
            del self[name]
        at = self._block_of(name)
        if at == len(self._blocks):
            self._blocks.append([])
            self._sums.append(0)
        block = self._blocks[at]
        insort(block, name)
        self._sums[at] += number
        self.total += number
        self._numbers[name] = number
        if len(block) > 2 * self.BLOCK:
            half = block[self.BLOCK :]
            del block[self.BLOCK :]
            moved = sum(self._numbers[each] for each in half)
            self._sums[at] -= moved
            self._blocks.insert(at + 1, half)
            self._sums.insert(at + 1, moved)

    def __delitem__(self, name: ServicePortName) -> None:
        number = self._numbers.pop(name)
        at = self._block_of(name)
        self._blocks[at].remove(name)
        self._sums[at] -= number
        self.total -= number
        if not self._blocks[at]:
            del self._blocks[at], self._sums[at]

    def _block_of(self, name: ServicePortName) -> int:
        """The first block that does not end before a name; a name behind all goes into the last."""
        at = bisect_left(self._blocks, name, key=lambda block: block[-1])
        return min(at, max(0, len(self._blocks) - 1))

    def before(self, name: ServicePortName) -> int:
        """The sum of those under the names before this one."""
        if not self._blocks:
            return 0
        at = self._block_of(name)
        block = self._blocks[at]
        return sum(self._sums[:at]) + sum(map(self._numbers.__getitem__, block[: bisect_left(block, name)]))


class RuleSum:
    """The rules of all nodes, as the sum of what Service ports add to them.

    :param large: whether comments are left out; None decides by the number of endpoints, as kube-proxy does.
    """

    def __init__(self, dialect: Dialect, large: bool | None = None) -> None:
        self._dialect = dialect
        self._decides = large is None
        self._large = bool(large)
        self.summands: dict[ServicePortName, Summand] = {}
        self.shares: defaultdict[Place, _Shares] = defaultdict(_Shares)
        self.chain_owners: dict[Place, ServicePortName] = {}
        self._endpoints = 0
        self._at: defaultdict[str, set[ServicePortName]] = defaultdict(set)
        """By node, the ports whose share of the common chains may be another there."""
        self._nodes: dict[str, NodeRules] = {}

    def on(self, node: NodeView) -> Ruleset:
        """The rules of a node. They stay those of the node by now, whatever is put later."""
        known = self._nodes.get(node.name)
        if known is None or known.node is not node:
            known = self._nodes[node.name] = NodeRules(self, node, self._dialect)
            for name in self._at.get(node.name, ()):
                known.put(self.summands[name])
        return known.ruleset

    def forget_node(self, name: str) -> None:
        """A node is gone, or another by now."""
        self._nodes.pop(name, None)

    def put(self, name: ServicePortName, port: ServicePort | None, endpoints: Sequence[EndpointInfo] = ()) -> None:
        """Put a Service port with its endpoints in the place of what it was, or take it away with None."""
        self._remove(name)
        if port is not None:
            self._add(Summand(self._dialect, name, port, endpoints, self._large))
        large = self._endpoints > LARGE_CLUSTER_ENDPOINTS
        if self._decides and large is not self._large:
            self._large = large
            for summand in list(self.summands.values()):
                self._remove(summand.name)
                self._add(Summand(self._dialect, summand.name, summand.port, summand.endpoints, large))

    def _add(self, summand: Summand) -> None:
        name, share = summand.name, summand.elsewhere.shared
        self.summands[name] = summand
        self._endpoints += summand.count
        for place, items in share.items():
            self.shares[place].put(name, items)
        for place in summand.elsewhere.entrances:
            self.chain_owners[place] = name
        for node in summand.places:
            self._at[node].add(name)
            if node in self._nodes:
                self._nodes[node].put(summand)

    def _remove(self, name: ServicePortName) -> None:
        summand = self.summands.pop(name, None)
        if summand is None:
            return
        self._endpoints -= summand.count
        for node in summand.places:
            self._at[node].discard(name)
            if node in self._nodes:
                self._nodes[node].remove(summand)
        for place, items in summand.elsewhere.shared.items():
            self.shares[place].remove(name, items)
        for place in [*summand.elsewhere.entrances, *summand.chains]:
            self.chain_owners.pop(place, None)


class NodeRules:
    """The rules of one node: fixed ones, and the sum of fragments as this node sees them."""

    def __init__(self, total: RuleSum, node: NodeView, dialect: Dialect) -> None:
        self.total = total
        self.node = node
        self._shares: defaultdict[Place, _Shares] = defaultdict(_Shares)
        self._special: set[ServicePortName] = set()
        fixed, config = dialect.fixed(node), dialect.config
        if config.flannel and config.pod_prefix and node.pod_prefix:
            flannel = flannel_rules(config.pod_prefix, node.pod_prefix, config.mode, config.random_fully)
            fixed = merged(fixed, flannel)
        chains = _Chains(self, fixed, dialect.last(node), dialect.common)
        self.ruleset = replace(fixed, chains=chains, sets=_Sets(self, fixed, dialect.common))

    def put(self, summand: Summand) -> None:
        """A port's share of the common chains is another here than elsewhere."""
        self._special.add(summand.name)
        here, elsewhere = summand.on(self.node).shared, summand.elsewhere.shared
        for place in dict.fromkeys((*here, *elsewhere)):
            self._shares[place].put(summand.name, here.get(place, ()), less=len(elsewhere.get(place, ())))

    def remove(self, summand: Summand) -> None:
        """The port is gone, or another by now."""
        self._special.discard(summand.name)
        here = summand.on(self.node).shared
        for place in dict.fromkeys((*here, *summand.elsewhere.shared)):
            self._shares[place].remove(summand.name, here.get(place, ()))

    def named(self, place: Place, *keys: Hashable) -> list[ServicePortName]:
        """The ports that have something under one of some keys in a common chain or set, in their order."""
        found = [name for key in keys for name in self.total.shares[place].named(key) if name not in self._special]
        if self._special:
            found += [name for key in keys for name in self._shares[place].named(key)]
        return sorted(set(found)) if len(found) > 1 else found

    def share(self, place: Place, name: ServicePortName) -> Sequence[Item]:
        """What a port adds to a common chain or set."""
        summand = self.total.summands[name]
        fragment = summand.on(self.node) if name in self._special else summand.elsewhere
        return fragment.shared.get(place, ())

    def before(self, place: Place, name: ServicePortName) -> int:
        """How much all ports before this one add."""
        common = self.total.shares[place].counts.before(name)
        return common + self._shares[place].counts.before(name) if self._special else common

    def size(self, place: Place) -> int:
        """How much all ports add."""
        common = self.total.shares[place].counts.total
        return common + self._shares[place].counts.total if self._special else common

    def everything(self, place: Place) -> Iterator[Item]:
        """What all ports add, in their order."""
        for name in sorted(self.total.summands):
            yield from self.share(place, name)

    def fragments(self) -> Iterator[Fragment]:
        """What every port is on this node, in their order."""
        return (self.total.summands[name].on(self.node) for name in sorted(self.total.summands))

    def own(self, name: ServicePortName) -> Own:
        """What belongs to a port alone, as it is here; its chains are found by name from now on."""
        summand = self.total.summands[name]
        found = summand.on(self.node).own
        for place in found.chains:
            if place not in self.total.chain_owners:
                self.total.chain_owners[place] = name
                summand.chains.append(place)
        return found


class _SharedRules(Sequence[Rule]):
    """The rules of a common chain: those of all Services, between a head and a tail that are the node's."""

    def __init__(self, rules: NodeRules, place: Place, head: Sequence[Rule], tail: Sequence[Rule]) -> None:
        self._rules = rules
        self._place = place
        self._head = head
        self._tail = tail

    def __len__(self) -> int:
        return len(self._head) + self._rules.size(self._place) + len(self._tail)

    def __iter__(self) -> Iterator[Rule]:
        yield from self._head
        yield from (item for item in self._rules.everything(self._place) if isinstance(item, Rule))
        yield from self._tail

    @overload
    def __getitem__(self, index: int) -> Rule: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Rule]: ...
    def __getitem__(self, index: int | slice) -> Rule | Sequence[Rule]:
        return tuple(self)[index]

    def candidates(self, protocol: str, destination: str, port: int) -> Iterator[tuple[int, Rule]]:
        """The rules that could match a packet, with their positions."""
        yield from enumerate(self._head)
        first = len(self._head)
        for name in self._rules.named(self._place, (protocol, destination, port), (protocol, "", port)):
            at = first + self._rules.before(self._place, name)
            for position, item in enumerate(self._rules.share(self._place, name), at):
                if isinstance(item, Rule):
                    yield position, item
        yield from enumerate(self._tail, len(self) - len(self._tail))


@dataclass(frozen=True)
class _SharedChain(Chain):
    rules: _SharedRules

    def candidates(self, protocol: str, destination: str, port: int, source: str = "") -> Iterator[tuple[int, Rule]]:
        """The rules that could match a packet, with their positions, in their order."""
        return self.rules.candidates(protocol, destination, port)


class _Chains(Mapping[Place, Chain]):
    """The chains of a node, each composed when it is asked for."""

    def __init__(
        self, rules: NodeRules, fixed: Ruleset, last: Mapping[Place, Sequence[Rule]], common: frozenset[Place]
    ) -> None:
        self._rules = rules
        self._fixed = dict(fixed.chains)
        for place in common & fixed.chains.keys():
            known = fixed.chains[place]
            composed = _SharedRules(rules, place, known.rules, last.get(place, ()))
            self._fixed[place] = _SharedChain(known.name, composed, known.comment)

    def __getitem__(self, place: Place) -> Chain:
        known = self._fixed.get(place)
        if known is not None:
            return known
        owner = self._rules.total.chain_owners.get(place)
        if owner is not None:
            return self._rules.own(owner).chains[place]
        for name in self._rules.total.summands:
            own = self._rules.own(name).chains
            if place in own:
                return own[place]
        raise KeyError(place)

    def __iter__(self) -> Iterator[Place]:
        yield from self._fixed
        for fragment in self._rules.fragments():
            yield from self._rules.own(fragment.name).chains

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _SharedElements(Mapping[tuple[str, ...], Target | None]):
    """The elements of a common set or map. Where two Services claim one key, the later has it."""

    def __init__(self, rules: NodeRules, place: Place) -> None:
        self._rules = rules
        self._place = place

    def _elements(self) -> dict[tuple[str, ...], Element]:
        return {item.key: item for item in self._rules.everything(self._place) if isinstance(item, Element)}

    def found(self, key: tuple[str, ...]) -> Element | None:
        """The element under a key."""
        for name in reversed(self._rules.named(self._place, key)):
            for item in reversed(self._rules.share(self._place, name)):
                if isinstance(item, Element) and item.key == key:
                    return item
        return None

    def __getitem__(self, key: tuple[str, ...]) -> Target | None:
        found = self.found(key)
        if found is None:
            raise KeyError(key)
        return found.verdict

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter(self._elements())

    def __len__(self) -> int:
        return len(self._elements())


class _Labels(Mapping[tuple[str, ...], str]):
    """The comments of the elements that have one."""

    def __init__(self, elements: _SharedElements) -> None:
        self._elements = elements

    def __getitem__(self, key: tuple[str, ...]) -> str:
        found = self._elements.found(key)
        if found is None or not found.label:
            raise KeyError(key)
        return found.label

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return (key for key in self._elements if key in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Sets(Mapping[Place, NamedSet]):
    """The named sets of a node: the common ones, and those of single Services behind them."""

    def __init__(self, rules: NodeRules, fixed: Ruleset, common: frozenset[Place]) -> None:
        self._rules = rules
        self._fixed = dict(fixed.sets)
        for place in common & fixed.sets.keys():
            elements = _SharedElements(rules, place)
            self._fixed[place] = replace(fixed.sets[place], elements=elements, labels=_Labels(elements))

    def __getitem__(self, place: Place) -> NamedSet:
        return self._fixed[place] if place in self._fixed else self._of_services()[place]

    def _of_services(self) -> dict[Place, NamedSet]:
        return {place: own for fragment in self._rules.fragments() for place, own in fragment.own.sets.items()}

    def __iter__(self) -> Iterator[Place]:
        yield from self._fixed
        yield from self._of_services()

    def __len__(self) -> int:
        return len(self._fixed) + len(self._of_services())
