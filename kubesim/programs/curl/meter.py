"""curl's progress meter: a header, a line when it starts, one each second, and one at the end.

The lines go to stderr and begin with a carriage return, so that on a terminal they overwrite each other. A failed name
look-up ends without a newline: the error message follows on the same line.
"""

from __future__ import annotations

import math

HEADER = (
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
    "                                 Dload  Upload   Total   Spent    Left  Speed\n"
)
_UNKNOWN = "--:--:--"


def line(received: int = 0, expected: int = 0, sent: int = 0, to_send: int = 0, seconds: float = 0.0) -> str:
    """One line of the meter.

    :param seconds: since the start; speeds follow from it.
    """
    passed = max(seconds, 1e-3)
    down, up = int(received / passed), int(sent / passed)
    total = (expected or 0) + (to_send or 0)
    if not expected:
        total = received + (to_send or 0) if received else to_send
    moved = received + sent
    percent = 100 if not expected and received else _percent(moved, total)
    left_total = math.ceil(expected / down) if expected and down else 0
    whole = left_total >= 1 and seconds >= 1
    return (
        f"\r{percent:3d} {_size(total):>5}  {_percent(received, expected):3d} {_size(received):>5}  "
        f"{_percent(sent, to_send):3d} {_size(sent):>5} {_size(down):>6} {_size(up):>6} "
        f"{_clock(left_total) if whole else _UNKNOWN} {_clock(int(seconds)) if seconds >= 1 else _UNKNOWN} "
        f"{_clock(left_total - int(seconds)) if whole and left_total > int(seconds) else _UNKNOWN} {_size(down):>5}"
    )


def waiting(seconds: float, received: int = 0, expected: int = 0) -> str:
    """The lines of a wait in which nothing moves: one for each whole second passed before its end."""
    return "".join(line(received, expected, seconds=second) for second in range(1, math.floor(seconds) + 1))


def _percent(part: int, whole: int) -> int:
    return min(100, part * 100 // whole) if whole > 0 else 0


def _size(number: int) -> str:
    """At most five characters."""
    if number < 100_000:
        return str(number)
    if number < 10_000 << 10:
        return f"{number >> 10}k"
    if number < 100 << 20:
        return f"{number / 2**20:.1f}M"
    return f"{number >> 20}M" if number < 10_000 << 20 else f"{number / 2**30:.1f}G"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:2d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
