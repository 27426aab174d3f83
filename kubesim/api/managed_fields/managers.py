"""Who owns which fields: the rules by which writes give, take and share them.

An *update* gives its author every field that it changed, and takes these from all others. An *apply* says all that its
author wants: it owns what it names, a field that somebody else owns and that it would change is a conflict, and what it
named last time, names no more and nobody else owns goes. Upstream: ``structured-merge-diff/v6/merge`` and
``apimachinery/pkg/util/managedfields/internal``, whose layers are the steps here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from kubesim.api import go_json
from kubesim.api.errors import ApiError
from kubesim.api.managed_fields import typed
from kubesim.api.managed_fields.field_set import FieldSet, Path, path_text
from kubesim.api.managed_fields.typed import Position
from kubesim.api.objects import Wire

Operation = Literal["Apply", "Update"]

MOST_UPDATERS = 10
"""How many managers are remembered that update; what the oldest own is then filed under one name."""

ANCIENT = "ancient-changes"
BEFORE_FIRST_APPLY = "before-first-apply"
"""The name for who made an object whose managers were not known when it was first applied to."""

_FIELDS_TYPE = "FieldsV1"
_NAMELESS = FieldSet.of(
    ("f:apiVersion",),
    ("f:kind",),
    ("f:metadata",),
    *(
        ("f:metadata", f"f:{name}")
        for name in ("name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation")
    ),
    ("f:metadata", "f:managedFields"),
    ("f:metadata", "f:resourceVersion"),
)
"""What nobody owns."""

REPLICAS: Path = ("f:spec", "f:replicas")
"""The one field of an object that its subresource ``scale`` shows."""


class Manager(NamedTuple):
    """Who writes, and how; two writes of one manager are of one entry.

    :param api_version: of an update; of an apply it says nothing, and is empty.
    """

    name: str
    operation: Operation
    api_version: str = ""
    subresource: str = ""

    @property
    def identifier(self) -> str:
        """The text by which upstream files and sorts managers."""
        given = {"manager": self.name, "operation": self.operation, "apiVersion": self.api_version}
        given["subresource"] = self.subresource
        return go_json.dumps({key: text for key, text in given.items() if text}, None, sort_keys=False)

    @property
    def described(self) -> str:
        """The manager as a conflict names it."""
        text = f'"{self.name}"'
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return f"{text} using {self.api_version}" if self.operation == "Update" else text


class Entry(NamedTuple):
    """What a manager owns.

    :param time: of its last change, as JSON has it; None where that is not known.
    """

    fields: FieldSet
    api_version: str
    time: str | None = None


Managed = Mapping[Manager, Entry]
"""The owners of an object's fields."""


def decode(entries: object) -> dict[Manager, Entry]:
    """Read ``managedFields``.

    :raises ValueError: where an entry is none.
    """
    managed: dict[Manager, Entry] = {}
    for entry in entries if isinstance(entries, list) else []:
        operation, version = entry.get("operation"), entry.get("apiVersion") or ""
        if operation not in ("Apply", "Update"):
            raise ValueError("operation must be `Apply` or `Update`")
        if not version:
            raise ValueError("apiVersion must not be empty")
        if entry.get("fieldsType") != _FIELDS_TYPE:
            raise ValueError(f"fieldsType must be {_FIELDS_TYPE}, got {entry.get('fieldsType')!r}")
        manager = Manager(
            entry.get("manager") or "",
            operation,
            version if operation == "Update" else "",
            entry.get("subresource") or "",
        )
        managed[manager] = Entry(FieldSet.from_fields(entry.get("fieldsV1") or {}), version, entry.get("time"))
    return managed


