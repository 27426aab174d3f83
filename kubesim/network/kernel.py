"""What one machine's kernel does with one packet: connection tracking, hooks, routing, delivery.

:func:`send` is for a packet that a process on the machine sends, :func:`arrive` for one that came by an interface. Each
returns what follows: None once the packet is at the next machine, or its end (an :class:`Ending`).

What a packet meets, and in which order, is written in :data:`~kubesim.network.hooks.COURSES`; here is what each of
these points does.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from kubesim.network.addresses import is_loopback
from kubesim.network.conntrack import CLASSES, Entry, Kind, expected_reply, tuple_of
from kubesim.network.flight import Ending, Flight, NetworkState
from kubesim.network.hooks import COURSES, ROUTED, Course, Hook, Point
from kubesim.network.matches import Situation
from kubesim.network.netfilter import Passage, Verdict, traverse
from kubesim.network.packet import Packet
from kubesim.network.targets import Reject
from kubesim.network.topology import INTERNET, LAN, TUNNEL, Host, Interface, Route
from kubesim.network.trace import (
    Applied,
    Confined,
    Delivered,
    Hop,
    Ignored,
    NobodyBeyond,
    NoNeighbour,
    NoRoute,
    Outcome,
    Refused,
    Routed,
    Sent,
    Step,
    Translated,
)

_RESET = Reject("tcp-reset")
_ECHO_REPLY, _UNREACHABLE, _ECHO_REQUEST = 0, 3, 8
"""Types of ICMP packets."""
NEIGHBOUR_SECONDS = 3.0
"""How long the kernel asks for a neighbour's hardware address (three ARP requests) before it gives up."""


def send(state: NetworkState, flight: Flight) -> Ending | None:
    """A packet that a process (or, for an answer, the kernel) on this machine sends."""
    shown = flight.shown
    flight.steps = (Sent(shown, shown, flight.answering, flight.packet.destination_port),)
    return _Stay(state, flight, Course.SENT).go()


def arrive(state: NetworkState, flight: Flight) -> Ending | None:
    """A packet that came by an interface."""
    return _Stay(state, flight, Course.ARRIVED).go()


