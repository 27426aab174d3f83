"""``test``, ``[ ]`` and ``[[ ]]``: files, texts and numbers compared."""

from __future__ import annotations

import operator as operators
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kubesim.userland.filesystem import FileError, FileSystem, absolute
from kubesim.userland.regular import Regex, RegexProblem, compile_posix
from kubesim.userland.shell import patterns
from kubesim.userland.shell.expansion import Expander, Surroundings
from kubesim.userland.shell.tree import Word

_UNARY = frozenset(f"-{letter}" for letter in "efdsrwxLhnzbcpStugkOGvo")
_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": operators.eq,
    "-ne": operators.ne,
    "-lt": operators.lt,
    "-le": operators.le,
    "-gt": operators.gt,
    "-ge": operators.ge,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "=": operators.eq,
    "==": operators.eq,
    "!=": operators.ne,
    "<": operators.lt,
    ">": operators.gt,
}
_TIMES = frozenset({"-nt", "-ot", "-ef"})
_BINARY = frozenset({*_NUMBERS, *_TEXTS, *_TIMES})


class TestError(Exception):
    """An expression that cannot be read; ``test`` ends with status 2.

    :param number: the word that should have been a number.
    """

    __test__ = False

    def __init__(self, message: str, number: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.number = number


@dataclass(frozen=True, slots=True)
class Facts:
    """What single conditions are about.

    :param directory: where relative paths begin.
    :param defined: whether a shell variable is set (``-v``).
    """

    files: FileSystem
    directory: str
    defined: Callable[[str], bool] = lambda name: False

    @classmethod
    def of(cls, shell: Surroundings) -> Facts:
        """What conditions are about in a shell."""
        return cls(shell.machine.files, shell.state.directory, lambda name: name in shell.state.variables)

    def compare(self, left: str, operator: str, right: str) -> bool:
        """One comparison.

        :raises TestError: where a number is none.
        """
        if operator in _TEXTS:
            return _TEXTS[operator](left, right)
        if operator in _NUMBERS:
            return _NUMBERS[operator](_integer(left), _integer(right))
        first, second = self._modified(left), self._modified(right)
        return first > second if operator == "-nt" else first < second if operator == "-ot" else left == right

    def _modified(self, path: str) -> float:
        try:
            return self.files.stat(absolute(path, self.directory)).modified
        except FileError:
            return -1.0

    def unary(self, operator: str, operand: str) -> bool:
        """One question about a file, a text or a variable."""
        if operator in ("-n", "-z"):
            return (operand != "") == (operator == "-n")
        if operator == "-v":
            return self.defined(operand)
        if operator in ("-t", "-o"):
            return False
        try:
            entry = self.files.stat(absolute(operand, self.directory), follow=operator not in ("-L", "-h"))
        except FileError:
            return False
        match operator:
            case "-f":
                return entry.kind == "file"
            case "-d":
                return entry.kind == "directory"
            case "-L" | "-h":
                return entry.kind == "link"
            case "-s":
                return entry.size > 0
            case "-x":
                return bool(entry.mode & 0o111)
            case "-c":
                return operand == "/dev/null"
            case "-b" | "-p" | "-S" | "-u" | "-g" | "-k":
                return False
        return True


def _integer(text: str) -> int:
    if not re.fullmatch(r"\s*[-+]?\d+\s*", text):
        raise TestError(f"{text}: integer expression expected", text)
    return int(text)


class _Reader(ABC):
    """The grammar that both commands share; all of it is evaluated, whatever comes out.

    :param words: the operators among them as they are written.
    :param either: the word for "or"; ``both`` the one for "and".
    """

    def __init__(self, words: Sequence[str], facts: Facts, either: str, both: str) -> None:
        self.words = words
        self.facts = facts
        self.either = either
        self.both = both
        self.position = 0

    @abstractmethod
    def operand(self, place: int) -> str:
        """The text of an operand."""

    @abstractmethod
    def compare(self, left: str, operator: str, place: int) -> bool:
        """A comparison with the operand at a place."""

    def whole(self) -> bool:
        """Conditions joined by "or"."""
        result = self._both()
        while self._peek() == self.either:
            self.position += 1
            following = self._both()
            result = result or following
        return result

    def _both(self) -> bool:
        result = self._not()
        while self._peek() == self.both:
            self.position += 1
            following = self._not()
            result = result and following
        return result

    def _not(self) -> bool:
        if self._peek() == "!" and self._peek(1) is not None:
            self.position += 1
            return not self._not()
        return self._one()

    def _peek(self, ahead: int = 0) -> str | None:
        place = self.position + ahead
        return self.words[place] if place < len(self.words) else None

    def _one(self) -> bool:
        here, word, operator = self.position, self._peek(), self._peek(1)
        if word is None:
            raise TestError("argument expected")
        if operator in _BINARY or operator == "=~":
            if self._peek(2) is None:
                raise TestError("argument expected")
            self.position += 3
            return self.compare(self.operand(here), operator or "", here + 2)
        if word == "(":
            self.position += 1
            result = self.whole()
            if self._peek() != ")":
                raise TestError("`)' expected")
            self.position += 1
            return result
        if word in _UNARY and operator is not None:
            self.position += 2
            return self.facts.unary(word, self.operand(here + 1))
        self.position += 1
        return self.operand(here) != ""


class _Test(_Reader):
    """``test``: its words were expanded before."""

    def operand(self, place: int) -> str:
        return self.words[place]

    def compare(self, left: str, operator: str, place: int) -> bool:
        return self.facts.compare(left, operator, self.words[place])


def holds(words: Sequence[str], facts: Facts) -> bool:
    """Whether ``test`` and these words is true.

    :raises TestError: where they cannot be read.
    """
    if len(words) < 2:
        return any(words)
    if len(words) == 2 and words[0] != "!" and words[0] not in _UNARY:
        raise TestError(f"{words[0]}: unary operator expected")
    if len(words) == 3 and words[1] not in _BINARY | {"-a", "-o"} and words[0] not in ("!", "("):
        raise TestError(f"{words[1]}: binary operator expected")
    reader = _Test(words, facts, "-o", "-a")
    result = reader.whole()
    if reader.position < len(words):
        raise TestError("too many arguments")
    return result


class DoubleBracket(_Reader):
    """``[[ … ]]``: words are not split, ``==`` takes a pattern, ``=~`` a regular expression.

    :param groups: what the last ``=~`` that held matched, and its groups.
    """

    def __init__(self, words: Sequence[Word], expander: Expander, facts: Facts) -> None:
        super().__init__([word.source for word in words], facts, "||", "&&")
        self.operands = words
        self.expander = expander
        self.groups: list[str] | None = None

    def operand(self, place: int) -> str:
        """An operand, expanded."""
        return self.expander.text(self.operands[place])

    def compare(self, left: str, operator: str, place: int) -> bool:
        """A comparison; numbers may be expressions."""
        if operator in ("==", "=", "!="):
            return patterns.matches(self.expander.pattern(self.operands[place]), left) != (operator == "!=")
        if operator == "=~":
            return self._matches(left, self.operands[place])
        if operator in _NUMBERS:
            return _NUMBERS[operator](self.expander.arithmetic(left), self.expander.arithmetic(self.operand(place)))
        return self.facts.compare(left, operator, self.operand(place))

    def _matches(self, text: str, expression: Word) -> bool:
        try:
            match = Regex(compile_posix(self.expander.regex(expression), extended=True)).search(text)
        except RegexProblem:
            return False
        if match:
            self.groups = [match[0], *(group or "" for group in match.groups())]
        return match is not None
