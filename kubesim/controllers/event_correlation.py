"""How a component's recorder thins out what it says of one object: client-go's correlator.

Ten different messages for one reason within ten minutes become one, "(combined from similar events)". And of one
object one component says 25 things at once at most; beyond that it may say another every five minutes. Both only
concern the older events API. Upstream: ``k8s.io/client-go/tools/record/events_cache.go``.
"""

from __future__ import annotations

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


class Correlator:
    """Remembers what was said of each object."""

    def __init__(self) -> None:
        self._messages: dict[tuple[Source, str, str], tuple[float, str | set[str]]] = {}
        """By source, type and reason: when something was said last, and the message or messages."""
        self._tokens: dict[Source, tuple[float, float]] = {}

    def combines(self, source: Source, type: str, reason: str, message: str, now: float) -> bool:
        """Whether a message is to be combined with earlier ones of its type and reason."""
        key = source, type, reason
        known = self._messages.get(key)
        if known is None or now - known[0] > SIMILAR_SECONDS:
            self._messages[key] = now, message
            return False
        messages = known[1]
        if isinstance(messages, str):
            if messages == message:
                self._messages[key] = now, message
                return False
            messages = {messages}
        self._messages[key] = now, messages
        if message in messages:
            return False
        if len(messages) + 1 >= SIMILAR:
            return True
        messages.add(message)
        return False

    def admits(self, source: Source, now: float) -> bool:
        """Whether another event may be said; it then counts."""
        known = self._tokens.get(source)
        left = BURST if known is None else min(BURST, known[0] + (now - known[1]) / SECONDS_EACH)
        admitted = left >= 1
        self._tokens[source] = left - admitted, now
        return admitted
