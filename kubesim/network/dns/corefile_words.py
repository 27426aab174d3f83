"""A Corefile's words and lines, the errors that point at them, and the zones and durations that words stand for."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field

from kubesim.api.durations import parse_duration
from kubesim.userland.numerals import LARGEST, is_number, whole_number


class CorefileError(Exception):
    """The Corefile cannot be used; ``str()`` is what CoreDNS prints."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word, and where it stands."""

    text: str
    line: int
    file: str

    def error(self, message: str) -> CorefileError:
        """An error at this word."""
        return CorefileError(f"{self.file}:{self.line} - Error during parsing: {message}")

    def wrong_count(self) -> CorefileError:
        """Something else must follow, or nothing."""
        return self.error(f"Wrong argument count or unexpected line ending after '{self.text}'")


@dataclass(slots=True)
class Line:
    """A line inside a plugin's block: its words, and the lines of a block of its own."""

    tokens: list[Token]
    block: list[Line] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The first word."""
        return self.tokens[0].text

    @property
    def arguments(self) -> list[str]:
        """The words after the first."""
        return [token.text for token in self.tokens[1:]]

    def error(self, message: str) -> CorefileError:
        """An error in this line."""
        return self.tokens[-1].error(message)

    def wrong_count(self) -> CorefileError:
        """Too few words or too many."""
        return self.tokens[-1].wrong_count()


Directive = Line
"""A plugin's line in a server block, with the lines of its own block."""


def tokens_of(text: str, file: str) -> list[Token]:
    """Split a Corefile into words."""
    tokens: list[Token] = []
    line, position, length = 1, 0, len(text)
    while position < length:
        character = text[position]
        if character == "\n":
            line += 1
            position += 1
        elif character.isspace():
            position += 1
        elif character == "#":
            end = text.find("\n", position)
            position = length if end < 0 else end
        elif character == '"':
            word, position, line_after = _quoted(text, position + 1, line)
            tokens.append(Token(word, line, file))
            line = line_after
        else:
            start = position
            while position < length and not text[position].isspace():
                position += 1
            tokens.append(Token(text[start:position], line, file))
    return tokens


def _quoted(text: str, position: int, line: int) -> tuple[str, int, int]:
    word: list[str] = []
    while position < len(text) and text[position] != '"':
        if text[position] == "\\" and text[position + 1 : position + 2] == '"':
            position += 1
        line += text[position] == "\n"
        word.append(text[position])
        position += 1
    return "".join(word), position + 1, line


def zones_of(zone: str) -> list[str]:
    """A zone as it is served: absolute, lower case; an address range gives its reverse zone."""
    if "/" in zone:
        try:
            network = ipaddress.ip_network(zone, strict=False)
        except ValueError:
            return [f"{zone.lower().rstrip('.')}."]
        if network.version == 4:
            octets = str(network.network_address).split(".")[: max(1, network.prefixlen // 8)]
            return [f"{'.'.join(reversed(octets))}.in-addr.arpa."]
    lowered = zone.lower()
    return [lowered if lowered.endswith(".") else f"{lowered}."]


def normalised_zones(words: Sequence[str], default: Sequence[str]) -> tuple[str, ...]:
    """The zones that a plugin names, or its server block's."""
    return tuple(one for word in words for one in zones_of(word)) or tuple(default)


def integer(text: str) -> int:
    """A number as Go's ``strconv.Atoi`` reads it.

    :raises CorefileError: with Go's words.
    """
    sign, digits = (text[0], text[1:]) if text[:1] in ("-", "+") else ("", text)
    if not is_number(digits):
        raise CorefileError(f'strconv.Atoi: parsing "{text}": invalid syntax')
    value = whole_number(digits)
    if len(digits.lstrip("0")) > 19 or value >= LARGEST:
        raise CorefileError(f'strconv.Atoi: parsing "{text}": value out of range')
    return -value if sign == "-" else value


def unsigned(text: str) -> int:
    """A number of 32 bits as Go's ``strconv.ParseUint`` reads it.

    :raises CorefileError: with Go's words.
    """
    if not is_number(text):
        raise CorefileError(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    if whole_number(text) >= 2**32:
        raise CorefileError(f'strconv.ParseUint: parsing "{text}": value out of range')
    return whole_number(text)


def duration(text: str) -> float:
    """A Go duration (``30s``, ``1m30s``, ``0``) in seconds, perhaps below zero.

    :raises CorefileError: with Go's words.
    """
    try:
        return parse_duration(text)
    except ValueError as error:
        raise CorefileError(str(error)) from None


def port_of(address: str) -> str:
    """The port of ``HOST:PORT``, as Go's ``net.SplitHostPort`` finds it.

    :raises CorefileError: with Go's words.
    """
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        raise CorefileError(f"address {address}: missing port in address")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise CorefileError(f"address {address}: too many colons in address")
    return port
