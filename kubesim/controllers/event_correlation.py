"""How a component's recorder thins out what it says of one object: client-go's correlator.

Ten different messages for one reason within ten minutes become one, "(combined from similar events)". And of one
object one component says 25 things at once at most; beyond that it may say another every five minutes. Both only
concern the older events API. Upstream: ``k8s.io/client-go/tools/record/events_cache.go``.
"""

from __future__ import annotations

from typing import NamedTuple

SIMILAR = 10
"""Different messages that are no longer told apart."""
SIMILAR_SECONDS = 600.0
"""How long they are remembered after the last one."""
COMBINED = "(combined from similar events): "
BURST = 25
SECONDS_EACH = 300.0
"""What a component may say of one object: so much at once, then one thing in so many seconds."""

Source = tuple[str, str, str]
"""The uid of the object, the component, its host."""

_Saying = tuple[str, str, str, float]
"""Type, reason, message and moment."""


class Weighed(NamedTuple):
    """What becomes of an event.

    :param combined: whether it becomes one with earlier ones of its type and reason.
    :param admitted: whether it is said at all.
    """

    combined: bool = False
    admitted: bool = True


PLAIN = Weighed()


class Correlator:
    """Remembers what was said of each object.

    Nearly always that is little, and then nothing can be too much: so it is only kept until it becomes more.
    """

    def __init__(self) -> None:
        self._few: dict[Source, list[_Saying]] = {}
        """What was said of objects of which little was said."""
        self._messages: dict[tuple[Source, str, str], tuple[float, set[str]]] = {}
        """By source, type and reason: when something was said last, and the different messages."""
        self._tokens: dict[Source, tuple[float, float]] = {}
        """By source: how much could still be said, and when that was."""

    def weigh(self, source: Source, type: str, reason: str, message: str, now: float) -> Weighed:
        """What becomes of an event."""
        few = self._few.get(source)
        if few is None and source not in self._tokens:
            self._few[source] = [(type, reason, message, now)]
            return PLAIN
        if few is not None:
            if len(few) < SIMILAR - 1:
                few.append((type, reason, message, now))
                return PLAIN
            del self._few[source]
            for saying in few:
                self._combines(source, *saying)
                self._admits(source, saying[-1])
        return Weighed(self._combines(source, type, reason, message, now), self._admits(source, now))

    def _combines(self, source: Source, type: str, reason: str, message: str, now: float) -> bool:
        """Whether a message is to be combined with earlier ones of its type and reason."""
        key = source, type, reason
        last, messages = self._messages.get(key, (now, set[str]()))
        if now - last > SIMILAR_SECONDS:
            messages = set()
        self._messages[key] = now, messages
        if message not in messages and len(messages) + 1 >= SIMILAR:
            return True
        messages.add(message)
        return False

    def _admits(self, source: Source, now: float) -> bool:
        """Whether another event may be said; it then counts."""
        left, since = self._tokens.get(source, (float(BURST), now))
        left = min(float(BURST), left + (now - since) / SECONDS_EACH)
        admitted = left >= 1
        self._tokens[source] = left - admitted, now
        return admitted
