"""One NetworkPolicy as kube-router writes it: a chain that marks what it lets pass, and the sets that its rules ask.

Each rule becomes pairs of netfilter's: one that sets the mark 0x10000, one that returns what bears it. What is in no
pair falls out of the chain without a mark, and the Pod's own chain refuses it. So several policies are a union, and a
policy without rules lets nothing pass.

Written after ``syncNetworkPolicyChains``, ``processIngressRules``, ``processEgressRules`` and
``buildNetworkPoliciesInfo`` of kube-router 2.6.3 (``pkg/controllers/netpol/policy.go``) with the changes of the fork
that k3s embeds (github.com/k3s-io/kube-router, v2.6.3-k3s1): the last rule, which logs. What one would not expect is
upstream's own:

- a policy of both directions is asked for both at once, so what its ingress rules let pass between its own Pods passes
  although an egress rule should have had to allow it;
- a rule whose named ports no Pod has opens every port to the Pods that it names.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from kubesim.api.objects import IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort
from kubesim.api.selectors import EVERYTHING, selector_of
from kubesim.network.ipsets import IpSet, Kind
from kubesim.network.kube_router.names import peer_set, port_set, target_set
from kubesim.network.kube_router.pods import Group, Key, Peer, Pod, Port, everything_in
from kubesim.network.matches import Comment, DestinationPort, DestinationPorts, InIpSet, Limit, Mark, Match, Protocol
from kubesim.network.rules import Rule
from kubesim.network.targets import NfLog, Return, SetMark

ALLOWED = 0x10000
"""The mark of a packet that a policy lets pass; a Pod's chain refuses a packet without it."""
LOG_GROUP = 100
LOG_PREFIX_LENGTH = 48
"""How much of the policy's name the log shows."""
_RATES = {
    "second": "sec",
    "minute": "min",
    "hour": "hour",
    "day": "day",
    "s": "sec",
    "m": "min",
    "h": "hour",
    "d": "day",
}


class _Given(NamedTuple):
    """One rule of a NetworkPolicy.

    :param group: the Pods at the other end, those of whom ports are named.
    :param anyone: whether it says nothing of the other end.
    :param blocks: prefix → whether it is excepted.
    :param ports: what it says of ports; empty for any port.
    """

    group: Group
    anyone: bool
    blocks: Mapping[str, object]
    ports: tuple[NetworkPolicyPort, ...]


class _Ends(NamedTuple):
    """Rules of one direction: which of a pair of sets is which end, and what upstream's comments call them."""

    direction: str
    side: str
    pods: str
    everyone: str
    blocks: str


_INGRESS = _Ends(
    "ingress",
    "SRC",
    "rule to ACCEPT traffic from source pods to dest pods selected by policy name {name} namespace {namespace}",
    "rule to ACCEPT traffic from all sources to dest pods selected by policy name: {name} namespace {namespace}",
    "rule to ACCEPT traffic from specified ipBlocks to dest pods selected by policy name: {name} namespace {namespace}",
)
_EGRESS = _Ends(
    "egress",
    "DST",
    "rule to ACCEPT traffic from source pods to dest pods selected by policy name {name} namespace {namespace}",
    "rule to ACCEPT traffic from source pods to all destinations selected by policy name: {name} namespace {namespace}",
    "rule to ACCEPT traffic from source pods to specified ipBlocks selected by policy name: {name} "
    "namespace {namespace}",
)


