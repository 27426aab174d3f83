"""Objects seen through the marks of their structs: comparing, merging and pruning them field by field.

A map or a struct is *granular* (each field has owners of its own) or *atomic* (one owner has it all); a list is atomic,
a set of scalars, or *keyed*: its items are told apart by some of their fields. A null is a value here, as it is to Go;
what is not there at all is :data:`ABSENT`. Upstream: ``sigs.k8s.io/structured-merge-diff/v6/typed``.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from kubesim.api import go_json, schema
from kubesim.api.go_format import sprint
from kubesim.api.managed_fields.field_set import (
    FieldSet,
    Path,
    field_element,
    key_element,
    path_text,
    value_element,
)
from kubesim.api.objects import Wire


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = _Absent()
"""What stands for a value that is not there."""


class SchemaError(ValueError):
    """An object does not fit its schema; each line says where and why."""


class Position(NamedTuple):
    """A place in an object, as its schema knows it.

    :param type: what may stand there; None where anything may.
    :param keys: of a list, by what its items are told apart; empty for a set; None for an atomic list.
    :param atomic: of a map or a struct, whether it has one owner as a whole.
    """

    type: schema.FieldType | None
    keys: tuple[str, ...] | None = None
    atomic: bool = False

    @property
    def shape(self) -> str:
        """The shape of the type."""
        return "any" if self.type is None else self.type.shape

    def field(self, name: str) -> schema.SchemaField | None:
        """The field of a struct."""
        struct = self.type.struct if self.type is not None else None
        return struct.fields.get(name) if struct is not None else None

    def child(self, name: str) -> Position | None:
        """What is under a name; None where the struct has no such field."""
        if self.type is None or self.type.shape == "any":
            return ANYTHING
        if self.type.struct is not None:
            found = self.type.struct.fields.get(name)
            return None if found is None else _position_of(found)
        return self.item()

    def item(self) -> Position:
        """What an item of the list, or a value of the map, is."""
        inner = self.type.item if self.type is not None else None
        if inner is None:
            return ANYTHING
        return Position(inner, None, inner.struct is not None and inner.struct.atomic)

    def element(self, item: Any) -> str:
        """The element that tells an item of the list from the others.

        :raises ValueError: where it has nothing that could.
        """
        if not self.keys:
            if isinstance(item, dict):
                raise ValueError("associative list without keys has an element that's a map type")
            if isinstance(item, list):
                raise ValueError("not supported: associative list with lists as elements")
            if item is None:
                raise ValueError("associative list without keys has an element that's an explicit null")
            return value_element(item)
        if item is None:
            raise ValueError("associative list with keys may not have a null element")
        if not isinstance(item, dict):
            raise ValueError("associative list with keys may not have non-map elements")
        inner, found = self.item(), {}
        for key in self.keys:
            known = inner.field(key)
            if key in item:
                found[key] = item[key]
            elif known is not None and known.default:
                found[key] = known.default
        if not found:
            names = " ".join(go_json.dumps(key, None) for key in self.keys)
            raise ValueError(
                f"associative list with keys has an element that omits all key fields [{names}] "
                "(and doesn't have default values for any key fields)"
            )
        return key_element(found)


ANYTHING = Position(None)


@functools.lru_cache(None)
def root(kind: str, api_version: str) -> Position:
    """The position of a whole object of a kind.

    :raises KeyError: for a kind that is not served.
    """
    struct = schema.struct_of(kind, api_version)
    if struct is None:
        raise KeyError(kind)
    return Position(schema.FieldType("struct", struct.name, struct))


def _position_of(found: schema.SchemaField) -> Position:
    return Position(found.type, found.keys, found.atomic)


def _is_map(at: Position, *values: Any) -> bool:
    if at.shape in ("struct", "map"):
        return True
    return at.shape == "any" and any(isinstance(value, dict) for value in values)


def _is_list(at: Position, *values: Any) -> bool:
    if at.shape == "list":
        return True
    return at.shape == "any" and any(isinstance(value, list) for value in values)


# --- comparing -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Comparison:
    """In which fields one object differs from another."""

    removed: FieldSet = field(default_factory=FieldSet)
    modified: FieldSet = field(default_factory=FieldSet)
    added: FieldSet = field(default_factory=FieldSet)

    def without(self, fields: FieldSet) -> Comparison:
        """The comparison that leaves fields, and what is below them, out of account."""
        return Comparison(*(each.without(fields) for each in (self.removed, self.modified, self.added)))

    @property
    def set(self) -> FieldSet:
        """The fields that were given a value."""
        return self.modified.union(self.added)


def compare(at: Position, old: Any, new: Any) -> Comparison:
    """In which fields ``new`` differs from ``old``; both as they are stored."""
    comparison = Comparison()
    _compare(comparison, at, old, new, ())
    return comparison


def _compare(into: Comparison, at: Position, old: Any, new: Any, path: Path) -> None:
    if old is new:
        return
    if _is_map(at, old, new):
        ours, theirs = (value if isinstance(value, dict) else None for value in (old, new))
        if at.atomic or not (ours or theirs):
            _compare_leaf(into, old, new, path)
            return
        for name in dict.fromkeys((*(ours or ()), *(theirs or ()))):
            _compare_child(into, at, name, ours, theirs, path)
    elif _is_list(at, old, new):
        before, after = (value if isinstance(value, list) else [] for value in (old, new))
        if at.keys is None or not (before or after):
            _compare_leaf(into, old, new, path)
            return
        _compare_items(into, at, before, after, path)
    else:
        _compare_leaf(into, old, new, path)
        return
    if old is ABSENT:
        into.added.insert(path)
    elif new is ABSENT:
        into.removed.insert(path)


def _compare_leaf(into: Comparison, old: Any, new: Any, path: Path) -> None:
    if old is ABSENT:
        into.added.insert(path)
    elif new is ABSENT:
        into.removed.insert(path)
    elif old != new:
        into.modified.insert(path)


def _compare_child(into: Comparison, at: Position, name: str, old: Wire | None, new: Wire | None, path: Path) -> None:
    found = at.field(name)
    zero = _written_zero(found) if found is not None else ABSENT
    before, after = (ABSENT if wire is None else wire.get(name, zero) for wire in (old, new))
    below = _position_of(found) if found is not None else at.child(name)
    if below is not None:
        _compare(into, below, before, after, (*path, field_element(name)))


def _written_zero(found: schema.SchemaField) -> Any:
    """What Go's object has where a field was not given: some are never left out."""
    if found.value:
        return {}
    if found.nil:
        return None
    if not found.required:
        return ABSENT
    zeros: dict[str, Any] = {"string": "", "integer": 0, "boolean": False, "number": 0}
    return zeros.get(found.type.shape)


