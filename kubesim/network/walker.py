"""Pass 2: where a packet goes, hop by hop, and how its answer comes back.

The walker reads the state of the network (machines, routes, rules, connections, listeners) and changes nothing. On each
machine a packet meets the kernel's hooks in their order::

    arriving   PREROUTING ─ routing ─┬─ for this machine: INPUT ─ socket
                                     └─ for another: FORWARD ─ POSTROUTING ─ out
    sent here  OUTPUT ─ routing ─ POSTROUTING ─ out

Where a rule throws dice the packet has several ways, and all are followed: the result is one :class:`Way` for each, and
their probabilities add up to 1. A way also says what taking it would leave behind (conntrack entries, affinity), which
the runtime applies to the one way that a connection takes.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from kubesim.network.flight import Ending, Flight, NetworkState, Way
from kubesim.network.kernel import arrive, send
from kubesim.network.packet import Packet
from kubesim.network.trace import Hop, Outcome, Trace

MAX_HOPS = 32
"""How many machines a packet may pass before it is given up as one that goes in circles (its TTL)."""

_ANSWERED = {Outcome.DELIVERED, Outcome.REFUSED, Outcome.REJECTED, Outcome.UNREACHABLE}


def walk(state: NetworkState, machine: str, packet: Packet) -> tuple[Trace, ...]:
    """Every possible way of a packet, the likeliest rules' order kept.

    :param machine: where it is sent.
    :raises KeyError: if there is no such machine.
    """
    return tuple(way.trace for way in explore(state, machine, packet))


def explore(state: NetworkState, machine: str, packet: Packet) -> tuple[Way, ...]:
    """Every possible way of a packet, with what it would leave behind.

    :raises KeyError: if there is no such machine.
    """
    host = state.topology.host(machine)
    return tuple(_with_answer(state, machine, packet, ending) for ending in _fly(state, Flight(host, packet, packet)))


def _fly(state: NetworkState, start: Flight) -> list[Ending]:
    """Follow a packet, through every branch, to all its ends."""
    endings: list[Ending] = []
    waiting: list[Flight] = [start]
    first = True
    while waiting:
        flight = waiting.pop()
        results = send(state, flight) if first else arrive(state, flight)
        first = False
        # The stack is filled in reverse, so that branches come out in the order of the rules.
        for result in reversed(results):
            if isinstance(result, Flight) and len(result.hops) < MAX_HOPS:
                waiting.append(result)
            elif isinstance(result, Flight):
                endings.append(Ending(result, Outcome.LOST, inf))
            else:
                endings.append(result)
    return endings


def _with_answer(state: NetworkState, machine: str, packet: Packet, ending: Ending) -> Way:
    """Complete a way with its answer's way back, and see whether the answer arrives."""
    flight = ending.flight
    outcome, seconds = ending.outcome, ending.seconds
    reply: tuple[Hop, ...] = ()
    if outcome in _ANSWERED and not (ending.answer_from == "" and outcome is Outcome.UNREACHABLE):
        answer = Flight(
            host=flight.host,
            packet=flight.packet.reply(),
            sent=packet,
            entries=flight.entries,
            answering=True,
            error_from=ending.answer_from,
        )
        back = _fly(state, answer)
        last = back[0]
        reply = last.flight.hops
        arrived = last.outcome is Outcome.DELIVERED and last.flight.host.name == machine
        if not (arrived and _recognised(last.flight.packet, packet)):
            outcome, seconds = Outcome.LOST, inf
    delivered = flight.packet if ending.outcome in (Outcome.DELIVERED, Outcome.REFUSED) else None
    trace = Trace(
        source=machine,
        packet=packet,
        hops=flight.hops,
        outcome=outcome,
        destination=flight.host.name,
        probability=flight.probability,
        reply=reply,
        delivered=delivered,
        seconds=seconds,
        rules_examined=flight.examined,
    )
    # A reset or a rejection ends the connection at once, so nothing remembers it.
    gone = outcome in (Outcome.REFUSED, Outcome.REJECTED)
    answered = outcome is Outcome.DELIVERED
    entries = (
        ()
        if gone
        else tuple((name, replace(entry, answered=answered or entry.answered)) for name, entry in flight.entries)
    )
    return Way(trace, entries, flight.remembered)


def _recognised(answer: Packet, packet: Packet) -> bool:
    """Whether the sender's socket takes an answer: it must come from where the packet was sent."""
    expected = packet.reply()
    return (answer.source, answer.source_port, answer.destination, answer.destination_port) == (
        expected.source,
        expected.source_port,
        expected.destination,
        expected.destination_port,
    )
