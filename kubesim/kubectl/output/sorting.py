"""``--sort-by``: ordering objects, or the rows of a table, by a field.

A field that no object has is an error; an object that lacks it comes first. Text is compared in *natural order*
(``pod-2`` before ``pod-10``), quantities by their value (``500m`` before ``2``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from kubesim.api import quantities
from kubesim.api.go_format import type_name
from kubesim.api.objects import Wire
from kubesim.api.tables import Table
from kubesim.kubectl.jsonpath import JsonPath, relaxed_expression
from kubesim.kubectl.output.go_sort import go_sort

T = TypeVar("T")

_MISSING = object()


class UnsortableError(Exception):
    """Values that have no order; kubectl gives up at once, with a line of its log.

    :param type: what Go calls their type.
    """

    def __init__(self, type: str) -> None:
        super().__init__(f"unsortable type: {type}")


def sort_objects(objects: Sequence[Wire], field: str) -> list[Wire]:
    """Objects in the order of a field.

    :raises ValueError: with upstream's words, for a bad expression or a field that no object has.
    """
    return _sorted(list(objects), field, lambda wire: wire) if objects else []


def sort_table(table: Table, field: str) -> Table:
    """A table with its rows in the order of a field of their objects.

    :raises ValueError: as :func:`sort_objects`.
    """
    return Table(table.columns, tuple(_sorted(list(table.rows), field, lambda row: row.object)))


def _sorted(items: list[T], field: str, object_of: Callable[[T], Wire]) -> list[T]:
    expression = relaxed_expression(field)
    path = JsonPath(expression, allow_missing_keys=True)
    keyed = [(_first(path.find(object_of(item))), item) for item in items]
    if items and all(key is _MISSING for key, _ in keyed):
        raise ValueError(f'couldn\'t find any field with path "{expression}" in the list of objects')
    return [item for _, item in go_sort(keyed, _less)]


def _first(results: list[list[Any]]) -> Any:
    return results[0][0] if results and results[0] else _MISSING


def _less(left: tuple[Any, T], right: tuple[Any, T]) -> bool:
    a, b = left[0], right[0]
    if a is _MISSING:
        return True
    if b is _MISSING:
        return False
    if a is None or b is None:
        return a is None and b is not None
    return less(a, b)


def less(a: Any, b: Any) -> bool:
    """Whether a value comes before another.

    :raises UnsortableError: for maps, lists and booleans.
    """
    if isinstance(a, str) and isinstance(b, str):
        left, right = _quantity(a), _quantity(b)
        return left < right if left is not None and right is not None else natural_less(a, b)
    for value in (a, b):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UnsortableError(type_name(value))
    return bool(a < b)


def _quantity(text: str) -> Decimal | None:
    try:
        return quantities.parse(text)
    except (ValueError, ArithmeticError):
        return None


def natural_less(a: str, b: str) -> bool:
    """Natural order: runs of digits compare as numbers, and numbers come before letters (fvbommel/sortorder)."""
    return _natural(a) < _natural(b)


def _natural(text: str) -> list[tuple[int, int, str, int]]:
    """A key for natural order: of a number its length without zeros, its digits, its length with them."""
    runs = re.findall(r"[0-9]+|[^0-9]", text)
    return [
        (0, len(run.lstrip("0")), run.lstrip("0"), len(run)) if run[0] in "0123456789" else (1, ord(run), "", 0)
        for run in runs
    ]
