"""POSIX regular expressions, basic and extended, as Python's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from kubesim.turn import Interrupted, computing
from kubesim.userland.bounds import LIMIT

if TYPE_CHECKING:
    import regex

Match: TypeAlias = "regex.Match[str]"

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
    "word": r"\w",
}


class RegexProblem(Exception):  # noqa: N818
    """An expression that cannot be compiled; ``str()`` is regcomp's text, or the engine's.

    :param position: where the engine gave up; None where it does not say.
    """

    def __init__(self, words: str, position: int | None = None) -> None:
        super().__init__(words)
        self.position = position


PATIENCE = 1.0
"""Seconds of computing that one expression may take in all: ``(a+)+$`` would try every way for ever."""


class _Unstoppable:
    """``re`` in the place of ``regex``, which a browser's page may not have: it knows the same, but no time limit."""

    def __init__(self, compiled: re.Pattern[str]) -> None:
        self._compiled = compiled
        self.groups = compiled.groups

    def search(self, text: str, start: int = 0, *, timeout: float = 0.0) -> re.Match[str] | None:
        return self._compiled.search(text, start)

    def match(self, text: str, start: int = 0, *, timeout: float = 0.0) -> re.Match[str] | None:
        return self._compiled.match(text, start)

    def fullmatch(self, text: str, start: int = 0, *, timeout: float = 0.0) -> re.Match[str] | None:
        return self._compiled.fullmatch(text, start)

    def finditer(self, text: str, *, timeout: float = 0.0) -> Iterator[re.Match[str]]:
        return self._compiled.finditer(text)

    def split(self, text: str, *, timeout: float = 0.0) -> list[str | None]:
        return self._compiled.split(text)

    def subn(
        self, fill: Callable[[re.Match[str]], str], text: str, *, count: int = 0, timeout: float = 0.0
    ) -> tuple[str, int]:
        return self._compiled.subn(fill, text, count)


def _compile(text: str, flags: int) -> Any:
    """Compile an expression.

    :param flags: those of ``re``; ``regex`` has the same.
    :raises RegexProblem: where the text is none: why, and at which character where that is known.
    """
    try:
        import regex  # slow to load: only when an expression is compiled
    except ImportError:
        try:
            return _Unstoppable(re.compile(text, flags))
        except (re.error, RecursionError) as error:
            raise RegexProblem(getattr(error, "msg", str(error)), getattr(error, "pos", None)) from None
    try:
        return regex.compile(text, flags)
    except (regex.error, RecursionError) as error:
        raise RegexProblem(getattr(error, "msg", str(error)), getattr(error, "pos", None)) from None


class Regex:
    """A compiled expression that gives up after :data:`PATIENCE`.

    :raises RegexProblem: where the text is no expression.
    :raises Interrupted: by every method, when its time is up or what it makes is too long.
    """

    def __init__(self, text: str, flags: int = 0) -> None:
        self._compiled = _compile(text, flags)
        self._left = PATIENCE

    @property
    def groups(self) -> int:
        """How many groups it has."""
        return int(self._compiled.groups)

    def _timed(self, method: Callable[..., Match | None], text: str, start: int = 0) -> Match | None:
        before = computing()
        try:
            return method(text, start, timeout=max(self._left, 0.001))
        except TimeoutError:
            raise Interrupted from None
        finally:
            self._left -= computing() - before

    def search(self, text: str, start: int = 0) -> Match | None:
        """The first match."""
        return self._timed(self._compiled.search, text, start)

    def match(self, text: str, start: int = 0) -> Match | None:
        """The match at the beginning."""
        return self._timed(self._compiled.match, text, start)

    def fullmatch(self, text: str, start: int = 0) -> Match | None:
        """The match of the whole text."""
        return self._timed(self._compiled.fullmatch, text, start)

    def finditer(self, text: str) -> Iterator[Match]:
        """Every match."""
        before = computing()
        try:
            yield from self._compiled.finditer(text, timeout=max(self._left, 0.001))
        except TimeoutError:
            raise Interrupted from None
        finally:
            self._left -= computing() - before

    def split(self, text: str) -> list[str]:
        """The text between the matches."""
        try:
            return [piece or "" for piece in self._compiled.split(text, timeout=PATIENCE)]
        except TimeoutError:
            raise Interrupted from None

    def subn(self, fill: Callable[[Match], str], text: str, count: int = 0) -> tuple[str, int]:
        """The text with its matches replaced, and how many there were; no empty match follows another at once."""
        made = done = 0
        end = -1

        def counted(match: Match) -> str:
            nonlocal made, done, end
            if match.start() == match.end() == end:
                return ""
            end = match.end()
            done += 1
            piece = fill(match)
            made += len(piece)
            if made > LIMIT:
                raise Interrupted
            return piece

        try:
            changed, _ = self._compiled.subn(counted, text, count=count, timeout=PATIENCE)
        except TimeoutError:
            raise Interrupted from None
        return changed, done


SERVER_PATIENCE = 0.1
"""Seconds of computing that a server spends on one match; beyond, it has found nothing, as PCRE beyond its limit."""


class ServerPattern:
    """A regular expression of a server's configuration: what it cannot find in time, it does not find.

    :raises RegexProblem: where the text is none.
    """

    def __init__(self, text: str, *, any_case: bool = False) -> None:
        self._compiled = _compile(text, re.IGNORECASE if any_case else 0)

    @property
    def groups(self) -> int:
        """How many groups it has."""
        return int(self._compiled.groups)

    def search(self, text: str) -> Match | None:
        """The first match."""
        try:
            found: Match | None = self._compiled.search(text, timeout=SERVER_PATIENCE)
        except TimeoutError:
            return None
        return found


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
                if following == "{" and not re.match(r"\d+(,\d*)?\\\}", pattern[position:]):
                    raise RegexProblem("Invalid content of \\{\\}")
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
            end = bracket_end(pattern, position)
            if end is None:
                raise RegexProblem("Unmatched [, [^, [:, [., or [=")
            out.append(bracket_set(pattern[position:end]))
            position = end + 1
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
        _compile(text, 0)
    except RegexProblem as error:
        raise RegexProblem("Invalid preceding regular expression") from error
    return text


def bracket_end(pattern: str, position: int, negations: str = "^") -> int | None:
    """Where a bracket expression that begins before ``position`` has its closing bracket; None where it has none."""
    if pattern[position : position + 1] in tuple(negations):
        position += 1
    if pattern[position : position + 1] == "]":
        position += 1
    while position < len(pattern) and pattern[position] != "]":
        named = pattern.find(":]", position) if pattern.startswith("[:", position) else -1
        position = position + 1 if named < 0 else named + 2
    return position if position < len(pattern) else None


def bracket_set(inner: str, negations: str = "^") -> str:
    """The inside of a bracket expression as a set of Python's; an empty one matches nothing."""
    negated = inner[:1] in tuple(negations)
    pieces = re.split(r"(\[:\w+:\])", inner[negated:])
    content = "".join(
        _CLASSES.get(piece[2:-2], "") if piece.startswith("[:") else re.sub(r"([\\\[\]&~|^])", r"\\\1", piece)
        for piece in pieces
    )
    return f"[{'^' if negated else ''}{content}]" if content else "(?!)"
