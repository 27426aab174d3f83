"""One sentence for every rule that acted, for a reader who meets these rules for the first time.

The sentence is made from the rule itself: its target, its conditions, and the Service that kube-proxy names in the
comment (iptables mode) or in the chain's name (nftables mode). It stays true whatever the Services are called.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from kubesim.network.matches import Comment, Mark, Match, RecentlySeen, Source, Statistic
from kubesim.network.packet import Packet
from kubesim.network.rules import Rule
from kubesim.network.targets import Accept, Dnat, Drop, Goto, Jump, Masquerade, Reject, SetMark, Target

_NFT_CHAIN = re.compile(r"^(service|local|external|firewall|endpoint)-[A-Z2-7]{8}-([^/]+/[^/]+)/[a-z]+/([^_]*)")
_SUBJECT = re.compile(
    r"(\S+/\S+?)(?: (?:cluster IP|external IP|loadbalancer (?:IP|source)|has no|admits this|traffic not accepted|"
    r"balanced to|->|health)|$)"
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


def explain(rule: Rule, target: Target, chain: str, before: Packet, after: Packet) -> str:
    """Why a rule acted on a packet, in one sentence."""
    service = service_in(rule, chain, target)
    match target:
        case Jump(chain=below) | Goto(chain=below):
            return _explain_jump(rule, below, chain, service, before)
        case SetMark():
            source = _first(rule.matches, Source)
            stranger = source is not None and source.negated
            who = f"The sender {before.source} is not a Pod, so the packet" if stranger else "The packet"
            return (
                f"{who} gets the mark 0x4000, which means: rewrite its source to an address of this node when it "
                "leaves, so that the reply comes back this way."
            )
        case Dnat(address=address, port=port):
            return _explain_dnat(address, port, before, service, chain)
        case Masquerade():
            if "hairpin" in rule.text:
                return (
                    f"The chosen endpoint is the sender itself; its source {before.source} becomes {after.source}, so "
                    "that the answer leaves the Pod and comes back as a reply."
                )
            return (
                f"The source {before.source} becomes {after.source}, this machine's address on the interface by which "
                "the packet leaves; the reply will come back here and conntrack will hand it on."
            )
        case Reject():
            return _explain_reject(service, before)
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
    if "pod traffic for" in text or "short-circuit pod traffic" in text:
        return _FREE.format("a Pod of this cluster")
    if "route LOCAL traffic for" in text or "short-circuit local traffic" in text:
        return _FREE.format("this node itself")
    match kind:
        case "services":
            return "A new connection is compared with the addresses and ports of all Services."
        case "nodeports":
            return (
                f"{packet.destination} is an address of this node, so the port is compared with the node ports of all "
                "Services."
            )
        case "mark":
            return _explain_mark(rule, chain, text, packet)
        case "endpoint":
            return _explain_choice(rule, below, text)
        case "firewall":
            return (
                f"{where} is a load-balancer address of Service {service}, which only some sources may use; that is "
                "checked next."
            )
        case "external":
            return _explain_external(rule, chain, text, service, where, packet)
        case "local":
            return "The Service's traffic policy is Local: only endpoints on this node may be chosen."
        case "service":
            if "cluster IP" in text or rule.text.endswith("@service-ips"):
                return f"{where} is the cluster IP of Service {service}; one of its endpoints is chosen next."
            return "One of the Service's endpoints is chosen next, wherever in the cluster it runs."
        case _:
            return _explain_check(below)


_FREE = (
    "The sender is {}: every ready endpoint may be chosen although the Service's policy for outside traffic is Local."
)


def _explain_external(rule: Rule, chain: str, text: str, service: str, where: str, packet: Packet) -> str:
    if "external IP" in text:
        return f"{where} is an external IP of Service {service}."
    if "loadbalancer IP" in text:
        return (
            f"{where} is the load-balancer address of Service {service}; the node serves it itself, without a way "
            "through the load balancer."
        )
    if chain == "KUBE-NODEPORTS" or rule.text.endswith("@service-nodeports"):
        return f"Port {packet.destination_port} is the node port of Service {service}."
    return f"{where} is an address of Service {service} for clients outside the cluster."


def _explain_check(below: str) -> str:
    if "firewall" in below.lower():
        return "Packets to load-balancer addresses are checked against the source ranges that their Services allow."
    if below == "cluster-ips-check":
        return "The packet was not rewritten; it is checked whether its destination is nevertheless a cluster IP."
    if "check" in below or below == "KUBE-EXTERNAL-SERVICES":
        return "A new connection is compared with the Services that have no endpoint to offer."
    if below in ("FLANNEL-POSTRTG", "KUBE-POSTROUTING", "masquerading"):
        return "Before the packet leaves, it is decided whether its source must be rewritten."
    if below in ("FLANNEL-FWD", "KUBE-FORWARD"):
        return "The packet is for another machine; it is decided whether this node passes it on."
    return f"The packet goes through the rules of {below}."


_KINDS = {
    "KUBE-NODEPORTS": "nodeports",
    "KUBE-MARK-MASQ": "mark",
    "KUBE-SEP-": "endpoint",
    "endpoint-": "endpoint",
    "KUBE-FW-": "firewall",
    "LB-FW-": "firewall",
    "firewall-": "firewall",
    "KUBE-EXT-": "external",
    "external-": "external",
    "KUBE-SVL-": "local",
    "local-": "local",
    "KUBE-SVC-": "service",
    "service-": "service",
}


def _kind_of(chain: str) -> str:
    """What a chain is for, in either mode."""
    if chain in ("KUBE-SERVICES", "services"):
        return "services"
    if chain.endswith("-check"):
        return ""
    return next((kind for prefix, kind in _KINDS.items() if chain.startswith(prefix)), "")


def _explain_mark(rule: Rule, chain: str, text: str, packet: Packet) -> str:
    source = _first(rule.matches, Source)
    if chain.startswith("KUBE-SEP-"):
        return (
            f"The chosen endpoint is {packet.source}, the sender itself; with its own address as the source the answer "
            "would never leave the Pod, so the source will be rewritten."
        )
    if "LOCAL" in text:
        return "The sender is this node itself, by one of its own addresses; its source will be rewritten."
    if "external destinations" in text:
        return (
            "The packet came for an address outside the cluster network and its endpoint may be on any node; its "
            "source will be rewritten, so that the answer passes this node again."
        )
    if source is not None and source.negated:
        return f"The sender {packet.source} is not a Pod (not in {source.prefix}), so its source will be rewritten."
    return "The packet's source will be rewritten when it leaves."


def _explain_choice(rule: Rule, below: str, text: str) -> str:
    endpoint = text.partition("-> ")[2] or below.partition("__")[2].replace("/", ":") or "the endpoint"
    recent = _first(rule.matches, RecentlySeen)
    if recent is not None:
        if not recent.name.startswith("KUBE-"):
            endpoint = recent.name.partition("__")[2].replace("/", ":")
        return (
            f"Session affinity: this client was sent to {endpoint} within the last {recent.seconds} seconds and stays "
            "with it."
        )
    dice = _first(rule.matches, Statistic)
    if dice is not None:
        return f"The dice fall on endpoint {endpoint} ({_percent(dice.kept)} of the packets that get this far)."
    if "vmap" in rule.text:
        endpoint = below.partition("__")[2].replace("/", ":")
        return f"The dice fall on endpoint {endpoint}; each endpoint is as likely as the others."
    return f"Endpoint {endpoint} is taken: it is the only one left."


def _explain_dnat(address: str, port: int, before: Packet, service: str, chain: str) -> str:
    where = f"{before.destination}:{before.destination_port}"
    if chain == "PREROUTING":
        return (
            f"The load balancer sends this connection to a node that is ready: the destination {where} becomes "
            f"{address}:{port}, the node port of Service {service}."
        )
    of = f" of Service {service}" if service else ""
    return (
        f"The destination {where} becomes {address}:{port}, an endpoint{of}; conntrack remembers this, gives later "
        "packets of the connection the same endpoint and rewrites the replies back."
    )


def _explain_reject(service: str, before: Packet) -> str:
    told = "the sender is told so at once (ICMP port unreachable)."
    if service:
        return f"Service {service} has no endpoint that may take this packet; {told}"
    if before.protocol == "ICMP":
        return f"{before.destination} is the cluster IP of a Service; nothing answers an echo request there, and {told}"
    return (
        f"No rule rewrote the destination {before.destination}:{before.destination_port} ({before.protocol}): its "
        f"Service has no such port, or no endpoint; {told}"
    )


def _explain_drop(rule: Rule, chain: str, service: str, packet: Packet) -> str:
    comment = _first(rule.matches, Comment)
    text = comment.text if comment else ""
    silently = "the packet is thrown away, silently, and the sender waits until its time-out."
    if "not accepted" in text or chain.startswith("firewall-"):
        name = service or "this Service"
        return (
            f"{packet.source} is in none of the source ranges that Service {name} admits to its load-balancer address; "
            f"{silently}"
        )
    if chain == "KUBE-FIREWALL":
        return f"A packet for the loopback came from outside; {silently}"
    if chain == "cluster-ips-check":
        return f"{packet.destination} is in the range of cluster IPs, but no Service has it; {silently}"
    if not service and comment is None:
        if "no-endpoint" in rule.text:
            return f"The Service has endpoints, but none on this node, and its traffic policy is Local; {silently}"
        return f"Conntrack knows no connection that this packet could belong to; {silently}"
    return f"Service {service} has endpoints, but none on this node, and its traffic policy is Local; {silently}"


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
