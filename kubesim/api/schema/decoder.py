"""What Go's decoder and encoder make of an object.

Two decoders give the same answer. The models (:mod:`kubesim.api.schema.models`) are fast and take nearly every object;
the walk in this module has the words for what is wrong, and is asked only when a model refuses.
"""

from __future__ import annotations

import base64
import re
from typing import Any, NamedTuple

from kubesim.api import quantities
from kubesim.api.go_format import quote
from kubesim.api.go_json import format_float
from kubesim.api.objects import Wire
from kubesim.api.schema.models import TIMESTAMP, fast_decode
from kubesim.api.schema.tree import FieldType, SchemaField, Struct, struct_of


class DecodingError(Exception):
    """A value of a type that its field does not have; the message is ``encoding/json``'s."""


class Decoded(NamedTuple):
    """An object after Go's decoder and encoder: what remains of it, and the paths of the fields nobody knows."""

    object: Wire
    unknown: list[str]

    @property
    def problems(self) -> list[str]:
        """What a strict decoder says of each unknown field."""
        return [f"unknown field {quote(path)}" for path in self.unknown]


def decode(wire: Wire, kind: str, api_version: str) -> Decoded:
    """Decode an object of a kind, and encode it again; the result shares no container with the object.

    No null remains but those that Go writes: of times and lists that are always written.

    :raises DecodingError: at the first value, in the order of keys, that has the wrong type.
    :raises KeyError: for a kind that is not served.
    """
    struct = struct_of(kind, api_version)
    if struct is None:
        raise KeyError(f"the kind must be served, got {kind} in {api_version}")
    unknown: list[str] = []
    decoded = fast_decode(wire, struct)
    if decoded is None:
        decoded = walk(wire, struct, unknown)
    decoded["apiVersion"] = api_version
    decoded["kind"] = kind
    return Decoded(decoded, unknown)


def walk(wire: Wire, struct: Struct, unknown: list[str]) -> Wire:
    """Decode and encode field by field, in the order of keys; the paths of unknown fields are added to ``unknown``.

    :raises DecodingError: at the first value that has the wrong type.
    """
    return _decode_struct(wire, struct, "", "", unknown)


def strict_errors(wire: Wire, kind: str, api_version: str) -> list[str]:
    """The problems a strict decoder has with an object: one wrong type, or every unknown field."""
    try:
        return decode(wire, kind, api_version).problems
    except DecodingError as error:
        return [str(error)]


def prune_unknown(wire: Wire, kind: str, api_version: str) -> Wire:
    """The object without the fields nobody knows.

    :raises DecodingError: as :func:`decode`.
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
    except DecodingError as error:
        return str(error)
    return None


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
    for missing in struct.always_written:
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
        return {missing.name: _zero(missing) for missing in as_type.struct.always_written}
    if as_type.shape in ("integer", "int-or-string"):
        return 0
    if as_type.is_quantity:
        return quantities.ZERO
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
    return quantities.ZERO if as_type.is_quantity else {"integer": 0, "boolean": False}.get(as_type.shape, "")


def _decode_scalar(value: Any, as_type: FieldType, struct_name: str, go_path: str) -> Any:
    is_text = isinstance(value, str)
    is_flag = isinstance(value, bool)
    is_number = isinstance(value, (int, float)) and not is_flag
    match as_type.shape:
        case "string" if as_type.is_quantity and (is_text or is_number):
            try:
                return quantities.canonical(value.strip() if is_text else format_float(float(value)))
            except ValueError as error:
                raise DecodingError(str(error)) from None
        case "string" if as_type.is_quantity:
            raise DecodingError(quantities.FORMAT_PROBLEM)
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
    if re.fullmatch(TIMESTAMP, value):
        return value
    raise DecodingError(f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00": cannot parse "{value}" as "2006"')


def _base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except ValueError:  # binascii.Error is one; so is text beyond ASCII
        good = re.match(r"(?:[A-Za-z0-9+/]{4})*[A-Za-z0-9+/]{0,3}={0,2}", value)
        raise DecodingError(f"illegal base64 data at input byte {good.end() if good else 0}") from None
    return value


def _mismatch(value: Any, struct_name: str, go_path: str, go_name: str, described: str | None = None) -> DecodingError:
    what = described or json_kind(value)
    return DecodingError(
        f"json: cannot unmarshal {what} into Go struct field {struct_name}.{go_path} of type {go_name}"
    )


def json_kind(value: Any) -> str:
    """The kind of a JSON value, as ``encoding/json`` names it."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    names: dict[type, str] = {str: "string", dict: "object", list: "array"}
    return names.get(type(value), "null")
