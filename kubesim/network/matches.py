"""The conditions of netfilter rules: what a packet must look like for a rule to apply.

Each condition is a small value with one method, :meth:`Match.holds`. :class:`Statistic` alone has no answer: it is a
throw of dice, and the evaluator follows both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Protocol as Interface

import msgspec

from kubesim.network.addresses import within
from kubesim.network.ipsets import IpSet
from kubesim.network.packet import Packet


class Situation(msgspec.Struct):
    """What a rule may ask about besides the packet itself.

    :param is_local: whether an address belongs to this machine.
    :param states: conntrack's: ``NEW``, ``ESTABLISHED``, ``RELATED``, ``INVALID``, and ``DNAT`` once rewritten.
    :param remembers: (affinity list, address, seconds) → whether the list holds the address and saw it that recently.
    :param sets: the named sets that nftables rules look into: those of the table whose rules are being asked.
    :param ipsets: the sets of ``ipset``, which all tables share.
    :param bridged: whether the bridge passes a frame between two of its own ports.
    :param icmp_type: of an ICMP packet: 8 asks for an echo, 0 is one, 3 says that something cannot be reached.
    """

    is_local: Callable[[str], bool]
    states: frozenset[str] = frozenset({"NEW"})
    interface_in: str = ""
    interface_out: str = ""
    remembers: Callable[[str, str, float], bool] = lambda name, address, seconds: False
    sets: Mapping[str, Container[tuple[str, ...]]] = {}
    ipsets: Mapping[str, IpSet] = {}
    bridged: bool = False
    icmp_type: int = 8


class Match(Interface):
    """One condition of a rule."""

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether the packet fulfils it."""


@dataclass(frozen=True, slots=True)
class Comment:
    """No condition: what the rule's author wrote about it."""

    text: str

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Always."""
        return True


@dataclass(frozen=True, slots=True)
class Protocol:
    """``-p tcp``; lower case.

    :param loads: whether the rule also loads what the protocol itself can match (``-m tcp``), as one that names a port
        does.
    """

    protocol: str
    loads: bool = True

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether it is that protocol."""
        return packet.protocol.lower() == self.protocol


@dataclass(frozen=True, slots=True)
class Source:
    """``-s prefix``."""

    prefix: str
    negated: bool = False

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether the source is (not) in the prefix."""
        return within(packet.source, self.prefix) != self.negated


@dataclass(frozen=True, slots=True)
class Destination:
    """``-d prefix``; a bare address where it is one."""

    prefix: str
    negated: bool = False

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether the destination is (not) in the prefix."""
        if "/" not in self.prefix:
            return (packet.destination == self.prefix) != self.negated
        return within(packet.destination, self.prefix) != self.negated


@dataclass(frozen=True, slots=True)
class DestinationPort:
    """``--dport port``."""

    port: int

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether it goes to that port."""
        return packet.destination_port == self.port


@dataclass(frozen=True, slots=True)
class DestinationPorts:
    """``--dport first:last``, or ``-m multiport --dports first:last``."""

    first: int
    last: int
    multiport: bool = False

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether it goes to one of these ports."""
        return self.first <= packet.destination_port <= self.last


@dataclass(frozen=True, slots=True)
class MultiPort:
    """``-m multiport --dports 80,443``."""

    ports: tuple[int, ...]

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether it goes to one of these ports."""
        return packet.destination_port in self.ports


@dataclass(frozen=True, slots=True)
class IcmpType:
    """``-m icmp --icmp-type 8``."""

    type: int

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether it is an ICMP packet of that type."""
        return packet.protocol == "ICMP" and situation.icmp_type == self.type


@dataclass(frozen=True, slots=True)
class Bridged:
    """``-m physdev --physdev-is-bridged``: the packet goes from one port of a bridge to another."""

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether it does."""
        return situation.bridged


@dataclass(frozen=True, slots=True)
class InIpSet:
    """``-m set --match-set NAME src``, or ``dst``: one of the packet's addresses is in a set of ``ipset``."""

    set: str
    of_source: bool

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether it is; a set that does not exist has nothing."""
        found = situation.ipsets.get(self.set)
        return found is not None and found.has(packet.source if self.of_source else packet.destination)


@dataclass(frozen=True, slots=True)
class Limit:
    """``-m limit --limit 10/min --limit-burst 10``: no condition here, where only logging is limited.

    :param rate: packets by time, as ``iptables-save`` writes it.
    """

    rate: str
    burst: int

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Always."""
        return True


