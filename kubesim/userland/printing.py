"""Backslash escapes of each shell, words quoted again for ``set -x`` and ``%q``, and what ``echo`` prints. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

HIGH_BYTES = r"(?:\\(?:x[89a-fA-F][0-9a-fA-F]|[23][0-7]{2}))+"
"""Bytes above 127, written as numbers: together they are characters in UTF-8."""
_NAMED = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b", "E": "\x1b", "\\": "\\",
    "'": "'", '"': '"', "?": "?",
}  # fmt: skip
_NUMBERS = r"[0-7]{1,3}|x[0-9a-fA-F]{1,2}"
_UNICODE = r"u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}"


def _escape(letters: str, *numbers: str) -> re.Pattern[str]:
    return re.compile(rf"({HIGH_BYTES})|\\({'|'.join(numbers)}|[{letters}])", re.DOTALL)


ESCAPES = {
    "ansi": _escape("abeEfnrtv'\"?\\\\", "c.", _NUMBERS, _UNICODE),
    "bash echo": _escape("abceEfnrtv\\\\", "0[0-7]{0,3}", "x[0-9a-fA-F]{1,2}", _UNICODE),
    "dash echo": _escape("abcefnrtv\\\\", "0[0-7]{0,3}", "[1-7][0-7]{0,2}"),
    "ash echo": _escape("abcefnrtv\\\\", "0[0-7]{0,3}", "[1-7][0-7]{0,2}", "x[0-9a-fA-F]{1,2}"),
    "bash format": _escape("abeEfnrtv'\"?\\\\", _NUMBERS, _UNICODE),
    "dash format": _escape("abefnrtv\\\\", "[0-7]{1,3}"),
    "ash format": _escape('abcefnrtv"\\\\', _NUMBERS),
    "coreutils format": _escape('abcefnrtv"\\\\', _NUMBERS, _UNICODE),
    "bash argument": _escape("abceEfnrtv'\"?\\\\", "0[0-7]{0,3}", _NUMBERS, _UNICODE),
    "dash argument": _escape("abcefnrtv\\\\", "0[0-7]{0,3}", "[0-7]{1,3}"),
    "ash argument": _escape("abcefnrtv\\\\", "0[0-7]{0,3}", _NUMBERS),
    "coreutils argument": _escape('abcefnrtv"\\\\', "0[0-7]{0,3}", _NUMBERS, _UNICODE),
}
"""What a backslash may begin, for each shell and each use; all else stays as it is."""


def unescaped(text: str, use: str) -> tuple[str, bool]:
    """What backslashes stand for, and whether ``\\c`` ended the text.

    :param use: a key of :data:`ESCAPES`. Bytes that are no characters read as a terminal shows them.
    """
    out: list[str] = []
    position = 0
    for match in ESCAPES[use].finditer(text):
        out.append(text[position : match.start()])
        position = match.end()
        code = match[2]
        if code == "c":
            return "".join(out), True
        out.append(_bytes(match[1]) if code is None else _character(code))
    return "".join([*out, text[position:]]), False


def _bytes(text: str) -> str:
    numbers = text.split("\\")[1:]
    data = bytes(int(number[1:], 16) if number[0] == "x" else int(number, 8) for number in numbers)
    return data.decode("utf-8", "replace")


def _character(code: str) -> str:
    if code in _NAMED:
        return _NAMED[code]
    if code[0] in "xuU":
        number = int(code[1:], 16)
        return chr(number) if number < 0xD800 or 0xDFFF < number <= 0x10FFFF else "\N{REPLACEMENT CHARACTER}"
    if code[0] == "c":
        return chr(ord(code[1]) & 0x1F)
    return chr(int(code, 8) & 0o377)


def ansi_unescape(text: str) -> str:
    """What ``$'…'`` makes of backslashes."""
    return unescaped(text, "ansi")[0]


def requoted(text: str) -> str:
    """A word as ``printf %q`` shows it."""
    if not text:
        return "''"
    if any(not character.isprintable() for character in text):
        return ansi_quoted(text)
    return re.sub(r"([ \"'!$&()*;<>?\[\\\]^`{|},]|^[#~])", r"\\\1", text)


def ansi_quoted(text: str) -> str:
    """A text as ``$'…'``."""
    names = {value: key for key, value in _NAMED.items() if key not in 'E?"'}
    out = []
    for character in text:
        if character in names:
            out.append(f"\\{names[character]}")
        elif character.isprintable():
            out.append(character)
        else:
            out.append("".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape")))
    return f"$'{''.join(out)}'"


def quoted(text: str, dialect: str = "bash") -> str:
    """A word as ``set -x`` shows it; ash has marks of its own."""
    if dialect == "bash":
        if any(not character.isprintable() for character in text):
            return ansi_quoted(text)
        plain = re.fullmatch(r"[\w@%+=:,./~{}-]+", text, re.ASCII)
        if plain and not text.startswith("~"):
            return text
    elif text and re.fullmatch(r"[^\s'\"\\$`;&|<>(){}*?\[#~=!]+|\]", text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def echo_text(words: Sequence[str], family: str = "bash") -> str:
    """What ``echo`` prints.

    :param family: ``bash``, ``dash``, which reads backslashes without ``-e`` and has only ``-n``, or ``ash``.
    """
    rest = list(words)
    newline, escapes = True, family == "dash"
    options = "-n" if family == "dash" else "-[neE]+"
    while rest and re.fullmatch(options, rest[0]):
        for letter in rest.pop(0)[1:]:
            newline = newline and letter != "n"
            escapes = (escapes or letter == "e") and letter != "E"
        if family == "dash":
            break
    text = " ".join(rest)
    if escapes:
        text, stops = unescaped(text, f"{family} echo")
        newline = newline and not stops
    return text + ("\n" if newline else "")
