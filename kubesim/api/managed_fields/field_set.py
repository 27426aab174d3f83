"""Sets of fields, as ``fieldsV1`` writes them.

A field is a path of *elements*: ``f:spec`` a field or a key of a map, ``k:{"name":"app"}`` an item of a list by its
keys, ``v:"x"`` an item of a set by its value, ``i:0`` one by its place. A field may be a *member* of a set (``.``),
have fields below it that are, or both. Upstream: ``sigs.k8s.io/structured-merge-diff/v6/fieldpath``.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubesim.api import go_json
from kubesim.api.go_format import quote

Path = tuple[str, ...]
"""The elements from an object down to a field of it."""

_SELF = "."
_KINDS = "fkvi"


class FieldSet:
    """A set of fields. Operations give new sets; :meth:`insert` is for whoever builds one.

    :ivar members: the elements that are in the set themselves.
    :ivar children: the sets of what is below an element; none of them is empty in a set that an operation gave.
    """

    __slots__ = ("children", "members")

    def __init__(self, members: Iterable[str] = (), children: Mapping[str, FieldSet] | None = None) -> None:
        self.members: set[str] = set(members)
        self.children: dict[str, FieldSet] = dict(children or {})

    @classmethod
    def of(cls, *paths: Path) -> FieldSet:
        """The set of some fields."""
        made = cls()
        for path in paths:
            made.insert(path)
        return made

    @classmethod
    def from_fields(cls, fields: object) -> FieldSet:
        """Read ``fieldsV1``.

        :raises ValueError: where it is none.
        """
        if not isinstance(fields, dict):
            raise ValueError(f"fields must be a JSON object, got {type(fields).__name__}")
        made = cls()
        for element, below in fields.items():
            if element == _SELF:
                continue
            _order(element)
            if not below or _SELF in below:
                made.members.add(element)
            inner = cls.from_fields(below)
            if inner:
                made.children[element] = inner
        return made

    def to_fields(self) -> dict[str, Any]:
        """The set as ``fieldsV1``, in upstream's order."""
        fields: dict[str, Any] = {}
        for element in sorted(self.members | self.children.keys(), key=_order):
            below = self.children.get(element)
            inner = below.to_fields() if below is not None else {}
            fields[element] = {_SELF: {}, **inner} if inner and element in self.members else inner
        return fields

    def insert(self, path: Path) -> None:
        """Add a field; what is above it is not added. The object as a whole is no field."""
        if not path:
            return
        here = self
        for element in path[:-1]:
            below = here.children.get(element)
            if below is None:
                below = here.children[element] = FieldSet()
            here = below
        here.members.add(path[-1])

    def below(self, element: str) -> FieldSet:
        """The fields below an element, without it in front."""
        return self.children.get(element) or FieldSet()

    def union(self, other: FieldSet) -> FieldSet:
        """The fields that are in either."""
        children = dict(self.children)
        for element, theirs in other.children.items():
            ours = children.get(element)
            children[element] = theirs if ours is None else ours.union(theirs)
        return FieldSet(self.members | other.members, children)

    def intersection(self, other: FieldSet) -> FieldSet:
        """The fields that are in both."""
        shared = ((name, self.children[name]) for name in self.children.keys() & other.children.keys())
        children = {name: ours.intersection(other.children[name]) for name, ours in shared}
        return FieldSet(self.members & other.members, _not_empty(children))

    def difference(self, other: FieldSet) -> FieldSet:
        """The fields that are in this set and not in the other; a field's own membership does not reach below it."""
        children = {
            name: ours.difference(other.children[name]) if name in other.children else ours
            for name, ours in self.children.items()
        }
        return FieldSet(self.members - other.members, _not_empty(children))

    def without(self, other: FieldSet) -> FieldSet:
        """The fields that are not in the other set, nor below one that is."""
        children = {
            name: ours.without(other.children[name]) if name in other.children else ours
            for name, ours in self.children.items()
            if name not in other.members
        }
        return FieldSet(self.members - other.members, _not_empty(children))

    def __contains__(self, path: Path) -> bool:
        here = self
        for element in path[:-1]:
            below = here.children.get(element)
            if below is None:
                return False
            here = below
        return bool(path) and path[-1] in here.members

    def __iter__(self) -> Iterator[Path]:
        """The fields, in upstream's order: members first, then what is below."""
        for element in sorted(self.members, key=_order):
            yield (element,)
        for element in sorted(self.children, key=_order):
            for path in self.children[element]:
                yield (element, *path)

    def __bool__(self) -> bool:
        return bool(self.members) or any(self.children.values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FieldSet):
            return NotImplemented
        return self.members == other.members and _not_empty(self.children) == _not_empty(other.children)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"FieldSet.of({', '.join(map(repr, self))})"


def _not_empty(children: Mapping[str, FieldSet]) -> dict[str, FieldSet]:
    return {name: below for name, below in children.items() if below}


def field_element(name: str) -> str:
    """The element of a struct's field or a map's key."""
    return f"f:{name}"


def key_element(keys: Mapping[str, Any]) -> str:
    """The element of a list's item, by its keys."""
    return f"k:{go_json.dumps(dict(sorted(keys.items())), None)}"


def value_element(value: object) -> str:
    """The element of a set's item."""
    return f"v:{go_json.dumps(value, None)}"


def path_text(path: Path) -> str:
    """The path as messages print it: ``.spec.ports[port=80,protocol="TCP"].targetPort``."""
    return "".join(map(_element_text, path))


def _element_text(element: str) -> str:
    kind, content = element[0], element[2:]
    if kind == "f":
        return f".{content}"
    if kind == "i":
        return f"[{content}]"
    given = go_json.loads(content)
    if kind == "v":
        return f"[={_value_text(given)}]"
    return f"[{','.join(f'{name}={_value_text(value)}' for name, value in sorted(given.items()))}]"


def _value_text(value: object) -> str:
    return quote(value) if isinstance(value, str) else go_json.dumps(value, None)


@functools.lru_cache(4096)
def _order(element: str) -> tuple[Any, ...]:
    """By what elements are sorted: fields by name, then items by their keys, their value, their place.

    :raises ValueError: for what is no element.
    """
    kind, colon, content = element[:1], element[1:2], element[2:]
    if colon != ":" or not kind or kind not in _KINDS:
        raise ValueError(f"a path element must begin with f:, k:, v: or i:, got {element!r}")
    try:
        match kind:
            case "f":
                return 0, content
            case "i":
                return 3, int(content)
            case "v":
                return 2, _value_order(go_json.loads(content))
        given = go_json.loads(content)
        return 1, tuple((name, _value_order(given[name])) for name in sorted(given))
    except (ValueError, AttributeError, TypeError):
        raise ValueError(f"a path element must hold a number or JSON, got {element!r}") from None


def _value_order(value: object) -> tuple[int, Any]:
    """Numbers come before strings, strings before truth values."""
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, int | float):
        return 0, value
    return 1, str(value)
