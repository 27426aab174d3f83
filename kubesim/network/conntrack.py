"""Connection tracking: what each machine remembers of the connections that pass through it.

The first packet of a connection makes an entry: the packet as it came (the *original* tuple) and the packet that a
reply will be (the *reply* tuple, after every rewriting). Later packets find the entry and are rewritten the same way,
replies the opposite way; the nat rules are not asked again. That is why an established connection keeps its endpoint
when rules change, and why a UDP client may go on talking to an endpoint that is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from kubesim.network.packet import Packet

TIMEOUTS = {
    "TCP": 120.0,
    "TCP answered": 432000.0,
    "TCP closed": 120.0,
    "UDP": 30.0,
    "UDP answered": 120.0,
    "ICMP": 30.0,
    "SCTP": 30.0,
    "SCTP answered": 432000.0,
}
"""Seconds of idleness after which the kernel forgets an entry (``nf_conntrack_*_timeout_*``)."""

Tuple = tuple[str, str, int, str, int]
"""Protocol, source, source port, destination, destination port: what conntrack looks packets up by."""


def tuple_of(packet: Packet) -> Tuple:
    """The five parts of a packet that identify its connection and direction."""
    return (packet.protocol, packet.source, packet.source_port, packet.destination, packet.destination_port)


@dataclass(frozen=True, slots=True)
class Entry:
    """One tracked connection on one machine.

    :param original: the first packet as it came to this machine.
    :param rewritten: the same packet as it left; its reversal is the reply that is expected.
    :param seen: when it was last used, in simulated seconds.
    :param answered: whether a reply has come.
    :param closed: whether both ends have closed the connection (TCP's TIME_WAIT).
    """

    original: Packet
    rewritten: Packet
    seen: float = 0.0
    answered: bool = False
    closed: bool = False

    @property
    def state(self) -> str:
        """The state that ``conntrack -L`` prints for TCP; empty for other protocols."""
        if self.original.protocol != "TCP":
            return ""
        if self.closed:
            return "TIME_WAIT"
        return "ESTABLISHED" if self.answered else "SYN_SENT"

    @property
    def timeout(self) -> float:
        """Seconds of idleness after which it is forgotten."""
        protocol = self.original.protocol
        phase = " closed" if self.closed else " answered" if self.answered else ""
        return TIMEOUTS.get(protocol + phase, TIMEOUTS.get(protocol, 600.0))

    @property
    def destination_rewritten(self) -> bool:
        """Whether the destination was rewritten (DNAT)."""
        return (self.original.destination, self.original.destination_port) != (
            self.rewritten.destination,
            self.rewritten.destination_port,
        )

    def forward(self, packet: Packet) -> Packet:
        """A later packet of the original direction, after rewriting."""
        after = self.rewritten
        return packet.rewritten(
            source=after.source,
            source_port=after.source_port,
            destination=after.destination,
            destination_port=after.destination_port,
        )

    def backward(self, packet: Packet) -> Packet:
        """A reply, after rewriting: to the original sender, from the address it had asked."""
        before = self.original
        return packet.rewritten(
            source=before.destination,
            source_port=before.destination_port,
            destination=before.source,
            destination_port=before.source_port,
        )


class Table:
    """The entries of one machine, found by either tuple."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: dict[Tuple, Entry] = {}
        self._replies: dict[Tuple, Tuple] = {}
        for entry in entries:
            self.add(entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        """Add an entry, or replace the one of the same original tuple."""
        self.remove(entry)
        key = tuple_of(entry.original)
        self._entries[key] = entry
        self._replies[tuple_of(entry.rewritten.reply())] = key

    def remove(self, entry: Entry) -> None:
        """Forget an entry; a no-op where it is unknown."""
        known = self._entries.pop(tuple_of(entry.original), None)
        if known is not None:
            self._replies.pop(tuple_of(known.rewritten.reply()), None)

    def original(self, packet: Packet, now: float) -> Entry | None:
        """The entry of which this is a packet of the original direction."""
        return self._fresh(self._entries.get(tuple_of(packet)), now)

    def reply(self, packet: Packet, now: float) -> Entry | None:
        """The entry of which this is a reply."""
        key = self._replies.get(tuple_of(packet))
        return self._fresh(None if key is None else self._entries.get(key), now)

    def _fresh(self, entry: Entry | None, now: float) -> Entry | None:
        return None if entry is None or now - entry.seen > entry.timeout else entry

    def touch(self, entry: Entry, now: float, answered: bool = False) -> None:
        """Note that a packet of the connection passed."""
        self.add(replace(entry, seen=now, answered=entry.answered or answered))

    def close(self, entry: Entry, now: float) -> None:
        """Note that both ends closed the connection; a no-op where it is unknown."""
        known = self._entries.get(tuple_of(entry.original))
        if known is not None:
            self.add(replace(known, seen=now, closed=True))

    def expire(self, now: float) -> None:
        """Forget what has been idle for too long."""
        for entry in [entry for entry in self if now - entry.seen > entry.timeout]:
            self.remove(entry)

    def forget(self, stale: Iterable[Entry]) -> None:
        """Forget several entries, as kube-proxy does with UDP entries whose endpoint is gone."""
        for entry in stale:
            self.remove(entry)


class AffinityLists:
    """Which clients were lately sent to which endpoint, on one machine: ``xt_recent`` lists or nftables' timed sets."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], float] = {}

    def remember(self, name: str, address: str, now: float) -> None:
        """Put an address on a list, or renew it."""
        self._seen[name, address] = now

    def remembers(self, name: str, address: str, seconds: float, now: float) -> bool:
        """Whether a list saw an address within the last seconds."""
        seen = self._seen.get((name, address))
        return seen is not None and now - seen < seconds
