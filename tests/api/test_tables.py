from __future__ import annotations

from kubesim.api.tables import Column, Row, Table, from_wire


def test_narrowed_drops_the_wide_columns() -> None:
    table = Table((Column("Name"), Column("IP", priority=1), Column("Age")), (Row(("a", "10.0.0.1", "5s")),))
    narrow = table.narrowed()
    assert [column.name for column in narrow.columns] == ["Name", "Age"]
    assert narrow.rows[0].cells == ("a", "5s")


def test_from_wire_reads_columns_and_rows() -> None:
    wire = {
        "columnDefinitions": [{"name": "Name", "type": "string", "format": "name", "priority": 0}],
        "rows": [{"cells": ["x"], "object": {"kind": "Pod"}}, {"cells": ["y"], "object": None}],
    }
    table = from_wire(wire)
    assert table.columns == (Column("Name", "string", "name"),)
    assert [row.object for row in table.rows] == [{"kind": "Pod"}, {}]
