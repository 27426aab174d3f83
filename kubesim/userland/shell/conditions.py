"""``test``, ``[ ]`` and ``[[ ]]``: files, texts and numbers compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kubesim.userland.filesystem import FileError, FileSystem, absolute
from kubesim.userland.shell import patterns
from kubesim.userland.shell.tree import Word
from kubesim.userland.text.regular import Regex, RegexProblem, compile_posix

if TYPE_CHECKING:
    from kubesim.userland.shell.execution import Interpreter

_UNARY = frozenset(
    [
        "-e",
        "-f",
        "-d",
        "-s",
        "-r",
        "-w",
        "-x",
        "-L",
        "-h",
        "-n",
        "-z",
        "-b",
        "-c",
        "-p",
        "-S",
        "-t",
        "-u",
        "-g",
        "-k",
        "-O",
        "-G",
        "-v",
        "-o",
    ]
)
_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda a, b: a == b,
    "-ne": lambda a, b: a != b,
    "-lt": lambda a, b: a < b,
    "-le": lambda a, b: a <= b,
    "-gt": lambda a, b: a > b,
    "-ge": lambda a, b: a >= b,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}


class TestError(Exception):
    """An expression that cannot be read; ``test`` ends with status 2."""

    __test__ = False

    def __init__(self, message: str, number: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.number = number


class Conditions:
    """Evaluates the words of ``test``.

    :param files: of the machine.
    :param directory: where relative paths begin.
    :param defined: whether a shell variable is set (``-v``).
    """

    def __init__(self, files: FileSystem, directory: str, defined: Callable[[str], bool] = lambda name: False) -> None:
        self.files = files
        self.directory = directory
        self.defined = defined
        self.words: list[str] = []
        self.position = 0

    def evaluate(self, words: Sequence[str]) -> bool:
        """Whether the expression holds.

        :raises TestError: where it cannot be read.
        """
        self.words = list(words)
        self.position = 0
        if not words:
            return False
        if len(words) == 1:
            return words[0] != ""
        if len(words) == 2 and words[0] != "!" and words[0] not in _UNARY:
            raise TestError(f"{words[0]}: unary operator expected")
        if (
            len(words) == 3
            and words[1] not in {*_NUMBERS, *_TEXTS, "-a", "-o", "-nt", "-ot", "-ef"}
            and words[0] not in ("!", "(")
        ):
            raise TestError(f"{words[1]}: binary operator expected")
        result = self._or()
        if self.position < len(self.words):
            raise TestError("too many arguments")
        return result

    def _peek(self, ahead: int = 0) -> str | None:
        place = self.position + ahead
        return self.words[place] if place < len(self.words) else None

    def _or(self) -> bool:
        result = self._and()
        while self._peek() == "-o":
            self.position += 1
            following = self._and()
            result = result or following
        return result

    def _and(self) -> bool:
        result = self._not()
        while self._peek() == "-a":
            self.position += 1
            following = self._not()
            result = result and following
        return result

    def _not(self) -> bool:
        if self._peek() == "!" and self._peek(1) is not None:
            self.position += 1
            return not self._not()
        return self._primary()

    def _primary(self) -> bool:
        word = self._peek()
        if word is None:
            raise TestError("argument expected")
        operator = self._peek(1)
        if operator in _NUMBERS or operator in _TEXTS or operator in ("-nt", "-ot", "-ef"):
            right = self._peek(2)
            if right is None:
                raise TestError("argument expected")
            self.position += 3
            return self.compare(word, operator or "", right)
        if word == "(":
            self.position += 1
            result = self._or()
            if self._peek() != ")":
                raise TestError("`)' expected")
            self.position += 1
            return result
        if word in _UNARY and operator is not None:
            self.position += 2
            return self.unary(word, operator)
        self.position += 1
        return word != ""

    def compare(self, left: str, operator: str, right: str) -> bool:
        """One comparison."""
        if operator in _TEXTS:
            return _TEXTS[operator](left, right)
        if operator in _NUMBERS:
            return _NUMBERS[operator](_integer(left), _integer(right))
        times = []
        for path in (left, right):
            try:
                times.append(self.files.stat(absolute(path, self.directory)).modified)
            except FileError:
                times.append(-1.0)
        return times[0] > times[1] if operator == "-nt" else times[0] < times[1] if operator == "-ot" else left == right

    def unary(self, operator: str, operand: str) -> bool:
        """One question about a file or a text."""
        if operator == "-n":
            return operand != ""
        if operator == "-z":
            return operand == ""
        if operator == "-v":
            return self.defined(operand)
        if operator in ("-t", "-o"):
            return False
        try:
            entry = self.files.stat(absolute(operand, self.directory), follow=operator not in ("-L", "-h"))
        except FileError:
            return False
        return {
            "-f": entry.kind == "file",
            "-d": entry.kind == "directory",
            "-s": entry.size > 0,
            "-x": bool(entry.mode & 0o111),
            "-L": entry.kind == "link",
            "-h": entry.kind == "link",
            "-b": False,
            "-c": operand == "/dev/null",
            "-p": False,
            "-S": False,
            "-u": False,
            "-g": False,
            "-k": False,
        }.get(operator, True)


def _integer(text: str) -> int:
    if not re.fullmatch(r"\s*[-+]?\d+\s*", text):
        raise TestError(f"{text}: integer expression expected", text)
    return int(text)


def double_bracket(shell: Interpreter, words: Sequence[Word]) -> int:
    """``[[ … ]]``: words are not split, ``==`` takes a pattern, ``=~`` a regular expression."""
    state = shell.state
    conditions = Conditions(shell.machine.files, state.directory, lambda name: name in state.variables)
    position = 0

    def peek() -> str | None:
        return words[position].source if position < len(words) else None

    def either() -> bool:
        nonlocal position
        result = both()
        while peek() == "||":
            position += 1
            following = both()
            result = result or following
        return result

    def both() -> bool:
        nonlocal position
        result = one()
        while peek() == "&&":
            position += 1
            following = one()
            result = result and following
        return result

    def one() -> bool:
        nonlocal position
        source = peek()
        if source is None:
            raise TestError("argument expected")
        if source == "!":
            position += 1
            return not one()
        if source == "(":
            position += 1
            result = either()
            position += 1
            return result
        operator = words[position + 1].source if position + 1 < len(words) else ""
        if operator in ("==", "=", "!=", "=~") or operator in _NUMBERS or operator in ("<", ">", "-nt", "-ot"):
            if position + 2 >= len(words):
                raise TestError("argument expected")
            left, right = shell.expander.text(words[position]), words[position + 2]
            position += 3
            return _compare(shell, conditions, left, operator, right)
        if source in _UNARY and position + 1 < len(words):
            operand = shell.expander.text(words[position + 1])
            position += 2
            return conditions.unary(source, operand)
        text = shell.expander.text(words[position])
        position += 1
        return text != ""

    try:
        return int(not either())
    except TestError as error:
        shell.complain(f"[[: {error.message}")
        return 2


def _compare(shell: Interpreter, conditions: Conditions, left: str, operator: str, right: Word) -> bool:
    if operator in ("==", "=", "!="):
        return patterns.matches(shell.expander.pattern(right), left) != (operator == "!=")
    if operator == "=~":
        try:
            match = Regex(compile_posix(shell.expander.regex(right), extended=True)).search(left)
        except RegexProblem:
            return False
        if match:
            groups = [match[0], *(group or "" for group in match.groups())]
            shell.state.set_array("BASH_REMATCH", dict(enumerate(groups)))
        return match is not None
    if operator in _NUMBERS:
        numbers = [shell.expander.arithmetic(text) for text in (left, shell.expander.text(right))]
        return _NUMBERS[operator](*numbers)
    return conditions.compare(left, operator, shell.expander.text(right))
