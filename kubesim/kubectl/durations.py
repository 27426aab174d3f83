"""Go's durations, as flags write them: ``30s``, ``1m30s``, ``1.5h``, ``-1s``."""

from __future__ import annotations

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
