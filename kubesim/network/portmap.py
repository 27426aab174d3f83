"""Host ports: the rules that the CNI plugin ``portmap`` writes on a node for Pods with a ``hostPort``.

What is for one of the node's own addresses and such a port goes on to the Pod, behind kube-proxy's rules: an address of
a Service that is the node's own comes first. A Pod that calls itself this way, or a process of the node that calls
127.0.0.1, is masqueraded.

Upstream: ``plugins/meta/portmap`` of containernetworking/plugins 1.9; the name of k3s' network is ``cbr0``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from kubesim.network.hooks import Hook
from kubesim.network.kube_router.translation import translated
from kubesim.network.matches import (
    Comment,
    Destination,
    DestinationPort,
    LocalDestination,
    Mark,
    Match,
    MultiPort,
    Protocol,
    Source,
)
from kubesim.network.rules import BaseChain, Chain, LaidOver, Rule, Ruleset, built_in
from kubesim.network.targets import Dnat, Jump, Masquerade, SetMark

NETWORK = "cbr0"
"""The name of the CNI network in k3s' configuration."""
MARKED = 0x2000
"""The mark of what is masqueraded: bit 13."""
TOP, MASQUERADING, MARKING = "CNI-HOSTPORT-DNAT", "CNI-HOSTPORT-MASQ", "CNI-HOSTPORT-SETMARK"
_CHAIN_NAME_LENGTH, _MOST_PORTS = 28, 15


@dataclass(frozen=True, slots=True)
class HostPort:
    """One host port of a Pod.

    :param protocol: lower case, as rules write it.
    :param host_ip: the one address of the node on which it is; empty for all.
    """

    protocol: str
    host_port: int
    container_port: int
    host_ip: str = ""


@dataclass(frozen=True, slots=True)
class MappedPod:
    """A Pod with host ports.

    :param sandbox: the id of its sandbox.
    :param address: its own; ``prefix`` that of all Pods of its node.
    """

    sandbox: str
    address: str
    prefix: str
    mappings: tuple[HostPort, ...]


class PortMap:
    """The host ports of all nodes."""

    def __init__(self) -> None:
        self._pods: dict[str, dict[str, MappedPod]] = {}
        """By node's machine, then by Pod's machine."""
        self._nodes: dict[str, str] = {}
        """The node of each Pod that has host ports."""
        self._composed: dict[str, tuple[Ruleset, Ruleset]] = {}
        """By node's machine: its other rules, and what became of them."""

    def add(self, node: str, pod: str, mapped: MappedPod) -> None:
        """A Pod's network has been set up."""
        self._pods.setdefault(node, {})[pod] = mapped
        self._nodes[pod] = node
        self._composed.pop(node, None)

    def remove(self, pod: str) -> None:
        """A Pod's network is gone; a no-op for one without host ports."""
        node = self._nodes.pop(pod, None)
        if node is not None:
            del self._pods[node][pod]
            self._composed.pop(node, None)

    def over(self, lower: Callable[[str], Ruleset | None]) -> Callable[[str], Ruleset | None]:
        """The rules of machines with those of their host ports.

        :param lower: machine name → the rules that the others write there.
        """

        def rules(machine: str) -> Ruleset | None:
            below, pods = lower(machine), self._pods.get(machine)
            if below is None or not pods:
                return below
            known = self._composed.get(machine)
            if known is None or known[0] is not below:
                known = self._composed[machine] = below, mapped_ruleset(below, tuple(pods.values()))
            return known[1]

        return rules


def mapped_ruleset(base: Ruleset, pods: Sequence[MappedPod]) -> Ruleset:
    """A node's rules with those of its Pods' host ports."""
    table = "nat" if base.mode == "iptables" else "ip nat"
    calls = Rule((LocalDestination(),), Jump(TOP))
    masquerades = Rule((Comment("CNI portfwd requiring masquerade"),), Jump(MASQUERADING))
    chains: dict[tuple[str, str], Chain] = {
        (table, TOP): Chain(TOP, tuple(rule for pod in pods for rule in _calls(pod))),
        (table, MARKING): Chain(MARKING, (Rule((Comment("CNI portfwd masquerade mark"),), SetMark(MARKED)),)),
        (table, MASQUERADING): Chain(MASQUERADING, (Rule((Mark(MARKED),), Masquerade()),)),
    }
    for pod in pods:
        chains[table, _chain(pod)] = Chain(_chain(pod), tuple(_rules(pod)))
    for hook in (Hook.PREROUTING, Hook.OUTPUT, Hook.POSTROUTING):
        place = table, hook.name
        known = tuple(base.chains[place].rules) if place in base.chains else ()
        first = hook is Hook.POSTROUTING
        chains[place] = Chain(hook.name, (masquerades, *known) if first else (*known, calls))
    if base.mode != "iptables":
        chains = translated(chains)
    bases = {(each.table, each.chain): each for each in base.bases}
    for hook in (Hook.PREROUTING, Hook.OUTPUT, Hook.POSTROUTING):
        each = built_in("nat", hook)
        bases.setdefault((table, hook.name), BaseChain(table, hook.name, hook, each.priority, nat=True))
    # The plugin, too, lets packets from 127.0.0.1 leave for Pods.
    return Ruleset(
        base.mode,
        LaidOver(chains, base.chains),
        tuple(bases.values()),
        base.sets,
        route_localnet=True,
        ipsets=base.ipsets,
    )


def _chain(pod: MappedPod) -> str:
    """The name of a Pod's own chain."""
    hashed = hashlib.sha512(f"{NETWORK}{pod.sandbox}".encode()).hexdigest()
    return f"CNI-DN-{hashed}"[:_CHAIN_NAME_LENGTH]


def _calls(pod: MappedPod) -> list[Rule]:
    comment = Comment(f'dnat name: "{NETWORK}" id: "{pod.sandbox}"')
    rules = []
    for protocol, mappings in groupby(sorted(pod.mappings, key=lambda each: each.protocol), lambda each: each.protocol):
        ports = [each.host_port for each in mappings]
        for start in range(0, len(ports), _MOST_PORTS):
            some = MultiPort(tuple(ports[start : start + _MOST_PORTS]))
            rules.append(Rule((Protocol(protocol, loads=False), comment, some), Jump(_chain(pod))))
    return rules


def _rules(pod: MappedPod) -> list[Rule]:
    rules = []
    for each in pod.mappings:
        own: tuple[Match, ...] = (Destination(each.host_ip),) if each.host_ip else ()
        port = (*own, Protocol(each.protocol), DestinationPort(each.host_port))
        rules += [
            Rule((Source(pod.prefix), *port), Jump(MARKING)),
            Rule((Source("127.0.0.1"), *port), Jump(MARKING)),
            Rule(port, Dnat(pod.address, each.container_port)),
        ]
    return rules
