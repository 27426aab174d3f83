"""JSON as Go reads and writes it.

``encoding/json`` sorts the keys of maps, escapes ``<``, ``>`` and ``&`` (JSON was once pasted into HTML) and the two
line separators that JavaScript could not read, and writes a float without an exponent while it is of moderate size.
``kubectl get -o json`` prints exactly this, indented by four blanks.

What comes in, be it a text or a Python value, passes :func:`loads` or :func:`value_of`, and is then a JSON value that
the rest of the house can rely on: its numbers fit, its texts can be written, and it is not too deep for a recursion.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
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


DEPTH = 150
"""How deep arrays and objects may nest. Go reads 10,000 levels; no object of Kubernetes has a tenth of this many."""
LARGEST = 2**64
"""Whole numbers below this (and above its negative half) are kept as they are; others become floats, as in Go."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class JsonError(ValueError):
    """A text that is no JSON, or a value that has no place in it; ``str()`` is Go's.

    :param position: where in the text, counted in characters; -1 where it is JSON, of a value that Go cannot hold.
    """

    def __init__(self, message: str, position: int = -1) -> None:
        super().__init__(message)
        self.position = position


def clean(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which UTF-8 cannot write."""
    return text if text.isascii() or not _SURROGATE.search(text) else _SURROGATE.sub("\ufffd", _joined(text))


def _joined(text: str) -> str:
    """The text with its surrogate pairs made one character each."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def loads(text: str) -> Any:
    """Read a JSON text.

    :raises JsonError: with Go's words.
    """
    value, end = decode_at(text, len(text) - len(text.lstrip(" \t\r\n")))
    rest = text[end:].lstrip(" \t\r\n")
    if rest:
        raise JsonError(f"invalid character {_quoted(rest[0])} after top-level value", len(text) - len(rest))
    return value


def decode_at(text: str, position: int) -> tuple[Any, int]:
    """Read the JSON value at a position; where it ends comes second.

    :raises JsonError: with Go's words.
    """
    if text.count("[") + text.count("{") > DEPTH and (deep := _too_deep(text, position)) is not None:
        raise JsonError(f"invalid character {_quoted(text[deep])} exceeded max depth", deep)
    try:
        value, end = _DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        if not text[error.pos :].strip() or error.msg.startswith("Unterminated string"):
            raise JsonError("unexpected EOF", error.pos) from None
        raise JsonError(f"invalid character {_quoted(text[error.pos])} {_expected(error)}", error.pos) from None
    if _SURROGATE.search(text) or _ESCAPED_SURROGATE.search(text):
        value = value_of(value)
    return value, end


def _too_deep(text: str, position: int) -> int | None:
    """Where a JSON text nests too deep; brackets inside strings count for nothing."""
    depth = 0
    for found in _BRACKETS.finditer(text, position):
        if found[0] in "[{":
            depth += 1
            if depth > DEPTH:
                return found.start()
        elif found[0] in "]}":
            depth -= 1
    return None


_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def _whole(digits: str) -> int | float:
    number = int(digits) if len(digits) < 22 else LARGEST
    return number if -LARGEST // 2 <= number < LARGEST else _float(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise JsonError(f"json: cannot unmarshal number {digits} into Go value of type float64")
    return number


def _constant(word: str) -> float:
    """``NaN`` and the infinities, which Python takes and Go does not."""
    if word.startswith("-"):
        raise JsonError("invalid character 'I' in numeric literal", 0)
    raise JsonError(f"invalid character {word[0]!r} looking for beginning of value", 0)


_DECODER = json.JSONDecoder(parse_int=_whole, parse_float=_float, parse_constant=_constant)


def _quoted(character: str) -> str:
    """A character as Go's decoder quotes it."""
    return {"'": r"'\''", '"': "'\"'"}.get(character) or repr(character)


def _expected(error: json.JSONDecodeError) -> str:
    """Go's account of where a JSON text went wrong."""
    if error.msg.startswith("Expecting ',' delimiter"):
        inside = "array element" if _innermost(error.doc[: error.pos]) == "[" else "object key:value pair"
        return f"after {inside}"
    if error.msg.startswith("Expecting ':' delimiter"):
        return "after object key"
    if error.msg.startswith("Expecting property name"):
        return "looking for beginning of object key string"
    return "looking for beginning of value"


def _innermost(text: str) -> str:
    """The bracket that is open at the end of a piece of JSON."""
    open_brackets: list[str] = []
    for bracket in re.findall(r"[\[\]{}]", re.sub(r'"(\\.|[^"\\])*"', "", text)):
        if bracket in "[{":
            open_brackets.append(bracket)
        elif open_brackets:
            open_brackets.pop()
    return open_brackets[-1] if open_brackets else ""


_LARGE = re.compile(rb"\d{19}")
"""A number that may be too large, or a text that looks like one."""


def value_of(given: Any) -> Any:
    """A Python value as a JSON value that shares no container with it.

    What goes through JSON and comes back the same is one; the walk takes what does not, or says what is wrong with it.

    :raises JsonError: where JSON has no such value, or it nests too deep.
    """
    try:
        text = msgspec.json.encode(given)
        fits = text.count(b"[") + text.count(b"{") <= DEPTH and not _LARGE.search(text)
        if fits and (copy := msgspec.json.decode(text)) == given:
            return copy
    except (TypeError, ValueError, OverflowError, RecursionError):
        pass
    return _walked(given, 0)


def _walked(given: Any, above: int) -> Any:
    kind = type(given)
    if kind is str:
        return given if given.isascii() else clean(given)
    if kind is dict or isinstance(given, Mapping):
        if above >= DEPTH:
            raise JsonError("exceeded max depth")
        return {_key(key): _walked(item, above + 1) for key, item in given.items()}
    if isinstance(given, (list, tuple)):
        if above >= DEPTH:
            raise JsonError("exceeded max depth")
        return [_walked(item, above + 1) for item in given]
    if given is None or kind is bool:
        return given
    if isinstance(given, int):
        number = int(given)
        if -LARGEST // 2 <= number < LARGEST:
            return number
        if abs(number) >= 10**300:
            raise JsonError("a whole number must fit into a float, got one of more than 300 digits")
        return float(number)
    if isinstance(given, float):
        if not math.isfinite(given):
            raise JsonError(f"json: unsupported value: {format_special(given)}")
        return float(given)
    if isinstance(given, str):
        return clean(str(given))
    raise JsonError(f"an object must hold texts, numbers, lists and the like, got {kind.__name__}")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise JsonError(f"the keys of an object must be texts, got {key!r:.80}")
    return key if key.isascii() else clean(key)


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
    """The shortest mantissa that reads back as ``value``, and its decimal exponent.

    Only for floats that Go writes with an exponent: Python writes those with one as well.
    """
    mantissa, exponent = repr(value).split("e")
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
