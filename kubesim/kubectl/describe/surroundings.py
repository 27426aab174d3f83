"""What a description needs besides the object: the time, the objects it refers to, and its events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from kubesim.api.durations import parse_timestamp, since
from kubesim.api.objects import Event, Wire, view
from kubesim.kubectl.describe.text import Text
from kubesim.kubectl.output.go_sort import go_sort


class Objects(Protocol):
    """Where other objects are looked up: the server."""

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Wire]:
        """The objects of a kind, in one namespace or in all."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The objects around the one described, the present time, and whether its events are wanted."""

    objects: Objects
    now: datetime
    show_events: bool = True

    def labelled(self, kind: str, namespace: str, labels: Mapping[str, str]) -> Sequence[Wire]:
        """Objects of a kind that have all these labels."""
        return [
            wire
            for wire in self.objects.list(kind, namespace)
            if labels.items() <= (wire["metadata"].get("labels") or {}).items()
        ]

    def events_of(self, wire: Wire) -> list[Event]:
        """The events about an object; a Node's have either its uid or its name in place of the uid."""
        metadata = wire["metadata"]
        name, uid, kind = metadata["name"], metadata.get("uid", ""), wire["kind"]
        namespace = metadata.get("namespace")
        found = []
        for each in self.objects.list("Event", namespace):
            about = each.get("involvedObject") or {}
            if about.get("name") != name or about.get("kind", kind) != kind:
                continue
            if about.get("uid") in (uid, None, "") or (kind == "Node" and about["uid"] == name):
                found.append(view(each, Event))
        return found


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
    rows = []
    for event in go_sort(list(found), lambda a, b: _last(a) < _last(b)):
        reporter = event.source.component or event.reportingComponent
        rows.append((event.type, event.reason, age_of(event, now), reporter, _message(event)))
    text.table(1, ("Type", "Reason", "Age", "From", "Message"), rows, "---- ------ ---- ---- -------")


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
