"""kubectl's table printer: a Table (or an object) and options → text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kubesim.api.tables import Row, Table, from_wire
from kubesim.kubectl.output.go_template import GoTemplate
from kubesim.kubectl.output.table_text import TableOptions, TablePrinter, client_table
from tests.conformance.result import Result, judged

NOW = datetime(2026, 11, 22, tzinfo=UTC)

TEMPLATE = (
    '{{if (exists . "status" "containerStatuses")}}{{range .status.containerStatuses}}'
    '{{if (and (eq .name "foo") (exists . "state" "running"))}}true{{end}}{{end}}{{end}}'
)
"""What upstream's TestTemplateStrings prints every object with; the cases hold only the objects."""


def run(path: Path, document: Any) -> Iterator[Result]:
    """One result a case."""
    return judged(document, _judge)


def _judge(case: Any) -> Iterator[Result]:
    if case["test"] == "TestTemplateStrings":
        got = GoTemplate(TEMPLATE).render(case["object"])
    else:
        got = printed(case)
    yield Result(case["id"], got == case["output"], case["output"], got)


def printed(case: Any) -> str:
    given, wire = case["options"], case["object"]
    kind = given["Kind"]["Kind"].lower() if given["WithKind"] else ""
    event = isinstance(wire.get("object"), dict) and "columnDefinitions" in wire["object"]
    options = TableOptions(
        events=event,
        no_headers=given["NoHeaders"],
        with_namespace=given["WithNamespace"],
        wide=given["Wide"],
        show_labels=given["ShowLabels"],
        kind=kind,
        column_labels=tuple(given["ColumnLabels"] or ()),
    )
    if event:
        return TablePrinter(options).print(undecorated(from_wire(wire["object"]), options))
    if "columnDefinitions" in wire:
        return TablePrinter(options).print(undecorated(from_wire(wire), options))
    objects = wire["items"] if isinstance(wire.get("items"), list) else [wire]
    return TablePrinter(options).print(client_table(objects, NOW))


def undecorated(table: Table, options: TableOptions) -> Table:
    """The table before it was printed: upstream's printer adds its columns in place, and the recorder came after it."""
    added = len(options.column_labels) + options.show_labels
    keep = list(range(len(table.columns) - added))
    names = [column.name for column in table.columns]
    if options.with_namespace:
        keep.remove(names.index("Namespace"))
    prefix = f"{options.kind}/" if options.kind else ""
    rows = []
    for row in table.rows:
        cells = [row.cells[index] for index in keep if index < len(row.cells)]
        rows.append(Row(tuple(c.removeprefix(prefix) if isinstance(c, str) else c for c in cells), row.object))
    return Table(tuple(table.columns[index] for index in keep), tuple(rows))
