"""The fields of every kind: what Go's decoder accepts, what it complains of, and what it writes back.

The tree is read from the type hints and docstrings of ``lightkube-models``, which are generated from upstream's OpenAPI; what
only the Go sources say is in :mod:`kubesim.api.go_types`. One walk over an object (:func:`decode`) does what decoding and
encoding a Go struct does: unknown fields are reported and dropped, wrong types are refused with ``encoding/json``'s
words, nulls and zeros vanish where the field is a value, ``{}`` appears where a struct is one.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import functools
import re
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from lightkube.models import apps_v1, core_v1, discovery_v1

from kubesim.api import go_types, quantities
from kubesim.api.go_json import format_float
from kubesim.api.objects import Wire

_MODULES = {"v1": core_v1, "apps/v1": apps_v1, "discovery.k8s.io/v1": discovery_v1}

Shape = Literal["string", "integer", "boolean", "number", "struct", "list", "map", "int-or-string", "time", "any"]


class TypeMismatch(Exception):
    """A value of a type that its field does not have; the message is ``encoding/json``'s."""


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


@dataclass(slots=True)
class Struct:
    """A struct of the API: a kind, or a part of one."""

    name: str
    qualified: str
    package: str
    description: str
    fields: dict[str, SchemaField] = field(default_factory=dict)
    defaults: tuple[SchemaField, ...] = ()


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
    package = model.__module__.rpartition("_")[2]
    qualified = f"discovery.{model.__name__}" if model is discovery_v1.EndpointPort else model.__name__
    description, documented = _documentation(model.__doc__ or "")
    struct = Struct(model.__name__, qualified, package, description)
    _building[model] = struct
    for name, hint in typing.get_type_hints(model).items():
        if name in model.__struct_fields__:
            struct.fields[name] = _field(struct, name, hint, documented.get(name, ""))
    struct.defaults = tuple(f for f in struct.fields.values() if _encoded_when_missing(f))
    return struct


_building: dict[type[msgspec.Struct], Struct] = {}
"""Structs known so far, so that one may contain itself; filled once from the models and never changed after."""


