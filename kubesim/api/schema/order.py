"""The order in which Go writes a typed object as JSON: that of its struct's fields.

``kubectl run -o json`` prints a Go struct; what is read back from the server without a type (``get``) prints with
sorted keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from kubesim.api.objects import Wire
from kubesim.api.schema.tree import FieldType, Struct, struct_named, struct_of

_ANY_KIND = ("kind", "apiVersion", "metadata", "spec", "immutable", "data", "stringData", "type", "status")
_IN_ANY_KIND = {"metadata": "ObjectMeta", "template": "PodTemplateSpec"}


def in_struct_order(wire: Wire) -> Wire:
    """The object with its keys in the order of Go's structs; those of maps, and unknown ones, are sorted.

    Of a kind that is not served, metadata and templates of Pods are known all the same.
    """
    struct = struct_of(wire.get("kind", ""), wire.get("apiVersion", ""))
    if struct is not None:
        return _in_order(wire, struct)
    return {name: _unserved(value, name) for name, value in _ordered(wire, _ANY_KIND).items()}


def with_zero_values(wire: Wire) -> Wire:
    """The object with the empty fields that Go writes of its struct, as when it was decoded into one."""
    struct = struct_of(wire.get("kind", ""), wire.get("apiVersion", ""))
    return wire if struct is None else _filled(wire, struct)


_ZEROS: Mapping[str, Any] = MappingProxyType(
    {"string": "", "integer": 0, "boolean": False, "number": 0, "int-or-string": 0, "list": None, "map": None}
)


def _filled(wire: Wire, struct: Struct) -> Wire:
    fields = struct.fields
    filled = {name: _filled_value(value, fields[name].type if name in fields else None) for name, value in wire.items()}
    for each in struct.always_written:
        if each.name in filled or each.null_time:
            continue
        if each.type.struct is not None:
            filled[each.name] = _filled({}, each.type.struct)
        elif each.type.shape in _ZEROS:
            filled[each.name] = _ZEROS[each.type.shape]
    for each in fields.values():  # which Go's omitempty does not leave out, since it is a struct
        if each.type.shape == "int-or-string" and not each.pointer:
            filled.setdefault(each.name, 0)
    return filled


def _filled_value(value: Any, as_type: FieldType | None) -> Any:
    if as_type is None:
        return value
    if isinstance(value, list):
        return [_filled_value(item, as_type.item) for item in value]
    if isinstance(value, dict) and as_type.struct is not None:
        return _filled(value, as_type.struct)
    return value


def _unserved(value: Any, field: str) -> Any:
    if isinstance(value, list):
        return [_unserved(item, field) for item in value]
    if not isinstance(value, dict):
        return value
    if field in _IN_ANY_KIND:
        return _in_order(value, struct_named(_IN_ANY_KIND[field]))
    return {name: _unserved(item, name) for name, item in sorted(value.items())}


def _in_order(wire: Wire, struct: Struct) -> Wire:
    fields = struct.fields
    return {
        name: _value(value, fields[name].type if name in fields else None)
        for name, value in _ordered(wire, tuple(fields)).items()
    }


def _value(value: Any, as_type: FieldType | None) -> Any:
    if isinstance(value, list):
        return [_value(item, as_type.item if as_type is not None else None) for item in value]
    if not isinstance(value, dict):
        return value
    if as_type is not None and as_type.struct is not None:
        return _in_order(value, as_type.struct)
    return {name: _value(item, None) for name, item in sorted(value.items())}


def _ordered(wire: Wire, names: tuple[str, ...]) -> Wire:
    place = {name: index for index, name in enumerate(names)}
    keys = sorted(wire, key=lambda key: (place.get(key, len(names)), key))
    return {key: wire[key] for key in keys}
