"""Objects in the other forms in which the server gives them: as a Table, and with nothing but their metadata."""

from __future__ import annotations

from typing import Any

from kubesim.api.errors import bad_request
from kubesim.api.objects import Wire
from kubesim.api.tables import Column, Table
from kubesim.serve.messages import Request, ordered

_META = "meta.k8s.io/v1"


def column(each: Column) -> Wire:
    """One column's definition."""
    return {
        "name": each.name,
        "type": each.type,
        "format": each.format,
        "description": each.description,
        "priority": each.priority,
    }


def included(request: Request) -> str:
    """What of each object a table's rows hold: ``Metadata``, ``Object`` or ``None``.

    :raises ApiError: 400 for another word.
    """
    word = request.text("includeObject")
    if word not in ("", "Metadata", "Object", "None"):
        raise bad_request(
            f'Unable to convert to Table as requested: includeObject: Invalid value: "{word}": '
            "must be 'Metadata', 'Object', 'None', or empty"
        )
    return word or "Metadata"


def table_form(table: Table, metadata: Wire, include: str, *, columns: bool = True) -> Wire:
    """A table on the wire.

    :param columns: whether they are told; a watch tells them once.
    """
    rows = [{"cells": _cells(row.cells), "object": _row_object(row.object, include)} for row in table.rows]
    definitions = [column(each) for each in table.columns] if columns else None
    return {"kind": "Table", "apiVersion": _META, "metadata": metadata, "columnDefinitions": definitions, "rows": rows}


def _cells(cells: tuple[Any, ...]) -> list[Any]:
    return [cell if isinstance(cell, (str, int, float, bool)) or cell is None else str(cell) for cell in cells]


def _row_object(wire: Wire, include: str) -> Any:
    if include == "Object":
        return ordered(wire)
    return partial(wire) if include == "Metadata" else None


def partial(wire: Wire) -> Wire:
    """Nothing but an object's metadata."""
    return {"kind": "PartialObjectMetadata", "apiVersion": _META, "metadata": ordered(wire)["metadata"]}