def _field(struct: Struct, name: str, hint: Any, description: str) -> SchemaField:
    key = (struct.qualified, name)
    optional = type(None) in typing.get_args(hint)
    return SchemaField(
        name,
        _type(key, hint, go_types.NAMED_TYPES.get((struct.name, name))),
        required=(not optional and key not in go_types.OMITTED) or key in go_types.NULL_LISTS,
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
        struct = _building.get(hint) or _struct(hint)
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


# --- decoding ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Decoded:
    """An object after Go's decoder and encoder: what remains of it, and the paths of the fields nobody knows."""

    object: Wire
    unknown: list[str]


def decode(wire: Wire, kind: str, api_version: str) -> Decoded:
    """Decode an object of a kind, and encode it again.

    :raises TypeMismatch: at the first value, in the order of keys, that has the wrong type.
    :raises KeyError: for a kind that is not served.
    """
    struct = struct_of(kind, api_version)
    if struct is None:
        raise KeyError(f"the kind must be served, got {kind} in {api_version}")
    unknown: list[str] = []
    decoded = _decode_struct(wire, struct, "", "", unknown)
    decoded["apiVersion"] = api_version
    decoded["kind"] = kind
    return Decoded(decoded, unknown)


def strict_errors(wire: Wire, kind: str, api_version: str) -> list[str]:
    """The problems a strict decoder has with an object: one wrong type, or every unknown field."""
    try:
        return [f'unknown field "{path}"' for path in decode(wire, kind, api_version).unknown]
    except TypeMismatch as error:
        return [str(error)]


def prune_unknown(wire: Wire, kind: str, api_version: str) -> Wire:
    """The object without the fields nobody knows.

    :raises TypeMismatch: as :func:`decode`.
    """
    return decode(wire, kind, api_version).object


def metadata_error(wire: Wire) -> str | None:
    """What a client, which knows of an object only its metadata, has against it; None if nothing."""
    struct = struct_of("Service", "v1")
    assert struct is not None
    metadata = struct.fields["metadata"].type.struct
    assert metadata is not None
    if wire.get("metadata") is None:
        return None
    try:
        if not isinstance(wire["metadata"], dict):
            raise _mismatch(wire["metadata"], "PartialObjectMetadata", "metadata", "v1.ObjectMeta")
        _decode_struct(wire["metadata"], metadata, "", "metadata", [])
    except TypeMismatch as error:
        return str(error)
    return None


def _encoded_when_missing(schema_field: SchemaField) -> bool:
    return schema_field.value or schema_field.null_time or schema_field.required


def _decode_struct(wire: Wire, struct: Struct, path: str, go_path: str, unknown: list[str]) -> Wire:
    result: Wire = {}
    for name in sorted(wire):
        known = struct.fields.get(name)
        at = f"{path}.{name}" if path else name
        if known is None:
            unknown.append(at)
            continue
        value = wire[name]
        if value is None:
            continue
        go_at = f"{go_path}.{name}" if go_path else name
        decoded = _decode_value(value, known.type, struct.name, at, go_at, unknown)
        if known.pointer or (known.required and decoded != []) or not _is_zero(decoded, known.type):
            result[name] = decoded
    for missing in struct.defaults:
        if missing.name not in result:
            result[missing.name] = _zero(missing)
    return result


def _is_zero(value: Any, as_type: FieldType) -> bool:
    if as_type.shape == "struct":
        return False
    return value in ("", 0, False) if not isinstance(value, (dict, list)) else not value


def _zero(schema_field: SchemaField) -> Any:
    """What Go writes for a field that was not given."""
    as_type = schema_field.type
    if as_type.shape == "struct":
        assert as_type.struct is not None
        if not schema_field.value and not schema_field.required:
            return None
        if as_type.struct.name == "LabelSelector":
            return None
        return {missing.name: _zero(missing) for missing in as_type.struct.defaults}
    if as_type.shape in ("integer", "int-or-string"):
        return 0
    return {"string": "", "boolean": False}.get(as_type.shape)


def _decode_value(value: Any, as_type: FieldType, struct_name: str, path: str, go_path: str, unknown: list[str]) -> Any:
    match as_type.shape:
        case "struct":
            if not isinstance(value, dict):
                raise _mismatch(value, struct_name, go_path, as_type.go_name)
            assert as_type.struct is not None
            return _decode_struct(value, as_type.struct, path, go_path, unknown)
        case "list":
            if not isinstance(value, list):
                # a lone scalar number is taken for a byte string's item by encoding/json
                raise _mismatch(value, struct_name, go_path, as_type.go_name)
            assert as_type.item is not None
            return [
                _decode_item(item, as_type.item, struct_name, f"{path}[{index}]", go_path, unknown)
                for index, item in enumerate(value)
            ]
        case "map":
            if not isinstance(value, dict):
                raise _mismatch(value, struct_name, go_path, as_type.go_name)
            assert as_type.item is not None
            return {
                key: _decode_item(value[key], as_type.item, struct_name, f"{path}.{key}", go_path, unknown)
                for key in sorted(value)
            }
        case "any":
            return value
    return _decode_scalar(value, as_type, struct_name, go_path)


def _decode_item(value: Any, as_type: FieldType, struct_name: str, path: str, go_path: str, unknown: list[str]) -> Any:
    if value is not None:
        return _decode_value(value, as_type, struct_name, path, go_path, unknown)
    if as_type.struct is not None:  # a null among structs is an empty struct
        return _decode_struct({}, as_type.struct, path, go_path, unknown)
    return "0" if as_type.go_name == "quantity" else {"integer": 0, "boolean": False}.get(as_type.shape, "")


def _decode_scalar(value: Any, as_type: FieldType, struct_name: str, go_path: str) -> Any:
    is_text = isinstance(value, str)
    is_flag = isinstance(value, bool)
    is_number = isinstance(value, (int, float)) and not is_flag
    match as_type.shape:
        case "string" if as_type.go_name == "quantity" and (is_text or is_number):
            try:
                return quantities.canonical(value if is_text else format_float(float(value)))
            except ValueError as error:
                raise TypeMismatch(str(error)) from None
        case "string" if as_type.go_name == "quantity":
            raise TypeMismatch(quantities.FORMAT_PROBLEM)
        case "string" if as_type.go_name == "[]uint8" and is_text:
            return _base64(value)
        case "time" if is_text:
            return _time(value)
        case "string" if is_text:
            return value
        case "boolean" if is_flag:
            return value
        case "number" if is_number:
            return value
        case "integer" if is_number:
            return _integer(value, as_type, struct_name, go_path)
        case "int-or-string" if is_text:
            return value
        case "int-or-string" if is_number:
            return _integer(value, FieldType("integer", "int32"), struct_name, go_path)
        case "int-or-string":
            raise _mismatch(value, struct_name, go_path, "int32")
    raise _mismatch(value, struct_name, go_path, as_type.go_name)


def _integer(value: int | float, as_type: FieldType, struct_name: str, go_path: str) -> int:
    bits = 63 if as_type.go_name == "int64" else 31
    if isinstance(value, float) or not -(2**bits) <= value < 2**bits:
        text = format_float(value) if isinstance(value, float) else str(value)
        raise _mismatch(value, struct_name, go_path, as_type.go_name, f"number {text}")
    return value


def _time(value: str) -> str:
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value):
        return value
    raise TypeMismatch(f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00": cannot parse "{value}" as "2006"')


def _base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        good = re.match(r"(?:[A-Za-z0-9+/]{4})*[A-Za-z0-9+/]{0,3}={0,2}", value)
        raise TypeMismatch(f"illegal base64 data at input byte {good.end() if good else 0}") from None
    return value


def _mismatch(value: Any, struct_name: str, go_path: str, go_name: str, described: str | None = None) -> TypeMismatch:
    what = described or _json_kind(value)
    return TypeMismatch(f"json: cannot unmarshal {what} into Go struct field {struct_name}.{go_path} of type {go_name}")


def _json_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    return {str: "string", dict: "object", list: "array"}.get(type(value), "null")