def encode(managed: Managed) -> list[Wire]:
    """The owners as ``managedFields``: those who apply first, then by time, then by name."""
    entries: list[Wire] = []
    for manager, entry in managed.items():
        made: Wire = {"manager": manager.name} if manager.name else {}
        made |= {"operation": manager.operation, "apiVersion": entry.api_version}
        if entry.time is not None:
            made["time"] = entry.time
        made |= {"fieldsType": _FIELDS_TYPE, "fieldsV1": entry.fields.to_fields()}
        if manager.subresource:
            made["subresource"] = manager.subresource
        entries.append(made)
    entries.sort(
        key=lambda each: (
            each["operation"],
            each.get("time") or "",
            each.get("manager", ""),
            each["apiVersion"],
            each.get("subresource", ""),
        )
    )
    return entries


def owners_asked_for(entries: object, live: Managed) -> Managed:
    """The owners that a request states in its own ``managedFields``.

    An empty list, or one empty entry, forgets them all; what cannot be read says nothing, so that clients who know
    nothing of managers do not forget them by accident.
    """
    if entries in ([], [{}]):
        return {}
    try:
        return decode(entries) or live
    except (ValueError, AttributeError):
        return live


def same_owners(one: Managed, other: Managed) -> bool:
    """Whether the same managers own the same fields; when they last changed them is not looked at."""
    if one.keys() != other.keys():
        return False
    return all(entry[:2] == other[manager][:2] for manager, entry in one.items())


# --- updates -------------------------------------------------------------------------------------------------------


def updated(
    managed: Managed, at: Position, old: Wire | None, new: Wire, author: Manager, time: str, ignored: FieldSet
) -> Managed:
    """The owners after an update.

    :param old: the object before; None for one that is created.
    :param ignored: what the update cannot change, whatever it says.
    """
    if old is not None and not managed:
        return managed  # nobody was known; that is not begun by a change
    changes = typed.compare(at, old if old is not None else {}, new).without(ignored)
    taken = changes.set
    left = _taken_from(managed, author, taken, changes.removed, author.api_version, itself=True)
    gained = taken.without(ignored).difference(_NAMELESS)
    if gained:
        before = left.get(author)
        fields = gained.union(before.fields) if before is not None else gained
        left[author] = Entry(fields, author.api_version, time)
    return _capped(left)


def _taken_from(
    managed: Managed, author: Manager, taken: FieldSet, gone: FieldSet, version: str, *, itself: bool
) -> dict[Manager, Entry]:
    """The owners without the fields that somebody else changed or removed; an entry of another version is dropped.

    :param itself: whether the author's own entry loses them as well.
    """
    left: dict[Manager, Entry] = {}
    for manager, entry in managed.items():
        if manager == author and not itself:
            left[manager] = entry
            continue
        if entry.api_version != version:
            continue
        fields = entry.fields.difference(entry.fields.intersection(taken)).difference(gone)
        if fields:
            left[manager] = entry._replace(fields=fields)
    return left


def _capped(managed: dict[Manager, Entry]) -> Managed:
    """The owners, the oldest of too many updaters under one name."""
    updaters = [manager for manager in managed if manager.operation == "Update"]
    too_many = len(updaters) - MOST_UPDATERS
    if too_many <= 0:
        return managed
    updaters.sort(key=lambda each: (managed[each].time or "", each.identifier))
    first: dict[str, Manager] = {}
    for manager in updaters:
        if too_many <= 0:
            break
        entry = managed[manager]
        bucket = Manager(ANCIENT, "Update", entry.api_version)
        known = first.setdefault(entry.api_version, manager)
        if known == manager:
            continue
        if bucket not in managed:
            managed[bucket] = managed.pop(known)
        managed[bucket] = Entry(entry.fields.union(managed[bucket].fields), entry.api_version, entry.time)
        del managed[manager]
        too_many -= 1
    return managed


def scaled(managed: Managed, old: Wire, new: Wire, name: str, api_version: str) -> Managed:
    """The owners after an update of the subresource ``scale``, which has one field.

    Where nobody owns the field, nobody is noted; and an entry that is made here has no time: both as upstream's
    ``ScaleHandler`` does.
    """
    wanted = (new.get("spec") or {}).get("replicas")
    owners = [manager for manager, entry in managed.items() if REPLICAS in entry.fields]
    if not owners or (old.get("spec") or {}).get("replicas") == wanted:
        return managed
    author, field = Manager(name, "Update", api_version, "scale"), FieldSet.of(REPLICAS)
    left = _taken_from(managed, author, field, FieldSet(), api_version, itself=False)
    if author not in left:
        left[author] = Entry(field, api_version)
    return left