def _compare_items(into: Comparison, at: Position, old: list[Any], new: list[Any], path: Path) -> None:
    before, after = _by_element(at, old), _by_element(at, new)
    item = at.item()
    for element in dict.fromkeys((*before, *after)):
        ours, theirs, here = before.get(element, []), after.get(element, []), (*path, element)
        if len(ours) <= 1 and len(theirs) <= 1:
            _compare(into, item, ours[0] if ours else ABSENT, theirs[0] if theirs else ABSENT, here)
        elif len(ours) >= 2 and len(theirs) >= 2:
            if ours != theirs:
                into.modified.insert(here)
        elif len(ours) >= 2:
            if theirs:
                _compare(into, item, ABSENT, theirs[0], here)
            into.removed.insert(here)
        else:
            if ours:
                _compare(into, item, ours[0], ABSENT, here)
            into.added.insert(here)


def _by_element(at: Position, items: Sequence[Any]) -> dict[str, list[Any]]:
    """The items by their elements; what has none is left out of account."""
    found: dict[str, list[Any]] = {}
    for item in items:
        try:
            found.setdefault(at.element(item), []).append(item)
        except ValueError:
            continue
    return found


# --- the fields of an object ----------------------------------------------------------------------------------------


def fields_of(at: Position, value: Any) -> FieldSet:
    """Every field that a configuration names."""
    found = FieldSet()
    _collect(found, at, value, ())
    return found


