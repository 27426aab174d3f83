"""What was said over each connection lately: from this, programs tell of sockets, packets and their number.

A connection takes place at once, and its program says afterwards how long it took. So an exchange has its moments:
whoever looks at a moment between its opening and its end finds the connection open.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from kubesim.network.flight import Way
from kubesim.network.trace import Trace

KEPT = 2_000
"""How many exchanges are remembered."""


@dataclass(slots=True, eq=False)
class Exchange:
    """One connection, or attempt at one: who, by which way, what was said.

    :param opened: when its first packet was sent, in simulated seconds.
    :ivar said: what was asked and what was answered, in order.
    :ivar held: until when its program keeps it open, or tries to open it.
    :ivar size: the bytes of an echo request's payload.
    """

    way: Way
    protocol: str
    local: tuple[str, int]
    remote: tuple[str, int]
    opened: float
    said: list[tuple[object, object]] = field(default_factory=list)
    held: float = 0.0
    closed: bool = False
    size: int = 56

    def __post_init__(self) -> None:
        self.held = max(self.held, self.opened)

    @property
    def trace(self) -> Trace:
        """The way of its first packet."""
        return self.way.trace


class Exchanges:
    """The latest exchanges of the whole network, the oldest first."""

    def __init__(self) -> None:
        self._kept: deque[Exchange] = deque(maxlen=KEPT)
        self.count = 0
        """How many there have been."""

    def add(self, exchange: Exchange) -> None:
        """Remember one."""
        self._kept.append(exchange)
        self.count += 1

    def since(self, number: int) -> Iterator[Exchange]:
        """Those after the first so many."""
        first = self.count - len(self._kept)
        for position, exchange in enumerate(self._kept, first):
            if position >= number:
                yield exchange

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._kept)
