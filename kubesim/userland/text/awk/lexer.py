"""From a program's text to tokens; whether a slash begins a regular expression follows from the token before it."""

from __future__ import annotations

import re
from typing import NamedTuple

from kubesim.userland.command_line import Complaint

KEYWORDS = frozenset(
    {"BEGIN", "END", "if", "else", "while", "for", "do", "break", "continue", "next", "nextfile", "exit", "return",
     "delete", "in", "function", "func", "print", "printf", "getline"}
)  # fmt: skip
_TOKEN = re.compile(
    r"(?P<blank>[ \t\r]+|\\\r?\n|\#[^\n]*)|(?P<newline>\n)"
    r"|(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<operator>\+\+|--|\+=|-=|\*=|/=|%=|\^=|==|!=|<=|>=|&&|\|\||!~|>>|[-+*/%^!<>~?:,;{}()\[\]$=|])"
)
_POWER = re.compile(r"(?P<operator>\*\*=?)")
_STRING = re.compile(r'"((?:\\(?:.|\n)|[^"\\\n])*)"')
_REGEX = re.compile(r"/((?:\\.|\[\^?\]?(?:\[:\w+:\]|\\.|[^]\n])*\]|[^/\\\n\[])*)/")
_ESCAPE = re.compile(r"\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.|\n)", re.DOTALL)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\n": ""}


class Token(NamedTuple):
    """One token.

    :param kind: ``number``, ``string``, ``regex``, ``name``, ``call`` (a name with its parenthesis), ``keyword``,
        ``operator``, ``newline`` or ``end``.
    """

    kind: str
    text: str
    line: int


def unescape(text: str, *, slash: bool = False) -> str:
    """What backslashes stand for in a string; one that is none stays.

    :param slash: whether ``\\/`` is a slash (busybox).
    """

    def one(match: re.Match[str]) -> str:
        code = match[1]
        if code in _NAMED:
            return _NAMED[code]
        if code == "/" and slash:
            return "/"
        if code[0] == "x" and len(code) > 1:
            return chr(int(code[1:], 16))
        return chr(int(code, 8) & 255) if code[0] in "01234567" else match[0]

    return _ESCAPE.sub(one, text)


def tokens(text: str, busybox: bool) -> list[Token]:
    """The tokens of a program.

    :raises Complaint: where it holds what is none.
    """
    found: list[Token] = []
    place, line = 0, 1
    while place < len(text):
        if text[place] == '"':
            string = _STRING.match(text, place)
            if not string:
                shown = f"awk: line {line}: runaway string constant {text[place : place + 10]} ...\n"
                raise Complaint("awk: cmd. line:1: Unexpected end of string\n", 1) if busybox else Complaint(shown, 2)
            found.append(Token("string", unescape(string[1], slash=busybox), line))
            place = string.end()
            continue
        if text[place] == "/" and _regex_may_start(found):
            regex = _REGEX.match(text, place)
            if not regex:
                shown = f"awk: line {line}: runaway regular expression {text[place : place + 10]} ...\n"
                raise Complaint("awk: cmd. line:1: Unexpected end of string\n", 1) if busybox else Complaint(shown, 2)
            found.append(Token("regex", regex[1].replace("\\/", "/"), line))
            place = regex.end()
            continue
        match = (_POWER.match(text, place) if busybox else None) or _TOKEN.match(text, place)
        if not match:
            shown = f"awk: {line}: unexpected character '{text[place]}'\n"
            raise Complaint("awk: cmd. line:1: Unexpected token\n", 1) if busybox else Complaint(shown, 2)
        kind = match.lastgroup or ""
        place = match.end()
        if kind == "name":
            if match[0] in KEYWORDS:
                kind = "keyword"
            elif text[place : place + 1] == "(":
                kind = "call"
        if kind != "blank":
            same = {"func": "function"} | ({"**": "^", "**=": "^="} if busybox else {})
            found.append(Token(kind, same.get(match[0], match[0]), line))
        line += match[0].count("\n")
    found.append(Token("end", "", line))
    return found


def _regex_may_start(found: list[Token]) -> bool:
    last = found[-1] if found else Token("newline", "\n", 1)
    if last.kind == "operator":
        return last.text not in (")", "]", "$", "++", "--")
    return last.kind in ("newline", "keyword") and last.text != "getline"
