"""Backslash escapes of ``$'…'``, ``echo -e`` and ``printf``, and words quoted again for ``set -x``."""

from __future__ import annotations

import re

_ANSI = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "e": "\x1b",
    "\\": "\\",
    "'": "'",
    '"': '"',
}


HIGH_BYTES = r"(?:\\(?:x[89a-fA-F][0-9a-fA-F]|[23][0-7]{2}))+"
"""Bytes above 127, written as numbers: together they are characters in UTF-8."""


_ESCAPE = re.compile(
    rf"({HIGH_BYTES})|\\(x[0-9a-fA-F]{{1,2}}|u[0-9a-fA-F]{{1,4}}|U[0-9a-fA-F]{{1,8}}|[0-7]{{1,3}}|[^\n])", re.DOTALL
)


def ansi_unescape(text: str) -> str:
    """What ``$'…'`` and ``echo -e`` make of backslashes; bytes that are no characters read as a terminal shows them."""

    def one(match: re.Match[str]) -> str:
        code = match[2]
        if code is None:
            numbers = match[1].split("\\")[1:]
            data = bytes(int(number[1:], 16) if number[0] == "x" else int(number, 8) for number in numbers)
            return data.decode("utf-8", "replace")
        if code in _ANSI:
            return _ANSI[code]
        if code[0] in "xuU" and len(code) > 1:
            number = int(code[1:], 16)
            return chr(number) if number < 0xD800 or 0xDFFF < number <= 0x10FFFF else "\N{REPLACEMENT CHARACTER}"
        if code[0].isdigit() and code.isascii():
            return chr(int(code, 8) & 0o377) if code[0] in "01234567" else match[0]
        return match[0]

    return _ESCAPE.sub(one, text)


def quoted(text: str) -> str:
    """A word as ``set -x`` shows it."""
    if text and all(character.isalnum() or character in "_@%+=:,./-{}^~" for character in text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"
