"""The packets of an exchange as one machine's interfaces see them: what ``tcpdump`` shows and counters count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from kubesim.network.exchanges import Exchange
from kubesim.network.packet import Packet
from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.network.sockets import Sockets
from kubesim.network.trace import Hop, Outcome, Routed
from kubesim.programs.http import Broken, byte_length, head_text, request_text

RETRIES = (1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 11.0, 19.0, 35.0, 69.0)
"""When Linux sends a SYN again that nobody answered."""
HEADERS = {"TCP": 52, "UDP": 28, "ICMP": 28, "SCTP": 32}
"""The bytes of the IP header and the protocol's own, TCP with its time stamps."""
STEP = 0.00005
"""Seconds from one packet of a quick exchange to the next."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One packet of an exchange, before anything was rewritten.

    :param outgoing: from whoever opened the exchange.
    :param flags: of TCP, as tcpdump shows them.
    :param content: the message that it carries, or begins to carry.
    :param error: what an ICMP error says (``port``, ``host``…); empty for any other packet.
    """

    moment: float
    outgoing: bool
    flags: str = ""
    length: int = 0
    content: object = None
    error: str = ""


class Seen(NamedTuple):
    """A segment as it passed an interface."""

    segment: Segment
    interface: str
    entering: bool
    packet: Packet


def payload(message: object) -> tuple[int, ...]:
    """The bytes of a message, by the packets that carry it: a server sends a head and a body apart."""
    if isinstance(message, HttpRequest):
        return (byte_length(request_text(message)),)
    if isinstance(message, HttpResponse):
        body = byte_length(message.body)
        return (byte_length(head_text(message)), *([body] if body else []))
    if isinstance(message, Broken):
        return payload(message.response) if message.response is not None else ()
    if isinstance(message, str):
        return (byte_length(message),) if message else ()
    return (getattr(message, "size", 0),)


def segments(exchange: Exchange) -> Iterator[Segment]:
    """The packets of an exchange, in order."""
    trace, start = exchange.trace, exchange.opened
    if exchange.protocol != "TCP":
        yield from _datagrams(exchange)
        return
    yield Segment(start, True, "S")
    match trace.outcome:
        case Outcome.REFUSED:
            yield Segment(start + STEP, False, "R.")
        case Outcome.REJECTED:
            yield Segment(start + STEP, False, error=trace.problem or "port")
        case Outcome.DELIVERED:
            yield from _conversation(exchange)
        case _:
            for after in RETRIES:
                if start + after < min(exchange.held, start + trace.seconds):
                    yield Segment(start + after, True, "S")
            if trace.problem and trace.hops[1:]:
                yield Segment(start + trace.seconds, False, error=trace.problem)


def _conversation(exchange: Exchange) -> Iterator[Segment]:
    moment = exchange.opened
    rows: list[tuple[bool, str, int, object]] = [(False, "S.", 0, None), (True, ".", 0, None)]
    for asked, answered in exchange.said:
        for direction, message in ((True, asked), (False, answered)):
            for number, length in enumerate(payload(message)):
                rows += [(direction, "P.", length, None if number else message), (not direction, ".", 0, None)]
    if exchange.closed:
        rows += [(True, "F.", 0, None), (False, "F.", 0, None), (True, ".", 0, None)]
    for outgoing, flags, length, content in rows:
        moment += STEP
        yield Segment(moment, outgoing, flags, length, content)


def _datagrams(exchange: Exchange) -> Iterator[Segment]:
    trace, moment = exchange.trace, exchange.opened
    said = exchange.said or [(None, None)]
    for asked, answered in said:
        length = exchange.size + 8 if exchange.protocol == "ICMP" else sum(payload(asked)) if asked else 0
        yield Segment(moment, True, length=length, content=asked)
        moment += STEP
        if trace.outcome is Outcome.DELIVERED:
            if exchange.protocol == "ICMP" or answered is not None:
                size = length if exchange.protocol == "ICMP" else sum(payload(answered))
                yield Segment(moment, False, length=size, content=answered)
        elif trace.problem and trace.hops[1:]:
            yield Segment(moment + min(trace.seconds, 10.0), False, error=trace.problem)
        moment += STEP


def passing(exchange: Exchange, machine: str) -> list[Seen]:
    """What a machine's interfaces see of an exchange, in order."""
    there = list(_ends(exchange.trace.hops, machine))
    back = list(_ends(exchange.trace.reply, machine))
    found: list[Seen] = []
    for segment in segments(exchange) if there or back else ():
        for interface, entering, packet in there if segment.outgoing else back:
            found.append(Seen(segment, interface, entering, packet))
    return found


def _ends(hops: tuple[Hop, ...], machine: str) -> Iterator[tuple[str, bool, Packet]]:
    """(interface, whether it comes in, the packet there) of each interface of a machine on a way."""
    for hop in hops:
        if hop.machine != machine or not hop.steps:
            continue
        if hop.interface_in:
            yield hop.interface_in, True, hop.steps[0].before
        if hop.interface_out:
            yield hop.interface_out, False, hop.steps[-1].after


@dataclass(slots=True)
class Count:
    """Packets and bytes of one direction."""

    packets: int = 0
    bytes: int = 0


def counters(sockets: Sockets, interface: str) -> tuple[Count, Count]:
    """What an interface received and sent, of the exchanges that the network remembers."""
    received, sent = Count(), Count()
    name = sockets.host.name
    for exchange in sockets.exchanges:
        for seen in passing(exchange, name):
            if seen.interface == interface:
                count = received if seen.entering else sent
                count.packets += 1
                count.bytes += HEADERS.get(exchange.protocol, 28) + 14 + seen.segment.length
    return received, sent


def routed(hop: Hop) -> bool:
    """Whether a machine passed a packet on as a router does, and did not only bridge it."""
    return any(isinstance(step, Routed) and not step.bridged for step in hop.steps)
