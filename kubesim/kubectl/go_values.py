"""Numbers and durations as Go's ``strconv``, ``pflag`` and ``time`` read them."""

from __future__ import annotations

import re

from kubesim.kubectl.errors import KubectlError

_SIGNED = re.compile(r"[+-]?\d+(_\d+)*")
_LONGEST = 400
"""Characters of a number that are looked at; Python reads no more than 4,300 digits."""
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


def go_integer(text: str) -> int:
    """An integer in Go's base-0 syntax: ``10``, ``0x1f``, ``0b1``, ``017`` (octal).

    :raises ValueError: when it is none.
    """
    if len(text) > _LONGEST:  # out of every range
        text = f"{'-' if text.startswith('-') else ''}{2**64}" if _SIGNED.fullmatch(text) else text[:_LONGEST]
    if re.fullmatch(r"[+-]?0[0-7]+", text):
        return int(text, 8)
    if not _SIGNED.fullmatch(text) and not re.fullmatch(r"[+-]?0[xXbBoO][0-9a-fA-F_]+", text):
        raise ValueError(f"not an integer: {text!r}")
    return int(text, 0)


def unsigned(text: str, bits: int = 16) -> int:
    """Go's ``strconv.ParseUint(text, 10, bits)``.

    :raises KubectlError: with Go's words.
    """
    if not re.fullmatch(r"[0-9]+", text):
        raise KubectlError(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    if len(text) > _LONGEST or int(text) >= 2**bits:
        raise KubectlError(f'strconv.ParseUint: parsing "{text}": value out of range')
    return int(text)


def integer(text: str) -> int:
    """Go's ``strconv.Atoi``.

    :raises KubectlError: with Go's words.
    """
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise KubectlError(f'strconv.Atoi: parsing "{text}": invalid syntax')
    if len(text) > _LONGEST or not -(2**63) <= int(text) < 2**63:
        raise KubectlError(f'strconv.Atoi: parsing "{text}": value out of range')
    return int(text)
