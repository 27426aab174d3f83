"""kubectl's JSONPath, relaxed expressions, custom columns and sorting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kubesim.api.tables import Row, Table, from_wire
from kubesim.kubectl.jsonpath import JsonPath, JsonPathError, relaxed_expression
from kubesim.kubectl.jsonpath.nodes import Filter, Sequence, Union
from kubesim.kubectl.jsonpath.parser import parse
from kubesim.kubectl.output.custom_columns import CustomColumn, CustomColumns, columns_from_spec, columns_from_template
from kubesim.kubectl.output.sorting import UnsortableError, sort_objects, sort_table
from tests.conformance.result import Result, judged

STRUCTS = (
    ("name", "value", "type"),
    ("Category", "Author", "Title", "Price"),
    ("Color", "Price", "IsNew"),
    ("Name", "Book", "Bicycle", "Labels", "Employees"),
)
"""The fields of the Go structs of upstream's test, in their order, which the sorted recording has lost."""


def restored(value: Any) -> Any:
    """A recorded document with its structs' fields in order."""
    if isinstance(value, list):
        return [restored(each) for each in value]
    if not isinstance(value, dict):
        return value
    order = next((fields for fields in STRUCTS if set(fields) == set(value)), tuple(value))
    return {key: restored(value[key]) for key in order}


def run(path: Path, document: Any) -> Iterator[Result]:
    """One result a case."""
    return judged(document, _judge)


def _judge(case: Any) -> Iterator[Result]:
    kind = case["kind"]
    if kind == "parse":
        yield parse_case(case)
    elif kind == "RelaxedJSONPathExpression":
        yield relaxed_case(case)
    elif kind.startswith("custom-columns"):
        yield columns_case(case)
    elif kind == "sort-by":
        yield sort_case(case)
    else:
        yield evaluation_case(case)


def evaluation_case(case: Any) -> Result:
    expected = {key: case[key] for key in ("output", "output_as_json_mode", "parse_error", "execute_error")}
    got: dict[str, Any] = dict.fromkeys(expected)
    document = restored(case["input"])
    try:
        # The recorded maps are sorted already, and structs must not be.
        path = JsonPath(case["template"], allow_missing_keys=case["allow_missing_keys"], sort_keys=False)
    except JsonPathError as error:
        got["parse_error"] = str(error)
    else:
        for key, as_json in (("output", False), ("output_as_json_mode", True)):
            try:
                got[key] = path.render(document, as_json=as_json)
            except JsonPathError as error:
                got["execute_error"] = str(error)
    passed = all((got[key] or "") == (expected[key] or "") for key in ("output", "parse_error", "execute_error"))
    if expected["output_as_json_mode"] and not case["output_order_random"]:
        passed = passed and got["output_as_json_mode"] == expected["output_as_json_mode"]
    if case["output_order_random"]:
        passed = sorted((got["output"] or "").split()) == sorted(expected["output"].split())
    return Result(case["id"], passed, expected, got)


def parse_case(case: Any) -> Result:
    expected = {"nodes": case["nodes"], "parse_error": case["parse_error"]}
    try:
        got = {"nodes": list(walk(parse(case["template"]))), "parse_error": None}
    except JsonPathError as error:
        got = {"nodes": [], "parse_error": str(error)}
    return Result(case["id"], got == expected, expected, got)


def walk(sequence: Sequence) -> Iterator[str]:
    """The nodes in the order in which upstream's test collects them: depth first, filters' sides after the filter."""
    for node in sequence.nodes:
        yield str(node)
        if isinstance(node, Sequence):
            yield from walk(node)
        elif isinstance(node, Union):
            for part in node.parts:
                yield str(part)
                yield from walk(part)
        elif isinstance(node, Filter):
            for side in (node.left, node.right):
                yield "NodeList"
                yield from walk(side)


def relaxed_case(case: Any) -> Result:
    expected = (case["output"] or "", case["error"])
    try:
        got: tuple[str, str | None] = (relaxed_expression(case["input"]), None)
    except JsonPathError as error:
        got = ("", str(error))
    return Result(case["id"], got == expected, expected, got)


def columns_case(case: Any) -> Result:
    expected = {key: case[key] for key in ("columns", "output", "print_error", "spec_error")}
    got: dict[str, Any] = {"columns": None, "output": None, "print_error": None, "spec_error": None}
    read = columns_from_template if "Template" in case["test"] else columns_from_spec
    try:
        given = [CustomColumn(each["Header"], each["FieldSpec"]) for each in case["columns"] or ()]
        from_text = "ColumnPrinterFrom" in case["test"] or bool(case["spec"])
        columns = read(case["spec"] or "") if from_text else given
    except ValueError as error:
        got["spec_error"] = str(error)
    else:
        got["columns"] = [{"FieldSpec": each.expression, "Header": each.header} for each in columns]
        if case["object"] is not None:
            printer = CustomColumns(columns, no_headers=case["no_headers"])
            try:
                got["output"] = printer.print(case["object"].get("items", [case["object"]]))
            except JsonPathError as error:
                got["print_error"] = str(error)
                got["output"] = printer.header_text()
    passed = all((got[key] or None) == (expected[key] or None) for key in expected)
    return Result(case["id"], passed, expected, got)


def sort_case(case: Any) -> Result:
    expected = {"output": case.get("output"), "error": case["error"]}
    got: dict[str, Any] = {"output": case["input"], "error": None}
    try:
        got["output"] = sorted_case(case["input"] or [], case["field"])
    except (ValueError, UnsortableError) as error:
        got = {"output": None, "error": str(error)}
    if expected["error"] or "output" not in case:
        return Result(case["id"], got["error"] == expected["error"], expected, got)
    return Result(case["id"], (got["output"] or None) == (expected["output"] or None), expected, got)


def sorted_case(objects: list[Any], field: str) -> Any:
    tables = [each for each in objects if each.get("kind") == "Table"]
    if tables and len(tables) != len(objects):
        raise ValueError("sorting is not supported on mixed Table and non-Table object lists")
    if tables:
        return [in_order(wire, sort_table(from_wire(wire), field)) for wire in tables]
    return sort_objects(objects, field)


def in_order(wire: Any, table: Table) -> Any:
    rows = [row_wire(row) for row in table.rows]
    return {**wire, "rows": rows}


def row_wire(row: Row) -> Any:
    return {"cells": list(row.cells), "object": row.object}