def _collect(into: FieldSet, at: Position, value: Any, path: Path) -> None:
    if _is_map(at, value):
        if at.atomic:
            into.insert(path)
            return
        for name, inner in (value or {}).items():
            here, below = (*path, field_element(name)), at.child(name)
            if below is not None:
                _collect(into, below, inner, here)
            if inner is None or inner == {} or at.field(name) is None:
                into.insert(here)
    elif _is_list(at, value):
        if at.keys is None:
            into.insert(path)
            return
        item = at.item()
        for element, same in _by_element(at, value or []).items():
            if len(same) == 1:
                _collect(into, item, same[0], (*path, element))
            into.insert((*path, element))
    else:
        into.insert(path)


def with_named_fields(at: Position, fields: FieldSet) -> FieldSet:
    """The set, and those fields of structs below which something is in it."""
    above = [name for name in fields.children if name.startswith("f:") and at.field(name[2:]) is not None]
    children = {name: with_named_fields(_at_element(at, name), below) for name, below in fields.children.items()}
    return FieldSet((*fields.members, *above), children)


def _at_element(at: Position, element: str) -> Position:
    if element.startswith("f:"):
        return at.child(element[2:]) or ANYTHING
    return at.item() if element.startswith("k:") else ANYTHING


# --- merging -------------------------------------------------------------------------------------------------------


def merge(at: Position, live: Any, applied: Any) -> Any:
    """The live value with what a configuration says: nothing is removed, and lists keep an order that suits both."""
    if _is_map(at, live, applied) and not at.atomic:
        ours, theirs = (value if isinstance(value, dict) else {} for value in (live, applied))
        if not (ours or theirs):
            return live if applied is ABSENT else applied
        merged = {}
        for name in dict.fromkeys((*ours, *theirs)):
            below = at.child(name) or ANYTHING
            merged[name] = merge(below, ours.get(name, ABSENT), theirs.get(name, ABSENT))
        return merged
    if _is_list(at, live, applied) and at.keys is not None:
        before, wanted = (value if isinstance(value, list) else [] for value in (live, applied))
        if not (before or wanted):
            return live if applied is ABSENT else applied
        return _merge_items(at, before, wanted)
    return live if applied is ABSENT else applied


def _merge_items(at: Position, live: list[Any], applied: list[Any]) -> list[Any]:
    """The items of both, each pair merged, in the configuration's order where it names them, else in the live one."""
    ours, theirs = [at.element(item) for item in live], [at.element(item) for item in applied]
    by_live, by_applied = _by_element(at, live), dict(zip(theirs, applied, strict=True))
    shared = [element for element in theirs if element in by_live]
    following = iter(shared)
    awaited = next(following, None)
    merged: list[Any] = []
    done: set[str] = set()
    item = at.item()

    def take(element: str) -> None:
        nonlocal awaited
        same = by_live.get(element, [])
        held = ABSENT if not same else same[0] if len(same) == 1 else None
        done.add(element)
        merged.append(merge(item, held, by_applied[element]))
        if awaited == element:
            awaited = next(following, None)

    left = right = 0
    while left < len(ours) or right < len(theirs):
        if left < len(ours) and right < len(theirs):
            element = ours[left]
            if element == theirs[right]:
                take(element)
                left, right = left + 1, right + 1
                continue
            if element in by_applied and awaited is not None and awaited != element:
                left += 1
                continue
        if left < len(ours):
            element = ours[left]
            if element not in by_applied:
                merged.append(live[left])
                left += 1
                continue
            if element in done:
                left += 1
        if right < len(theirs):
            take(theirs[right])
            right += 1
    return merged


