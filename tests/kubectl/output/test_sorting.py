from __future__ import annotations

import pytest

from kubesim.api.tables import Column, Row, Table
from kubesim.kubectl.output.sorting import UnsortableError, natural_less, sort_objects, sort_table


def named(*names: str) -> list[dict[str, object]]:
    return [{"metadata": {"name": name}} for name in names]


def test_text_is_in_natural_order() -> None:
    assert sort_objects(named("pod-10", "pod-2", "pod-1"), "metadata.name") == named("pod-1", "pod-2", "pod-10")


def test_quantities_are_in_order_of_value() -> None:
    objects = [{"memory": text} for text in ("1Gi", "2", "500m", "64Mi")]
    assert [each["memory"] for each in sort_objects(objects, ".memory")] == ["500m", "2", "64Mi", "1Gi"]


def test_what_lacks_the_field_comes_first() -> None:
    assert sort_objects([{"a": 1}, {}, {"a": 0}], "{.a}") == [{}, {"a": 0}, {"a": 1}]


@pytest.mark.parametrize(
    ("field", "message"),
    [
        (".nosuch", 'couldn\'t find any field with path "{.nosuch}" in the list of objects'),
        ("bad[", "unterminated array"),
    ],
)
def test_errors(field: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        sort_objects(named("b", "a"), field)
    assert str(caught.value) == message


def test_what_has_no_order() -> None:
    with pytest.raises(UnsortableError, match=r"^unsortable type: map\[string\]interface \{\}$"):
        sort_objects(named("b", "a"), "metadata")


def test_tables_are_sorted_by_their_objects() -> None:
    table = Table((Column("Name"),), tuple(Row((each["metadata"]["name"],), each) for each in named("b", "a")))  # type: ignore[index]
    assert [row.cells for row in sort_table(table, "metadata.name").rows] == [("a",), ("b",)]


# Upstream: github.com/fvbommel/sortorder, natsort_test.go
@pytest.mark.parametrize(
    ("a", "b", "less"),
    [
        ("0", "00", True), ("00", "0", False), ("aa", "ab", True), ("ab", "abc", True), ("abc", "ad", True),
        ("ab1", "ab2", True), ("ab2", "ab12", True), ("ab12", "ab2", False), ("x2-y08", "x8-y8", True),
        ("a01", "a1", False), ("a1", "a01", True), ("1", "a", True),
    ],
)  # fmt: skip
def test_natural_less(a: str, b: str, less: bool) -> None:
    assert natural_less(a, b) is less
