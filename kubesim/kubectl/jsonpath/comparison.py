"""Comparing two values as Go's templates do: only basic kinds, and only of the same kind."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from kubesim.kubectl.jsonpath.errors import JsonPathError

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "<": operator.lt,
        ">": operator.gt,
        "==": operator.eq,
        "!=": operator.ne,
        "<=": operator.le,
        ">=": operator.ge,
    }
)


def compare(left: Any, symbol: str, right: Any) -> bool:
    """Whether ``left symbol right`` holds.

    :raises JsonPathError: for an unknown operator, for maps and lists, and for different kinds.
    """
    if symbol not in OPERATORS:
        raise JsonPathError(f"unrecognized filter operator {symbol}")
    kind = _kind(left)
    if kind != _kind(right):
        raise JsonPathError("incompatible types for comparison")
    if kind == "bool" and symbol not in ("==", "!="):
        raise JsonPathError("invalid type for comparison")
    return OPERATORS[symbol](left, right)


def _kind(value: Any) -> str:
    for type, name in ((bool, "bool"), (int, "int"), (float, "float"), (str, "string")):
        if isinstance(value, type):
            return name
    raise JsonPathError("invalid type for comparison")