@dataclass(frozen=True, slots=True)
class LocalDestination:
    """``-m addrtype --dst-type LOCAL``: the destination is one of this machine's own addresses."""

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether it is."""
        return situation.is_local(packet.destination)


@dataclass(frozen=True, slots=True)
class LocalSource:
    """``-m addrtype --src-type LOCAL``: the sender is this machine."""

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether it is."""
        return situation.is_local(packet.source)


@dataclass(frozen=True, slots=True)
class InInterface:
    """``-i name``; a ``+`` at the end stands for any ending. A packet that this machine sends has no such interface."""

    name: str
    negated: bool = False

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether it came in by that interface."""
        if self.name.endswith("+"):
            found = situation.interface_in.startswith(self.name[:-1]) and bool(situation.interface_in)
        else:
            found = situation.interface_in == self.name
        return found != self.negated


@dataclass(frozen=True, slots=True)
class OutInterface:
    """``-o name``."""

    name: str

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether it leaves by that interface."""
        return situation.interface_out == self.name


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """``-m conntrack --ctstate A,B``."""

    states: tuple[str, ...]
    negated: bool = False

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether the connection is (not) in one of the states."""
        return situation.states.isdisjoint(self.states) == self.negated


@dataclass(frozen=True, slots=True)
class Mark:
    """``-m mark --mark 0x4000/0x4000``."""

    bits: int
    negated: bool = False

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether the bits are (not) set."""
        return (packet.mark & self.bits == self.bits) != self.negated


@dataclass(frozen=True, slots=True)
class Statistic:
    """``-m statistic --mode random --probability p``: true in a share of the cases; the evaluator follows both ways.

    The kernel keeps the probability in 31 bits, so 1/3 is really 0.33333333349.
    """

    probability: float

    @property
    def kept(self) -> float:
        """The probability as the kernel keeps it."""
        return round(self.probability * 0x80000000) / 0x80000000

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Always: the dice are the evaluator's."""
        return True


@dataclass(frozen=True, slots=True)
class RecentlySeen:
    """``-m recent --rcheck --seconds n --reap``: this list saw the sender within the last seconds."""

    name: str
    seconds: int

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether it did."""
        return situation.remembers(self.name, packet.source, self.seconds)


@dataclass(frozen=True, slots=True)
class RememberSource:
    """``-m recent --set``: no condition; puts the sender on this list."""

    name: str

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Always."""
        return True


@dataclass(frozen=True, slots=True)
class Account:
    """``-m nfacct``: no condition; counts the packet under a name."""

    name: str

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Always."""
        return True


@dataclass(frozen=True, slots=True)
class InSet:
    """nftables ``ip daddr @set``: the packet's key is in a named set.

    :param keys: which parts of the packet make the key: ``saddr``, ``daddr``, ``protocol``, ``dport``.
    """

    set: str
    keys: tuple[str, ...]

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether the set has it."""
        return packet_key(packet, self.keys) in situation.sets.get(self.set, ())


@dataclass(frozen=True, slots=True)
class AnySource:
    """nftables ``ip saddr != { a, b }`` and ``ip saddr { a, b }``."""

    prefixes: tuple[str, ...]
    negated: bool = False

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether the source is in one (in none) of the prefixes."""
        return any(within(packet.source, prefix) for prefix in self.prefixes) != self.negated


@dataclass(frozen=True, slots=True)
class AnyDestination:
    """nftables ``ip daddr { a, b }``."""

    prefixes: tuple[str, ...]

    def holds(self, packet: Packet, situation: Situation) -> bool:
        """Whether the destination is in one of the prefixes."""
        return any(within(packet.destination, prefix) for prefix in self.prefixes)


def packet_key(packet: Packet, keys: tuple[str, ...]) -> tuple[str, ...]:
    """The parts of a packet that nftables joins with dots to look it up in a set."""
    parts = {
        "saddr": packet.source,
        "daddr": packet.destination,
        "protocol": packet.protocol.lower(),
        "dport": str(packet.destination_port),
    }
    return tuple(parts[key] for key in keys)