class Policy:
    """A NetworkPolicy with the Pods that it names.

    :ivar targets: the Pods that it is about.
    :ivar ingress: whether it isolates them from senders.
    :ivar egress: whether it isolates them from receivers.
    """

    def __init__(self, given: NetworkPolicy) -> None:
        self.key: Key = given.metadata.namespace, given.metadata.name
        spec, namespace = given.spec, given.metadata.namespace
        types = spec.policyTypes or ()
        self.egress = "Egress" in types
        self.ingress = "Ingress" in types or not self.egress
        self.targets = Group([Peer(namespace, None, selector_of(spec.podSelector))])
        self._annotations = given.metadata.annotations or {}
        self._incoming = (
            [_given(namespace, rule.ports, rule.from_) for rule in spec.ingress or ()] if self.ingress else []
        )
        self._outgoing = [_given(namespace, rule.ports, rule.to) for rule in spec.egress or ()] if self.egress else []
        self._written: tuple[tuple[Rule, ...], dict[str, IpSet]] | None = None

    def put(self, key: Key, pod: Pod | None, labels: Mapping[str, str] | None) -> None:
        """A Pod is another by now, or gone; or its namespace is.

        :param labels: those of its namespace; None where that is gone.
        """
        for group in (self.targets, *(rule.group for rule in (*self._incoming, *self._outgoing))):
            if group.put(key, pod, labels):
                self._written = None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Its chain."""
        return self._write()[0]

    @property
    def sets(self) -> Mapping[str, IpSet]:
        """The sets that its chain asks, by name."""
        return self._write()[1]

    def _write(self) -> tuple[tuple[Rule, ...], dict[str, IpSet]]:
        if self._written is None:
            rules: list[Rule] = []
            sets: dict[str, IpSet] = {}
            if self.ingress:
                own = _kept(sets, target_set("DST", *self.key), self.targets.addresses)
                for number, rule in enumerate(self._incoming):
                    rules += self._pairs(_INGRESS, number, rule, own, sets, self.targets.pods.values())
            if self.egress:
                own = _kept(sets, target_set("SRC", *self.key), self.targets.addresses)
                for number, rule in enumerate(self._outgoing):
                    rules += self._pairs(_EGRESS, number, rule, own, sets, rule.group.pods.values())
            self._written = (*rules, self._log()), sets
        return self._written

    def _pairs(
        self, ends: _Ends, number: int, rule: _Given, own: str, sets: dict[str, IpSet], named: Iterable[Pod]
    ) -> Iterator[Rule]:
        """What one rule lets pass.

        :param own: the set of the Pods that the policy is about.
        :param named: the Pods whose names of ports count.
        """
        namespace, name = self.key
        incoming = ends is _INGRESS
        numeric, found = _ports(rule.ports, named)
        by_name: list[tuple[Port, str]] = []

        def sets_of_names() -> list[tuple[Port, str]]:
            if not by_name:
                for position, (port, addresses) in enumerate(found):
                    of = port_set(ends.direction, namespace, name, number, position)
                    by_name.append((port, _kept(sets, of, dict.fromkeys(addresses))))
            return by_name

        def pairs(comment: str, other: str, receivers: str | None = None, *ports: Match) -> Iterator[Rule]:
            source, destination = (other, own) if incoming else (own, other)
            destination = destination if receivers is None else receivers
            matches: list[Match] = [Comment(comment.format(name=name, namespace=namespace))]
            matches += [InIpSet(source, True)] if source else []
            matches += [InIpSet(destination, False)] if destination else []
            matches += ports
            yield Rule(tuple(matches), SetMark(ALLOWED))
            yield Rule((*matches, Mark(ALLOWED)), Return())

        if rule.group.pods and not rule.anyone:
            other = _kept(sets, peer_set(ends.side, namespace, name, number, "pod"), rule.group.addresses)
            for each in numeric:
                yield from pairs(ends.pods, other, None, *each)
            for port, of in sets_of_names():
                yield from pairs(ends.pods, other, of, *_numbered(port))
            if not numeric and not found:
                yield from pairs(ends.pods, other)
        if rule.anyone:
            for each in numeric:
                yield from pairs(ends.everyone, "", None, *each)
            for port, of in sets_of_names() if incoming else [(port, "") for port, _ in found]:
                yield from pairs(ends.everyone, "", of, *_numbered(port))
            if not rule.ports:
                yield from pairs(ends.everyone, "")
        if rule.blocks:
            other = peer_set(ends.side, namespace, name, number, "ipblock")
            sets[other] = IpSet(other, Kind.PREFIXES, rule.blocks)
            for each in numeric:
                yield from pairs(ends.blocks, other, None, *each)
            for port, of in sets_of_names() if incoming else ():
                yield from pairs(ends.blocks, other, of, *_numbered(port))
            if not rule.ports:
                yield from pairs(ends.blocks, other)

    def _log(self) -> Rule:
        """What no rule let pass is logged with the policy's name."""
        rate = self._annotations.get("kube-router.io/netpol-nflog-limit", "10/minute")
        burst = self._annotations.get("kube-router.io/netpol-nflog-limit-burst", "10")
        number, _, unit = rate.partition("/")
        if not (number.isdigit() and burst.isdigit() and (unit in _RATES or "/" not in rate)):
            number, unit, burst = "10", "minute", "10"
        limit = Limit(f"{number}/{_RATES.get(unit, 'sec')}", int(burst))
        prefix = f"DROP by policy {_shortened(*self.key)}"
        return Rule(
            (Comment("rule to log dropped traffic"), limit, Mark(ALLOWED, negated=True)), NfLog(LOG_GROUP, prefix)
        )


