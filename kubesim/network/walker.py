"""Pass 2: where a packet goes, hop by hop, and how its answer comes back.

The walker reads the state of the network (machines, routes, rules, connections, listeners) and changes nothing. What a
packet meets on each machine, and in which order, is the table :data:`~kubesim.network.hooks.COURSES`.

Where a rule throws dice the packet has several ways: :func:`follow` goes the one that the dice pick, :func:`explore`
every one, and then their probabilities add up to 1. A way also says what taking it would leave behind (conntrack
entries, affinity), which the runtime applies to the one way that a connection takes.
"""

from __future__ import annotations

from math import inf

from kubesim.network.conntrack import Entry, Event, expected_reply, tuple_of
from kubesim.network.dice import Dice, First, every
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
    return tuple(every(lambda dice: follow(state, machine, packet, dice)))


def follow(state: NetworkState, machine: str, packet: Packet, dice: Dice) -> Way:
    """One way of a packet, with what it leaves behind.

    :param dice: where the packet goes where there are several ways. Of an answer's ways the first is taken.
    :raises KeyError: if there is no such machine.
    """
    ending = _fly(state, Flight(state.topology.host(machine), packet, dice))
    flight, outcome, seconds = ending.flight, ending.outcome, ending.seconds
    reply: tuple[Hop, ...] = ()
    if outcome in _ANSWERED and not (ending.answer_from == "" and outcome is Outcome.UNREACHABLE):
        answer = _answer(ending)
        last = _fly(state, answer)
        reply = answer.hops
        arrived = last.outcome is Outcome.DELIVERED and answer.host.name == machine
        # The sender's socket takes an answer only from where the packet was sent.
        if not (arrived and tuple_of(answer.packet) == expected_reply(packet)):
            outcome, seconds = Outcome.LOST, inf
    trace = Trace(
        source=machine,
        packet=packet,
        hops=flight.hops,
        outcome=outcome,
        destination=flight.host.name,
        probability=flight.probability,
        reply=reply,
        delivered=flight.packet if ending.outcome in (Outcome.DELIVERED, Outcome.REFUSED) else None,
        seconds=seconds,
        rules_examined=flight.examined,
    )
    return Way(trace, _entries(flight, outcome), flight.remembered)


def _answer(ending: Ending) -> Flight:
    """What comes back from where a packet ended.

    An error about a packet that was stopped before conntrack noted its connection speaks of the packet as it came: the
    kernel turns the rewriting round in it, by the connection that the packet carried along
    (``nf_nat_icmp_reply_translation``).
    """
    flight, sender = ending.flight, ending.answer_from
    about = flight.packet
    if sender and flight.known is None and flight.entered is not None:
        if flight.entered.destination != about.destination:
            sender = flight.entered.destination
        about = flight.entered
    return Flight(
        host=flight.host,
        packet=about.reply(),
        dice=First(),
        entries=flight.entries,
        answering=True,
        error_from=sender,
    )


def _fly(state: NetworkState, flight: Flight) -> Ending:
    """Let a packet pass from machine to machine, to its end."""
    ending = send(state, flight)
    while ending is None:
        if len(flight.hops) >= MAX_HOPS:
            return Ending(flight, Outcome.LOST, inf)
        ending = arrive(state, flight)
    return ending


def _entries(flight: Flight, outcome: Outcome) -> tuple[tuple[str, Entry], ...]:
    """What conntrack keeps of a way: nothing where a reset or a rejection ends the connection at once."""
    if outcome in (Outcome.REFUSED, Outcome.REJECTED):
        return ()
    if outcome is not Outcome.DELIVERED:
        return flight.entries
    return tuple((name, entry.after(Event.ANSWER)) for name, entry in flight.entries)
