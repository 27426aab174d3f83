"""What one machine's kernel does with one packet: connection tracking, hooks, routing, delivery.

:func:`send` is for a packet that a process on the machine sends, :func:`arrive` for one that came by an interface. Each
returns what follows: the packet at the next machine (a :class:`Flight`) or its end (an :class:`Ending`), several of
them where the rules throw dice.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from zlib import crc32

from kubesim.network import kernel_reasons as reasons
from kubesim.network.addresses import is_loopback
from kubesim.network.conntrack import Entry
from kubesim.network.flight import Ending, Flight, NetworkState
from kubesim.network.matches import Situation
from kubesim.network.netfilter import Passage, Verdict, traverse
from kubesim.network.packet import Packet
from kubesim.network.rules import Hook, Ruleset
from kubesim.network.topology import INTERNET, Host, Interface, Route
from kubesim.network.trace import Action, Hop, Outcome, Step

NEIGHBOUR_SECONDS = 3.0
"""How long the kernel asks for a neighbour's hardware address (three ARP requests) before it gives up."""

Result = Flight | Ending


def send(state: NetworkState, flight: Flight) -> list[Result]:
    """A packet that a process (or, for an answer, the kernel) on this machine sends."""
    return _Stay(state, flight).send()


def arrive(state: NetworkState, flight: Flight) -> list[Result]:
    """A packet that came by an interface."""
    return _Stay(state, flight).arrive()


