"""What a description needs besides the object: the time, the objects it refers to, its events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kubesim.api.objects import Event, Wire, view


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
