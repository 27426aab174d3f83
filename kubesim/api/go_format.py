"""Values as Go's ``fmt`` prints them: ``%v`` for columns, ``%#v`` for what an error shows of an object."""

from __future__ import annotations

from typing import Any

_ESCAPES = {
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
    "\\": "\\\\", '"': '\\"',
}  # fmt: skip


def sprint(value: Any) -> str:
    """A value as ``%v``: ``map[a:1 b:[x y]]``, ``<nil>``, ``true``, ``1e+06``."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format_float(value)
    if isinstance(value, dict):
        return "map[" + " ".join(f"{sprint(key)}:{sprint(value[key])}" for key in sorted(value, key=str)) + "]"
    if isinstance(value, (list, tuple)):
        return "[" + " ".join(sprint(each) for each in value) + "]"
    return str(value)


def go_syntax(value: Any) -> str:
    """A value as ``%#v``: ``map[string]interface {}{"a":1}``."""
    if value is None:
        return "interface {}(nil)"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, dict):
        members = ", ".join(f"{quote(str(key))}:{go_syntax(value[key])}" for key in sorted(value, key=str))
        return f"map[string]interface {{}}{{{members}}}"
    if isinstance(value, (list, tuple)):
        return f"[]interface {{}}{{{', '.join(go_syntax(each) for each in value)}}}"
    return sprint(value)


def quote(text: str) -> str:
    """A string as Go source (``strconv.Quote``, ``%q``)."""
    return '"' + "".join(_quoted(character) for character in text) + '"'


def _quoted(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character == " " or (character.isprintable() and not character.isspace()):
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def format_float(value: float) -> str:
    """A float as ``%v``: the shortest digits, with an exponent below 1e-4 and from 1e+06 on."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    digits = f"{value!r}"
    mantissa, _, power = digits.partition("e")
    exponent = _exponent(value)
    if -4 <= exponent < 6:
        text = digits if not power else f"{value:.{max(0, 17 - exponent)}f}".rstrip("0").rstrip(".")
        return text.removesuffix(".0")
    if not power:
        mantissa = _mantissa(mantissa, exponent)
    return f"{mantissa.removesuffix('.0')}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2]) if value else 0


def _mantissa(digits: str, exponent: int) -> str:
    sign = "-" if digits.startswith("-") else ""
    significant = digits.lstrip("-").replace(".", "").strip("0")
    return f"{sign}{significant[0]}.{significant[1:]}" if len(significant) > 1 else f"{sign}{significant}"


def type_name(value: Any) -> str:
    """The Go type of a decoded JSON value, as ``%T`` names it."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "bool"
    names = ((str, "string"), (int, "int64"), (float, "float64"), (dict, "map[string]interface {}"))
    return next((name for kind, name in names if isinstance(value, kind)), "[]interface {}")
