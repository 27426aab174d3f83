"""The inside of ``${…}``: a name, and what is done with its value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from kubesim.userland.shell.tree import Parameter, Word

if TYPE_CHECKING:
    from kubesim.userland.shell.lexer import Lexer

_OPERATORS = (
    ":-", ":=", ":?", ":+", "##", "%%", "//", "/#", "/%", "^^", ",,", "-", "=", "?", "+", "#", "%", "/", "^", ",",
)  # fmt: skip


def parse_parameter(inner: str, source: str, quoted: bool, lex: Callable[[str], Lexer]) -> Parameter:
    """The inside of ``${…}``; ``lex`` reads the words in it."""
    if re.fullmatch(r"#(?:[A-Za-z_]\w*|\d+|[@*#?$!-])(?:\[[^\]]*\])?", inner) and inner != "#":
        name, _, index = inner[1:].partition("[")
        return Parameter(name, quoted, "length", index=index.rstrip("]"), source=source)
    match = re.match(r"(!?)([A-Za-z_]\w*|\d+|[@*#?$!-])(?:\[([^\]]*)\])?", inner)
    if not match:
        return Parameter("", quoted, "bad", source=source)
    indirect, name, index = match[1], match[2], match[3] or ""
    rest = inner[match.end() :]
    if not rest:
        return Parameter(name, quoted, "indirect" if indirect else "", index=index, source=source)

    def word(text: str) -> Word:
        lexer = lex(text)
        return lexer.expandable('$`"\\}') if quoted else lexer.word(stop="")

    for operator in _OPERATORS:
        if rest.startswith(operator):
            body = rest[len(operator) :]
            if operator.startswith("/"):
                pattern, slash, replacement = _split_unescaped(body)
                del slash
                return Parameter(name, quoted, operator, lex(pattern).word(stop=""), word(replacement), index, source)
            if operator in ("#", "##", "%", "%%", "^", "^^", ",", ",,"):
                return Parameter(name, quoted, operator, lex(body).word(stop=""), index=index, source=source)
            return Parameter(name, quoted, operator, word(body), index=index, source=source)
    if rest.startswith(":"):
        offset, _, length = rest[1:].partition(":")
        second = lex(length).expandable() if length else None
        return Parameter(name, quoted, "substring", lex(offset).expandable(), second, index, source)
    return Parameter(name, quoted, "bad", source=source)


def _split_unescaped(text: str) -> tuple[str, str, str]:
    position = 0
    while position < len(text):
        if text[position] == "\\":
            position += 2
            continue
        if text[position] == "/" and position > 0:
            return text[:position], "/", text[position + 1 :]
        position += 1
    return text, "", ""
