"""Events: when something last happened, to which object, and what was said about it."""

from __future__ import annotations

from datetime import datetime

from kubesim.api.durations import since
from kubesim.api.objects import Event, Wire, view
from kubesim.api.printers.columns import Cells, Printer, column, wide


def _cells(wire: Wire, now: datetime, with_wide: bool) -> Cells:
    event = view(wire, Event)
    first = since(event.firstTimestamp or event.eventTime, now)
    last, count = since(event.lastTimestamp, now) if event.lastTimestamp else first, event.count or 1
    if event.series is not None:
        last, count = since(event.series.lastObservedTime, now), event.series.count
    subject = event.involvedObject
    target = f"{subject.kind.lower()}/{subject.name}" if subject.name else subject.kind.lower()
    narrow = (last, event.type, event.reason, target)
    message = event.message.strip()
    if not with_wide:
        return (*narrow, message)
    component = event.source.component or event.reportingComponent
    host = event.source.host or event.reportingInstance
    source = f"{component}, {host}" if host else component
    return (*narrow, subject.fieldPath, source, message, first, count, event.metadata.name)


PRINTER = Printer(
    (
        column("Last Seen"), column("Type"), column("Reason"), column("Object"),
        wide("Subobject"), wide("Source"), column("Message"), wide("First Seen"), wide("Count"), wide("Name"),
    ),
    _cells,
)  # fmt: skip