# --- pruning -------------------------------------------------------------------------------------------------------


def remove(at: Position, value: Any, fields: FieldSet) -> Any:
    """The value without fields and items; what has nothing left becomes null."""
    if _is_map(at, value):
        if not isinstance(value, dict) or not value or at.atomic:
            return None
        kept = {}
        for name, inner in value.items():
            element = field_element(name)
            if element in fields.members:
                continue
            below = fields.children.get(element)
            kept[name] = remove(at.child(name) or ANYTHING, inner, below) if below else inner
        return kept or None
    if _is_list(at, value):
        if not isinstance(value, list) or not value or at.keys is None:
            return None
        item, items = at.item(), []
        for each in value:
            element = at.element(each)
            if element in fields.members:
                continue
            below = fields.children.get(element)
            items.append(remove(item, each, below) if below else each)
        return items or None
    return value


# --- checking ------------------------------------------------------------------------------------------------------


def check(at: Position, value: Any) -> None:
    """Demand that a configuration fits the schema, and has no item twice.

    :raises SchemaError: where it does not.
    """
    problems = [f"{path_text(path)}: {why}" if path else why for path, why in _problems(at, value, ())]
    if len(problems) == 1:
        raise SchemaError(problems[0])
    if problems:
        raise SchemaError("\n".join(("errors:", *(f"  {problem}" for problem in problems))))


def _problems(at: Position, value: Any, path: Path) -> list[tuple[Path, str]]:
    if value is None:
        return []
    if _is_map(at, value):
        if not isinstance(value, dict):
            return [(path, f"expected map, got {_shown(value)}")]
        return _problems_of_map(at, value, path)
    if _is_list(at, value):
        if not isinstance(value, list):
            return [(path, f"expected list, got {_shown(value)}")]
        return _problems_of_list(at, value, path)
    problem = _scalar_problem(at, value)
    return [(path, problem)] if problem else []


def _problems_of_map(at: Position, value: Wire, path: Path) -> list[tuple[Path, str]]:
    problems: list[tuple[Path, str]] = []
    for name in sorted(value):
        here, below = (*path, field_element(name)), at.child(name)
        if below is None:
            return [*problems, (here, "field not declared in schema")]
        problems += _problems(below, value[name], here)
    return problems


def _problems_of_list(at: Position, value: list[Any], path: Path) -> list[tuple[Path, str]]:
    problems: list[tuple[Path, str]] = []
    seen: set[str] = set()
    for index, item in enumerate(value):
        element = f"i:{index}"
        if at.keys is not None:
            try:
                element = at.element(item)
            except ValueError as error:
                return [*problems, (path, f"element {index}: {error}")]
            if element in seen:
                problems.append((path, f"duplicate entries for key {path_text((element,))}"))
            seen.add(element)
        problems += _problems(at.item(), item, (*path, element))
    return problems


def _scalar_problem(at: Position, value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match at.shape:
        case "integer" | "number" if not is_number:
            return f"expected numeric (int or float), got {_go_type(value)}"
        case "boolean" if not isinstance(value, bool):
            return f"expected boolean, got {_shown(value)}"
        case "string" | "time" if not isinstance(value, str) and not _is_untyped(at):
            return f"expected string, got &value.valueUnstructured{{Value:{sprint(value)}}}"
        case "int-or-string" | "string" if isinstance(value, dict | list):
            return f"expected any scalar, got {_shown(value)}"
    return ""


def _is_untyped(at: Position) -> bool:
    """Whether any scalar may stand there: quantities are also written as numbers."""
    return at.type is not None and at.type.is_quantity


def _shown(value: Any) -> str:
    return f"&{{{sprint(value)}}}"


_GO_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (str, "string"),
    (list, "[]interface {}"),
    (dict, "map[string]interface {}"),
)


def _go_type(value: Any) -> str:
    return next((name for kind, name in _GO_TYPES if isinstance(value, kind)), "int64")
