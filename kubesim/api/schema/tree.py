"""The tree of structs and fields, read from lightkube-models."""

from __future__ import annotations

import datetime
import functools
import re
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from lightkube.models import apps_v1, core_v1, discovery_v1

from kubesim.api import go_types

_MODULES = {"v1": core_v1, "apps/v1": apps_v1, "discovery.k8s.io/v1": discovery_v1}

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


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One field of a struct.

    :param required: whether OpenAPI demands it, which is where Go writes it even when it is empty.
    :param pointer: whether a zero that was given is kept.
    :param value: whether it is a struct that is always written.
    :param null_time: whether it is a time that is written as null while it is zero.
    """

    name: str
    type: FieldType
    required: bool
    pointer: bool
    value: bool
    null_time: bool
    description: str = field(repr=False, compare=False, default="")


class Struct:
    """A struct of the API: a kind, or a part of one. Its fields are read when they are first asked for."""

    def __init__(self, model: type[msgspec.Struct]) -> None:
        self._model = model
        self.name = model.__name__
        self.qualified = f"discovery.{self.name}" if model is discovery_v1.EndpointPort else self.name
        self.package = model.__module__.rpartition("_")[2]

    @property
    def description(self) -> str:
        """What upstream says of the struct."""
        return _documentation(self._model.__doc__ or "")[0]

    @functools.cached_property
    def fields(self) -> dict[str, SchemaField]:
        """The fields by name, in the order of OpenAPI: those it demands first."""
        documented = _documentation(self._model.__doc__ or "")[1]
        return {
            name: _field(self, name, hint, documented.get(name, ""))
            for name, hint in typing.get_type_hints(self._model).items()
            if name in self._model.__struct_fields__
        }

    @functools.cached_property
    def always_written(self) -> tuple[SchemaField, ...]:
        """The fields that Go writes even when they were not given."""
        return tuple(each for each in self.fields.values() if each.value or each.null_time or each.required)


def struct_of(kind: str, api_version: str) -> Struct | None:
    """The struct of a kind, or None for a kind that is not served."""
    module = _MODULES.get(api_version)
    model = getattr(module, kind, None) if module is not None and kind[:1].isupper() else None
    if not isinstance(model, type) or not issubclass(model, msgspec.Struct) or not hasattr(model, "metadata"):
        return None
    return _struct(model)


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
def _struct(model: type[msgspec.Struct]) -> Struct:
    return Struct(model)


def _field(struct: Struct, name: str, hint: Any, description: str) -> SchemaField:
    key = (struct.qualified, name)
    optional = type(None) in typing.get_args(hint)
    return SchemaField(
        name,
        _type(key, hint, go_types.NAMED_TYPES.get((struct.name, name))),
        required=(not optional and key not in go_types.OMITTED)
        or key in go_types.NULL_LISTS
        or key in go_types.WRITTEN,
        pointer=key in go_types.POINTERS,
        value=key in go_types.VALUES,
        null_time=key in go_types.NULL_TIMES,
        description=description,
    )


def _type(key: tuple[str, str], hint: Any, named: str | None) -> FieldType:
    arguments = [argument for argument in typing.get_args(hint) if argument is not type(None)]
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        if len(arguments) > 1:
            return FieldType("int-or-string", "intstr.IntOrString")
        return _type(key, arguments[0], named)
    if origin is list:
        item = _type(key, arguments[0], named)
        return FieldType("list", f"[]{item.go_name}", item=item)
    if hint is dict or origin is dict:
        item = FieldType("string", "quantity" if key[1] in go_types.QUANTITY_MAPS else "string")
        if key in go_types.BYTE_MAPS:
            item = FieldType("string", "[]uint8")
        return FieldType("any" if key[1] == "fieldsV1" else "map", f"map[string]{item.go_name}", item=item)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        struct = _struct(hint)
        return FieldType("struct", f"{struct.package}.{struct.name}", struct=struct)
    if hint is datetime.datetime:
        return FieldType("time", "string")
    if hint is bool:
        return FieldType("boolean", "bool")
    if hint is int:
        return FieldType("integer", "int64" if key[1] in go_types.WIDE_INTEGERS else "int32")
    if hint is float:
        return FieldType("number", "float64")
    if hint is str:
        package = "types" if named == "UID" else "v1"
        return FieldType("string", f"{package}.{named}" if named else "string")
    return FieldType("any", "interface {}")


def _documentation(docstring: str) -> tuple[str, dict[str, str]]:
    """The description of a struct and of each field, from lightkube-models' docstring."""
    head, _, parameters = docstring.partition("**parameters**")
    fields = re.split(r"^ *\* \*\*(\w+)\*\* ``[^`]*`` - ", parameters, flags=re.MULTILINE)
    texts = {name: _unwrapped(text) for name, text in zip(fields[1::2], fields[2::2], strict=True)}
    return _unwrapped(head), texts


def _unwrapped(text: str) -> str:
    return re.sub(r"[ \t]*\n[ \t]*", " ", text).strip()
