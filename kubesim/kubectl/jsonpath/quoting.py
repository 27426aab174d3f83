"""Quoted text as Go reads it (``strconv.UnquoteChar``), with single quotes allowed as well."""

from __future__ import annotations

import re

_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
_CODES = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})")
_PRINTABLE_LIMIT = 0x10FFFF


def unquote(literal: str) -> str:
    """The text that a literal in single or double quotes stands for.

    :raises ValueError: ``invalid syntax``.
    """
    if len(literal) < 2 or literal[0] != literal[-1]:
        raise ValueError("invalid syntax")
    quote, text = literal[0], literal[1:-1]
    if "\\" not in text and quote not in text:
        return text
    result = bytearray()
    position = 0
    while position < len(text):
        character = text[position]
        position += 1
        if character == quote:
            raise ValueError("invalid syntax")
        if character != "\\":
            result += character.encode("utf-8", "surrogatepass")
            continue
        piece, position = _escape(text, position, quote)
        result += piece
    return result.decode("utf-8", "replace")


def _escape(text: str, position: int, quote: str) -> tuple[bytes, int]:
    """What the escape after a backslash stands for, and where it ends."""
    letter = text[position : position + 1]
    if letter in _SIMPLE:
        return _SIMPLE[letter].encode(), position + 1
    if letter and letter in "'\"" and letter == quote:
        return letter.encode(), position + 1
    match = _CODES.match(text, position)
    if match is None:
        raise ValueError("invalid syntax")
    byte, short, long, octal = match.groups()
    if byte or octal:
        value = int(byte, 16) if byte else int(octal, 8)
        if value > 255:
            raise ValueError("invalid syntax")
        return bytes([value]), match.end()
    value = int(short or long, 16)
    if value > _PRINTABLE_LIMIT or 0xD800 <= value <= 0xDFFF:
        raise ValueError("invalid syntax")
    return chr(value).encode(), match.end()


def describe_character(character: str) -> str:
    """A character as Go's ``%#U`` writes it: ``U+002A '*'``; unprintable ones have no picture."""
    code = f"U+{ord(character):04X}"
    return f"{code} '{character}'" if character.isprintable() else code
