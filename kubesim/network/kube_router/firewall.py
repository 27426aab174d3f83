"""What kube-router writes on one node: a firewall for each of its Pods, and the calls from the kernel's own chains.

A packet from or to a Pod goes through that Pod's chain: what belongs to a connection that was let through passes at
once, so does what the node itself sends; then come the chains of the policies that select the Pod, and where none
isolates it in that direction, a chain that lets everything pass. What none of them marked is refused, with ICMP port
unreachable. Two Pods of one node pass both chains.

Written after ``ensureTopLevelChains``, ``ensureCommonPolicyChain`` (``network_policy_controller.go``) and
``syncPodFirewallChains`` (``pod.go``) of kube-router 2.6.3; where the packets that passed are accepted is the change of
k3s' fork (v2.6.3-k3s1, ``ensureExplicitAccept``): in the kernel's own chains, behind the last rule of Kubernetes.
Where upstream's order is that of a Go map, which is another one each time, Pods and policies stand in the order of
their names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kubesim.network.hooks import Hook
from kubesim.network.kube_router.names import pod_chain, policy_chain, signed
from kubesim.network.kube_router.pods import Pod
from kubesim.network.kube_router.policy import ALLOWED, LOG_GROUP, Policy
from kubesim.network.kube_router.translation import translated
from kubesim.network.matches import (
    Bridged,
    Comment,
    ConnectionState,
    Destination,
    DestinationPorts,
    IcmpType,
    Limit,
    LocalDestination,
    LocalSource,
    Mark,
    Match,
    Protocol,
    Source,
)
from kubesim.network.rules import BaseChain, Chain, LaidOver, Rule, Ruleset, built_in
from kubesim.network.targets import Accept, Drop, Jump, NfLog, Reject, Return, Target, WriteMark

PASSED = 0x20000
"""The mark of a packet that a Pod's chain let pass."""
COMMON, DEFAULT = "KUBE-NWPLCY-COMMON", "KUBE-NWPLCY-DEFAULT"
CALLED: Mapping[Hook, str] = {
    Hook.INPUT: "KUBE-ROUTER-INPUT",
    Hook.FORWARD: "KUBE-ROUTER-FORWARD",
    Hook.OUTPUT: "KUBE-ROUTER-OUTPUT",
}
"""kube-router's first chain at each hook."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """The cluster's ranges, which every node's firewall names.

    :param services: the prefix of cluster addresses.
    :param node_ports: the first and the last node port.
    """

    services: str
    node_ports: tuple[int, int]


def firewalled(base: Ruleset, pods: Iterable[Pod], policies: Sequence[Policy], ranges: Ranges, version: str) -> Ruleset:
    """A node's rules with kube-router's.

    :param base: what kube-proxy and flannel write on the node.
    :param pods: the Pods of the node.
    :param policies: all policies of the cluster.
    :param version: the moment of the sync, in nanoseconds since 1970.
    """
    table = "filter" if base.mode == "iptables" else "ip filter"
    own = _Firewall(table, tuple(pods), policies, ranges, version)
    chains = own.chains
    calls: dict[tuple[str, str], Chain] = {}
    for hook, below in CALLED.items():
        known = base.chains[table, hook.name].rules if (table, hook.name) in base.chains else ()
        calls[table, hook.name] = Chain(hook.name, _with_calls(hook.name, below, tuple(known)))
    if base.mode != "iptables":
        chains, calls = translated(chains), translated(calls)
    bases = {(each.table, each.chain): each for each in base.bases}
    for hook in CALLED:
        each = built_in("filter", hook)
        bases.setdefault((table, each.chain), BaseChain(table, each.chain, hook, each.priority))
    sets = {name: found for policy in policies for name, found in policy.sets.items()}
    return Ruleset(
        base.mode,
        LaidOver({**calls, **chains}, base.chains),
        tuple(bases.values()),
        base.sets,
        base.route_localnet,
        sets,
    )


def _with_calls(chain: str, below: str, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """A chain of the kernel's that calls kube-router's first, and accepts what passed behind its last rule that is
    about Kubernetes.
    """
    words = ("-m", "comment", "--comment", "kube-router netpol", "-j", below)
    call = Rule((Comment(signed("kube-router netpol", chain, *words)),), Jump(below))
    comment = "KUBE-ROUTER rule to explicitly ACCEPT traffic that comply to network policies"
    accept = Rule((Comment(comment), Mark(PASSED)), Accept())
    all_rules = (call, *rules)
    last = max(n for n, rule in enumerate(all_rules, 1) if _is_of_kubernetes(rule))
    return (*all_rules[:last], accept, *all_rules[last:])


def _is_of_kubernetes(rule: Rule) -> bool:
    return isinstance(rule.target, Jump) and "KUBE" in rule.target.chain


@dataclass(frozen=True)
class _CallingChain(Chain):
    """A chain in which most rules are about one address of a Pod: they are found by it."""

    @cached_property
    def _by_address(self) -> tuple[dict[str, list[int]], list[int]]:
        found: dict[str, list[int]] = {}
        others: list[int] = []
        for position, rule in enumerate(self.rules):
            addresses = [match.prefix for match in rule.matches if isinstance(match, Source | Destination)]
            if len(addresses) == 1 and "/" not in addresses[0]:
                found.setdefault(addresses[0], []).append(position)
            else:
                others.append(position)
        return found, others

    def candidates(self, protocol: str, destination: str, port: int, source: str = "") -> Iterator[tuple[int, Rule]]:
        """The rules that could match a packet, with their positions, in their order."""
        found, others = self._by_address
        here = {*found.get(destination, ()), *found.get(source, ()), *others}
        return ((position, self.rules[position]) for position in sorted(here))


@dataclass(frozen=True)
class _Firewall:
    """kube-router's own chains on one node."""

    table: str
    pods: tuple[Pod, ...]
    policies: Sequence[Policy]
    ranges: Ranges
    version: str
    _rules: defaultdict[str, list[Rule]] = field(default_factory=lambda: defaultdict(list))

    @property
    def chains(self) -> dict[tuple[str, str], Chain]:
        """All of them, in the order in which they are made."""
        for name in (*CALLED.values(), DEFAULT, COMMON):
            self._rules[name] = []
        self._top_level()
        self._shared()
        for policy in self.policies:
            self._rules[policy_chain(*policy.key, self.version)] = list(policy.rules)
        for pod in self.pods:
            chain = pod_chain(*pod.key, self.version)
            self._pod(pod, chain)
            self._intercept(pod, chain)
        called = CALLED.values()
        return {
            (self.table, name): (_CallingChain if name in called else Chain)(name, tuple(rules))
            for name, rules in self._rules.items()
        }

    def _add(self, chain: str, target: Target, *matches: Match) -> None:
        self._rules[chain].append(Rule(matches, target))

    def _top_level(self) -> None:
        """What goes to Services and node ports is not a Pod's business yet."""
        chain, services = CALLED[Hook.INPUT], self.ranges.services
        comment = "allow traffic to primary/secondary cluster IP range"
        words = ("-m", "comment", "--comment", comment, "-d", services, "-j", "RETURN")
        self._add(chain, Return(), Destination(services), Comment(signed(comment, chain, *words)))
        first, last = self.ranges.node_ports
        for protocol in ("tcp", "udp"):
            comment = f"allow LOCAL {protocol.upper()} traffic to node ports"
            port_words = (
                *("-p", protocol, "-m", "comment", "--comment", comment, "-m", "addrtype", "--dst-type", "LOCAL"),
                *("-m", "multiport", "--dports", f"{first}:{last}", "-j", "RETURN"),
            )
            own, ports = Comment(signed(comment, chain, *port_words)), DestinationPorts(first, last, multiport=True)
            self._add(chain, Return(), Protocol(protocol, loads=False), own, LocalDestination(), ports)

    def _shared(self) -> None:
        """The chains that every Pod's chain may call."""
        mark = "rule to mark traffic matching a network policy"
        self._add(DEFAULT, WriteMark(ALLOWED, ALLOWED), Comment(mark))
        invalid, known = ConnectionState(("INVALID",)), ConnectionState(("RELATED", "ESTABLISHED"))
        self._add(COMMON, Drop(), Comment("rule to drop invalid state for pod"), invalid)
        self._add(COMMON, Accept(), Comment("rule for stateful firewall for pod"), known)
        for type_, what in (
            (8, "echo requests"),
            (3, "destination unreachable messages"),
            (11, "time exceeded messages"),
        ):
            self._add(COMMON, Accept(), Comment(f"allow icmp {what}"), Protocol("icmp"), IcmpType(type_))

    def _pod(self, pod: Pod, chain: str) -> None:
        """A Pod's own chain."""
        (namespace, name), to, of = pod.key, Destination(pod.address), Source(pod.address)
        selecting = [policy for policy in self.policies if pod.key in policy.targets.pods]
        self._add(chain, Jump(COMMON), Comment("common bi-directional traffic policy rules"))
        own = Comment("rule to permit the traffic traffic to pods when source is the pod's local node")
        self._add(chain, Accept(), to, own, LocalSource())
        if not any(policy.egress for policy in selecting):
            self._add(chain, Jump(DEFAULT), of, Comment("run through default egress network policy chain"))
        if not any(policy.ingress for policy in selecting):
            self._add(chain, Jump(DEFAULT), to, Comment("run through default ingress network policy chain"))
        for policy in reversed(selecting):
            one_way = () if policy.ingress and policy.egress else (to,) if policy.ingress else (of,)
            comment = Comment(f"run through nw policy {policy.key[1]}")
            self._add(chain, Jump(policy_chain(*policy.key, self.version)), *one_way, comment)
        refused = Mark(ALLOWED, negated=True)
        logged = Comment(f"rule to log dropped traffic POD name:{name} namespace: {namespace}")
        self._add(chain, NfLog(LOG_GROUP), logged, refused, Limit("10/min", 10))
        self._add(
            chain,
            Reject(),
            Comment(f"rule to REJECT traffic destined for POD name:{name} namespace: {namespace}"),
            refused,
        )
        self._add(chain, WriteMark(0, ALLOWED))
        self._add(
            chain, WriteMark(PASSED, PASSED), Comment("set mark to ACCEPT traffic that comply to network policies")
        )

    def _intercept(self, pod: Pod, chain: str) -> None:
        """The calls of a Pod's chain."""
        about = "rule to jump traffic {} POD name:{} namespace: {} to chain {}"
        namespace, name = pod.key
        incoming = Comment(about.format("destined to", name, namespace, chain))
        outgoing = Comment(about.format("from", name, namespace, chain))
        call, to, of = Jump(chain), Destination(pod.address), Source(pod.address)
        self._add(CALLED[Hook.FORWARD], call, to, incoming)
        self._add(CALLED[Hook.OUTPUT], call, to, incoming)
        self._add(CALLED[Hook.FORWARD], call, to, Bridged(), incoming)
        for called in CALLED.values():
            self._add(called, call, of, outgoing)
        self._add(CALLED[Hook.FORWARD], call, of, Bridged(), outgoing)
