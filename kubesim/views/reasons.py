"""A step in words: where in the kernel it was taken, by which rule or route, and why, in one sentence.

A rule's sentence is made from the rule itself: its target, its conditions, and the Service that kube-proxy names in the
comment (iptables mode) or in the chain's name (nftables mode). It stays true whatever the Services are called. A step
is always shown beside its machine, so a sentence does not name the machine again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from kubesim.network.iptables_text import rule_text
from kubesim.network.matches import Comment, ConnectionState, Mark, Match, RecentlySeen, Source, Statistic
from kubesim.network.packet import Packet
from kubesim.network.rules import OWN_FIREWALL, Rule
from kubesim.network.targets import Accept, Dnat, Drop, Goto, Jump, Masquerade, Reject, SetMark, Target
from kubesim.network.trace import (
    Applied,
    Confined,
    Delivered,
    Ignored,
    NobodyBeyond,
    NoNeighbour,
    NoRoute,
    Refused,
    Routed,
    Sent,
    Step,
    Translated,
)

_NFT_CHAIN = re.compile(r"^(service|local|external|firewall|endpoint)-[A-Z2-7]{8}-([^/]+/[^/]+)/[a-z]+/([^_]*)")
_SUBJECT = re.compile(
    r"(\S+/\S+?)(?: (?:cluster IP|external IP|loadbalancer (?:IP|source)|has no|admits this|traffic not accepted|"
    r"balanced to|->|health)|$)"
)

_POD = re.compile(r"POD name:(\S+) namespace: (\S+)")
_POLICY = re.compile(r"(?:by policy name:? (\S+) namespace (\S+)|nw policy (\S+))")

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


def stage(step: Step) -> str:
    """Where in the kernel a step was taken: ``nat PREROUTING``, ``routing``, ``socket``…"""
    match step:
        case Applied(base=base):
            # A table of nftables has its family in its name; there the base chain says all.
            return base.chain if " " in base.table else f"{base.table} {base.chain}"
        case Sent() | Delivered() | Refused():
            return "socket"
        case Translated():
            return "conntrack"
        case NoNeighbour():
            return "neighbour"
        case _:
            return "routing"


def cited(step: Step) -> str:
    """What a step followed: a rule as ``iptables-save`` (or ``nft list ruleset``) prints it, a route as ``ip route``;
    empty where neither.
    """
    match step:
        case Applied(chain=chain, rule=rule):
            return rule.text or rule_text(chain, rule)
        case Routed(route=route):
            return str(route)
        case _:
            return ""


def reason(step: Step) -> str:
    """Why a step was taken, in one sentence for a learner."""
    packet = step.after
    match step:
        case Applied():
            return _explain_rule(step)
        case Sent():
            return _explain_sending(step)
        case Translated():
            return _explain_translation(step)
        case Routed():
            return _explain_route(step)
        case Delivered(answering=True):
            return "The answer is back where the packet was sent."
        case Delivered() if packet.protocol == "ICMP":
            return "The kernel answers the echo request itself."
        case Delivered():
            where = f"{packet.protocol} port {packet.destination_port}"
            return f"A process listens on {where}; it sees the client as {packet.source}."
        case Refused():
            answer = "a TCP reset (RST)" if packet.protocol == "TCP" else "ICMP port unreachable"
            where = f"{packet.protocol} port {packet.destination_port}"
            return f"Nothing listens on {where}; the kernel answers with {answer}."
        case Ignored():
            return (
                f"This machine does not have the address {packet.destination} and passes nothing on; it ignores the "
                "packet."
            )
        case Confined():
            return "A packet from 127.0.0.1 may not leave the machine, and this one's destination lies outside it."
        case NoRoute(kind=kind):
            if kind:
                return f"A route of the kind {kind!r} covers {packet.destination}: nothing is sent there."
            return f"There is no route to {packet.destination}."
        case NoNeighbour(interface=interface, address=address, seconds=seconds):
            return (
                f"No machine on the link behind {interface} answers for {address}; after {seconds:.0f} seconds the "
                "kernel gives up and the sender hears: no route to host."
            )
        case NobodyBeyond(address=address):
            return f"Beyond this router nobody has the address {address}; no answer will ever come."
        case _:
            raise ValueError(f"a step must be one of the kernel's, got {step}")


def _explain_sending(step: Sent) -> str:
    packet = step.after
    where = f"{packet.destination}:{step.port}" if step.port else packet.destination
    if step.answering:
        return f"The answer goes to {where}, where the packet seemed to come from."
    if packet.protocol == "ICMP":
        return f"Sends an echo request to {where}."
    if packet.protocol == "UDP":
        return f"Sends a UDP packet to {where}."
    return f"Opens a {packet.protocol} connection to {where}."


def _explain_translation(step: Translated) -> str:
    before, after = step.before, step.after
    if step.answering:
        return (
            f"Conntrack knows the connection and turns its rewriting round: {before.source} → {before.destination} "
            f"becomes {after.source} → {after.destination}."
        )
    return (
        "Conntrack knows the connection; the packet is rewritten as its first one was, to "
        f"{after.destination}:{after.destination_port}."
    )


def _explain_route(step: Routed) -> str:
    destination, route = step.after.destination, step.route
    if step.tunnel is not None:
        here, there = step.tunnel
        return (
            f"{destination} is a Pod address of another node: flannel.1 wraps the packet (VXLAN, UDP port 8472) and "
            f"sends it from {here} to {there or 'the other node'}. The addresses inside stay as they are."
        )
    if step.bridged:
        return f"The bridge {route.interface} hands the packet to {destination}, which hangs on the same bridge."
    if route.gateway:
        return (
            f"{destination} is not on this machine's own link; the route leads to {route.gateway} by {route.interface}."
        )
    return f"{destination} is on the link behind {route.interface}."


def _explain_rule(step: Applied) -> str:
    rule, target, chain, before, after = step.rule, step.target, step.chain, step.before, step.after
    if _of_kube_router(rule, target, chain):
        return _explain_policy(rule, target, chain)
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


def _of_kube_router(rule: Rule, target: Target | None, chain: str) -> bool:
    """Whether kube-router wrote a rule, which enforces NetworkPolicies."""
    of_policies = ("KUBE-ROUTER-", "KUBE-POD-FW-", "KUBE-NWPLCY-")
    if chain.startswith(of_policies) or (isinstance(target, Jump) and target.chain.startswith(of_policies)):
        return True
    comment = _first(rule.matches, Comment)
    return comment is not None and comment.text.startswith("KUBE-ROUTER")


def _explain_policy(rule: Rule, target: Target | None, chain: str) -> str:
    comment = _first(rule.matches, Comment)
    text = "" if comment is None else comment.text
    pod = _POD.search(text)
    whose = f"Pod {pod.group(2)}/{pod.group(1)}" if pod else "the Pod"
    found = _POLICY.search(text)
    policy = "" if found is None else found.group(3) or f"{found.group(2)}/{found.group(1)}"
    match target:
        case Jump(chain=below) if below.startswith("KUBE-ROUTER-"):
            return "Packets from and to the Pods of this node are held against the NetworkPolicies that select them."
        case Jump(chain=below) if below.startswith("KUBE-POD-FW-"):
            return f"The packet is {'for' if 'destined to' in text else 'from'} {whose}: its own chain decides."
        case Jump(chain="KUBE-NWPLCY-COMMON"):
            return "First comes what passes, or does not, whatever the policies say."
        case Jump():
            return f"NetworkPolicy {policy} selects {whose}; its rules are asked."
        case SetMark():
            return f"NetworkPolicy {policy} lets the packet pass: it gets the mark 0x10000."
        case Reject():
            return (
                f"NetworkPolicies isolate {whose}, and none of them lets this packet pass; the sender is told so at "
                "once (ICMP port unreachable)."
            )
        case Drop():
            return "Conntrack knows no connection that this packet could belong to; it is thrown away, silently."
        case Accept() if chain == "KUBE-NWPLCY-COMMON":
            known = _first(rule.matches, ConnectionState) is not None
            return _LET_THROUGH if known else "No NetworkPolicy holds back this kind of ICMP packet."
        case Accept() if chain.startswith("KUBE-POD-FW-"):
            return "The sender is the Pod's own node, which no NetworkPolicy holds back."
        case Accept():
            return "The NetworkPolicies of both ends on this node let the packet pass."
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
    if chain.startswith("CNI-DN-"):
        return (
            f"Port {before.destination_port} of this node is the host port of a Pod: the destination {where} becomes "
            f"{address}:{port}, that Pod's."
        )
    if chain == "PREROUTING" and not service:
        return (
            f"This Pod is a part of k3s' load balancer, and passes on what comes for its port: the destination {where} "
            f"becomes {address}:{port}."
        )
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
    if chain == "FORWARD" and comment is None:
        return (
            f"{packet.source} is in none of the source ranges that this Pod of k3s' balancer lets through; {silently}"
        )
    if text == OWN_FIREWALL:
        return f"The firewall of this machine itself lets nobody call TCP port {packet.destination_port}; {silently}"
    if chain == "KUBE-FIREWALL":
        return f"A packet for the loopback came from outside; {silently}"
    if chain == "cluster-ips-check":
        return f"{packet.destination} is in the range of cluster IPs, but no Service has it; {silently}"
    if not service and comment is None:
        if "no-endpoint" in rule.text:
            return f"The Service has endpoints, but none on this node, and its traffic policy is Local; {silently}"
        return f"Conntrack knows no connection that this packet could belong to; {silently}"
    return f"Service {service} has endpoints, but none on this node, and its traffic policy is Local; {silently}"


_LET_THROUGH = "The packet belongs to a connection that was let through before."


def _explain_accept(rule: Rule, chain: str) -> str:
    if chain == "FLANNEL-FWD":
        return "The node passes on packets from and to Pods."
    if _first(rule.matches, Mark) is not None:
        return "The packet bears kube-proxy's mark, so the node passes it on."
    if chain == "KUBE-FORWARD":
        return _LET_THROUGH
    return "The packet may pass."


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if abs(share * 100 - round(share * 100)) < 0.01 else f"{share * 100:.1f} %"
