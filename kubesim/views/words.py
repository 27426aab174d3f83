"""A journey in words: the text alternative of every picture, and what a terminal shows.

What happens on a machine is numbered by the arrow on which the packet leaves it (①, ②…), in words, tables and pictures
alike; the machine where the way ends has ● where the packet was delivered, else ✗.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from kubesim.network.packet import Packet
from kubesim.network.trace import Action, Applied, Hop, Outcome, Step, Trace
from kubesim.views.reasons import reason
from kubesim.views.request import Request

ENDINGS = {
    Outcome.DELIVERED: "delivered",
    Outcome.REFUSED: "refused: nothing listens on that port, so the machine's own kernel answered with a RST",
    Outcome.REJECTED: "rejected: a rule answered with an ICMP error",
    Outcome.DROPPED: "dropped: a rule threw the packet away in silence; the sender waits until its time-out",
    Outcome.UNREACHABLE: "unreachable: no machine has that address",
    Outcome.LOST: "lost: the packet left and nothing will ever answer; the sender waits until its time-out",
}
"""What each outcome means, in half a sentence."""


DELIVERED_MARK, FAILED_MARK = "●", "✗"


class Way(StrEnum):
    """Which way of a journey: the packet's there, or its answer's back."""

    THERE = "there"
    BACK = "back"


def machine_title(machine: str) -> str:
    """``client`` for ``pod/default/client``; Pods of other namespaces keep theirs: ``kube-system/coredns-…``."""
    kind, _, rest = machine.partition("/")
    if kind == "pod":
        namespace, _, name = rest.partition("/")
        return name if namespace == "default" else rest
    return f"node {rest}" if kind == "node" else rest or machine


def destination(packet: Packet) -> str:
    """``10.43.113.175:8080``, or the bare address where the protocol has no ports."""
    if packet.protocol == "ICMP":
        return packet.destination
    return f"{packet.destination}:{packet.destination_port}"


def source(packet: Packet) -> str:
    """``10.42.2.3:40000``, or the bare address where the protocol has no ports."""
    return packet.source if packet.protocol == "ICMP" else f"{packet.source}:{packet.source_port}"


def rewriting(step: Step) -> str:
    """What a step changed in the packet's addresses: ``DNAT 10.43.0.10:53 → 10.42.0.2:53``; empty where nothing."""
    if step.action is Action.DNAT:
        return f"DNAT {destination(step.before)} → {destination(step.after)}"
    if step.action is Action.SNAT:
        return f"masquerade {step.before.source} → {step.after.source}"
    return ""


def percent(probability: float) -> str:
    """``33 %``."""
    return f"{probability * 100:.0f} %"


def journey_text(journey: Request) -> str:
    """The whole journey, one line a decision."""
    lines = [f"{machine_title(journey.source)} → {journey.target}"]
    lines += _resolution_lines(journey)
    if journey.trace is not None:
        lines += trace_lines(journey.trace)
        others = [trace for trace in journey.alternatives if trace != journey.trace]
        lines += [
            f"  could also have gone to {machine_title(other.destination)} ({percent(other.probability)})"
            for other in others
        ]
    lines.append(f"  {_ending(journey)}")
    return "\n".join(lines)


def trace_lines(trace: Trace, way: Way = Way.THERE, machines: int | None = None) -> list[str]:
    """One way of a trace, one line a step that a reader should see, each machine marked with its arrow's number.

    :param machines: how many machines of the way; None takes all.
    """
    lines = []
    for mark, hop in marked_hops(trace, way)[:machines]:
        for step in shown_steps(hop):
            lines.append(f"  {mark or ' '} {machine_title(hop.machine)}: {describe(step)}")
            mark = ""
    return lines


def marked_hops(trace: Trace, way: Way = Way.THERE) -> list[tuple[str, Hop]]:
    """The machines of one way, each with its mark. Arrows are counted on from the way there to the way back."""
    hops = trace.hops if way is Way.THERE else trace.reply
    before = 0 if way is Way.THERE else max(len(trace.hops) - 1, 0)
    delivered = way is Way.BACK or trace.outcome is Outcome.DELIVERED
    marks = [circled(before + number) for number in range(1, len(hops))]
    return list(zip([*marks, DELIVERED_MARK if delivered else FAILED_MARK], hops, strict=True)) if hops else []


def circled(number: int) -> str:
    """An arrow's number as a character: ``①``; numbers above 20, which Unicode has not in this row, in parentheses."""
    return chr(0x2460 + number - 1) if 1 <= number <= 20 else f"({number})"


def shown_steps(hop: Hop) -> Sequence[Step]:
    """The steps of a machine that decide something; jumps between chains are left to the table."""
    return [step for step in hop.steps if step.action is not Action.RULE]


def describe(step: Step) -> str:
    """One step in words."""
    change = rewriting(step)
    if change:
        chance = f" ({percent(step.probability)})" if isinstance(step, Applied) and step.probability < 1 else ""
        return f"{change}{chance}"
    return reason(step)


def way_text(journey: Request, way: Way) -> str:
    """One way of a journey in words."""
    if way is Way.THERE or journey.trace is None:
        return journey_text(journey)
    trace = journey.trace
    lines = [f"{machine_title(journey.source)} → {journey.target}, the way back", *trace_lines(trace, Way.BACK)]
    if not trace.reply:
        lines.append("  nothing comes back")
    return "\n".join(lines)


def _resolution_lines(journey: Request) -> list[str]:
    resolution = journey.resolution
    if resolution is None:
        return []
    count = len(resolution.queries)
    asked = f"{count} quer{'y' if count == 1 else 'ies'}"
    if resolution.addresses:
        return [f"  the name {resolution.name} is {', '.join(resolution.addresses)} ({asked})"]
    lines = [f"  the name {resolution.name} was not found: {resolution.error} ({asked})"]
    if journey.question is not None:
        lines += ["  the first question without an answer:", *trace_lines(journey.question)]
    return lines


def _ending(journey: Request) -> str:
    if journey.trace is None:
        return "unresolved: without an address no packet is sent"
    if journey.trace.outcome is not Outcome.DELIVERED:
        return ENDINGS[journey.trace.outcome]
    server = f"delivered to {machine_title(journey.destination)}, which saw the client as {journey.seen_from}"
    if journey.response is not None:
        server += f" and answered {journey.response.status} {journey.response.reason}"
    return server
