from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubesim.kubectl.output.tabwriter import TabStops, layout

LINES = st.lists(st.lists(st.text("ab", max_size=6), min_size=1, max_size=4), max_size=6)


def test_a_column_block_ends_where_a_line_has_no_such_cell() -> None:
    assert layout("Name:\tx\nLabels:\ta\n\nB:\tc\n") == "Name:    x\nLabels:  a\n\nB:  c\n"


def test_the_last_cell_is_not_padded() -> None:
    assert TabStops().lines([["NAME", "AGE"], ["a", "5s"]]) == ["NAME   AGE", "a      5s"]


def test_an_empty_last_cell_leaves_the_padding() -> None:
    assert TabStops().lines([["NAME", "VERSION"], ["node", ""]]) == ["NAME   VERSION", "node   "]


def test_widths_are_remembered_until_they_are_forgotten() -> None:
    stops = TabStops()
    stops.lines([["a-long-name", "x"]])
    assert stops.lines([["b", "x"]]) == ["b             x"]
    stops.forget()
    assert stops.lines([["b", "x"]]) == ["b     x"]


@given(LINES)
def test_every_cell_is_there_in_order(lines: list[list[str]]) -> None:
    for line, text in zip(lines, TabStops().lines(lines), strict=True):
        assert text.split() == [cell for cell in line if cell]
