"""POSIX regular expressions, basic and extended, as Python's."""

from __future__ import annotations

import re

_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "blank": r" \t",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9A-Fa-f",
    "print": r"\x20-\x7e",
    "graph": r"\x21-\x7e",
    "cntrl": r"\x00-\x1f",
}


class RegexProblem(Exception):  # noqa: N818
    """An expression that cannot be compiled; ``str()`` is regcomp's text."""


_BYTES = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")
"""Bytes by number, as GNU sed has them; several together may be one character of UTF-8."""


def compile_posix(pattern: str, *, extended: bool) -> str:
    """A POSIX expression as the text of a Python one.

    :raises RegexProblem: with regcomp's words.
    """
    out: list[str] = []
    position = 0
    depth = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "\\":
            if position >= len(pattern):
                raise RegexProblem("Trailing backslash")
            following = pattern[position]
            position += 1
            if following in "(){}|+?" and not extended:
                depth += (following == "(") - (following == ")")
                out.append(following)
            elif following in "<>":
                out.append(r"\b")
            elif following in "wWsSbBdD" or following.isdigit():
                out.append("\\" + following)
            elif following == "x" and (code := _BYTES.match(pattern, position - 2)):
                encoded = bytes.fromhex(code.group(0).replace("\\x", ""))
                out.append(re.escape(encoded.decode("utf-8", "surrogateescape")))
                position = code.end()
            elif following == "n":
                out.append("\n")
            elif following == "t":
                out.append("\t")
            else:
                out.append(re.escape(following))
        elif character == "[":
            position, text = _bracket(pattern, position)
            out.append(text)
        elif not extended and character in "+?(){}|":
            out.append("\\" + character)
        elif character == "*" and (not out or out[-1] in ("^", "(", "|")):
            out.append(r"\*")
        elif extended and character in "()":
            depth += 1 if character == "(" else -1
            if depth < 0:
                raise RegexProblem("Unmatched ) or \\)")
            out.append(character)
        elif extended and character == "{" and not re.match(r"\d+(,\d*)?\}", pattern[position:]):
            out.append(r"\{")
        else:
            out.append(character)
    if depth > 0:
        raise RegexProblem("Unmatched ( or \\(")
    text = "".join(out)
    try:
        re.compile(text)
    except re.error as error:
        raise RegexProblem("Invalid preceding regular expression") from error
    return text


def _bracket(pattern: str, position: int) -> tuple[int, str]:
    end = position
    negated = pattern[end : end + 1] == "^"
    end += negated
    start = end
    if pattern[end : end + 1] == "]":
        end += 1
    while end < len(pattern) and pattern[end] != "]":
        end = pattern.index(":]", end) + 2 if pattern.startswith("[:", end) and ":]" in pattern[end:] else end + 1
    if end >= len(pattern):
        raise RegexProblem("Unmatched [, [^, [:, [., or [=")
    inner = pattern[start:end]
    pieces = re.split(r"(\[:\w+:\])", inner)
    content = "".join(
        _CLASSES.get(piece[2:-2], "") if piece.startswith("[:") else re.sub(r"([\\\[\]&~|^])", r"\\\1", piece)
        for piece in pieces
    )
    return end + 1, f"[{'^' if negated else ''}{content}]"
