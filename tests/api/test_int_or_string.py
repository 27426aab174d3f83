"""Counts, percentages and names in one field, as ``intstr`` reads them."""

from __future__ import annotations

import pytest

from kubesim.api.int_or_string import parse, scaled


@pytest.mark.parametrize(
    ("text", "value"), [("80", 80), ("http", "http"), ("2147483648", "2147483648"), ("-1", -1), ("25%", "25%")]
)
def test_parse(text: str, value: int | str) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("value", "round_up", "count"), [("25%", True, 3), ("25%", False, 2), (4, True, 4), ("0%", True, 0)]
)
def test_scaled_to_ten(value: int | str, round_up: bool, count: int) -> None:
    assert scaled(value, 10, round_up) == count


def test_a_name_is_no_share() -> None:
    with pytest.raises(ValueError, match="string is not a percentage"):
        scaled("many", 10)
