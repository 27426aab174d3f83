from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kubesim.api.tables import Column, Row, Table
from kubesim.kubectl.output.table_text import TableOptions, TablePrinter, cell_text, client_table

POD = {"metadata": {"name": "a", "namespace": "shop", "labels": {"app": "web", "example.com/tier": "x"}}}
TABLE = Table(
    (Column("Name", format="name"), Column("Age"), Column("IP", priority=1)), (Row(("a", "5s", "10.0.0.1"), POD),)
)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (TableOptions(), "NAME   AGE\na      5s\n"),
        (TableOptions(wide=True), "NAME   AGE   IP\na      5s    10.0.0.1\n"),
        (TableOptions(no_headers=True), "a     5s\n"),
        (TableOptions(with_namespace=True), "NAMESPACE   NAME   AGE\nshop        a      5s\n"),
        (TableOptions(kind="pod"), "NAME    AGE\npod/a   5s\n"),
        (TableOptions(show_labels=True), "NAME   AGE   LABELS\na      5s    app=web,example.com/tier=x\n"),
        (TableOptions(column_labels=("example.com/tier", "no")), "NAME   AGE   TIER   NO\na      5s    x      \n"),
    ],
)
def test_options(options: TableOptions, text: str) -> None:
    assert TablePrinter(options).print(TABLE) == text


def test_headers_come_once() -> None:
    printer = TablePrinter(TableOptions())
    assert printer.print(TABLE) == "NAME   AGE\na      5s\n"
    assert printer.print(TABLE) == "a      5s\n"


def test_no_rows_no_headers() -> None:
    assert TablePrinter(TableOptions()).print(Table(TABLE.columns)) == ""


@pytest.mark.parametrize(
    ("cell", "text"), [("a\nb", "a..."), ("a\x1b[0m", "a^[[0m"), (3, "3"), (True, "true"), ("a\r\nb", "a...")]
)
def test_a_cell_is_one_harmless_line(cell: object, text: str) -> None:
    assert cell_text(cell) == text


def test_a_status_is_a_table_of_its_own() -> None:
    status = {"kind": "Status", "status": "Failure", "reason": "NotFound", "message": "no"}
    table = client_table([status], datetime(2026, 1, 1, tzinfo=UTC))
    assert TablePrinter(TableOptions()).print(table) == "STATUS    REASON     MESSAGE\nFailure   NotFound   no\n"