def _given(namespace: str, ports: list[NetworkPolicyPort] | None, peers: list[NetworkPolicyPeer] | None) -> _Given:
    """Read one rule."""
    blocks: dict[str, object] = {}
    for peer in peers or ():
        if peer.ipBlock is not None and peer.podSelector is None and peer.namespaceSelector is None:
            blocks |= _prefixes(peer.ipBlock)
    chosen = [
        _peer(namespace, peer)
        for peer in peers or ()
        if peer.podSelector is not None or peer.namespaceSelector is not None
    ]
    # Where a rule names ports and no other end, their names are those that Pods of its own namespace have.
    group = Group(chosen if peers else [everything_in(namespace)])
    return _Given(group, not peers, blocks, tuple(ports or ()))


def _peer(namespace: str, peer: NetworkPolicyPeer) -> Peer:
    pods = EVERYTHING if peer.podSelector is None else selector_of(peer.podSelector)
    namespaces = None if peer.namespaceSelector is None else selector_of(peer.namespaceSelector)
    return Peer(namespace, namespaces, pods)


def _prefixes(block: IPBlock) -> dict[str, object]:
    """The elements of a ``hash:net``: one of length 0 cannot be stored and is written as its two halves."""
    found: dict[str, object] = {}
    for given, excepted in ((block.cidr, False), *((each, True) for each in block.except_ or ())):
        try:
            network = ipaddress.IPv4Network(given, strict=False)
        except ValueError:  # of IPv6, which this cluster does not have
            return {}
        halves = network.subnets() if network.prefixlen == 0 else (network,)
        found |= {str(half).removesuffix("/32"): excepted for half in halves}
    return found


def _ports(
    given: Iterable[NetworkPolicyPort], pods: Iterable[Pod]
) -> tuple[list[tuple[Match, ...]], list[tuple[Port, list[str]]]]:
    """What a rule says of ports: conditions, and for each port by name the number that it has and who has it there."""
    numeric: list[tuple[Match, ...]] = []
    named: list[tuple[Port, list[str]]] = []
    for each in given:
        protocol = (each.protocol or "").lower()
        if isinstance(each.port, str):
            holders: dict[int, list[str]] = {}
            for pod in pods:
                for port in pod.ports:
                    if port.name == each.port and port.protocol == each.protocol:
                        holders.setdefault(port.number, []).append(pod.address)
            named += [(Port(each.port, protocol, number), found) for number, found in sorted(holders.items())]
        elif each.port is None:
            numeric.append((Protocol(protocol, loads=False),) if protocol else ())
        elif each.endPort is not None and each.endPort >= each.port:
            numeric.append((Protocol(protocol), DestinationPorts(each.port, each.endPort)))
        else:
            numeric.append((Protocol(protocol), DestinationPort(each.port)))
    return numeric, named


def _numbered(port: Port) -> tuple[Match, ...]:
    return Protocol(port.protocol), DestinationPort(port.number)


def _kept(sets: dict[str, IpSet], name: str, addresses: Mapping[str, object]) -> str:
    sets[name] = IpSet(name, Kind.ADDRESSES, addresses)
    return name


def _shortened(namespace: str, name: str) -> str:
    """``namespace/name`` in the 48 characters that the log has for it (``safeJoin``)."""
    half = LOG_PREFIX_LENGTH // 2
    if len(namespace) + len(name) < LOG_PREFIX_LENGTH:
        return f"{namespace}/{name}"
    if len(namespace) < half:
        return f"{namespace}/{name[: LOG_PREFIX_LENGTH - len(namespace) - 1]}"
    if len(name) < half:
        return f"{namespace[: LOG_PREFIX_LENGTH - len(name) - 1]}/{name}"
    return f"{namespace[: half - 1]}/{name[: half - 1]}"
