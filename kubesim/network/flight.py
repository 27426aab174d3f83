"""A packet on its way: what passes from machine to machine, and what taking a way leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from kubesim.network.conntrack import Entry, Table
from kubesim.network.dice import Dice
from kubesim.network.packet import Packet
from kubesim.network.rules import Ruleset
from kubesim.network.topology import Host, Route, Topology
from kubesim.network.trace import Hop, Outcome, Step, Trace


@dataclass(frozen=True, slots=True)
class NetworkState:
    """What the walker reads; it changes none of it.

    :param ruleset: the rules of a machine, or None where it has none (Pods, the laptop).
    :param connections: the conntrack entries of a machine.
    :param remembers: (machine, affinity list, address, seconds) → whether the list saw the address that recently.
    :param listens: (machine, protocol, port, address) → whether a process takes packets to it.
    :param now: simulated seconds, against which conntrack entries expire.
    """

    topology: Topology
    ruleset: Callable[[str], Ruleset | None]
    listens: Callable[[str, str, int, str], bool]
    connections: Callable[[str], Table | None] = lambda machine: None
    remembers: Callable[[str, str, str, float], bool] = lambda machine, name, address, seconds: False
    now: float = 0.0


class Flight(msgspec.Struct):
    """A packet on its way: what it brought along, and its stay on the machine where it is.

    :param host: the machine.
    :param dice: what decides where a rule leaves several ways open.
    :param packet: the packet as it is now. For an ICMP error: the answer that it stands for, which routes and conntrack
        treat alike.
    :param interface_in: by which interface it arrived.
    :param hops: the machines behind it.
    :param entries: (machine, connection) that were noted on the way.
    :param remembered: (machine, affinity list, address) likewise.
    :param bridged: whether this machine only bridges it: the frame was addressed to a neighbour on its bridge.
    :param answering: whether this is the way back.
    :param error_from: on the way back of an ICMP error, the address that sends it.
    :param steps: what this machine did to it so far.
    :param entered: the packet as it came to this machine.
    :param ruleset: this machine's rules.
    :param known: the connection that it belongs to, as this machine's conntrack knows it.
    :param seen_as: what rules are told of that connection.
    :param route: by which it leaves the machine.
    :param interface_out: by which interface it leaves: that of the route, or the loopback.
    """

    host: Host
    packet: Packet
    dice: Dice
    interface_in: str = ""
    hops: tuple[Hop, ...] = ()
    probability: float = 1.0
    examined: int = 0
    entries: tuple[tuple[str, Entry], ...] = ()
    remembered: tuple[tuple[str, str, str], ...] = ()
    bridged: bool = False
    answering: bool = False
    error_from: str = ""
    steps: tuple[Step, ...] = ()
    entered: Packet | None = None
    ruleset: Ruleset | None = None
    known: Entry | None = None
    seen_as: str = "NEW"
    route: Route | None = None
    interface_out: str = ""

    @property
    def shown(self) -> Packet:
        """The packet on the wire: the ICMP error itself where it is one."""
        if not self.error_from:
            return self.packet
        return Packet("ICMP", self.error_from, 0, self.packet.destination, 0, self.packet.mark)


class Ending(msgspec.Struct):
    """Where and how a packet ended.

    :param seconds: until the sender knows.
    :param answer_from: the address from which an ICMP error answers; empty where the answer is the destination's own
        packet, or where the sender's own kernel knows.
    """

    flight: Flight
    outcome: Outcome
    seconds: float = 0.0
    answer_from: str = ""


class Way(msgspec.Struct, frozen=True):
    """One possible way of a packet, and what taking it leaves behind.

    :param entries: (machine, connection) for conntrack.
    :param remembered: (machine, affinity list, address).
    """

    trace: Trace
    entries: tuple[tuple[str, Entry], ...]
    remembered: tuple[tuple[str, str, str], ...]
