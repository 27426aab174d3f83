"""awk's values: numbers and texts, each of which can be read as the other."""

from __future__ import annotations

import math
import re

Value = str | float


ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "/": "/"}


_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+)\s*")


def number_of(value: Value) -> float:
    """A value as a number: the number at its beginning."""
    if isinstance(value, float):
        return value
    match = re.match(r"\s*[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+)", value)
    return float(match[0]) if match else 0.0


def text_of(value: Value) -> str:
    """A value as text: whole numbers without a point."""
    if isinstance(value, str):
        return value
    if value == int(value) if math.isfinite(value) else False:
        return str(int(value))
    return f"{value:.6g}"


def truth(value: Value) -> bool:
    """Whether a condition with this value holds."""
    return number_of(value) != 0 if looks_numeric(value) else value != ""


class InputText(str):
    """Text that came from outside (a field, ``-v``, ``split``): compared as a number where it looks like one."""

    __slots__ = ()


UNSET = InputText("")
"""The value of what was never assigned: both the empty text and zero."""


def looks_numeric(value: Value) -> bool:
    """Whether comparisons take it as a number; a text constant is never one."""
    if isinstance(value, float) or value is UNSET:
        return True
    return isinstance(value, InputText) and _NUMBER.fullmatch(value) is not None
