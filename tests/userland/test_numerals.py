"""Whole numbers of any length: what does not fit is the largest that does, as C's ``strtol`` has it."""

from __future__ import annotations

import pytest

from kubesim.userland.numerals import LARGEST, is_number, whole_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("007", 7),
        ("+5", 5),
        ("-12", -12),
        (" 3 ", 3),
        ("9223372036854775807", LARGEST),
        ("9223372036854775808", LARGEST),
        ("9" * 5000, LARGEST),
        ("-" + "9" * 5000, -LARGEST),
        ("0" * 5000 + "1", 1),
    ],
)
def test_reads_as_strtol_does(text: str, value: int) -> None:
    assert whole_number(text) == value


@pytest.mark.parametrize("text", ["", "-", "x", "1x", "1.5", "²", "٣", "1 2", "0x1f"])
def test_what_is_no_number_is_told_apart(text: str) -> None:
    assert not is_number(text)
    with pytest.raises(ValueError, match="whole number"):
        whole_number(text)
