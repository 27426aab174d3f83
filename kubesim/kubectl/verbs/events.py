"""``kubectl events``: what happened, oldest first, each with the object that it happened to."""

from __future__ import annotations

from datetime import UTC, datetime

from kubesim.api.durations import parse_timestamp
from kubesim.api.objects import Event, Wire, view
from kubesim.kubectl.call import Call
from kubesim.kubectl.describe.surroundings import age_of
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.output.formats import object_printer
from kubesim.kubectl.output.tabwriter import layout

_TYPES = ("Normal", "Warning")
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def events(call: Call) -> int:
    """List the events of a namespace, or those about one object."""
    types = [each for text in call.flags.texts("types") for each in text.split(",")]
    if any(each.lower() not in map(str.lower, _TYPES) for each in types):
        raise KubectlError("valid --types are Normal or Warning")
    kind, name = _about(call.flags.text("for"))
    everywhere = call.all_namespaces
    listed = call.api.list(resource_type("events"), None if everywhere else call.namespace)
    found = [wire for wire in listed if _wanted(wire, kind, name, types)]
    found.sort(key=_seen)
    printer = object_printer(call, columns=False) if call.flags.text("output") else None
    if printer is not None:
        printer({"apiVersion": "v1", "items": found, "kind": "List", "metadata": {}}, call.stdout)
    elif found:
        call.stdout.append(_table(call, found, everywhere))
    else:
        call.complain("No events found." if everywhere else f"No events found in {call.namespace} namespace.")
    return 0


def _about(word: str) -> tuple[str, str]:
    """The kind and name after ``--for``; empty without it."""
    if not word:
        return "", ""
    typed, slash, name = word.partition("/")
    if not slash or not typed or not name:
        raise KubectlError("--for must be in resource/name form")
    return resource_type(typed).kind, name


def _wanted(wire: Wire, kind: str, name: str, types: list[str]) -> bool:
    about = wire.get("involvedObject") or {}
    if kind and (about.get("kind"), about.get("name")) != (kind, name):
        return False
    return not types or str(wire.get("type", "")).lower() in map(str.lower, types)


def _seen(wire: Wire) -> datetime:
    event = view(wire, Event)
    last = event.series.lastObservedTime if event.series is not None else event.lastTimestamp or event.eventTime
    return parse_timestamp(last) or _NEVER


def _table(call: Call, found: list[Wire], everywhere: bool) -> str:
    headers = ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    rows = [] if call.flags.on("no-headers") else [[*(["NAMESPACE"] if everywhere else []), *headers]]
    for wire in found:
        event, about = view(wire, Event), wire.get("involvedObject") or {}
        cells = [age_of(event, call.simulation.datetime), event.type, event.reason]
        cells += [f"{about.get('kind', '')}/{about.get('name', '')}", event.message.strip()]
        rows.append([*([about.get("namespace", "")] if everywhere else []), *cells])
    return layout("".join("\t".join(row) + "\n" for row in rows), minimum=6, padding=3)
