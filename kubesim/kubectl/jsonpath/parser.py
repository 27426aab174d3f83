"""From a template to its nodes.

Text is copied until a brace opens; inside braces the parser looks at the next few characters and takes one step:
a field, an index, a filter, a quoted text, a number, a word. Arrays and filters hold expressions of their own, which
are parsed as if they stood in braces alone. Quoted text is read as Go reads it (``strconv.UnquoteChar``), with single
quotes allowed as well.
"""

from __future__ import annotations

import math
import re

from kubesim.kubectl.jsonpath import nodes
from kubesim.kubectl.jsonpath.nodes import JsonPathError, Sequence

_DICTIONARY_KEY = re.compile(r"'([^']*)'")
_SLICE = re.compile(r"(-?[0-9]*)(:-?[0-9]*)?(:-?[0-9]*)?")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+?)")
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_LARGEST = 2**63

_END = ""
_TERMINATORS = frozenset((_END, " ", "\t", "\r", "\n", ".", ",", "[", "]", "$", "@", "{", "}"))
_NESTING = 200
"""How deep arrays may hold arrays; upstream has no limit, a template of this depth is no template."""


def parse(template: str) -> Sequence:
    """Parse a template.

    :raises JsonPathError: with upstream's words.
    """
    return _Parser(template, 0).template()


def _expression(text: str, depth: int) -> Sequence:
    """Parse what could stand between braces."""
    if depth > _NESTING:
        raise JsonPathError("expression is nested too deeply")
    first = _Parser("{" + text + "}", depth).template().nodes[0]
    assert isinstance(first, Sequence)
    return first


