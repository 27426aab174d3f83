"""Objects as kubectl sends them from its ``create`` commands: Kubernetes' own protobuf.

Such a body is the four bytes ``k8s\\0``, then a message ``runtime.Unknown`` that says what kind follows and holds it.
Which field has which number, and is encoded how, is in ``protobuf_fields.txt``; the values come out as JSON has them:
zeros that Go leaves out are left out. Upstream: ``apimachinery/pkg/runtime/serializer/protobuf``.
"""

from __future__ import annotations

import base64
import functools
import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from kubesim.api.objects import Wire

MAGIC = b"k8s\0"
_DEEPEST = 60
"""Levels of messages within messages; no kind has a third of them."""
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_VARINT_BYTES = 10


class ProtobufError(ValueError):
    """Bytes that are no such body; says why."""


_NUMBERS = frozenset({"bool", "int32", "int64", "uint32", "uint64"})
"""The types that are written as a number of variable length."""


class _Field(NamedTuple):
    name: str
    type: str


class Body(NamedTuple):
    """What a body holds.

    :param wire: the object, with its kind and version.
    :param known: whether the kind is one that can be read; the object is empty otherwise.
    """

    wire: Wire
    known: bool


def decode(data: bytes) -> Body:
    """Read a body.

    :raises ProtobufError: where it is none.
    """
    if not data.startswith(MAGIC):
        raise ProtobufError("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    version, kind, raw = "", "", b""
    for number, wire_type, value in _fields(data[len(MAGIC) :]):
        if wire_type != _LENGTH:
            continue
        if number == 1:
            meta = {inner: text for inner, how, text in _fields(value) if how == _LENGTH}
            version, kind = _text(meta.get(1, b"")), _text(meta.get(2, b""))
        elif number == 2:
            raw = value
    message = _message_of(version, kind)
    wire: Wire = {"apiVersion": version, "kind": kind}
    if message is None:
        return Body(wire, False)
    return Body(wire | _message(raw, message, 0), True)


def _message_of(version: str, kind: str) -> str | None:
    group, _, number = version.rpartition("/")
    package = f"{group.partition('.')[0]}.{number}" if group else f"core.{number}"
    for name in (f"{package}.{kind}", f"meta.v1.{kind}"):
        if name in _table():
            return name
    return None


@functools.cache
def _table() -> dict[str, dict[int, _Field]]:
    text = Path(__file__).with_name("protobuf_fields.txt").read_text(encoding="utf-8")
    found: dict[str, dict[int, _Field]] = {}
    for line in text.splitlines()[1:]:
        name, *fields = line.split()
        parts = (each.split(":", 2) for each in fields)
        found[name] = {int(number): _Field(field, as_type) for number, field, as_type in parts}
    return found


def _fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """The fields of a message: number, how it is written, and what: a number, or bytes."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        number, wire_type = key >> 3, key & 7
        value: Any
        if wire_type == _VARINT:
            value, position = _varint(data, position)
        elif wire_type == _LENGTH:
            length, position = _varint(data, position)
            value = data[position : position + length]
            position += length
        elif wire_type in (_FIXED64, _FIXED32):
            size = 8 if wire_type == _FIXED64 else 4
            value = data[position : position + size]
            position += size
        else:
            raise ProtobufError(f"proto: illegal wireType {wire_type}")
        if position > len(data):
            raise ProtobufError("unexpected EOF")
        yield number, wire_type, value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(_VARINT_BYTES):
        if position >= len(data):
            raise ProtobufError("unexpected EOF")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value & (2**64 - 1), position
    raise ProtobufError("proto: integer overflow")


def _message(data: bytes, name: str, depth: int) -> Wire:
    if depth > _DEEPEST:
        raise ProtobufError("proto: exceeded max depth")
    known, found = _table()[name], Wire()
    for number, wire_type, value in _fields(data):
        field = known.get(number)
        if field is None:
            continue
        if wire_type not in _written(field.type):
            raise ProtobufError(
                f"proto: wrong wireType = {wire_type} for field {field.name[:1].upper()}{field.name[1:]}"
            )
        _take(found, field, value, depth)
    return found


def _written(as_type: str) -> tuple[int, ...]:
    """How a field of a type may be written; a list of numbers as one after the other, or packed into one."""
    element = as_type.removeprefix("[]")
    if element == "double":
        return (_FIXED64,)
    if element not in _NUMBERS:
        return (_LENGTH,)
    return (_VARINT, _LENGTH) if as_type.startswith("[]") else (_VARINT,)


def _packed(data: bytes) -> Iterator[int]:
    position = 0
    while position < len(data):
        value, position = _varint(data, position)
        yield value


def _take(found: Wire, field: _Field, value: Any, depth: int) -> None:
    """Note one field of a message; zeros of plain values are kept, for a pointer may hold them."""
    name, as_type = field
    if name == "+":
        found |= _message(value, as_type, depth + 1)
    elif as_type.startswith("[]"):
        element = as_type[2:]
        each = _packed(value) if element in _NUMBERS and isinstance(value, bytes) else [value]
        found.setdefault(name, []).extend(_value(one, element, depth) for one in each)
    elif as_type.startswith("map:"):
        entry = {number: inner for number, how, inner in _fields(value) if how == _LENGTH}
        found.setdefault(name, {})[_text(entry.get(1, b""))] = _value(entry.get(2, b""), as_type[4:], depth)
    else:
        plain = _value(value, as_type, depth)
        if plain is not None and plain != "":
            found[name] = plain


def _value(value: Any, as_type: str, depth: int) -> Any:
    match as_type:
        case "string":
            return _text(value)
        case "bytes":
            return base64.b64encode(value).decode()
        case "bool":
            return bool(value)
        case "int32" | "int64":
            return value - 2**64 if value >= 2**63 else value
        case "uint32" | "uint64":
            return value
        case "double":
            if len(value) != 8:
                raise ProtobufError("unexpected EOF")
            return struct.unpack("<d", value)[0]
        case "quantity":
            return _text(next((inner for number, _, inner in _fields(value) if number == 1), b"")) or "0"
        case "intstr":
            parts = {
                number: inner for number, how, inner in _fields(value) if how == (_LENGTH if number == 3 else _VARINT)
            }
            whole = parts.get(2, 0)
            return _text(parts.get(3, b"")) if parts.get(1) else whole - 2**64 if whole >= 2**63 else whole
        case "time" | "microtime":
            return _time(value, as_type == "microtime")
        case "raw":
            raw = next((inner for number, _, inner in _fields(value) if number == 1), b"")
            try:
                return json.loads(raw) if raw else {}
            except ValueError:
                raise ProtobufError("invalid JSON in a raw field") from None
    inner_message = _message(value, as_type, depth + 1)
    items = inner_message.get("items")  # rbac's and authorization's lists under a key of a map
    return items or [] if as_type.endswith(".ExtraValue") else inner_message


def _time(data: bytes, fine: bool) -> str | None:
    parts = {number: inner for number, how, inner in _fields(data) if how == _VARINT}
    seconds, nanos = parts.get(1), parts.get(2, 0)
    if seconds is None:
        return None
    try:
        moment = datetime.fromtimestamp(seconds - 2**64 if seconds >= 2**63 else seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise ProtobufError("a time must be one of the years 1 to 9999") from None
    return f"{moment:%Y-%m-%dT%H:%M:%S}" + (f".{nanos // 1000:06d}Z" if fine else "Z")


def _text(value: Any) -> str:
    if not isinstance(value, bytes):
        raise ProtobufError("proto: wrong wireType for a string")
    return value.decode("utf-8", "replace")
