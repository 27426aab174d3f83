"""The order in which Go writes a typed object as JSON: that of its struct's fields.

``kubectl run -o json`` prints a Go struct; what is read back from the server without a type (``get``) prints with
sorted keys.
"""

from __future__ import annotations

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
