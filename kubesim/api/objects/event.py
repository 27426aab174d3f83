"""Event: something that happened to an object, as ``kubectl describe`` shows it."""

from __future__ import annotations

import msgspec

from kubesim.api.objects.base import View
from kubesim.api.objects.metadata import ObjectMeta, ObjectReference


class EventSource(View):
    """v1.EventSource."""

    component: str = ""
    host: str = ""


class EventSeries(View):
    """v1.EventSeries: how often an event came again."""

    count: int = 0
    lastObservedTime: str | None = None


class Event(View):
    """v1.Event."""

    apiVersion: str = "v1"
    kind: str = "Event"
    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)
    involvedObject: ObjectReference = msgspec.field(default_factory=ObjectReference)
    reason: str = ""
    message: str = ""
    source: EventSource = msgspec.field(default_factory=EventSource)
    firstTimestamp: str | None = None
    lastTimestamp: str | None = None
    eventTime: str | None = None
    count: int = 0
    series: EventSeries | None = None
    type: str = ""
    reportingComponent: str = ""
    reportingInstance: str = ""
