"""The table of events at the end of a description: oldest first, repeats counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from kubesim.api.durations import parse_timestamp, since
from kubesim.api.objects import Event, Wire
from kubesim.kubectl.describe.surroundings import Surroundings
from kubesim.kubectl.describe.text import Text
from kubesim.kubectl.output.go_sort import go_sort

_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def events_of(text: Text, wire: Wire, around: Surroundings) -> None:
    """The events about an object, if they are wanted."""
    if around.show_events:
        events(text, around.events_of(wire), around.now)


def events(text: Text, found: Sequence[Event], now: datetime) -> None:
    """A table of events."""
    if not found:
        text.line(0, "Events:", "<none>")
        return
    text.flush()
    text.line(0, "Events:")
    text.line(1, "Type", "Reason", "Age", "From", "Message")
    text.line(1, "----", "------", "----", "----", "-------")
    for event in go_sort(list(found), lambda a, b: _last(a) < _last(b)):
        text.line(
            1,
            event.type,
            event.reason,
            age_of(event, now),
            event.source.component or event.reportingComponent,
            _message(event),
        )


def _last(event: Event) -> datetime:
    return parse_timestamp(event.lastTimestamp) or _NEVER


def age_of(event: Event, now: datetime) -> str:
    """How long ago it was last seen, and for a repeated one how often over how long."""
    first = since(event.eventTime or event.firstTimestamp, now)
    if event.series is not None:
        return f"{since(event.series.lastObservedTime, now)} (x{event.series.count} over {first})"
    if event.count > 1:
        return f"{since(event.lastTimestamp, now)} (x{event.count} over {first})"
    return first


def _message(event: Event) -> str:
    where = event.involvedObject.fieldPath
    message = event.message.strip()
    return f"{where}: {message}" if where else message