class _Parser:
    def __init__(self, text: str, depth: int) -> None:
        self.text = text
        self.position = 0
        self.depth = depth

    def template(self) -> Sequence:
        root = Sequence()
        while self.position < len(self.text):
            brace = self.text.find("{", self.position)
            end = len(self.text) if brace < 0 else brace
            if end > self.position:
                root.nodes.append(nodes.Text(self.text[self.position : end]))
            self.position = end
            if brace >= 0:
                self.position += 1
                action = Sequence()
                root.nodes.append(action)
                self._action(action)
        return root

    def _peek(self) -> str:
        return self.text[self.position] if self.position < len(self.text) else _END

    def _next(self) -> str:
        character = self._peek()
        self.position += len(character)
        return character

    def _action(self, into: Sequence) -> None:
        """Everything up to the closing brace."""
        while not self.text.startswith("}", self.position):
            if self.text.startswith("[?(", self.position):
                self._filter(into)
            elif self.text.startswith("..", self.position):
                self._recursive(into)
            else:
                self._step(into)
        self.position += 1

    def _step(self, into: Sequence) -> None:
        character = self._next()
        if character in ("", "\r", "\n"):
            raise JsonPathError("unclosed action")
        if character in (" ", "@", "$"):  # the current object: nothing to do
            return
        if character == "[":
            self._array(into)
        elif character in ('"', "'"):
            self._quote(into, character)
        elif character == ".":
            self._field(into)
        elif character in "+-" or character.isdecimal():
            self.position -= 1
            self._number(into)
        elif character == "_" or character.isalpha() or character.isdigit():
            self.position -= 1
            self._word(into)
        else:
            raise JsonPathError(f"unrecognized character in action: {describe_character(character)}")

    def _field(self, into: Sequence) -> None:
        start = self.position
        while self._peek() not in _TERMINATORS:
            if self._next() == "\\":
                self._next()
        name = self.text[start : self.position]
        into.nodes.append(nodes.Wildcard() if name == "*" else nodes.Field(name.replace("\\", "")))

    def _recursive(self, into: Sequence) -> None:
        if into.nodes and isinstance(into.nodes[-1], nodes.Recursive):
            raise JsonPathError("invalid multiple recursive descent")
        self.position += 2
        into.nodes.append(nodes.Recursive())
        character = self._peek()
        if character == "_" or character.isalpha() or character.isdigit():
            self._field(into)

    def _word(self, into: Sequence) -> None:
        start = self.position
        while self._peek() not in _TERMINATORS:
            self._next()
        word = self.text[start : self.position]
        into.nodes.append(nodes.Boolean(word == "true") if word in ("true", "false") else nodes.Identifier(word))

    def _number(self, into: Sequence) -> None:
        start = self.position
        if self._peek() in ("+", "-"):
            self._next()
        while self._peek() == "." or self._peek().isdecimal():
            self._next()
        text = self.text[start : self.position]
        if _INTEGER.fullmatch(text) and len(text) < 30 and -_LARGEST <= int(text) < _LARGEST:
            into.nodes.append(nodes.Number(int(text)))
        elif _FLOAT.fullmatch(text) and math.isfinite(float(text)):
            into.nodes.append(nodes.Number(float(text)))
        else:
            raise JsonPathError(f"cannot parse number {text}")

    def _quote(self, into: Sequence, quote: str) -> None:
        start = self.position - 1
        while True:
            character = self._next()
            if character in ("", "\n"):
                raise JsonPathError("unterminated quoted string")
            if character == quote and self.text[self.position - 2] != "\\":
                break
        literal = self.text[start : self.position]
        try:
            into.nodes.append(nodes.Text(unquote(literal)))
        except ValueError as error:
            raise JsonPathError(f"unquote string {literal} error {error}") from error

    def _array(self, into: Sequence) -> None:
        start = self.position
        while (character := self._next()) != "]":
            if character in ("", "\n"):
                raise JsonPathError("unterminated array")
        text = self.text[start : self.position - 1]
        text = ":" if text == "*" else text
        parts = text.split(",")
        if len(parts) > 1:
            into.nodes.append(nodes.Union(tuple(_expression(f"[{part.strip(' ')}]", self.depth + 1) for part in parts)))
            return
        key = _DICTIONARY_KEY.fullmatch(text)
        if key is not None:
            into.nodes.extend(_expression(f".{key[1]}", self.depth + 1).nodes)
            return
        into.nodes.append(_slice(text))

    def _filter(self, into: Sequence) -> None:
        self.position += 3
        start = self.position
        opened = closed = False
        quote = ""
        while True:
            character = self._next()
            if character in ("", "\n"):
                raise JsonPathError("unterminated filter")
            if character in ('"', "'"):
                if not opened:
                    opened, quote = True, character
                elif self.text[self.position - 2] != "\\" and character == quote:
                    closed = True
            elif character == ")" and opened == closed:
                break
        if self._next() != "]":
            raise JsonPathError("unclosed array expect ]")
        text = self.text[start : self.position - 2]
        comparison = _COMPARISON.fullmatch(text)
        if comparison is None:
            into.nodes.append(nodes.Filter(_expression(text, self.depth + 1), Sequence(), "exists"))
            return
        left, operator, right = comparison.groups()
        into.nodes.append(nodes.Filter(_expression(left, self.depth + 1), _expression(right, self.depth + 1), operator))


def _slice(text: str) -> nodes.Array:
    match = _SLICE.fullmatch(text)
    if match is None:
        raise JsonPathError(f"invalid array index {text}")
    start = _bound(match[1]) if match[1] else nodes.Bound()
    # A single index [n] ends one after itself.
    end = _bound(match[2][1:]) if match[2] else nodes.Bound(start.value + 1, known=True, derived=True)
    return nodes.Array(start, end, _bound(match[3][1:]) if match[3] else nodes.Bound())


def _bound(text: str) -> nodes.Bound:
    if not text:
        return nodes.Bound()
    try:
        value = int(text)
    except ValueError:
        value = _LARGEST
    if not -_LARGEST <= value < _LARGEST:
        raise JsonPathError(f"array index {text} is not a number")
    return nodes.Bound(value, known=True)


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


_RELAXED = re.compile(r"\{\.?([^{}]+)\}|\.?([^{}]+)")


def relaxed_expression(text: str) -> str:
    """``metadata.name``, ``.metadata.name`` and ``{metadata.name}`` all become ``{.metadata.name}``.

    :raises JsonPathError: for anything with other braces.
    """
    if not text:
        return text
    match = _RELAXED.fullmatch(text)
    if match is None:
        raise JsonPathError(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
        )
    return f"{{.{match[1] or match[2]}}}"
