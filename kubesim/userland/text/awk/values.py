"""awk's values: numbers, texts, and texts from outside that count as numbers where they look like one."""

from __future__ import annotations

import math
import re
from typing import TypeAlias

Value: TypeAlias = str | float
"""What an expression gives."""

_NUMBER = re.compile(r"[ \t\n\r\f\v]*[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)")
_WHOLE = 2.0**53
"""Up to here mawk writes whole numbers without an exponent."""


class InputText(str):
    """Text that came from outside (a field, ``-v``, ``split``): compared as a number where it looks like one."""

    __slots__ = ()


UNSET = InputText("")
"""The value of what was never assigned: both the empty text and zero."""


def number_of(value: Value) -> float:
    """A value as a number: the number at its beginning, else 0."""
    if isinstance(value, float):
        return value
    match = _NUMBER.match(value)
    return float(match[0]) if match else 0.0


def integer_of(value: Value) -> int:
    """A value as a whole number, cut towards zero; what has none is at the end of what 64 bits hold."""
    number = number_of(value)
    if math.isnan(number):
        return -(2**63)
    return (
        max(-(2**63), min(2**63 - 1, int(number))) if math.isfinite(number) else (2**63 - 1 if number > 0 else -(2**63))
    )


def text_of(value: Value, form: str = "%.6g") -> str:
    """A value as text: whole numbers without a point, others by a format (``CONVFMT``, ``OFMT``)."""
    if isinstance(value, str):
        return value
    if math.isnan(value):
        return "-nan" if math.copysign(1.0, value) < 0 else "+nan"
    if math.isinf(value):
        return "+inf" if value > 0 else "-inf"
    if value == int(value) and abs(value) <= _WHOLE:
        return str(int(value))
    try:
        return form % value
    except (TypeError, ValueError):
        return f"{value:.6g}"


def looks_numeric(value: Value) -> bool:
    """Whether comparisons take it as a number; a text constant is never one."""
    if isinstance(value, float) or value is UNSET:
        return True
    if not isinstance(value, InputText):
        return False
    match = _NUMBER.match(value)
    return match is not None and not value[match.end() :].strip(" \t\n\r\f\v")


def truth(value: Value) -> bool:
    """Whether a condition with this value holds."""
    return number_of(value) != 0 if looks_numeric(value) else value != ""
