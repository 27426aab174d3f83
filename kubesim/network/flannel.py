"""The rules that flannel writes on a node: Pods are masqueraded when they leave the cluster, not among themselves."""

from __future__ import annotations

from kubesim.network.hooks import Hook
from kubesim.network.matches import Comment, Destination, Mark, Match, Source
from kubesim.network.rules import BaseChain, Chain, Rule, Ruleset, built_in
from kubesim.network.targets import Accept, Jump, Masquerade, Return, Target

MULTICAST = "224.0.0.0/4"

_BASES = (built_in("nat", Hook.POSTROUTING), built_in("filter", Hook.FORWARD))


def flannel_rules(pod_prefix: str, node_prefix: str, mode: str = "iptables", random_fully: bool = True) -> Ruleset:
    """Flannel's rules on one node.

    :param pod_prefix: the addresses of all Pods.
    :param node_prefix: the addresses of this node's Pods.
    :param mode: flannel writes iptables rules either way; ``nft list ruleset`` shows them in tables of their own.
    """
    masq, leave = Comment("flanneld masq"), Masquerade(random_fully)
    bearer = Mark(0x4000)
    lines: list[tuple[Target, tuple[Match, ...], str]] = [
        (Return(), (bearer, masq), "meta mark & 0x00004000 == 0x00004000 return"),
        (
            Return(),
            (Source(node_prefix), Destination(pod_prefix), masq),
            f"ip saddr {node_prefix} ip daddr {pod_prefix} return",
        ),
        (
            Return(),
            (Source(pod_prefix), Destination(node_prefix), masq),
            f"ip saddr {pod_prefix} ip daddr {node_prefix} return",
        ),
        (
            Return(),
            (Source(pod_prefix, negated=True), Destination(node_prefix), masq),
            f"ip saddr != {pod_prefix} ip daddr {node_prefix} return",
        ),
        (
            leave,
            (Source(pod_prefix), Destination(MULTICAST, negated=True), masq),
            f"ip saddr {pod_prefix} ip daddr != {MULTICAST} {_masquerade(random_fully)}",
        ),
        (
            leave,
            (Source(pod_prefix, negated=True), Destination(pod_prefix), masq),
            f"ip saddr != {pod_prefix} ip daddr {pod_prefix} {_masquerade(random_fully)}",
        ),
    ]
    forward = Comment("flanneld forward")
    postrouting = [Rule(matches, target, _text(mode, text)) for target, matches, text in lines]
    through = [
        Rule((Source(pod_prefix),), Accept(), _text(mode, f"ip saddr {pod_prefix} accept")),
        Rule((Destination(pod_prefix),), Accept(), _text(mode, f"ip daddr {pod_prefix} accept")),
    ]
    tables = {"nat": "nat", "filter": "filter"} if mode == "iptables" else {"nat": "ip nat", "filter": "ip filter"}
    chains = {
        (tables["nat"], "FLANNEL-POSTRTG"): Chain("FLANNEL-POSTRTG", tuple(postrouting)),
        (tables["nat"], "POSTROUTING"): Chain(
            "POSTROUTING", (Rule((masq,), Jump("FLANNEL-POSTRTG"), _text(mode, "jump FLANNEL-POSTRTG")),)
        ),
        (tables["filter"], "FLANNEL-FWD"): Chain("FLANNEL-FWD", tuple(through)),
        (tables["filter"], "FORWARD"): Chain(
            "FORWARD", (Rule((forward,), Jump("FLANNEL-FWD"), _text(mode, "jump FLANNEL-FWD")),)
        ),
    }
    bases = tuple(BaseChain(tables[base.table], base.chain, base.hook, base.priority, base.nat) for base in _BASES)
    return Ruleset(mode, chains, bases)


def _masquerade(random_fully: bool) -> str:
    return "masquerade fully-random" if random_fully else "masquerade"


def _text(mode: str, text: str) -> str:
    return text if mode == "nftables" else ""
