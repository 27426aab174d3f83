"""What a plain scalar means in go-yaml's YAML 1.1."""

from __future__ import annotations

import math
import re
from typing import Any

_WORDS: dict[str, Any] = {
    word: value
    for value, words in (
        (True, "y Y yes Yes YES true True TRUE on On ON"),
        (False, "n N no No NO false False FALSE off Off OFF"),
        (None, "~ null Null NULL"),
    )
    for word in words.split()
} | {"": None}
_SPECIAL_FLOATS = {
    word: value
    for value, words in (
        (float("nan"), ".nan .NaN .NAN"),
        (float("inf"), ".inf .Inf .INF +.inf +.Inf +.INF"),
        (float("-inf"), "-.inf -.Inf -.INF"),
    )
    for word in words.split()
}
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]([0-7]+)|0[bB]([01]+)|0([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_TIMESTAMP = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|\s+)\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d*)?(?:\s*(?:Z|[-+]\d{1,2}(?::?\d{2})?))?)?"
)


def resolve(text: str) -> Any:
    """What a plain scalar means: a bool, None, a number, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if text in _SPECIAL_FLOATS:
        return _SPECIAL_FLOATS[text]
    first = text[0]
    if first not in "+-.0123456789":
        return text
    if first == ".":
        return _float(text)
    digits = text.replace("_", "")
    match = _INTEGER.fullmatch(digits)
    if match:
        sign, *parts = match.groups()
        number = next(int(part, base) for part, base in zip(parts, (16, 8, 2, 8, 10), strict=True) if part is not None)
        number = -number if sign == "-" else number
        if -(2**63) <= number < 2**64:
            return number
    return _float(digits, text)


def reads_as_string(text: str) -> bool:
    """Whether a plain scalar of this text is a string, to go-yaml and to the YAML 1.1 it keeps in mind."""
    return isinstance(resolve(text), str) and not _TIMESTAMP.fullmatch(text) and not _BASE_60.fullmatch(text)


def _float(digits: str, text: str | None = None) -> float | str:
    """A number that has a point or an exponent and is not too large for one; else the text."""
    if _FLOAT.fullmatch(digits):
        number = float(digits)
        if math.isfinite(number):
            return number
    return digits if text is None else text