# --- applies -------------------------------------------------------------------------------------------------------


class Conflict(NamedTuple):
    """A field that somebody else owns, and that an apply would change."""

    manager: Manager
    path: Path


class ConflictsError(Exception):
    """What an apply that is not forced would take from others."""

    def __init__(self, conflicts: Iterable[Conflict]) -> None:
        self.conflicts = tuple(conflicts)
        super().__init__(f"{len(self.conflicts)} conflicts")

    def as_api_error(self) -> ApiError:
        """The refusal (409)."""
        causes = [
            {
                "reason": "FieldManagerConflict",
                "message": f"conflict with {each.manager.described}",
                "field": path_text(each.path),
            }
            for each in self.conflicts
        ]
        return ApiError(409, "Conflict", self._message(), {"causes": causes})

    def _message(self) -> str:
        if len(self.conflicts) == 1:
            ((manager, path),) = self.conflicts
            return f"Apply failed with 1 conflict: conflict with {manager.described}: {path_text(path)}"
        lines: list[str] = []
        for manager in sorted({each.manager for each in self.conflicts}, key=lambda each: each.identifier):
            lines.append(f"conflicts with {manager.described}:")
            lines += [f"- {path_text(each.path)}" for each in self.conflicts if each.manager == manager]
        return f"Apply failed with {len(self.conflicts)} conflicts: " + "\n".join(lines)


def applied_by(
    managed: Managed,
    at: Position,
    live: Wire,
    configuration: Wire,
    author: Manager,
    time: str,
    ignored: FieldSet,
    *,
    force: bool,
) -> tuple[Wire | None, Managed]:
    """The object and its owners after an apply; None for an object that nothing changes.

    :param live: the object as it is; without fields for one that is created.
    :param configuration: all that the author wants of it; it fits the schema.
    :raises ConflictsError: where it would change what others own, and is not forced.
    """
    version = configuration["apiVersion"]
    wanted = typed.fields_of(at, configuration).without(ignored)
    last = managed.get(author)
    owners = {**managed, author: Entry(wanted, version, last.time if last is not None else None)}
    merged = typed.merge(at, live, configuration)
    if last is not None and last.fields and last.api_version == version:
        merged = _pruned(at, merged, owners, last.fields)
    changes = typed.compare(at, live, merged).without(ignored)
    taken = changes.set
    if not force:
        conflicts = [
            Conflict(manager, path)
            for manager, entry in owners.items()
            if manager != author and entry.api_version == version
            for path in entry.fields.intersection(taken)
        ]
        if conflicts:
            raise ConflictsError(conflicts)
    left = _taken_from(owners, author, taken, changes.removed, version, itself=False)
    fields = wanted.difference(_NAMELESS)
    left.pop(author)
    changed = merged != live
    if fields:
        left[author] = owners[author]._replace(fields=fields, time=time if changed else owners[author].time)
    return (merged if changed else None), left


def _pruned(at: Position, merged: Any, owners: Managed, last: FieldSet) -> Any:
    """The object without what its author had named last time and nobody names now (``Updater.prune``)."""
    before = typed.with_named_fields(at, last)
    pruned = typed.remove(at, merged, before)
    everything = typed.with_named_fields(at, typed.fields_of(at, merged))
    owned = FieldSet()
    for entry in owners.values():
        owned = owned.union(entry.fields)
    kept = typed.with_named_fields(at, typed.fields_of(at, pruned)).union(typed.with_named_fields(at, owned))
    pruned = typed.remove(at, merged, everything.difference(kept))
    left = typed.with_named_fields(at, typed.fields_of(at, pruned))
    return typed.remove(at, merged, everything.difference(left).intersection(before))
