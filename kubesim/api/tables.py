"""Tables as the API server prints them: ``metav1.Table``.

``kubectl get`` asks the server for a table, not for objects: the server decides which columns a kind has and what each
cell says, and kubectl only lays them out. A column's *priority* says when it is shown: 0 always, others with
``-o wide``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubesim.api.objects import Wire


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in title case, as the server sends it, and when it is shown.

    :param type: the OpenAPI type of its cells: ``string``, ``integer``…
    :param format: ``name`` for the column that holds the object's name, else empty.
    :param priority: 0 is always shown, anything else only with ``-o wide``.
    """

    name: str
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one object, and the object itself (for labels, namespace and sorting)."""

    cells: tuple[Any, ...]
    object: Wire = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; every row has a cell for every column."""

    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()

    def narrowed(self) -> Table:
        """The table without the columns that only ``-o wide`` shows."""
        kept = [index for index, column in enumerate(self.columns) if column.priority == 0]
        return Table(
            tuple(self.columns[index] for index in kept),
            tuple(
                Row(tuple(row.cells[index] for index in kept if index < len(row.cells)), row.object)
                for row in self.rows
            ),
        )


def from_wire(wire: Mapping[str, Any]) -> Table:
    """Read a ``meta.k8s.io/v1`` Table from its JSON form."""
    columns = tuple(
        Column(
            definition.get("name", ""),
            definition.get("type", ""),
            definition.get("format", ""),
            definition.get("description", ""),
            definition.get("priority", 0),
        )
        for definition in wire.get("columnDefinitions") or ()
    )
    rows = tuple(Row(tuple(row.get("cells") or ()), row.get("object") or {}) for row in wire.get("rows") or ())
    return Table(columns, rows)
