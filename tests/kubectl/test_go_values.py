"""Numbers and durations are read as Go reads them, and refused in Go's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api.durations import parse_duration
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.go_values import go_integer, integer, unsigned


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("1s", 1), ("1m30s", 90), ("1.5h", 5400), ("-2m", -120), ("+1h1m1s", 3661), (".5s", 0.5), ("3us", 3e-6)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'time: invalid duration ""'),
        ("-", 'time: invalid duration "-"'),
        ("5", 'time: missing unit in duration "5"'),
        ("5x", 'time: unknown unit "x" in duration "5x"'),
        ("abc", 'time: invalid duration "abc"'),
    ],
)
def test_what_is_no_duration(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=rf"^{message}$"):
        parse_duration(text)


@given(st.integers(0, 10**6), st.integers(0, 59), st.integers(0, 59))
def test_a_duration_is_the_sum_of_its_parts(hours: int, minutes: int, seconds: int) -> None:
    assert parse_duration(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds


@pytest.mark.parametrize(("text", "value"), [("10", 10), ("0x1f", 31), ("017", 15), ("0b11", 3), ("-5", -5), ("+7", 7)])
def test_integers_of_flags(text: str, value: int) -> None:
    assert go_integer(text) == value


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (unsigned, "-1", 'strconv.ParseUint: parsing "-1": invalid syntax'),
        (unsigned, "65536", 'strconv.ParseUint: parsing "65536": value out of range'),
        (integer, "x", 'strconv.Atoi: parsing "x": invalid syntax'),
        (integer, str(2**63), f'strconv.Atoi: parsing "{2**63}": value out of range'),
    ],
)
def test_what_is_no_number(read: object, text: str, message: str) -> None:
    assert callable(read)
    with pytest.raises(KubectlError) as caught:
        read(text)
    assert caught.value.message == message


def test_numbers() -> None:
    assert (unsigned("0"), unsigned("65535"), integer("-3"), integer(str(2**63 - 1))) == (0, 65535, -3, 2**63 - 1)
