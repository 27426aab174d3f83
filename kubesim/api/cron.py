"""Cron schedules: five fields or a descriptor such as ``@daily``, and when they are due next.

The grammar, its limits and its words are those of the library that upstream uses (``robfig/cron`` v3,
``parser.go`` and ``spec.go``): day of month and day of week are alternatives where both are restricted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kubesim.api.durations import parse_duration

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
_YEARS_AHEAD = 5
"""How far ahead a moment is looked for; a schedule without any in that time (30 February) is never due."""


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What a field may say.

    :param names: words that stand for numbers, the first for ``least``.
    """

    least: int
    most: int
    names: tuple[str, ...] = ()


_FIELDS = (_Bounds(0, 59), _Bounds(0, 23), _Bounds(1, 31), _Bounds(1, 12, _MONTHS), _Bounds(0, 6, _DAYS))


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is due.

    :param any_day: which of the two day fields are ``*``: then only the other counts.
    :param every: seconds from one time to the next (``@every``); 0 for a schedule of fields.
    :param zone: of the fields, where the schedule names one itself.
    """

    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    any_day: tuple[bool, bool] = (True, True)
    every: int = 0
    zone: ZoneInfo | None = None

    def after(self, moment: datetime) -> datetime | None:
        """The first time later than ``moment``, in the same zone; None where there is none in the next years."""
        if self.every:
            return moment.replace(microsecond=0) + timedelta(seconds=self.every)
        local = moment.astimezone(self.zone) if self.zone is not None else moment
        found = self._after(local)
        return None if found is None else found.astimezone(moment.tzinfo)

    def _after(self, moment: datetime) -> datetime | None:
        due = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        last = moment.year + _YEARS_AHEAD
        while due.year <= last:
            if due.month not in self.months:
                due = (due.replace(day=1, hour=0, minute=0) + timedelta(days=32)).replace(day=1)
            elif not self._on_day(due):
                due = due.replace(hour=0, minute=0) + timedelta(days=1)
            elif due.hour not in self.hours:
                due = due.replace(minute=0) + timedelta(hours=1)
            elif due.minute not in self.minutes:
                due += timedelta(minutes=1)
            else:
                return due
        return None

    def _on_day(self, moment: datetime) -> bool:
        of_month, of_week = moment.day in self.days, moment.isoweekday() % 7 in self.weekdays
        return of_month and of_week if any(self.any_day) else of_month or of_week


def parse_schedule(text: str) -> Schedule:
    """Read a schedule.

    :raises ValueError: with the library's words.
    """
    if not text:
        raise ValueError("empty spec string")
    zone = None
    if text.startswith(("TZ=", "CRON_TZ=")):
        named, _, text = text.partition(" ")
        name, text = named.partition("=")[2], text.strip()
        try:
            zone = time_zone(name)
        except ValueError as error:
            raise ValueError(f"provided bad location {name}: {error}") from None
    if text.startswith("@"):
        if text.startswith("@every "):
            return Schedule(every=_every(text))
        if text not in _DESCRIPTORS:
            raise ValueError(f"unrecognized descriptor: {text}")
        text = _DESCRIPTORS[text]
    words = text.split()
    if len(words) != len(_FIELDS):
        raise ValueError(f"expected exactly {len(_FIELDS)} fields, found {len(words)}: [{' '.join(words)}]")
    read = [_field(word, bounds) for word, bounds in zip(words, _FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = (frozenset(numbers) for numbers, _ in read)
    return Schedule(minutes, hours, days, months, weekdays, (read[2][1], read[4][1]), zone=zone)


def time_zone(name: str) -> ZoneInfo:
    """A time zone of the IANA database.

    :raises ValueError: ``unknown time zone Mars/Base``.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name}") from None


def _every(text: str) -> int:
    given = text.removeprefix("@every ")
    try:
        seconds = parse_duration(given)
    except ValueError as error:
        raise ValueError(f"failed to parse duration {text}: {error}") from None
    return max(1, int(seconds))


def _field(text: str, bounds: _Bounds) -> tuple[set[int], bool]:
    """The numbers of a field, and whether it is ``*`` (or ``?``) somewhere."""
    numbers: set[int] = set()
    unrestricted = False
    for part in filter(None, text.split(",")):
        found, star = _range(part, bounds)
        numbers |= found
        unrestricted = unrestricted or star
    return numbers, unrestricted


def _range(text: str, bounds: _Bounds) -> tuple[set[int], bool]:
    limits, *steps = text.split("/")
    low, *high = limits.split("-")
    star = low in ("*", "?")
    if star:
        start, end = bounds.least, bounds.most
    else:
        start = end = _number(low, bounds)
        if len(high) > 1:
            raise ValueError(f"too many hyphens: {text}")
        if high:
            end = _number(high[0], bounds)
    step = 1
    if len(steps) > 1:
        raise ValueError(f"too many slashes: {text}")
    if steps:
        step = _integer(steps[0])
        if not star and not high:
            end = bounds.most
        star = star and step <= 1
    if start < bounds.least:
        raise ValueError(f"beginning of range ({start}) below minimum ({bounds.least}): {text}")
    if end > bounds.most:
        raise ValueError(f"end of range ({end}) above maximum ({bounds.most}): {text}")
    if start > end:
        raise ValueError(f"beginning of range ({start}) beyond end of range ({end}): {text}")
    if step == 0:
        raise ValueError(f"step of range should be a positive number: {text}")
    return set(range(start, end + 1, step)), star


def _number(text: str, bounds: _Bounds) -> int:
    word = text.lower()
    return bounds.names.index(word) + bounds.least if word in bounds.names else _integer(text)


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII):
        raise ValueError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    if int(text) < 0:
        raise ValueError(f"negative number ({int(text)}) not allowed: {text}")
    return int(text)
