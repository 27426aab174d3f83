"""Tables as text: headers in capitals, columns three blanks apart, labels and namespaces added on request.

The server made the cells; what is added here is what ``kubectl get`` itself knows: the namespace column of ``-A``, the
kind before each name when several kinds are listed, the label columns of ``-L`` and ``--show-labels``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kubesim.api.durations import since
from kubesim.api.objects import Wire
from kubesim.api.tables import Column, Row, Table
from kubesim.kubectl.output.tabwriter import TabStops

_BREAKS = "\f\n\r"


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What ``kubectl get`` was asked to show.

    :param kind: put before each name with a slash, such as ``deployment.apps``; empty for none.
    :param column_labels: label keys that get a column of their own (``-L``).
    :param events: the first column says what happened to the object, and stays first.
    """

    no_headers: bool = False
    with_namespace: bool = False
    wide: bool = False
    show_labels: bool = False
    kind: str = ""
    column_labels: tuple[str, ...] = ()
    events: bool = False


class TablePrinter:
    """Prints tables one after another; headers come once for each set of columns."""

    def __init__(self, options: TableOptions, tab_stops: TabStops | None = None) -> None:
        self.options = options
        self.tab_stops = tab_stops or TabStops()
        self._columns: tuple[Column, ...] | None = None

    def print(self, *tables: Table) -> str:
        """The text of some tables, aligned together; empty for tables without rows."""
        lines: list[list[str]] = []
        for table in tables:
            lines += self._lines(table)
        return "".join(f"{line}\n" for line in self.tab_stops.lines(lines))

    def _lines(self, table: Table) -> list[list[str]]:
        decorated = decorate(table if self.options.wide else table.narrowed(), self.options)
        if not decorated.rows:
            return []
        lines = []
        if not self.options.no_headers and decorated.columns != self._columns:
            lines.append([column.name.upper() for column in decorated.columns])
        self._columns = decorated.columns
        width = len(decorated.columns)
        lines += [[cell_text(cell) for cell in row.cells[:width]] for row in decorated.rows]
        return lines


def decorate(table: Table, options: TableOptions) -> Table:
    """Add what the options ask for: namespace first, labels last, the kind before each name."""
    columns = list(table.columns)
    named = [column.format == "name" and column.type == "string" for column in columns]
    if options.with_namespace:
        columns.insert(int(options.events), Column("Namespace"))
    columns += [Column(key.split("/")[-1].upper()) for key in options.column_labels]
    if options.show_labels:
        columns.append(Column("Labels"))
    return Table(tuple(columns), tuple(Row(_cells(row, named, options), row.object) for row in table.rows))


def _cells(row: Row, named: Sequence[bool], options: TableOptions) -> tuple[Any, ...]:
    cells = list(row.cells)
    if options.kind:
        for index, is_name in enumerate(named):
            if is_name and index < len(cells):
                cells[index] = f"{options.kind}/{cells[index]}"
                break
    metadata = row.object.get("metadata") or {}
    labels = metadata.get("labels") or {}
    if not isinstance(labels, dict):
        labels = {}
    if options.with_namespace:
        cells.insert(int(options.events), metadata.get("namespace", ""))
    cells += [labels.get(key, "") for key in options.column_labels]
    if options.show_labels:
        cells.append(",".join(f"{key}={labels[key]}" for key in sorted(labels)) or "<none>")
    return tuple(cells)


def cell_text(cell: Any) -> str:
    """One cell: only its first line, and nothing that would steer a terminal."""
    if cell is None:
        return "<nil>"
    text = str(cell).lower() if isinstance(cell, bool) else str(cell)
    cut = min((text.find(each) for each in _BREAKS if each in text), default=-1)
    if cut >= 0:
        text = text[:cut] + "..."
    return escaped(text)


def escaped(text: str) -> str:
    """A text without what would steer a terminal (``EscapeTerminal``)."""
    return text.replace("\x1b", "^[").replace("\r", "\\r")


NAME_AND_AGE = (Column("Name", format="name"), Column("Age"))
STATUS_COLUMNS = (Column("Status"), Column("Reason"), Column("Message"))


def client_table(objects: Sequence[Wire], now: datetime) -> Table:
    """The table that kubectl makes itself, where the server sent objects: name and age; of a Status, its words."""
    if len(objects) == 1 and objects[0].get("kind") == "Status":
        status = objects[0]
        cells = tuple(status.get(key, "") for key in ("status", "reason", "message"))
        return Table(STATUS_COLUMNS, (Row(cells, status),))
    rows = []
    for each in objects:
        metadata = each.get("metadata") or {}
        rows.append(Row((metadata.get("name", ""), since(metadata.get("creationTimestamp"), now)), each))
    return Table(NAME_AND_AGE, tuple(rows))