class _Stay:
    """The stay of one packet on one machine: its steps gather here until it leaves."""

    def __init__(self, state: NetworkState, flight: Flight, steps: tuple[Step, ...] = ()) -> None:
        self.state = state
        self.flight = flight
        self.host: Host = flight.host
        self.steps = steps
        self.entered = flight.packet
        self.ruleset: Ruleset | None = state.ruleset(self.host.name)
        self.known: Entry | None = None
        self.tracking = "NEW"
        self.interface_out = ""

    # --- the two beginnings ---------------------------------------------------------------------------------------

    def send(self) -> list[Result]:
        """OUTPUT, then routing and POSTROUTING."""
        flight = self.flight
        self._note(Action.SEND, "socket", flight.shown, reasons.sending(flight))
        self._track()
        if not self.host.owns(flight.packet.destination) and self.host.route_to(flight.packet.destination) is None:
            return [self._no_route()]
        results: list[Result] = []
        for stay in self._through(Hook.OUTPUT):
            results += stay if isinstance(stay, list) else stay._route(sent_here=True)
        return results

    def arrive(self) -> list[Result]:
        """PREROUTING, then INPUT or FORWARD."""
        self._track()
        results: list[Result] = []
        for stay in self._through(Hook.PREROUTING):
            results += stay if isinstance(stay, list) else stay._route(sent_here=False)
        return results

    # --- connection tracking --------------------------------------------------------------------------------------

    def _track(self) -> None:
        """Find the connection that the packet belongs to, and rewrite it as its first packet was."""
        if self.ruleset is None:
            return None
        flight, packet = self.flight, self.flight.packet
        name = self.host.name
        own = [entry for machine, entry in flight.entries if machine == name]
        table = self.state.connections(name)
        for entry in reversed(own):
            if flight.answering and _same(entry.rewritten.reply(), packet):
                return self._known(entry, entry.backward(packet))
            if not flight.answering and _same(entry.rewritten, packet):
                # The packet has been here before (the loopback, or a bridge after the rewriting).
                self.known, self.tracking = entry, "NEW"
                return None
        if table is not None:
            reply = table.reply(packet, self.state.now)
            if reply is not None:
                return self._known(reply, reply.backward(packet))
            original = table.original(packet, self.state.now)
            if original is not None:
                used = replace(original, seen=self.state.now)
                self.flight = replace(flight, entries=(*flight.entries, (name, used)))
                return self._known(used, used.forward(packet))
        if flight.answering:
            # An answer to nothing this machine has seen.
            self.tracking = "INVALID" if packet.protocol == "TCP" or flight.error_from else "NEW"
        return None

    def _known(self, entry: Entry, after: Packet) -> None:
        before = self.flight.shown
        self.known = entry
        self.tracking = "RELATED" if self.flight.error_from else "ESTABLISHED"
        error_from = self.flight.error_from
        if error_from and entry.destination_rewritten:
            # The kernel makes an ICMP error look as if it came from the address that was asked, whoever sent it.
            error_from = after.source
        self.flight = replace(self.flight, packet=after, error_from=error_from)
        if self.flight.shown != before:
            self._note(
                Action.UNTRANSLATE,
                "conntrack",
                self.flight.shown,
                reasons.remembering(before, self.flight),
                before=before,
            )

    # --- hooks ----------------------------------------------------------------------------------------------------

    def _through(self, hook: Hook, masquerade_address: str = "") -> list[_Stay | list[Result]]:
        """Pass a hook: for every way through it the stay that goes on, or the end it came to."""
        if self.ruleset is None:
            return [self]
        situation = Situation(
            is_local=self.host.owns,
            states=self._states(),
            interface_in=self.flight.interface_in,
            interface_out=self.interface_out,
            remembers=lambda name, address, seconds: self.state.remembers(self.host.name, name, address, seconds),
        )
        nat = self.known is None and not self.flight.answering
        passages = traverse(self.ruleset, hook, self.flight.shown, situation, masquerade_address, nat)
        return [self._after(hook, passage) for passage in passages]

    def _states(self) -> frozenset[str]:
        states = {self.tracking}
        entry = self.known
        if self.entered.destination != self.flight.packet.destination or (entry and entry.destination_rewritten):
            states.add("DNAT")
        return frozenset(states)

    def _after(self, hook: Hook, passage: Passage) -> _Stay | list[Result]:
        flight = self.flight
        packet = flight.packet.rewritten(mark=passage.packet.mark) if flight.error_from else passage.packet
        if packet.source != flight.packet.source and not flight.answering:
            packet = packet.rewritten(source_port=_masqueraded_port(packet))
        moved = replace(
            flight,
            packet=packet,
            probability=flight.probability * passage.probability,
            examined=flight.examined + passage.examined,
            remembered=(*flight.remembered, *((self.host.name, *item) for item in passage.remembered)),
        )
        stay = self._copy(moved, (*self.steps, *_with_port(passage.steps, packet)))
        if passage.verdict is Verdict.DROP:
            return [stay._end(Outcome.DROPPED, inf)]
        if passage.verdict is Verdict.REJECT:
            return [stay._end(Outcome.REJECTED, 0.0, stay._answer_address())]
        return stay

    def _copy(self, flight: Flight, steps: tuple[Step, ...]) -> _Stay:
        copy = _Stay.__new__(_Stay)
        copy.state, copy.flight, copy.host, copy.steps = self.state, flight, self.host, steps
        copy.entered, copy.ruleset, copy.known = self.entered, self.ruleset, self.known
        copy.tracking, copy.interface_out = self.tracking, self.interface_out
        return copy

    # --- routing --------------------------------------------------------------------------------------------------

    def _route(self, sent_here: bool) -> list[Result]:
        """The routing decision: for this machine itself, or by which interface to whom."""
        packet = self.flight.packet
        if self.host.owns(packet.destination):
            return self._to_itself() if sent_here else self._input()
        if not sent_here and not self.host.forwards:
            reason = reasons.ignored(packet)
            self._note(Action.LOSE, "routing", self.flight.shown, reason)
            return [self._end(Outcome.LOST, inf)]
        route = self.host.route_to(packet.destination)
        if route is None:
            return [self._no_route()]
        interface = self.host.interface(route.interface)
        if is_loopback(packet.source) and not (self.ruleset and self.ruleset.route_localnet):
            reason = "A packet from 127.0.0.1 may not leave the machine, and this one's destination lies outside it."
            self._note(Action.DROP, "routing", self.flight.shown, reason)
            return [self._end(Outcome.DROPPED, inf)]
        self.interface_out = interface.name
        self._note(
            Action.ROUTE,
            "routing",
            self.flight.shown,
            reasons.routing(self.state.topology, self.flight, route, interface),
            rule=str(route),
        )
        results: list[Result] = []
        stays = [self] if sent_here else self._through(Hook.FORWARD)
        for stay in stays:
            if isinstance(stay, list):
                results += stay
                continue
            for last in stay._through(Hook.POSTROUTING, interface.address or self._any_address()):
                results += last if isinstance(last, list) else [last._transmit(route, interface)]
        return results

    def _to_itself(self) -> list[Result]:
        """The packet never leaves the machine: out by the loopback and in again."""
        self.interface_out = "lo"
        results: list[Result] = []
        for stay in self._through(Hook.POSTROUTING, self._any_address()):
            if isinstance(stay, list):
                results += stay
                continue
            stay._confirm()
            stay.flight = replace(stay.flight, interface_in="lo")
            for again in stay._through(Hook.PREROUTING):
                results += again if isinstance(again, list) else again._input()
        return results

    def _any_address(self) -> str:
        """The machine's first address: what masquerading takes where the interface has none, as the loopback."""
        return next(iter(self.host.addresses), "")

    # --- ends -----------------------------------------------------------------------------------------------------

    def _transmit(self, route: Route, interface: Interface) -> Result:
        """Hand the packet to the next machine on the link."""
        self._confirm()
        self.interface_out = interface.name
        address = route.gateway or self.flight.packet.destination
        topology = self.state.topology
        neighbour = topology.neighbour(interface.link, address)
        if neighbour is None or neighbour.name == self.host.name:
            return self._nobody(interface, address)
        bridge = topology.bridge_of(interface.link)
        if bridge is not None and bridge.name not in (self.host.name, neighbour.name):
            arriving = next(i.name for i in bridge.interfaces if i.link == interface.link)
            return self._leave(bridge, arriving, bridged=True)
        arriving = next(i.name for i in neighbour.interfaces if i.link == interface.link and i.address == address)
        return self._leave(neighbour, arriving, bridged=False)

    def _leave(self, host: Host, interface: str, bridged: bool) -> Flight:
        # The mark lives in this machine's memory, not in the packet on the wire.
        packet = self.flight.packet.rewritten(mark=0)
        hops = (*self.flight.hops, self._hop())
        return replace(self.flight, host=host, packet=packet, interface_in=interface, hops=hops, bridged=bridged)

    def _nobody(self, interface: Interface, address: str) -> Ending:
        if interface.link == INTERNET:
            self._note(Action.LOSE, "routing", self.flight.shown, reasons.beyond(address))
            return self._end(Outcome.LOST, inf)
        reason = reasons.nobody_there(interface, address, NEIGHBOUR_SECONDS)
        self._note(Action.LOSE, "neighbour", self.flight.shown, reason)
        return self._end(Outcome.UNREACHABLE, NEIGHBOUR_SECONDS, self._answer_address() if self.flight.hops else "")

    def _no_route(self) -> Ending:
        reason = f"There is no route to {self.flight.packet.destination}."
        self._note(Action.LOSE, "routing", self.flight.shown, reason)
        return self._end(Outcome.UNREACHABLE, 0.0, self._answer_address() if self.flight.hops else "")

    def _input(self) -> list[Result]:
        """The packet is for this machine: INPUT, then the socket."""
        results: list[Result] = []
        for stay in self._through(Hook.INPUT):
            results += stay if isinstance(stay, list) else [stay._socket()]
        return results

    def _socket(self) -> Ending:
        self._confirm()
        flight, packet = self.flight, self.flight.packet
        takes = flight.answering or packet.protocol == "ICMP"
        if takes or self.state.listens(self.host.name, packet.protocol, packet.destination_port, packet.destination):
            self._note(Action.DELIVER, "socket", flight.shown, reasons.taken(flight))
            return self._end(Outcome.DELIVERED, 0.0)
        self._note(Action.REFUSE, "socket", flight.shown, reasons.refused(flight))
        return self._end(Outcome.REFUSED, 0.0, "" if packet.protocol == "TCP" else packet.destination)

    def _end(self, outcome: Outcome, seconds: float, answer_from: str = "") -> Ending:
        flight = replace(self.flight, hops=(*self.flight.hops, self._hop(ended=True)))
        return Ending(flight, outcome, seconds, answer_from)

    def _answer_address(self) -> str:
        """The address from which this machine sends an ICMP error to the packet's source."""
        return self.host.source_for(self.flight.packet.source) or self._any_address()

    # --- record ---------------------------------------------------------------------------------------------------

    def _confirm(self) -> None:
        """Note the connection, as conntrack does when its first packet leaves the machine or reaches a socket."""
        if self.ruleset is None or self.known is not None or self.flight.answering:
            return
        entry = Entry(self.entered.rewritten(mark=0), self.flight.packet.rewritten(mark=0), self.state.now)
        self.known = entry
        self.flight = replace(self.flight, entries=(*self.flight.entries, (self.host.name, entry)))

    def _note(
        self, action: Action, stage: str, after: Packet, reason: str, rule: str = "", before: Packet | None = None
    ) -> None:
        self.steps = (*self.steps, Step(action, stage, before or after, after, reason, rule=rule))

    def _hop(self, ended: bool = False) -> Hop:
        out = "" if ended else self.interface_out
        return Hop(self.host.name, self.steps, self.flight.interface_in, out)


def _same(one: Packet, other: Packet) -> bool:
    return one.rewritten(mark=0) == other.rewritten(mark=0)


def _masqueraded_port(packet: Packet) -> int:
    """The new source port of a masqueraded packet.

    The kernel picks one at random (``--random-fully``); here it follows from the packet, so that a walk stays pure.
    """
    if not packet.source_port:
        return 0
    return (
        1024
        + crc32(f"{packet.source}:{packet.source_port}>{packet.destination}:{packet.destination_port}".encode()) % 64512
    )


def _with_port(steps: tuple[Step, ...], packet: Packet) -> tuple[Step, ...]:
    """Put the source port that was picked into the step that masqueraded."""
    return tuple(
        replace(step, after=step.after.rewritten(source_port=packet.source_port))
        if step.action is Action.SNAT and step.after.source == packet.source
        else step
        for step in steps
    )
