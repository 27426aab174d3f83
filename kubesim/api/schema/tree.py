"""The tree of structs and fields, read from the table ``structs.txt``."""

from __future__ import annotations

import functools
import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kubesim.api.resources import BY_KIND

Shape = Literal["string", "integer", "boolean", "number", "struct", "list", "map", "int-or-string", "time", "any"]


@dataclass(frozen=True, slots=True)
class FieldType:
    """The type of a field.

    :param shape: the broad kind of type.
    :param go_name: the type as Go's messages name it, such as ``[]v1.ServicePort``.
    :param struct: the struct, for ``struct``.
    :param item: the type of an item, for ``list`` and ``map``.
    """

    shape: Shape
    go_name: str
    struct: Struct | None = None
    item: FieldType | None = None

    @property
    def is_quantity(self) -> bool:
        """Whether it is a quantity: text that is kept in canonical form, and never empty."""
        return self.go_name == "quantity"


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One field of a struct.

    :param owner: the struct that has it.
    :param required: whether Go writes it even when it is empty: mostly where OpenAPI demands it.
    :param demanded: whether OpenAPI demands it and Go leaves it out all the same, for validation to miss it.
    :param nil: whether Go has null, and not nothing, where it was not given.
    :param pointer: whether a zero that was given is kept.
    :param value: whether it is a struct that is always written.
    :param null_time: whether it is a time that is written as null while it is zero.
    :param merge_key: by which a list's items merge in a patch; empty for scalars; None for a list that is replaced.
    :param union: whether a patch says which of its members stay.
    :param keys: by which a server-side apply tells a list's items apart; empty for a set of scalars; None for a list
        that has one owner as a whole.
    :param atomic: whether a map or a struct has one owner as a whole.
    :param default: what it is taken to be where it is left out and is a key.
    """

    owner: Struct
    name: str
    type: FieldType
    required: bool
    demanded: bool
    nil: bool
    pointer: bool
    value: bool
    null_time: bool
    merge_key: str | None
    union: bool
    keys: tuple[str, ...] | None
    atomic: bool
    default: str

    @property
    def description(self) -> str:
        """What upstream says of the field."""
        return _documentation(self.owner)[1].get(self.name, "")


class Struct:
    """A struct of the API: a kind, or a part of one. Its fields are read when they are first asked for.

    :ivar qualified: its name in the table, where two of the same name are told apart.
    :ivar name: its name in Go.
    :ivar module: the module of lightkube-models that documents it.
    :ivar atomic: whether it has one owner as a whole.
    """

    def __init__(self, qualified: str, module: str, lines: list[str], atomic: bool = False) -> None:
        self.qualified = qualified
        self.name = qualified.rpartition(".")[2]
        self.module = module
        self.atomic = atomic
        self._lines = lines

    @property
    def description(self) -> str:
        """What upstream says of the struct."""
        return _documentation(self)[0]

    @functools.cached_property
    def fields(self) -> dict[str, SchemaField]:
        """The fields by name, in the order in which Go declares them."""
        return {each.name: each for each in (_field(self, line) for line in self._lines)}

    @functools.cached_property
    def always_written(self) -> tuple[SchemaField, ...]:
        """The fields that Go writes even when they were not given."""
        return tuple(each for each in self.fields.values() if each.value or each.null_time or each.required)


@functools.lru_cache(512)
def struct_of(kind: str, api_version: str) -> Struct | None:
    """The struct of a kind, or None for a kind that is not served."""
    served = BY_KIND.get(kind)
    if served is None or served.api_version != api_version:
        return None
    structs = _structs()
    return structs.get(f"{served.group.partition('.')[0]}.{kind}") or structs[kind]


def struct_named(name: str) -> Struct:
    """The struct of a name, such as ``PodSpec``.

    :raises KeyError: for one that no kind that is served has inside.
    """
    return _structs()[name]


def field_type(kind: str, path: str, api_version: str = "v1") -> SchemaField | None:
    """The field at a path such as ``spec.ports.nodePort``; lists and maps are passed through. None if there is none."""
    struct = struct_of(kind, api_version)
    found = None
    for name in path.split("."):
        found = struct.fields.get(name) if struct is not None else None
        if found is None:
            return None
        inner: FieldType | None = found.type
        while inner is not None and inner.struct is None:
            inner = inner.item
        struct = inner.struct if inner is not None else None
    return found


@functools.cache
def _structs() -> dict[str, Struct]:
    text = Path(__file__).with_name("structs.txt").read_text(encoding="utf-8")
    structs: dict[str, Struct] = {}
    lines: list[str] = []
    for line in text.splitlines()[1:]:
        if line.startswith(" "):
            lines.append(line)
        else:
            name, module, *marks = line.split()
            lines = []
            structs[name] = Struct(name, module, lines, "atomic" in marks)
    return structs


def _field(owner: Struct, line: str) -> SchemaField:
    name, as_type, *words = line.split()
    typed, merge_key = _type(as_type), _value(words, "merge")
    given = _value(words, "keys")
    if given is None and "atomic" not in words:
        given = merge_key
    struct = typed.struct
    return SchemaField(
        owner,
        name,
        typed,
        required="written" in words,
        demanded="demanded" in words,
        nil="nil" in words,
        pointer="pointer" in words,
        value="value" in words,
        null_time="null" in words,
        merge_key=merge_key,
        union="union" in words,
        keys=None if given is None else tuple(key for key in given.split(",") if key),
        atomic="atomic" in words or (struct is not None and struct.atomic and "granular" not in words),
        default=_value(words, "default") or "",
    )


def _value(words: list[str], name: str) -> str | None:
    """What stands behind ``name=``; None where it does not stand there."""
    return next((word.removeprefix(f"{name}=") for word in words if word.startswith(f"{name}=")), None)


_SCALARS: dict[str, FieldType] = {
    "any": FieldType("any", "interface {}"),
    "bool": FieldType("boolean", "bool"),
    "bytes": FieldType("string", "[]uint8"),
    "float64": FieldType("number", "float64"),
    "int32": FieldType("integer", "int32"),
    "int64": FieldType("integer", "int64"),
    "intstr": FieldType("int-or-string", "intstr.IntOrString"),
    "time": FieldType("time", "string"),
}


def _type(text: str) -> FieldType:
    if text.startswith("[]"):
        item = _type(text[2:])
        return FieldType("list", f"[]{item.go_name}", item=item)
    if text.startswith("map:"):
        item = _type(text.removeprefix("map:"))
        return FieldType("map", f"map[string]{item.go_name}", item=item)
    if text.startswith("@"):
        struct = _structs()[text[1:]]
        return FieldType("struct", f"v1.{struct.name}", struct=struct)
    return _SCALARS.get(text) or FieldType("string", text)


@functools.cache
def _documentation(struct: Struct) -> tuple[str, dict[str, str]]:
    """The description of a struct and of each field, from lightkube-models' docstring."""
    model = getattr(importlib.import_module(f"lightkube.models.{struct.module}"), struct.name)
    head, _, parameters = (model.__doc__ or "").partition("**parameters**")
    fields = re.split(r"^ *\* \*\*(\w+)\*\* ``[^`]*`` - ", parameters, flags=re.MULTILINE)
    texts = {name: _unwrapped(text) for name, text in zip(fields[1::2], fields[2::2], strict=True)}
    return _unwrapped(head), texts


def _unwrapped(text: str) -> str:
    return re.sub(r"[ \t]*\n[ \t]*", " ", text).strip()
