"""``test``, ``[ ]`` and ``[[ ]]``: files, texts and numbers compared."""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kubesim.userland.filesystem import FileError, FileSystem, absolute
from kubesim.userland.printing import quoted
from kubesim.userland.regular import Regex, RegexProblem, compile_posix
from kubesim.userland.shell import patterns
from kubesim.userland.shell.expansion import Expander, Surroundings
from kubesim.userland.shell.tree import Condition, Joined, Negation, Primary, Word

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

    :param message: bash's words.
    :param number: the word that should have been a number.
    :param token: the word that dash and busybox name, and ``reason`` what they say of it.
    """

    __test__ = False

    def __init__(self, message: str, number: str | None = None, token: str = "", reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.number = number
        self.token = token
        self.reason = reason

    def worded(self, dialect: str, *, musl: bool = False) -> str:
        """The complaint as a shell words it, without the command's name.

        :param musl: whether the C library tells what is no number from what is too large (glibc does not).
        """
        if dialect == "bash":
            return self.message
        if self.number is not None:
            if dialect == "dash":
                return f"Illegal number: {self.number}"
            kind = "out of range" if musl or re.fullmatch(r"\s*[-+]?\d+\s*", self.number) else "bad number"
            return f"{self.number}: {kind}" if self.number else kind
        if not self.token:
            return self.reason or self.message
        return f"{self.token}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What single conditions are about.

    :param directory: where relative paths begin.
    :param dialect: whose operators there are, and how a malformed expression is told.
    :param defined: whether a shell variable is set (``-v``); ``option`` whether an option is (``-o``).
    """

    files: FileSystem
    directory: str
    dialect: str = "bash"
    defined: Callable[[str], bool] = lambda name: False
    option: Callable[[str], bool] = lambda name: False
    fold: bool = False
    """Whether patterns match either case (``shopt -s nocasematch``)."""

    @property
    def bash(self) -> bool:
        """Whether bash asks, or a program of the coreutils, which has its words."""
        return self.dialect == "bash"

    @classmethod
    def of(cls, shell: Surroundings) -> Facts:
        """What conditions are about in a shell."""
        return cls(
            shell.machine.files,
            shell.state.directory,
            shell.dialect.name,
            lambda name: _defined(shell, name),
            lambda name: name in shell.state.options,
            "nocasematch" in shell.state.switches,
        )

    def compare(self, left: str, operator: str, right: str) -> bool:
        """One comparison.

        :raises TestError: where a number is none.
        """
        if operator in _TEXTS:
            return _TEXTS[operator](left, right)
        if operator in _NUMBERS:
            return _NUMBERS[operator](_integer(left), _integer(right))
        first, second = self._modified(left), self._modified(right)
        if operator == "-ef":
            return absolute(left, self.directory) == absolute(right, self.directory) and first >= 0
        if self.dialect == "ash" and min(first, second) < 0:
            return False
        return first > second if operator == "-nt" else first < second

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
        if operator == "-o":
            return self.option(operand)
        if operator == "-t":
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


def _defined(shell: Surroundings, name: str) -> bool:
    element = re.fullmatch(r"([A-Za-z_]\w*)\[(.+)\]", name)
    if not element:
        found = shell.state.variables.get(name)
        return found is not None and found.text is not None
    elements = shell.state.elements(element[1])
    if element[2] in ("@", "*"):
        return bool(elements)
    return Expander(shell).key(element[1], element[2]) in elements


def _integer(text: str) -> int:
    if not re.fullmatch(r"\s*[-+]?\d{1,19}\s*", text) or not -(2**63) <= int(text) < 2**63:
        raise TestError(f"{text}: integer expression expected", text)
    return int(text)


class _Test:
    """``test`` as bash reads it: up to four words by their number, more by the operators' strength."""

    def __init__(self, words: Sequence[str], facts: Facts) -> None:
        self.words = words
        self.facts = facts
        self.position = 0

    def whole(self) -> bool:
        """The whole expression."""
        count = len(self.words)
        if count == 0:
            return False
        result = {1: self._one, 2: self._two, 3: self._three, 4: self._four}.get(count, self._either)()
        if self.position < count:
            raise TestError("too many arguments")
        return result

    def _take(self) -> str:
        if self.position >= len(self.words):
            raise TestError("argument expected")
        self.position += 1
        return self.words[self.position - 1]

    def _peek(self, ahead: int = 0) -> str:
        place = self.position + ahead
        return self.words[place] if place < len(self.words) else ""

    def _one(self) -> bool:
        return self._take() != ""

    def _two(self) -> bool:
        first = self._take()
        if first == "!":
            return not self._one()
        if first in _UNARY:
            return self.facts.unary(first, self._take())
        raise TestError(f"{first}: unary operator expected")

    def _three(self) -> bool:
        first, operator = self._peek(), self._peek(1)
        if operator in _BINARY:
            self.position += 3
            return self.facts.compare(first, operator, self.words[self.position - 1])
        if operator in ("-a", "-o"):
            left = self._one()
            self.position += 1
            right = self._one()
            return (left and right) if operator == "-a" else (left or right)
        if first == "!":
            self.position += 1
            return not self._two()
        if first == "(" and self._peek(2) == ")":
            self.position += 3
            return operator != ""
        raise TestError(f"{operator}: binary operator expected")

    def _four(self) -> bool:
        if self._peek() == "!":
            self.position += 1
            return not self._three()
        return self._either()

    def _either(self) -> bool:
        result = self._both()
        while self._peek() == "-o":
            self.position += 1
            following = self._both()
            result = result or following
        return result

    def _both(self) -> bool:
        result = self._primary()
        while self._peek() == "-a":
            self.position += 1
            following = self._primary()
            result = result and following
        return result

    def _primary(self) -> bool:
        word = self._take()
        if word == "!":
            return not self._primary()
        if self._peek() in _BINARY:
            operator = self._take()
            return self.facts.compare(word, operator, self._take())
        if word == "(":
            result = self._either()
            if self._take() != ")":
                raise TestError("`)' expected")
            return result
        if word in _UNARY and self.position < len(self.words) and self._peek() not in ("-a", "-o"):
            return self.facts.unary(word, self._take())
        return word != ""


