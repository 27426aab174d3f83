"""Lists of indexes. Expected: upstream's ``indexed_job_utils.go``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.controllers.job.indexes import format_indexes, parse_indexes, pending_indexes


@pytest.mark.parametrize(
    ("indexes", "expected"),
    [((), ""), ((0,), "0"), ((1, 0), "0,1"), ((0, 1, 2), "0-2"), ((0, 1, 3, 4, 5, 9), "0,1,3-5,9")],
)
def test_how_indexes_are_written(indexes: tuple[int, ...], expected: str) -> None:
    assert format_indexes(indexes) == expected


@given(st.sets(st.integers(0, 60)))
def test_what_is_written_is_read_again(indexes: set[int]) -> None:
    assert parse_indexes(format_indexes(indexes), 100) == indexes


def test_indexes_beyond_the_completions_do_not_count() -> None:
    assert parse_indexes("0,3-9", 5) == {0, 3, 4}


@pytest.mark.parametrize(("taken", "count", "expected"), [({0, 2}, 2, [1, 3]), (set(), 9, [0, 1, 2, 3]), ({1}, 0, [])])
def test_the_first_free_indexes_come_next(taken: set[int], count: int, expected: list[int]) -> None:
    assert pending_indexes(4, taken, count) == expected
