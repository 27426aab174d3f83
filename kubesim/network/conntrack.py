"""Connection tracking: what each machine remembers of the connections that pass through it.

The first packet of a connection makes an entry: the packet as it came (the *original* tuple) and the packet that a
reply will be (the *reply* tuple, after every rewriting). Later packets find the entry and are rewritten the same way,
replies the opposite way; the nat rules are not asked again. That is why an established connection keeps its endpoint
when rules change, and why a UDP client may go on talking to an endpoint that is gone.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from kubesim.network.packet import Packet

Key = TypeVar("Key")
Value = TypeVar("Value")


class Event(StrEnum):
    """What moves a connection from one state to the next."""

    ANSWER = "a reply came"
    CLOSE = "both ends closed it"


class State(msgspec.Struct, frozen=True):
    """One state of a tracked connection.

    :param timeout: seconds of idleness after which the kernel forgets the entry (``nf_conntrack_*_timeout_*``).
    :param follows: the event → the state after it; what is not here leaves it as it is.
    :param shown: whether ``conntrack -L`` prints its name; of the others it prints only ``[UNREPLIED]``.
    """

    timeout: float
    follows: Mapping[Event, str] = {}
    shown: bool = False


STATES: Mapping[str, Mapping[str, State]] = {
    "TCP": {
        "SYN_SENT": State(120.0, {Event.ANSWER: "ESTABLISHED"}, shown=True),
        "ESTABLISHED": State(432000.0, {Event.CLOSE: "TIME_WAIT"}, shown=True),
        "TIME_WAIT": State(120.0, shown=True),
    },
    "UDP": {"UNREPLIED": State(30.0, {Event.ANSWER: "REPLIED"}), "REPLIED": State(120.0)},
    "SCTP": {"UNREPLIED": State(30.0, {Event.ANSWER: "REPLIED"}), "REPLIED": State(432000.0)},
    "ICMP": {"UNREPLIED": State(30.0, {Event.ANSWER: "REPLIED"}), "REPLIED": State(30.0)},
}
"""Protocol → its states by name; a connection begins in the first."""

FIRST: Mapping[str, str] = {protocol: next(iter(states)) for protocol, states in STATES.items()}
"""Protocol → the state in which its connections begin."""


class Kind(StrEnum):
    """What a packet is to conntrack, before it looks for the connection."""

    PACKET = "a packet of whoever opened the connection"
    ANSWER = "an answer"
    TCP_ANSWER = "a SYN-ACK or RST"
    ERROR = "an ICMP error"


CLASSES: Mapping[tuple[Kind, bool], str] = {
    (Kind.PACKET, True): "ESTABLISHED",
    (Kind.PACKET, False): "NEW",
    (Kind.ANSWER, True): "ESTABLISHED",
    (Kind.ANSWER, False): "NEW",
    (Kind.TCP_ANSWER, True): "ESTABLISHED",
    (Kind.TCP_ANSWER, False): "INVALID",
    (Kind.ERROR, True): "RELATED",
    (Kind.ERROR, False): "INVALID",
}
"""(kind, whether conntrack knows its connection) → what rules are told (``-m conntrack --ctstate``).

An answer to a datagram that nobody sent looks like a first packet; one of TCP can begin nothing.
"""

Tuple = tuple[str, str, int, str, int]
"""Protocol, source, source port, destination, destination port: what conntrack looks packets up by."""


def tuple_of(packet: Packet) -> Tuple:
    """The five parts of a packet that identify its connection and direction."""
    return (packet.protocol, packet.source, packet.source_port, packet.destination, packet.destination_port)


def expected_reply(packet: Packet) -> Tuple:
    """The same parts of the packet that answers this one."""
    return (packet.protocol, packet.destination, packet.destination_port, packet.source, packet.source_port)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One tracked connection on one machine.

    :param original: the first packet as it came to this machine.
    :param rewritten: the same packet as it left; its reversal is the reply that is expected.
    :param phase: the name of its state, one of its protocol's in :data:`STATES`.
    :param seen: when it was last used, in simulated seconds.
    """

    original: Packet
    rewritten: Packet
    phase: str
    seen: float = 0.0

    @classmethod
    def begun(cls, original: Packet, rewritten: Packet, now: float = 0.0) -> Entry:
        """The entry that a first packet makes."""
        return cls(original, rewritten, FIRST[original.protocol], now)

    def after(self, event: Event) -> Entry:
        """The same connection after something happened to it."""
        phase = STATES[self.original.protocol][self.phase].follows.get(event, self.phase)
        return Entry(self.original, self.rewritten, phase, self.seen)

    def used(self, now: float) -> Entry:
        """The same connection after a packet of it passed."""
        return Entry(self.original, self.rewritten, self.phase, now)

    @property
    def answered(self) -> bool:
        """Whether a reply has come."""
        return self.phase != FIRST[self.original.protocol]

    @property
    def state(self) -> str:
        """The state that ``conntrack -L`` prints; empty where it prints none."""
        return self.phase if STATES[self.original.protocol][self.phase].shown else ""

    @property
    def timeout(self) -> float:
        """Seconds of idleness after which it is forgotten."""
        return STATES[self.original.protocol][self.phase].timeout

    @property
    def destination_rewritten(self) -> bool:
        """Whether the destination was rewritten (DNAT)."""
        before, after = self.original, self.rewritten
        return before.destination != after.destination or before.destination_port != after.destination_port

    def forward(self, packet: Packet) -> Packet:
        """A later packet of the original direction, after rewriting."""
        after = self.rewritten
        return Packet(
            packet.protocol, after.source, after.source_port, after.destination, after.destination_port, packet.mark
        )

    def backward(self, packet: Packet) -> Packet:
        """A reply, after rewriting: to the original sender, from the address it had asked."""
        before = self.original
        return Packet(
            packet.protocol, before.destination, before.destination_port, before.source, before.source_port, packet.mark
        )


