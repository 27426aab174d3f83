"""Durations on the command line: Go's, as flags write them (``1m30s``), and the short form that ages once had."""

from __future__ import annotations

import math
import re

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
    return -total if text.startswith("-") else total


def short_human_duration(seconds: float) -> str:
    """A duration in its largest unit alone (upstream's ``ShortHumanDuration``)."""
    whole = math.trunc(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 60:
        return f"{max(whole, 0)}s"
    for unit, size, limit in (("m", 60, 3600), ("h", 3600, 86400), ("d", 86400, 365 * 86400)):
        if whole < limit:
            return f"{whole // size}{unit}"
    return f"{whole // (365 * 86400)}y"