class _Stay:
    """The stay of one packet on one machine, from point to point until it leaves or ends."""

    def __init__(self, state: NetworkState, flight: Flight, course: Course) -> None:
        self.state = state
        self.flight = flight
        self.course = course
        self.points: tuple[Hook | Point, ...] | None = COURSES[course]
        """What it meets next; None once it has left."""
        flight.entered = flight.packet
        flight.ruleset = state.ruleset(flight.host.name)

    def go(self) -> Ending | None:
        """Meet one point after the other."""
        while (points := self.points) is not None:
            self.points = None
            for point in points:
                end = self._hook(point) if isinstance(point, Hook) else _POINTS[point](self)
                if end is not None:
                    return end
        return None

    # --- hooks ----------------------------------------------------------------------------------------------------

    def _hook(self, hook: Hook) -> Ending | None:
        """Pass a hook; the packet's end where a rule stops it."""
        flight, host = self.flight, self.flight.host
        if flight.ruleset is None or not flight.ruleset.at(hook):
            return None
        situation = Situation(
            is_local=host.owns,
            states=_STATES[flight.seen_as, self._destination_rewritten()],
            interface_in=flight.interface_in,
            interface_out=flight.interface_out,
            remembers=lambda name, address, seconds: self.state.remembers(host.name, name, address, seconds),
            bridged=flight.bridged,
            icmp_type=_UNREACHABLE if flight.error_from else _ECHO_REPLY if flight.answering else _ECHO_REQUEST,
        )
        nat = flight.known is None and not flight.answering
        address = self._leaving_address() if hook is Hook.POSTROUTING else ""
        return self._passed(traverse(flight.dice, flight.ruleset, hook, flight.shown, situation, address, nat))

    def _leaving_address(self) -> str:
        """The address of the interface by which the packet leaves; the machine's first where that has none."""
        flight = self.flight
        own = "" if flight.route is None else flight.host.interface(flight.route.interface).address
        return own or self._any_address()

    def _destination_rewritten(self) -> bool:
        flight = self.flight
        assert flight.entered is not None
        known = flight.known
        return flight.entered.destination != flight.packet.destination or bool(known and known.destination_rewritten)

    def _passed(self, passage: Passage) -> Ending | None:
        """Take over what a hook made of the packet; its end where a rule stopped it."""
        flight = self.flight
        if flight.error_from:
            flight.packet = flight.packet.rewritten(mark=passage.packet.mark)
        else:
            flight.packet = passage.packet
        flight.probability *= passage.probability
        flight.examined += passage.examined
        flight.steps += passage.steps
        if passage.remembered:
            flight.remembered += tuple((flight.host.name, *item) for item in passage.remembered)
        if passage.verdict is Verdict.DROP:
            return self._end(Outcome.DROPPED, inf)
        if passage.verdict is Verdict.REJECT:
            last = passage.steps[-1]
            if isinstance(last, Applied) and last.target == _RESET:
                return self._end(Outcome.REFUSED, 0.0)
            return self._end(Outcome.REJECTED, 0.0, self._answer_address())
        return None

    # --- connection tracking --------------------------------------------------------------------------------------

    def _track(self) -> None:
        """Find the connection that the packet belongs to, and rewrite it as its first packet was."""
        flight, packet = self.flight, self.flight.packet
        if flight.ruleset is None:
            return
        name = flight.host.name
        for machine, entry in reversed(flight.entries):
            if machine != name:
                continue
            if flight.answering and expected_reply(entry.rewritten) == tuple_of(packet):
                self._recognise(entry, entry.backward(packet))
                return
            if not flight.answering and tuple_of(entry.rewritten) == tuple_of(packet):
                # The packet has been here before (a bridge after the rewriting): to conntrack it is still the first.
                flight.known = entry
                return
        table = self.state.connections(name)
        if table is not None:
            reply = table.reply(packet, self.state.now)
            if reply is not None:
                self._recognise(reply, reply.backward(packet))
                return
            original = table.original(packet, self.state.now)
            if original is not None:
                used = original.used(self.state.now)
                flight.entries += ((name, used),)
                self._recognise(used, used.forward(packet))
                return
        flight.seen_as = CLASSES[self._kind(), False]
        if flight.error_from and self.course is Course.SENT:
            # The kernel attaches an error that it sends to the connection of the packet that it is about
            # (icmp_glue_bits in net/ipv4/icmp.c), though that packet was stopped before conntrack noted it.
            flight.seen_as = CLASSES[Kind.ERROR, True]

    def _kind(self) -> Kind:
        flight = self.flight
        if not flight.answering:
            return Kind.PACKET
        if flight.error_from:
            return Kind.ERROR
        return Kind.TCP_ANSWER if flight.packet.protocol == "TCP" else Kind.ANSWER

    def _recognise(self, entry: Entry, after: Packet) -> None:
        flight, before = self.flight, self.flight.shown
        flight.known, flight.packet = entry, after
        flight.seen_as = CLASSES[self._kind(), True]
        if flight.error_from and entry.destination_rewritten:
            # The kernel makes an ICMP error look as if it came from the address that was asked, whoever sent it.
            flight.error_from = after.source
        shown = flight.shown
        if shown != before:
            flight.steps += (Translated(before, shown, flight.answering),)

    def _confirm(self) -> None:
        """Note the connection, as conntrack does when its first packet leaves the machine or reaches a socket."""
        flight = self.flight
        if flight.ruleset is None or flight.known is not None or flight.answering:
            return
        assert flight.entered is not None
        entry = Entry.begun(flight.entered.rewritten(mark=0), flight.packet.rewritten(mark=0), self.state.now)
        flight.known = entry
        flight.entries += ((flight.host.name, entry),)

    # --- routing --------------------------------------------------------------------------------------------------

    def _need_route(self) -> Ending | None:
        host, destination = self.flight.host, self.flight.packet.destination
        if host.owns(destination):
            return None
        route = host.route_to(destination)
        return None if route is not None and not route.kind else self._no_route("" if route is None else route.kind)

    def _route(self) -> Ending | None:
        """The routing decision: for this machine itself, or by which interface."""
        flight, host, packet = self.flight, self.flight.host, self.flight.packet
        own, sent_here = host.owns(packet.destination), self.course is Course.SENT
        self.course = ROUTED[self.course, own]
        self.points = COURSES[self.course]
        if own:
            flight.interface_out = "lo" if sent_here else ""
            return None
        if not sent_here and not host.forwards:
            self._note(Ignored)
            return self._end(Outcome.LOST, inf)
        route = host.route_to(packet.destination)
        if route is None or route.kind:
            return self._no_route("" if route is None else route.kind)
        if is_loopback(packet.source) and not (flight.ruleset and flight.ruleset.route_localnet):
            self._note(Confined)
            return self._end(Outcome.DROPPED, inf)
        flight.route, flight.interface_out = route, route.interface
        shown = flight.shown
        flight.steps += (Routed(shown, shown, route, flight.bridged, self._tunnel(route)),)
        return None

    def _tunnel(self, route: Route) -> tuple[str, str] | None:
        """The nodes' addresses between which the tunnel carries a packet; None where the route is no tunnel."""
        if route.interface != "flannel.1":
            return None
        far = self.state.topology.neighbour(TUNNEL, route.gateway)
        return _lan_address(self.flight.host), "" if far is None else _lan_address(far)

    def _loop(self) -> None:
        """Out by the loopback and in again."""
        self.flight.interface_in = "lo"

    def _any_address(self) -> str:
        """The machine's first address, where no interface's own is called for."""
        return next(iter(self.flight.host.addresses), "")

    # --- ends -----------------------------------------------------------------------------------------------------

    def _transmit(self) -> Ending | None:
        """Hand the packet to the next machine on the link."""
        flight, host, topology = self.flight, self.flight.host, self.state.topology
        assert flight.route is not None
        interface = host.interface(flight.route.interface)
        address = flight.route.gateway or flight.packet.destination
        neighbour = topology.neighbour(interface.link, address)
        if neighbour is None or neighbour.name == host.name:
            return self._nobody(interface, address)
        bridge = topology.bridge_of(interface.link)
        if bridge is not None and bridge.name not in (host.name, neighbour.name):
            arriving = next(i.name for i in bridge.interfaces if i.link == interface.link)
            self._leave(bridge, arriving, bridged=True)
            return None
        arriving = next(i.name for i in neighbour.interfaces if i.link == interface.link and i.address == address)
        self._leave(neighbour, arriving, bridged=False)
        return None

    def _leave(self, host: Host, interface: str, bridged: bool) -> None:
        """The packet is at another machine; what only this one knew of it stays here."""
        flight = self.flight
        flight.hops += (self._hop(),)
        flight.host, flight.interface_in, flight.bridged = host, interface, bridged
        # The mark lives in this machine's memory, not in the packet on the wire.
        flight.packet = flight.packet.rewritten(mark=0)
        flight.steps, flight.known, flight.seen_as = (), None, "NEW"
        flight.route, flight.interface_out = None, ""

    def _nobody(self, interface: Interface, address: str) -> Ending:
        if interface.link == INTERNET:
            self._note(NobodyBeyond, address)
            return self._end(Outcome.LOST, inf)
        self._note(NoNeighbour, interface.name, address, NEIGHBOUR_SECONDS)
        return self._unreachable(NEIGHBOUR_SECONDS)

    def _no_route(self, kind: str) -> Ending:
        self._note(NoRoute, kind)
        if kind == "blackhole":
            return self._end(Outcome.LOST, inf)
        return self._unreachable(0.0)

    def _unreachable(self, seconds: float) -> Ending:
        """The sender's own kernel knows it without a packet; to another machine an ICMP error goes."""
        return self._end(Outcome.UNREACHABLE, seconds, self._answer_address() if self.flight.hops else "")

    def _deliver(self) -> Ending:
        flight, packet = self.flight, self.flight.packet
        takes = flight.answering or packet.protocol == "ICMP"
        name = flight.host.name
        if takes or self.state.listens(name, packet.protocol, packet.destination_port, packet.destination):
            self._note(Delivered, flight.answering)
            return self._end(Outcome.DELIVERED, 0.0)
        self._note(Refused)
        return self._end(Outcome.REFUSED, 0.0, "" if packet.protocol == "TCP" else packet.destination)

    def _end(self, outcome: Outcome, seconds: float, answer_from: str = "") -> Ending:
        flight = self.flight
        flight.interface_out = ""
        flight.hops += (self._hop(),)
        return Ending(flight, outcome, seconds, answer_from)

    def _answer_address(self) -> str:
        """The address from which this machine sends an ICMP error to the packet's source."""
        return self.flight.host.source_for(self.flight.packet.source) or self._any_address()

    # --- record ---------------------------------------------------------------------------------------------------

    def _note(self, fact: type[Step], *about: object) -> None:
        """Record something that did not change the packet."""
        shown = self.flight.shown
        self.flight.steps += (fact(shown, shown, *about),)

    def _hop(self) -> Hop:
        flight = self.flight
        return Hop(flight.host.name, flight.steps, flight.interface_in, flight.interface_out)


_POINTS: dict[Point, Callable[[_Stay], Ending | None]] = {
    Point.TRACKING: _Stay._track,
    Point.ROUTABLE: _Stay._need_route,
    Point.ROUTING: _Stay._route,
    Point.CONFIRMING: _Stay._confirm,
    Point.LOOPBACK: _Stay._loop,
    Point.SOCKET: _Stay._deliver,
    Point.LINK: _Stay._transmit,
}

_STATES = {
    (state, rewritten): frozenset({state, "DNAT"} if rewritten else {state})
    for state in CLASSES.values()
    for rewritten in (False, True)
}


def _lan_address(host: Host) -> str:
    return next((interface.address for interface in host.interfaces if interface.link == LAN), "")
