"""Numbers as Go's ``strconv`` and ``pflag`` read them."""

from __future__ import annotations

import re

from kubesim.kubectl.errors import KubectlError

_SIGNED = re.compile(r"[+-]?\d+(_\d+)*")
_LONGEST = 400
"""Characters of a number that are looked at; Python reads no more than 4,300 digits."""


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
