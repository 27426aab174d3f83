"""JSON as Go writes it.

``encoding/json`` sorts the keys of maps, escapes ``<``, ``>`` and ``&`` (JSON was once pasted into HTML) and the two
line separators that JavaScript could not read, and writes a float without an exponent while it is of moderate size.
``kubectl get -o json`` prints exactly this, indented by four blanks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

import msgspec

_HTML_ESCAPES = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


_FLOAT = re.compile(r"[:\[,]-?\d+[.eE]")
"""A float, or a text that looks like one."""
_PART_OF_FLOAT = re.compile(r"[0-9][.eE]")
"""What each float has, and hardly any other text: it is found faster."""


def dumps(value: Any, indent: int | None = 4, *, sort_keys: bool = True) -> str:
    """Write a JSON value as Go does.

    :param indent: blanks a level, or None for one line without blanks (what annotations hold).
    :param sort_keys: Go sorts the keys of maps; the fields of a struct keep their order.
    """
    if indent is None and sort_keys:
        try:
            text = msgspec.json.encode(value, order="sorted").decode()
        except (TypeError, ValueError):
            text = "<"
        if not _is_written_otherwise(text):
            return text
    return _encode(value, indent, "\n", sort_keys)


def _is_written_otherwise(text: str) -> bool:
    """Whether Go may write a JSON text otherwise than msgspec: what it escapes, and floats."""
    if "<" in text or ">" in text or "&" in text or "\u2028" in text or "\u2029" in text:
        return True
    return _PART_OF_FLOAT.search(text) is not None and _FLOAT.search(text) is not None


def quote(text: str) -> str:
    """A string as a JSON literal, with Go's escapes."""
    return encode_basestring(text).translate(_HTML_ESCAPES)


def format_float(value: float) -> str:
    """A float as ``encoding/json`` writes it: ``100000000``, ``1e+21``, ``1e-7``.

    :raises ValueError: for infinities and NaN, which JSON does not have.
    """
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(f"json: unsupported value: {format_special(value)}")
    magnitude = abs(value)
    if magnitude != 0 and (magnitude < 1e-6 or magnitude >= 1e21):
        mantissa, exponent = _shortest(value)
        sign = "-" if exponent < 0 else "+"
        digits = f"{abs(exponent)}" if exponent < 0 else f"{exponent:02d}"
        return f"{mantissa}e{sign}{digits}"
    text = repr(value)
    if "e" in text:  # Python turns to exponents earlier than Go does
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def format_special(value: float) -> str:
    """Go's names of the floats that are no numbers."""
    return "NaN" if value != value else ("+Inf" if value > 0 else "-Inf")


def _shortest(value: float) -> tuple[str, int]:
    """The shortest mantissa that reads back as ``value``, and its decimal exponent."""
    text = repr(value)
    if "e" not in text:
        text = f"{value:e}"
        mantissa, exponent = text.split("e")
        return mantissa.rstrip("0").rstrip("."), int(exponent)
    mantissa, exponent = text.split("e")
    return mantissa.removesuffix(".0"), int(exponent)


def _encode(value: Any, indent: int | None, newline: str, sort_keys: bool) -> str:
    if isinstance(value, str):
        return quote(value)
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return format_float(value)
    deeper = newline if indent is None else newline + " " * indent
    if isinstance(value, dict):
        colon = ":" if indent is None else ": "
        keys = sorted(value) if sort_keys else list(value)
        members = (f"{quote(key)}{colon}{_encode(value[key], indent, deeper, sort_keys)}" for key in keys)
        return _enclose("{", members, "}", indent, newline, deeper)
    if isinstance(value, (list, tuple)):
        items = (_encode(item, indent, deeper, sort_keys) for item in value)
        return _enclose("[", items, "]", indent, newline, deeper)
    raise TypeError(f"a JSON value must be a dict, list, string, number, bool or None, got {value!r}")


def _enclose(left: str, parts: Iterable[str], right: str, indent: int | None, newline: str, deeper: str) -> str:
    if indent is None:
        return left + ",".join(parts) + right
    inner = f",{deeper}".join(parts)
    return f"{left}{deeper}{inner}{newline}{right}" if inner else left + right
