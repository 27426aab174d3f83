"""A Corefile's words and lines, and the errors that point at them."""

from __future__ import annotations

from dataclasses import dataclass, field


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
        return self.error(f"Wrong argument count or unexpected line ending after '{self.tokens[-1].text}'")


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