class UndoLog:
    """What changes of some mappings have overwritten, so that each can be read as it was before them.

    :ivar kept: whether somebody may ask for an earlier moment; otherwise nothing is noted.
    """

    def __init__(self) -> None:
        self.kept = False
        self._notes: list[tuple[MutableMapping[Any, Any], Any, Any]] = []

    def __len__(self) -> int:
        return len(self._notes)

    def clear(self) -> None:
        """Nobody asks for a moment before this one."""
        self._notes.clear()

    def write(self, mapping: MutableMapping[Key, Value], key: Key, value: Value | None) -> None:
        """Change a mapping; None takes the key away."""
        if self.kept:
            self._notes.append((mapping, key, mapping.get(key)))
        if value is None:
            mapping.pop(key, None)
        else:
            mapping[key] = value

    def before(self, position: int, mapping: MutableMapping[Key, Value]) -> MutableMapping[Key, Value]:
        """A mapping as it was when so much was noted; what it did not have then is None."""
        overwritten = {key: old for of, key, old in reversed(self._notes[position:]) if of is mapping}
        return ChainMap(overwritten, mapping)


class Table:
    """The entries of one machine, found by either tuple.

    :param undo: notes what is overwritten.
    """

    def __init__(self, entries: Iterable[Entry] = (), undo: UndoLog | None = None) -> None:
        self._undo = UndoLog() if undo is None else undo
        self._entries: MutableMapping[Tuple, Entry] = {}
        self._replies: MutableMapping[Tuple, Tuple] = {}
        self._room = 64
        for entry in entries:
            self.add(entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry, now: float = 0.0) -> None:
        """Add an entry, or replace the one of the same original tuple.

        :param now: entries that were idle for too long make room for it, whenever the table has doubled.
        """
        self.remove(entry)
        if len(self._entries) >= self._room:
            self.expire(now)
            self._room = max(64, 2 * len(self._entries))
        key = tuple_of(entry.original)
        self._undo.write(self._entries, key, entry)
        self._undo.write(self._replies, expected_reply(entry.rewritten), key)

    def remove(self, entry: Entry) -> None:
        """Forget an entry; a no-op where it is unknown."""
        key = tuple_of(entry.original)
        known = self._entries.get(key)
        if known is None:
            return
        self._undo.write(self._entries, key, None)
        if self._replies.get(reply := expected_reply(known.rewritten)) == key:
            self._undo.write(self._replies, reply, None)

    def before(self, position: int) -> Table:
        """The entries as they were when the undo log had so many notes; to look them up."""
        earlier = Table()
        earlier._entries = self._undo.before(position, self._entries)
        earlier._replies = self._undo.before(position, self._replies)
        return earlier

    def original(self, packet: Packet, now: float) -> Entry | None:
        """The entry of which this is a packet of the original direction."""
        return self._fresh(self._entries.get(tuple_of(packet)), now)

    def reply(self, packet: Packet, now: float) -> Entry | None:
        """The entry of which this is a reply."""
        key = self._replies.get(tuple_of(packet))
        return self._fresh(None if key is None else self._entries.get(key), now)

    def _fresh(self, entry: Entry | None, now: float) -> Entry | None:
        return None if entry is None or now - entry.seen > entry.timeout else entry

    def happened(self, event: Event, entry: Entry, now: float) -> None:
        """Note what happened to a connection; a no-op where it is unknown, or where the event means nothing to it."""
        known = self._entries.get(tuple_of(entry.original))
        if known is not None and known.after(event) != known:
            self.add(known.after(event).used(now), now)

    def expire(self, now: float) -> None:
        """Forget what has been idle for too long."""
        self.forget(lambda entry: now - entry.seen > entry.timeout)

    def forget(self, stale: Callable[[Entry], bool]) -> int:
        """Forget the entries of which that holds, as kube-proxy does with UDP entries whose endpoint is gone.

        :returns: how many.
        """
        gone = [entry for entry in self if stale(entry)]
        for entry in gone:
            self.remove(entry)
        return len(gone)


class AffinityLists:
    """Which clients were lately sent to which endpoint, on one machine: ``xt_recent`` lists or nftables' timed sets.

    :param undo: notes what is overwritten.
    """

    def __init__(self, undo: UndoLog | None = None) -> None:
        self._undo = UndoLog() if undo is None else undo
        self._seen: MutableMapping[tuple[str, str], float] = {}

    def remember(self, name: str, address: str, now: float) -> None:
        """Put an address on a list, or renew it."""
        self._undo.write(self._seen, (name, address), now)

    def before(self, position: int) -> AffinityLists:
        """The lists as they were when the undo log had so many notes; to look into them."""
        earlier = AffinityLists()
        earlier._seen = self._undo.before(position, self._seen)
        return earlier

    def remembers(self, name: str, address: str, seconds: float, now: float) -> bool:
        """Whether a list saw an address within the last seconds."""
        seen = self._seen.get((name, address))
        return seen is not None and now - seen < seconds
