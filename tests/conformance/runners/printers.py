"""Server-side printing: the cells of an object, and the text of its table, narrow and wide."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kubesim.api.durations import parse_timestamp, since, until
from kubesim.api.printers import table_for
from kubesim.api.resources import RESOURCE_TYPES
from kubesim.kubectl.output.table_text import TableOptions, TablePrinter
from tests.conformance.result import Result, judged, without_nulls

# The recorded cases of the two timestamp tests hold no input: these are the moments of upstream's test tables, in
# seconds from now, by the cases' names.
DAY = 86400.0
MOMENTS = {
    "a while ago": -2.1, "a while from now": 2.1, "almost now": 1.9, "now": 0.0, "unknown": None,
    "30 seconds ago": -30.0, "5 minutes ago": -300.0, "an hour ago": -6000.0, "2 days ago": -2 * DAY,
    "months ago": -90 * DAY, "10 years ago": -3652 * DAY, "in 30 seconds": 30.0, "in 5 minutes": 300.0,
    "in an hour": 6000.0, "in 2 days": 2 * DAY, "in months": 90 * DAY, "in 10 years": 3652 * DAY,
}  # fmt: skip


def run(path: Path, document: Any) -> Iterator[Result]:
    """One result a case."""
    return judged(document, _judge)


def _judge(case: Any) -> Iterator[Result]:
    yield timestamp_case(case) if case["test"].startswith("TestTranslateTimestamp") else object_case(case)


def timestamp_case(case: Any) -> Result:
    offset = MOMENTS[case["name"]]
    if case["test"].endswith("Until") and case["name"] == "almost now":
        offset = -1.9
    now = datetime(2026, 1, 1, tzinfo=UTC)
    timestamp = None if offset is None else (now + timedelta(seconds=offset)).isoformat()
    got = (until if case["test"].endswith("Until") else since)(timestamp, now)
    return Result(case["id"], got == case["output"], case["output"], got)


def object_case(case: Any) -> Result:
    wire = without_nulls(case["object"])
    objects = wire["items"] or [] if case["kind"].endswith("List") else [wire]
    kind = case["kind"].removesuffix("List")
    resource = next(each for each in RESOURCE_TYPES if each.kind == kind)
    now = parse_timestamp(case["now"])
    assert now is not None
    wide_case = bool(case["options"]["wide"])
    rows = [list(row.cells) for row in table_for(resource, objects, now, wide_case).rows]
    expected: dict[str, Any] = {"rows": [row["cells"] for row in case["rows"] or []]}
    got: dict[str, Any] = {"rows": rows}
    for key, wide in (("table", False), ("table_wide", True)):
        recorded = case[key]
        if recorded is None:
            continue
        table = table_for(resource, objects, now, wide)
        expected[key] = {name: recorded[name] for name in ("columns", "rows", "text")}
        got[key] = {
            "columns": [column.name for column in table.columns],
            "rows": [list(row.cells) for row in table.rows],
            "text": TablePrinter(TableOptions(wide=wide)).print(table),
        }
    return Result(case["id"], got == expected, expected, got)
