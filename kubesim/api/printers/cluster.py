"""What belongs to no one workload: Nodes, Namespaces, ConfigMaps, Secrets, ServiceAccounts, Events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kubesim.api.durations import since
from kubesim.api.objects import Event, Node, Wire, view
from kubesim.api.printers.columns import AGE, NAME, NONE, Printer, as_it_is, column, viewed, wide

ROLE_PREFIX = "node-role.kubernetes.io/"
ROLE_LABEL = "kubernetes.io/role"


def _status(node: Node) -> str:
    conditions = {each.type: each for each in node.status.conditions or ()}
    words = []
    if "Ready" in conditions:
        words.append("Ready" if conditions["Ready"].status == "True" else "NotReady")
    else:
        words.append("Unknown")
    if node.spec.unschedulable:
        words.append("SchedulingDisabled")
    return ",".join(words)


def roles(node: Node) -> list[str]:
    """The roles that a node's labels give it, sorted."""
    found = set()
    for key, value in (node.metadata.labels or {}).items():
        if key.startswith(ROLE_PREFIX):
            role = key.removeprefix(ROLE_PREFIX)
            if role:
                found.add(role)
        elif key == ROLE_LABEL and value:
            found.add(value)
    return sorted(found)


def _address(node: Node, type: str) -> str:
    return next((each.address for each in node.status.addresses or () if each.type == type), NONE)


def _told(field: str) -> Any:
    """What the kubelet says of its machine, or that it does not say."""
    return lambda node: (node.status.nodeInfo or {}).get(field) or "<unknown>"


def _kernel(node: Node) -> str:
    info = node.status.nodeInfo or {}
    kernel, machine = info.get("kernelVersion") or "<unknown>", info.get("architecture")
    return f"{kernel} ({machine})" if machine else kernel


NODE = Printer(
    viewed(Node),
    (
        NAME,
        column("Status", _status),
        column("Roles", lambda node: ",".join(roles(node)) or NONE),
        AGE,
        column("Version", lambda node: (node.status.nodeInfo or {}).get("kubeletVersion", "")),
        wide("Internal-IP", lambda node: _address(node, "InternalIP")),
        wide("External-IP", lambda node: _address(node, "ExternalIP")),
        wide("OS-Image", _told("osImage")),
        wide("Kernel-Version", _kernel),
        wide("Container-Runtime", _told("containerRuntimeVersion")),
    ),
)


def _entries(wire: Wire) -> int:
    return len(wire.get("data") or ()) + len(wire.get("binaryData") or ())


NAMESPACE = Printer(as_it_is, (NAME, column("Status", lambda wire: (wire.get("status") or {}).get("phase", "")), AGE))
CONFIG_MAP = Printer(as_it_is, (NAME, column("Data", _entries), AGE))
SECRET = Printer(as_it_is, (NAME, column("Type", lambda wire: wire.get("type", "")), column("Data", _entries), AGE))
NAME_AND_AGE = Printer(as_it_is, (NAME, AGE))


@dataclass(frozen=True, slots=True)
class _Sighting:
    """An Event, looked at now: when it was first and last seen, and how often."""

    event: Event
    first: str
    last: str
    count: int

    @property
    def object(self) -> str:
        subject = self.event.involvedObject
        return f"{subject.kind.lower()}/{subject.name}" if subject.name else subject.kind.lower()

    @property
    def source(self) -> str:
        event = self.event
        component = event.source.component or event.reportingComponent
        host = event.source.host or event.reportingInstance
        return f"{component}, {host}" if host else component


def _sighting(wire: Wire, now: datetime, with_wide: bool) -> _Sighting:
    event = view(wire, Event)
    first = since(event.firstTimestamp or event.eventTime, now)
    if event.series is not None:
        return _Sighting(event, first, since(event.series.lastObservedTime, now), event.series.count)
    last = since(event.lastTimestamp, now) if event.lastTimestamp else first
    return _Sighting(event, first, last, event.count or 1)


EVENT = Printer(
    _sighting,
    (
        column("Last Seen", lambda seen: seen.last),
        column("Type", lambda seen: seen.event.type),
        column("Reason", lambda seen: seen.event.reason),
        column("Object", lambda seen: seen.object),
        wide("Subobject", lambda seen: seen.event.involvedObject.fieldPath),
        wide("Source", lambda seen: seen.source),
        column("Message", lambda seen: seen.event.message.strip()),
        wide("First Seen", lambda seen: seen.first),
        wide("Count", lambda seen: seen.count),
        wide("Name", lambda seen: seen.event.metadata.name),
    ),
)
