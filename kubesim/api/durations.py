"""How long something has lasted, in the words of the AGE column: ``5s``, ``3m20s``, ``47h``, ``2y11d``.

The coarser the duration, the fewer the digits: at most two units are shown, and the second only while it still
matters. The steps are those of ``k8s.io/apimachinery/pkg/util/duration``.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from functools import lru_cache

UNKNOWN = "<unknown>"
"""What is printed where a timestamp is missing."""


def human_duration(seconds: float) -> str:
    """A duration as kubectl prints it; ``<invalid>`` when it lies more than a second in the past.

    :param seconds: may be negative: the clocks of two machines never agree exactly.
    """
    whole = math.trunc(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 120:
        return f"{max(whole, 0)}s"
    minutes, hours = whole // 60, whole // 3600
    if minutes < 10:
        return f"{minutes}m" + _unless_zero(whole % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h" + _unless_zero(minutes % 60, "m")
    return f"{hours}h" if hours < 48 else _days(hours)


def _days(hours: int) -> str:
    days = hours // 24
    if days < 8:
        return f"{days}d" + _unless_zero(hours % 24, "h")
    if days < 365 * 2:
        return f"{days}d"
    if days < 365 * 8:
        return f"{days // 365}y" + _unless_zero(days % 365, "d")
    return f"{days // 365}y"


def _unless_zero(count: int, unit: str) -> str:
    return f"{count}{unit}" if count else ""


def short_human_duration(seconds: float) -> str:
    """A duration in its largest unit alone: ``59s``, ``1m``, ``23h``, ``364d``, ``1y`` (``ShortHumanDuration``)."""
    whole = math.trunc(seconds)
    if whole < -1:
        return "<invalid>"
    for size, unit, limit in ((1, "s", 60), (60, "m", 60), (3600, "h", 24), (86400, "d", 365)):
        if whole // size < limit:
            return f"{max(whole // size, 0)}{unit}"
    return f"{whole // (86400 * 365)}y"


@lru_cache(256)
def go_duration(seconds: float) -> str:
    """A duration as Go prints it, to the millisecond: ``387ms``, ``2.5s``, ``1m3s``."""
    milliseconds = round(seconds * 1000)
    if milliseconds < 1000:
        return f"{milliseconds}ms" if milliseconds else "0s"
    minutes, rest = divmod(milliseconds, 60_000)
    tail = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + tail


UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
"""Seconds in each unit."""

_PART = re.compile(r"(\d+\.?\d*|\.\d+)([a-zµμ]*)", re.IGNORECASE)


def parse_duration(text: str) -> float:
    """A duration in seconds.

    :raises ValueError: with the words of Go's ``time.ParseDuration``.
    """
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0.0
    if not rest:
        raise ValueError(f'time: invalid duration "{text}"')
    total = 0.0
    while rest:
        part = _PART.match(rest)
        if part is None:
            raise ValueError(f'time: invalid duration "{text}"')
        number, unit = part.groups()
        if not unit:
            if rest == number:
                raise ValueError(f'time: missing unit in duration "{text}"')
            raise ValueError(f'time: invalid duration "{text}"')
        if unit not in UNITS:
            raise ValueError(f'time: unknown unit "{unit}" in duration "{text}"')
        total += float(number) * UNITS[unit]
        rest = rest[part.end() :]
    if total * 1e9 >= 2**63:
        raise ValueError(f'time: invalid duration "{text}"')
    return -total if text.startswith("-") else total


def parse_timestamp(text: str | None) -> datetime | None:
    """An RFC 3339 time of the API, or None where it is absent, unreadable or Go's zero time."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)  # which cuts Go's nanoseconds off
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return None if moment.year <= 1 else moment


def since(timestamp: str | None, now: datetime) -> str:
    """The time that has passed since a timestamp of the API; ``<unknown>`` where there is none."""
    moment = parse_timestamp(timestamp)
    return UNKNOWN if moment is None else human_duration((now - moment).total_seconds())


def until(timestamp: str | None, now: datetime) -> str:
    """The time left until a timestamp of the API; ``<unknown>`` where there is none."""
    moment = parse_timestamp(timestamp)
    return UNKNOWN if moment is None else human_duration((moment - now).total_seconds())
