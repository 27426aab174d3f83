"""Cutting a template into text and actions, and an action into tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kubesim.kubectl.output.go_template.nodes import parse_error

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    |(?P<character>'(?:[^'\\\n]|\\.)+')
    |(?P<number>[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+))
    |(?P<variable>\$\w*)
    |(?P<field>\.[^\W\d]\w*)
    |(?P<dot>\.)
    |(?P<word>[^\W\d]\w*)
    |(?P<sign>:=|=|\||\(|\)|,)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an action; ``spaced`` says whether blanks stand before it."""

    kind: str
    text: str
    position: int
    spaced: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """Text, or the tokens of one action (the last of which ends it)."""

    text: str
    tokens: tuple[Token, ...] = ()
    position: int = 0


def pieces(template: str) -> Iterator[Piece]:
    """Text and actions in turn; blanks around an action go where ``{{- `` or `` -}}`` says so.

    :raises TemplateError: for comments and characters that make no sense.
    """
    position, trim = 0, False
    while position <= len(template):
        start = template.find("{{", position)
        text = template[position:] if start < 0 else template[position:start]
        if trim:
            text = text.lstrip()
        if start < 0:
            if text:
                yield Piece(text)
            return
        inside = start + 2
        if re.match(r"-\s", template[inside : inside + 2]):
            text = text.rstrip()
            inside += 1
        if text:
            yield Piece(text)
        comment = re.compile(r"\s*/\*").match(template, inside)
        if comment:
            position, trim = _comment(template, comment.end())
            continue
        tokens, position, trim = _tokens(template, inside)
        yield Piece("", tokens, start)


def _comment(template: str, position: int) -> tuple[int, bool]:
    end = template.find("*/", position)
    if end < 0:
        raise parse_error(template, position, "unclosed comment")
    closing = re.compile(r"(\s-)?}}").match(template, end + 2)
    if closing is None:
        raise parse_error(template, position, "comment ends before closing delimiter")
    return closing.end(), closing[1] is not None


def _tokens(template: str, position: int) -> tuple[tuple[Token, ...], int, bool]:
    tokens: list[Token] = []
    spaced = False
    while True:
        closing = re.compile(r"(\s-)?}}").match(template, position)
        if closing is not None:
            tokens.append(Token("end", "}}", position, spaced))
            return tuple(tokens), closing.end(), closing[1] is not None
        if position >= len(template):
            tokens.append(Token("unclosed", "", position, spaced))
            return tuple(tokens), position + 1, False
        match = _TOKEN.match(template, position)
        if match is None:
            tokens.append(Token("bad", template[position], position, spaced))
            return tuple(tokens), len(template) + 1, False
        kind = match.lastgroup or ""
        if kind != "space":
            tokens.append(Token(kind, match[0], position, spaced))
        spaced = kind == "space"
        position = match.end()
