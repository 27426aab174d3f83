"""Whole numbers as somebody types them: of any length, and in the ten ASCII digits alone."""

from __future__ import annotations

import re

LARGEST = 2**63 - 1
"""What C's ``strtol`` makes of a number that is too large."""
_LONGEST = 18
"""Digits that always fit."""
_NUMBER = re.compile(r"\s*([-+]?)0*([0-9]*)\s*", re.ASCII)


def is_number(text: str) -> bool:
    """Whether a text is nothing but ASCII digits (``isdigit`` also takes ``²`` and the digits of other scripts)."""
    return text.isascii() and text.isdecimal()


def whole_number(text: str) -> int:
    """The number that a text of digits means, perhaps with a sign; one that does not fit is the largest that does.

    :raises ValueError: where the text is no whole number.
    """
    match = _NUMBER.fullmatch(text)
    if match is None or not any(character.isdigit() for character in text):
        raise ValueError(f"a whole number must be digits, got {text[:80]!r}")
    digits = match[2] or "0"
    value = LARGEST if len(digits) > _LONGEST + 1 else min(int(digits), LARGEST)
    return -value if match[1] == "-" else value
