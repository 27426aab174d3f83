"""What the printers of all kinds share: a printer is a row of columns and a function from an object to its cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kubesim.api.objects import Container, LabelSelector, Wire
from kubesim.api.tables import Column

NONE = "<none>"
"""What a cell says where there is nothing to say."""

Cells = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Printer:
    """How one kind is printed.

    :param columns: all columns, those of ``-o wide`` last.
    :param cells: the cells of one object, given the time and whether the wide ones are wanted too.
    """

    columns: tuple[Column, ...]
    cells: Callable[[Wire, datetime, bool], Cells]


NAME = Column("Name", format="name")
AGE = Column("Age")


def column(name: str, type: str = "string") -> Column:
    """A column that is always shown."""
    return Column(name, type)


def wide(name: str) -> Column:
    """A column that only ``-o wide`` shows."""
    return Column(name, priority=1)


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
