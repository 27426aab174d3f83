"""Cron schedules. Expected: the semantics and the words of ``robfig/cron`` v3; days checked against a calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api.cron import parse_schedule

SUNDAY = datetime(2026, 11, 29, 10, 2, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("* * * * *", "2026-11-29T10:03"),
        ("*/15 * * * *", "2026-11-29T10:15"),
        ("5,3 10 * * *", "2026-11-29T10:03"),
        ("0 9-17/4 * * *", "2026-11-29T13:00"),
        ("30 9 * * mon-fri", "2026-11-30T09:30"),
        ("0 0 1 jan *", "2027-01-01T00:00"),
        ("0 0 13 * fri", "2026-12-04T00:00"),  # either day
        ("0 0 */2 * fri", "2026-12-01T00:00"),  # a step is a restriction: either day
        ("0 0 29 2 *", "2028-02-29T00:00"),
        ("@hourly", "2026-11-29T11:00"),
        ("@daily", "2026-11-30T00:00"),
        ("@weekly", "2026-12-06T00:00"),
        ("@monthly", "2026-12-01T00:00"),
        ("@yearly", "2027-01-01T00:00"),
    ],
)
def test_the_next_time(schedule: str, expected: str) -> None:
    due = parse_schedule(schedule).after(SUNDAY)
    assert due is not None
    assert f"{due:%Y-%m-%dT%H:%M}" == expected


def test_a_day_that_never_comes_is_never_due() -> None:
    assert parse_schedule("0 0 30 2 *").after(SUNDAY) is None


def test_fields_are_read_in_the_zone_of_the_moment_or_of_the_schedule() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    due = parse_schedule("0 12 * * *").after(SUNDAY.astimezone(berlin))
    named = parse_schedule("TZ=Europe/Berlin 0 12 * * *").after(SUNDAY)
    assert due == named == datetime(2026, 11, 29, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("", "empty spec string"),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("9-5 * * * *", "beginning of range (9) beyond end of range (5): 9-5"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("*/2/3 * * * *", "too many slashes: */2/3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
        ("@sometimes", "unrecognized descriptor: @sometimes"),
        ("TZ=Mars/Base * * * * *", "provided bad location Mars/Base: unknown time zone Mars/Base"),
    ],
)
def test_what_cannot_be_read(schedule: str, problem: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_schedule(schedule)
    assert str(refused.value) == problem


@given(st.integers(0, 59), st.integers(0, 23), st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)))
def test_the_next_time_is_later_and_none_lies_between(minute: int, hour: int, moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC)
    due = parse_schedule(f"{minute} {hour} * * *").after(moment)
    assert due is not None
    assert (due.minute, due.hour, due.second) == (minute, hour, 0)
    assert 0 < (due - moment).total_seconds() <= 86_400
