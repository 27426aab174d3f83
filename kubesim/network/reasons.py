"""One sentence for every rule that acted, for a reader who meets these rules for the first time.

The sentence is made from the rule itself: its target, its conditions, and the Service that kube-proxy names in the comment
(iptables mode) or in the chain's name (nftables mode). It stays true whatever the Services are called.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from kubesim.network.matches import Comment, Mark, Match, RecentlySeen, Source, Statistic
from kubesim.network.packet import Packet
from kubesim.network.rules import Rule
from kubesim.network.targets import Accept, Dnat, Drop, FlipMark, Goto, Jump, Masquerade, Reject, SetMark, Target

_NFT_CHAIN = re.compile(r"^(service|local|external|firewall|endpoint)-[A-Z2-7]{8}-([^/]+/[^/]+)/[a-z]+/([^_]*)")
_SUBJECT = re.compile(
    r"(\S+/\S+?)(?: (?:cluster IP|external IP|loadbalancer IP|has no|traffic not accepted|->|health)|$)"
)

M = TypeVar("M", bound=Match)


def _first(matches: Iterable[Match], kind: type[M]) -> M | None:
    return next((match for match in matches if isinstance(match, kind)), None)


def service_in(rule: Rule, chain: str, target: Target | None) -> str:
    """The Service a rule is about, as ``namespace/name`` or ``namespace/name:port``; empty where it is about none."""
    comment = _first(rule.matches, Comment)
    if comment is not None:
        about = re.search(r"for (\S+/\S+) external destinations|to (\S+/\S+) will be dropped", comment.text)
        if about:
            return about.group(1) or about.group(2)
        named = _SUBJECT.match(comment.text)
        if named:
            return named.group(1)
    below = target.chain if isinstance(target, Jump | Goto) else ""
    for name in (below, chain):
        found = _NFT_CHAIN.match(name)
        if found:
            return f"{found.group(2)}:{found.group(3)}" if found.group(3) else found.group(2)
    return ""


def explain(rule: Rule, target: Target, chain: str, before: Packet, after: Packet, hook: str) -> str:
    """Why a rule acted on a packet, in one sentence."""
    service = service_in(rule, chain, target)
    match target:
        case Jump(chain=below) | Goto(chain=below):
            return _explain_jump(rule, below, chain, service, before)
        case SetMark():
            return (
                "The packet gets the mark 0x4000, which means: rewrite its source to an address of this node when it leaves, "
                "so that the reply comes back this way."
            )
        case FlipMark():
            return "The mark is taken off again; it has done its work."
        case Dnat(address=address, port=port):
            return _explain_dnat(address, port, before, service)
        case Masquerade():
            return (
                f"The source {before.source} becomes {after.source}, this machine's address on the interface by which the "
                "packet leaves; the reply will come back here and conntrack will hand it on."
            )
        case Reject():
            if service:
                return f"Service {service} has no endpoint that may take this packet; the sender is told so at once (ICMP port unreachable)."
            return (
                f"{before.destination} is the cluster IP of a Service, but none of its ports is {before.protocol} "
                f"{before.destination_port}; the sender is told so at once (ICMP port unreachable)."
            )
        case Drop():
            return _explain_drop(rule, chain, service, before)
        case Accept():
            return _explain_accept(rule, chain)
        case _:
            return "The rule applies."


def _explain_jump(rule: Rule, below: str, chain: str, service: str, packet: Packet) -> str:
    kind = _kind_of(below)
    comment = _first(rule.matches, Comment)
    text = comment.text if comment else rule.text
    where = f"{packet.destination}:{packet.destination_port}"
    if kind == "services":
        return "A new connection is compared with the addresses and ports of all Services."
    if kind == "nodeports":
        return f"{packet.destination} is an address of this node, so the port is compared with the node ports of all Services."
    if kind == "mark":
        return _explain_mark(rule, chain, text, packet)
    if kind == "endpoint":
        return _explain_choice(rule, below, text)
    if kind == "firewall":
        return f"{where} is a load-balancer address of Service {service}, which only some sources may use; that is checked next."
    if "pod traffic for" in text or "short-circuit pod traffic" in text:
        return "The sender is a Pod of this cluster, so every ready endpoint may be chosen although the policy for outside traffic is Local."
    if "LOCAL traffic for" in text or "short-circuit local traffic" in text:
        return "The sender is this node itself, so every ready endpoint may be chosen although the policy for outside traffic is Local."
    if kind == "external":
        if "external IP" in text:
            return f"{where} is an external IP of Service {service}."
        if "loadbalancer IP" in text:
            return f"{where} is the load-balancer address of Service {service}; the node serves it itself, without a way through the load balancer."
        if chain in ("KUBE-NODEPORTS",) or rule.text.endswith("@service-nodeports"):
            return f"Port {packet.destination_port} is the node port of Service {service}."
        return f"{where} is an address of Service {service} for clients outside the cluster."
    if kind == "local":
        return "The Service's traffic policy is Local: only endpoints on this node may be chosen."
    if kind == "service":
        if "cluster IP" in text or rule.text.endswith("@service-ips"):
            return f"{where} is the cluster IP of Service {service}; one of its endpoints is chosen next."
        return "One of the Service's endpoints is chosen next, wherever in the cluster it runs."
    if "firewall" in below.lower():
        return "Packets to load-balancer addresses are checked against the source ranges that their Services allow."
    if "check" in below or below in ("KUBE-EXTERNAL-SERVICES",):
        return "A new connection is compared with the Services that have no endpoint to offer."
    if below.startswith("FLANNEL-POSTRTG") or below in ("KUBE-POSTROUTING", "masquerading"):
        return "Before the packet leaves, it is decided whether its source must be rewritten."
    return f"The packet goes through the rules of {below}."


def _kind_of(chain: str) -> str:
    """What a chain is for, in either mode."""
    if chain in ("KUBE-SERVICES", "services"):
        return "services"
    prefixes = {
        "KUBE-NODEPORTS": "nodeports", "KUBE-MARK-MASQ": "mark", "KUBE-SEP-": "endpoint", "endpoint-": "endpoint",
        "KUBE-FW-": "firewall", "firewall-": "firewall", "KUBE-EXT-": "external", "external-": "external",
        "KUBE-SVL-": "local", "local-": "local", "KUBE-SVC-": "service", "service-": "service",
    }  # fmt: skip
    if chain in ("firewall-check", "service-endpoints-check"):
        return ""
    return next((kind for prefix, kind in prefixes.items() if chain.startswith(prefix)), "")


def _explain_mark(rule: Rule, chain: str, text: str, packet: Packet) -> str:
    source = _first(rule.matches, Source)
    if chain.startswith("KUBE-SEP-"):
        return f"The chosen endpoint is {packet.source}, the sender itself; without another source the answer would never leave the Pod as a reply."
    if "LOCAL" in text:
        return "The sender is this node itself, so its source is rewritten to the address that the endpoint's node can answer."
    if "external destinations" in text:
        return "The packet came for an address outside the cluster network and its endpoint may be on any node; its source will be rewritten."
    if source is not None and source.negated:
        return f"The sender {packet.source} is not a Pod (not in {source.prefix}), so its source will be rewritten."
    return "The packet's source will be rewritten when it leaves."


def _explain_choice(rule: Rule, below: str, text: str) -> str:
    endpoint = text.partition("-> ")[2] or below.partition("__")[2].replace("/", ":") or "the endpoint"
    recent = _first(rule.matches, RecentlySeen)
    if recent is not None:
        return f"Session affinity: this client was sent to {endpoint} within the last {recent.seconds} seconds and stays with it."
    dice = _first(rule.matches, Statistic)
    if dice is not None:
        return f"The dice fall on endpoint {endpoint} ({_percent(dice.kept)} of the packets that get this far)."
    if "vmap" in rule.text:
        return f"The dice fall on endpoint {endpoint}; each endpoint is as likely as the others."
    return f"Endpoint {endpoint} is taken: it is the only one left."


def _explain_dnat(address: str, port: int, before: Packet, service: str) -> str:
    of = f" of Service {service}" if service else ""
    return (
        f"The destination {before.destination}:{before.destination_port} becomes {address}:{port}, an endpoint{of}; conntrack "
        "remembers this, gives later packets of the connection the same endpoint and rewrites the replies back."
    )


def _explain_drop(rule: Rule, chain: str, service: str, packet: Packet) -> str:
    comment = _first(rule.matches, Comment)
    text = comment.text if comment else ""
    if "not accepted" in text or chain.startswith("firewall-"):
        name = service or "this Service"
        return f"{packet.source} is in none of the source ranges that Service {name} admits to its load-balancer address; the packet is thrown away, silently."
    if chain == "KUBE-FIREWALL":
        return "A packet for the loopback came from outside; it is thrown away, silently."
    if "INVALID" in rule.text or (_first(rule.matches, Source) is None and not service):
        return "Conntrack knows no connection that this packet could belong to; it is thrown away, silently."
    return (
        f"Service {service} has endpoints, but none on this node, and its traffic policy is Local; the packet is thrown away, "
        "silently, and the sender waits until its time-out."
    )


def _explain_accept(rule: Rule, chain: str) -> str:
    if chain == "FLANNEL-FWD":
        return "The node passes on packets from and to Pods."
    if _first(rule.matches, Mark) is not None:
        return "The packet bears kube-proxy's mark, so the node passes it on."
    if chain == "KUBE-FORWARD":
        return "The packet belongs to a connection that was let through before."
    return "The packet may pass."


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if abs(share * 100 - round(share * 100)) < 0.01 else f"{share * 100:.1f} %"