class _Classic:
    """``test`` as dash and busybox read it: one grammar for any number of words."""

    def __init__(self, words: Sequence[str], facts: Facts) -> None:
        self.words = words
        self.facts = facts
        self.position = 0
        self.ash = facts.dialect == "ash"
        self.binary = _BINARY if self.ash else _BINARY - {"=="}
        self.last = ""

    def whole(self) -> bool:
        """The whole expression."""
        if not self.words:
            return False
        if len(self.words) == 3 and self.words[1] in self.binary:
            return self.facts.compare(self.words[0], self.words[1], self.words[2])
        if len(self.words) == 4 and self.words[0] == "!" and self.words[2] in self.binary:
            return not self.facts.compare(self.words[1], self.words[2], self.words[3])
        result = self._either()
        if self.position < len(self.words):
            if self.ash:
                raise TestError("", token=self.words[self.position], reason="unknown operand")
            raise TestError("", token=self.last, reason="unexpected operator")
        return result

    def _peek(self, ahead: int = 0) -> str | None:
        place = self.position + ahead
        return self.words[place] if place < len(self.words) else None

    def _take(self) -> str:
        self.last = self.words[self.position]
        self.position += 1
        return self.last

    def _either(self) -> bool:
        result = self._both()
        while self._peek() == "-o":
            self.position += 1
            result = self._both() or result
        return result

    def _both(self) -> bool:
        result = self._not()
        while self._peek() == "-a":
            self.position += 1
            result = self._not() and result
        return result

    def _not(self) -> bool:
        if self._peek() == "!" and self._peek(1) is not None:
            self.position += 1
            return not self._not()
        return self._primary()

    def _primary(self) -> bool:
        if self._peek() is None:
            if self.ash:
                raise TestError("", reason="argument expected")
            return False
        word = self._take()
        if word == "(" and self._peek() is not None:
            result = self._either()
            if self._peek() != ")":
                raise TestError("", reason="closing paren expected")
            self.position += 1
            return result
        operator = self._peek()
        if operator in self.binary:
            self.position += 1
            if self._peek() is None:
                raise TestError("", token=operator or "", reason="argument expected")
            return self.facts.compare(word, operator or "", self._take())
        if word in _UNARY and operator is not None:
            return self.facts.unary(word, self._take())
        return word != ""


def holds(words: Sequence[str], facts: Facts) -> bool:
    """Whether ``test`` and these words is true.

    :raises TestError: where they cannot be read.
    """
    return (_Test if facts.bash else _Classic)(words, facts).whole()


class DoubleBracket:
    """``[[ … ]]``: words are not split, ``==`` takes a pattern, ``=~`` a regular expression.

    :param trace: told of each condition that is looked at (``set -x``).
    """

    def __init__(self, expander: Expander, facts: Facts, trace: Callable[[str], None] = lambda text: None) -> None:
        self.expander = expander
        self.facts = facts
        self.trace = trace
        self.groups: list[str] | None = None
        """What the last ``=~`` matched, and its groups; empty where it did not."""

    def holds(self, condition: Condition) -> bool:
        """Whether a condition is true; what need not be looked at is not.

        :raises TestError: where an expression cannot be read.
        """
        match condition:
            case Negation(inner):
                return not self.holds(inner)
            case Joined(operator, left, right):
                if operator == "&&":
                    return self.holds(left) and self.holds(right)
                return self.holds(left) or self.holds(right)
            case Primary(operator, operands):
                return self._primary(operator, operands)

    def _primary(self, operator: str, operands: Sequence[Word]) -> bool:
        if len(operands) == 1:
            text = self.expander.text(operands[0])
            self.trace(f"{operator} {quoted(text)}")
            return self.facts.unary(operator, text)
        left = self.expander.text(operands[0])
        if operator in ("==", "=", "!="):
            pattern = self.expander.pattern(operands[1])
            self.trace(f"{quoted(left)} {operator} {pattern}")
            return patterns.matches(pattern, left, fold=self.facts.fold) != (operator == "!=")
        if operator == "=~":
            self.trace(f"{quoted(left)} =~ {self.expander.text(operands[1])}")
            return self._matches(left, operands[1])
        right = self.expander.text(operands[1])
        self.trace(f"{quoted(left)} {operator} {quoted(right)}")
        if operator in _NUMBERS:
            first = self.expander.arithmetic(left, command="[[: ")
            return _NUMBERS[operator](first, self.expander.arithmetic(right, command="[[: "))
        return self.facts.compare(left, operator, right)

    def _matches(self, text: str, expression: Word) -> bool:
        try:
            flags = re.IGNORECASE if self.facts.fold else 0
            match = Regex(compile_posix(self.expander.regex(expression), extended=True), flags).search(text)
        except RegexProblem as problem:
            raise TestError("") from problem
        self.groups = [match[0], *(group or "" for group in match.groups())] if match else []
        return match is not None


UNARY = _UNARY
"""The operators that ask about one word."""
COMPARING = frozenset({*_BINARY, "=~"})
"""The operators between two words of ``[[ … ]]``."""
