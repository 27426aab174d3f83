"""What the printers of all kinds share: a printer is a table of columns, each with what it says of an object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from kubesim.api.durations import since
from kubesim.api.objects import Container, LabelSelector, V, Wire, view
from kubesim.api.tables import Column, Row, Table

NONE = "<none>"
"""What a cell says where there is nothing to say."""

T = TypeVar("T")

Cell = Callable[[T], Any]
"""What a column says of an object, in the form that the printer reads it in."""


@dataclass(frozen=True, slots=True)
class Printer(Generic[T]):
    """How one kind is printed.

    :param read: makes of an object what the cells are told of, given the time and whether wide cells are wanted too.
    :param columns: in their order, each with its cell; those that :data:`NAME` and :data:`AGE` begin need none.
    """

    read: Callable[[Wire, datetime, bool], T]
    columns: tuple[tuple[Column, Cell[T] | None], ...]

    def table(self, objects: Sequence[Wire], now: datetime, with_wide: bool) -> Table:
        """The table of some objects."""
        shown = [pair for pair in self.columns if with_wide or pair[0].priority == 0]
        rows = tuple(Row(tuple(self._cells(shown, each, now, with_wide)), each) for each in objects)
        return Table(tuple(column for column, _ in shown), rows)

    def _cells(
        self, shown: Sequence[tuple[Column, Cell[T] | None]], wire: Wire, now: datetime, with_wide: bool
    ) -> list[Any]:
        metadata, subject = wire.get("metadata") or {}, self.read(wire, now, with_wide)
        own = {"Name": metadata.get("name", ""), "Age": since(metadata.get("creationTimestamp"), now)}
        return [own[column.name] if cell is None else cell(subject) for column, cell in shown]


NAME = (Column("Name", format="name"), None)
AGE = (Column("Age"), None)


def column(name: str, cell: Cell[T], type: str = "string") -> tuple[Column, Cell[T]]:
    """A column that is always shown."""
    return Column(name, type), cell


def wide(name: str, cell: Cell[T]) -> tuple[Column, Cell[T]]:
    """A column that only ``-o wide`` shows."""
    return Column(name, priority=1), cell


def as_it_is(wire: Wire, now: datetime, with_wide: bool) -> Wire:
    """Reads an object in its wire form."""
    return wire


def viewed(as_type: type[V]) -> Callable[[Wire, datetime, bool], V]:
    """Reads an object as a typed view."""
    return lambda wire, now, with_wide: view(wire, as_type)


def or_none(text: str | None) -> str:
    """The text, or ``<none>`` where it is empty."""
    return text or NONE


def label_map(labels: dict[str, str] | None) -> str:
    """Labels as ``a=1,b=2`` in the order of their keys; ``<none>`` where there are none (``labels.FormatLabels``)."""
    return or_none(",".join(f"{key}={labels[key]}" for key in sorted(labels)) if labels else "")


def label_selector(selector: LabelSelector | None) -> str:
    """A selector in the notation of ``-l`` (``metav1.FormatLabelSelector``): ``app=web,tier in (a,b)``."""
    if selector is None:
        return NONE
    operators = {"In": "in", "NotIn": "notin"}
    requirements = [(key, f"{key}={value}") for key, value in (selector.matchLabels or {}).items()]
    for expression in selector.matchExpressions or ():
        values = ",".join(sorted(expression.values or ()))
        if expression.operator in operators:
            text = f"{expression.key} {operators[expression.operator]} ({values})"
        elif expression.operator == "Exists":
            text = expression.key
        elif expression.operator == "DoesNotExist":
            text = f"!{expression.key}"
        else:
            return "<error>"
        requirements.append((expression.key, text))
    return or_none(",".join(text for _, text in sorted(requirements, key=lambda pair: pair[0])))


def container_cells(containers: Sequence[Container] | None) -> tuple[str, str]:
    """The names and the images of containers, each joined by commas."""
    present = containers or ()
    return ",".join(each.name for each in present), ",".join(each.image for each in present)
