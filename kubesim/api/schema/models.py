"""The fast way to decode: a msgspec struct for every struct of the tree, so that C does what Go's decoder does.

A model has exactly the fields of Go's struct, with Go's zeros as defaults: msgspec refuses unknown fields and wrong
types while it reads, and leaves out zeros while it writes. What it makes of an object is what the walk in
:mod:`kubesim.api.schema.decoder` makes of it. A model is *narrower* in three places (a null in the place of a value, an
empty list that is written as null, an empty text for a number or a string), and it has no words for what is wrong:
whatever it refuses is left to the walk.
"""

from __future__ import annotations

import base64
import functools
import operator
import re
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from kubesim.api import quantities
from kubesim.api.go_json import format_float
from kubesim.api.objects import Wire
from kubesim.api.schema.tree import FieldType, SchemaField, Struct

TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
"""A time of the API (RFC 3339)."""

_Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Time = Annotated[str, msgspec.Meta(pattern=rf"\A(?:{TIMESTAMP})\Z")]
_ZEROS: dict[str, Any] = {"string": "", "integer": 0, "int-or-string": 0, "boolean": False}
_NOTHING: Callable[[], Any] = functools.partial(operator.itemgetter(0), (None,))


class _Quantity:
    """A quantity in canonical form; msgspec asks for it by this type."""

    __slots__ = ("text",)

    def __init__(self, given: object = quantities.ZERO) -> None:
        if isinstance(given, bool) or not isinstance(given, (str, int, float)):
            raise ValueError(quantities.FORMAT_PROBLEM)
        self.text = _canonical(given.strip() if isinstance(given, str) else format_float(float(given)))


class _Bytes:
    """Bytes in base64."""

    __slots__ = ("text",)

    def __init__(self, given: object) -> None:
        if not isinstance(given, str):
            raise ValueError("bytes must be written in base64")
        base64.b64decode(given, validate=True)
        self.text = given


class _SomeBytes(_Bytes):
    """Bytes in base64 of a field that is left out when there are none: an empty text is left to the walk."""

    __slots__ = ()

    def __init__(self, given: object) -> None:
        if given == "":
            raise ValueError("bytes must be some")
        super().__init__(given)


_canonical = functools.lru_cache(1024)(quantities.canonical)


def fast_decode(wire: Wire, struct: Struct) -> Wire | None:
    """The object as Go's decoder and encoder leave it, in containers of its own; None where the walk must be asked."""
    try:
        read = msgspec.convert(wire, _model(struct), dec_hook=_read)
    except (msgspec.ValidationError, RecursionError):
        return None
    written: Wire = msgspec.to_builtins(read, order="deterministic", enc_hook=_text)
    return written


def _read(as_type: type[Any], given: object) -> Any:
    return as_type(given)


def _text(given: Any) -> str:
    return str(given.text)


@functools.cache
def _model(struct: Struct) -> type[msgspec.Struct]:
    slots = {name: name if name.isidentifier() else re.sub(r"\W", "_", name) for name in sorted(struct.fields)}
    fields = [(slot, *_member(struct.fields[name])) for name, slot in slots.items()]
    return msgspec.defstruct(
        struct.name,
        fields,
        kw_only=True,
        omit_defaults=True,
        forbid_unknown_fields=True,
        gc=False,
        rename={slot: name for name, slot in slots.items()},
    )


def _member(field: SchemaField) -> tuple[Any, Any]:
    """The type of a field in the model, and its default.

    msgspec leaves a field out whose value *is* the default. So a default made by a function is always written.
    """
    kind = field.type
    hint = _hint(kind)
    match kind.shape:
        case "struct" if field.value or field.required:
            return hint, msgspec.field(default_factory=hint)
        case "list" if field.required:
            return Annotated[hint, msgspec.Meta(min_length=1)] | None, msgspec.field(default_factory=_NOTHING)
        case "map" if field.required:
            return hint | None, msgspec.field(default_factory=_NOTHING)
        case "list":
            return hint, msgspec.field(default_factory=list)
        case "map":
            return hint, msgspec.field(default_factory=dict)
        case "any":
            return Annotated[dict[str, Any], msgspec.Meta(min_length=1)] | None, None
        case "time" if field.null_time or field.required:
            return hint | None, msgspec.field(default_factory=_NOTHING)
        case "struct" | "time" | "number":
            return hint | None, None
    if field.pointer:
        return hint | None, None
    if kind.is_quantity:
        return hint, msgspec.field(default_factory=_Quantity)
    if kind.go_name == "[]uint8":
        return _SomeBytes | None, None
    zero = _ZEROS[kind.shape]
    if field.required:
        return hint, msgspec.field(default_factory=type(zero))
    if kind.shape == "int-or-string":
        return _Int32 | Annotated[str, msgspec.Meta(min_length=1)], zero
    return hint, zero


def _hint(kind: FieldType) -> Any:
    match kind.shape:
        case "struct":
            assert kind.struct is not None
            return _model(kind.struct)
        case "list":
            assert kind.item is not None
            return list[_hint(kind.item)]  # type: ignore[misc]
        case "map":
            assert kind.item is not None
            return dict[str, _hint(kind.item)]  # type: ignore[misc]
        case "string" if kind.is_quantity:
            return _Quantity
        case "string" if kind.go_name == "[]uint8":
            return _Bytes
        case "string":
            return str
        case "integer":
            return _Int64 if kind.go_name == "int64" else _Int32
        case "boolean":
            return bool
        case "time":
            return _Time
        case "int-or-string":
            return _Int32 | str
    return Any
