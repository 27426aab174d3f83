from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api.durations import (
    go_duration,
    human_duration,
    parse_duration,
    parse_timestamp,
    short_human_duration,
    since,
    until,
)

NOW = datetime(2026, 7, 1, 9, 0, 0, tzinfo=UTC)
DAY = 86400


# Upstream: k8s.io/apimachinery/pkg/util/duration/duration_test.go
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (1, "1s"), (70, "70s"), (190, "3m10s"), (70 * 60, "70m"), (47 * 3600, "47h"), (49 * 3600, "2d1h"),
        ((8 * 24 + 2) * 3600, "8d"), (367 * DAY, "367d"), ((365 * 2 + 25) * DAY, "2y25d"), (365 * 8 * DAY, "8y"),
        (8.9 * 365 * DAY, "8y"), (-1, "0s"), (-2, "<invalid>"), (120, "2m"), (3600 * 4, "4h"), (3600 * 4 + 120, "4h2m"),
        (48 * 3600, "2d"), (365 * 3 * DAY, "3y"),
    ],
)  # fmt: skip
def test_human_duration(seconds: float, expected: str) -> None:
    assert human_duration(seconds) == expected


# The last moment of each step and the first of the next; upstream: ``HumanDuration``.
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-1.9, "0s"), (0, "0s"), (119.9, "119s"), (120, "2m"), (599, "9m59s"), (600, "10m"), (180 * 60 - 1, "179m"),
        (180 * 60, "3h"), (8 * 3600 - 1, "7h59m"), (8 * 3600, "8h"), (2 * DAY - 1, "47h"), (2 * DAY, "2d"),
        (8 * DAY - 1, "7d23h"), (8 * DAY, "8d"), (730 * DAY - 1, "729d"), (730 * DAY, "2y"),
        (8 * 365 * DAY - 1, "7y364d"), (8 * 365 * DAY, "8y"),
    ],
)  # fmt: skip
def test_each_step_of_an_age_ends_where_the_next_begins(seconds: float, expected: str) -> None:
    assert human_duration(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-2, "<invalid>"), (-1, "0s"), (59.9, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h"), (DAY - 1, "23h"),
        (DAY, "1d"), (2 * DAY - 1, "1d"), (365 * DAY - 1, "364d"), (365 * DAY, "1y"), (730 * DAY, "2y"),
    ],
)  # fmt: skip
def test_short_human_duration(seconds: float, expected: str) -> None:
    assert short_human_duration(seconds) == expected


def test_ages() -> None:
    assert since("2026-07-01T08:59:50Z", NOW) == "10s"
    assert until("2026-07-01T09:05:00Z", NOW) == "5m"
    assert since(None, NOW) == "<unknown>"
    assert since("0001-01-01T00:00:00Z", NOW) == "<unknown>"


MOMENT = datetime(2026, 11, 22, 21, 32, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T21:32:42Z", MOMENT),
        ("2026-11-22T21:32:42", MOMENT),
        ("2026-11-22T23:32:42+02:00", MOMENT),
        ("2026-11-22T21:32:42.950994109Z", MOMENT.replace(microsecond=950994)),
        ("2026-11-22T21:32:42.5Z", MOMENT.replace(microsecond=500000)),
        ("0002-01-01T00:00:00Z", datetime(2, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-06-01T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_times_of_the_api(text: str | None, moment: datetime | None) -> None:
    assert parse_timestamp(text) == moment


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_none(text: str) -> None:
    parse_timestamp(text)


@given(st.integers(min_value=0, max_value=20 * 365 * DAY))
def test_two_units_at_most(seconds: int) -> None:
    text = human_duration(seconds)
    assert 1 <= sum(character.isalpha() for character in text) <= 2
    assert since((NOW - timedelta(seconds=seconds)).isoformat(), NOW) == text


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0s"), (0.0004, "0s"), (0.001, "1ms"), (0.387, "387ms"), (0.9999, "1s"), (1, "1s"), (2.5, "2.5s"),
        (59.25, "59.25s"), (60, "1m0s"), (63, "1m3s"), (600, "10m0s"), (3600, "1h0m0s"), (3661.5, "1h1m1.5s"),
        (90000, "25h0m0s"),
    ],
)  # fmt: skip
def test_go_duration(seconds: float, expected: str) -> None:
    assert go_duration(seconds) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0), ("-0", 0), ("1s", 1), ("1.5s", 1.5), (".5s", 0.5), ("1.s", 1), ("1h2m3s", 3723), ("-1m", -60),
        ("+1m", 60), ("5ms", 0.005), ("5us", 5e-6),
        ("5µs", 5e-6), ("5μs", 5e-6), ("5ns", 5e-9), ("9223372036s", 9223372036),
    ],
)  # fmt: skip
def test_durations_are_read_as_go_reads_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", 'time: invalid duration ""'),
        ("-", 'time: invalid duration "-"'),
        ("x", 'time: invalid duration "x"'),
        ("1s x", 'time: invalid duration "1s x"'),
        ("5", 'time: missing unit in duration "5"'),
        ("1h5", 'time: missing unit in duration "1h5"'),
        ("5 s", 'time: invalid duration "5 s"'),
        ("5d", 'time: unknown unit "d" in duration "5d"'),
        ("5S", 'time: unknown unit "S" in duration "5S"'),
        ("9223372037s", 'time: invalid duration "9223372037s"'),
    ],
)
def test_what_is_no_duration(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match="time: ") as raised:
        parse_duration(text)
    assert str(raised.value) == problem
