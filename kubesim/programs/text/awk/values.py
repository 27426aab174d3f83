"""awk's values: numbers and texts, each of which can be read as the other."""

from __future__ import annotations

import math
import re

Value = str | float


ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "/": "/"}


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
    return value != 0 if isinstance(value, float) else value != ""


def looks_numeric(value: Value) -> bool:
    """Whether comparisons take it as a number."""
    return isinstance(value, float) or re.fullmatch(r"\s*[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+)\s*", value) is not None
