"""From text to requirements: a lexer and a recursive descent over three productions, as upstream's errors show."""

from __future__ import annotations

import re

from kubesim.api.selectors.requirements import (
    BINARY_OPERATORS,
    EXISTS,
    MISSING,
    NO_PATH,
    Requirement,
    aggregate,
    key_errors,
    requirement,
)

_TOKEN = re.compile(r"[ \t\r\n]*(?:(?P<symbol>==|!=|[=!(),<>])|(?P<word>[^=!(),<> \t\r\n\0]+)|(?P<end>\0|$))")


_BINARY_TOKENS = {"in": "in", "notin": "notin", "=": "=", "==": "==", "!=": "!=", ">": "gt", "<": "lt"}


_IDENTIFIER, _END = "identifier", ""


class Parser:
    """A recursive descent over the tokens of a label selector."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        self.position = 0
        start = 0
        while not self.tokens or self.tokens[-1][0] != _END:
            found = _TOKEN.match(text, start)
            assert found is not None, "every character is a blank, a symbol, part of a word or the end"
            start = found.end()
            if found["word"] is not None:
                self.tokens.append((_IDENTIFIER, found["word"]))
            else:
                symbol = found["symbol"] or ""
                self.tokens.append((symbol or _END, symbol))

    def look(self) -> tuple[str, str]:
        """The next token's kind and text."""
        return self.tokens[min(self.position, len(self.tokens) - 1)]

    def take(self) -> tuple[str, str]:
        """The next token, consumed."""
        token = self.look()
        self.position += 1
        return token

    def parse(self) -> list[Requirement]:
        """Requirements between commas."""
        requirements: list[Requirement] = []
        while True:
            kind, text = self.look()
            if kind == _END:
                return requirements
            if kind not in (_IDENTIFIER, "!"):
                raise ValueError(f"found '{text}', expected: !, identifier, or 'end of string'")
            try:
                requirements.append(self.requirement())
            except ValueError as error:
                raise ValueError(f"unable to parse requirement: {error}") from None
            kind, text = self.take()
            if kind == _END:
                return requirements
            if kind != ",":
                raise ValueError(f"found '{text}', expected: ',' or 'end of string'")
            kind, text = self.look()
            if kind not in (_IDENTIFIER, "!"):
                raise ValueError(f"found '{text}', expected: identifier after ','")

    def requirement(self) -> Requirement:
        """``key``, ``!key``, ``key operator value`` or ``key in (values)``."""
        kind, key = self.take()
        absent = kind == "!"
        if absent:
            kind, key = self.take()
        if kind != _IDENTIFIER:
            raise ValueError(f"found '{key}', expected: identifier")
        if errors := key_errors(key, NO_PATH):
            raise ValueError(aggregate(errors))
        if absent:
            return requirement(key, MISSING)
        if self.look()[0] in (_END, ","):
            return requirement(key, EXISTS)
        _, text = self.take()
        operator = _BINARY_TOKENS.get(text)
        if operator is None:
            raise ValueError(f"found '{text}', expected: {', '.join(BINARY_OPERATORS)}")
        values = self.values() if operator in ("in", "notin") else [self.value()]
        return requirement(key, operator, sorted(values))

    def value(self) -> str:
        """One value; nothing before a comma or the end is the empty value."""
        if self.look()[0] in (_END, ","):
            return ""
        kind, text = self.take()
        if kind != _IDENTIFIER:
            raise ValueError(f"found '{text}', expected: identifier")
        return text

    def values(self) -> set[str]:
        """Values between brackets; nothing between two commas is the empty value."""
        kind, text = self.take()
        if kind != "(":
            raise ValueError(f"found '{text}' expected: '('")
        kind, text = self.look()
        if kind == ")":
            self.take()
            return {""}
        if kind not in (_IDENTIFIER, ","):
            raise ValueError(f"found '{text}', expected: ',', ')' or identifier")
        values: set[str] = set()
        while True:
            kind, text = self.take()
            following, following_text = self.look()
            if kind == _IDENTIFIER:
                values.add(text)
                if following not in (",", ")"):
                    raise ValueError(f"found '{following_text}', expected: ',' or ')'")
            elif kind == ",":
                if not values or following in (",", ")"):
                    values.add("")
            else:
                raise ValueError(f"found '{text}', expected: ',', or identifier")
            if following == ")":
                self.take()
                return values
