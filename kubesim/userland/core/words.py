"""Programs that make a text or a status of their words: ``echo``, ``printf``, ``test``, ``expr``, ``seq``, ``true``…"""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable
from typing import Any

from kubesim.userland.bounds import LIMIT
from kubesim.userland.command_line import Complaint, Run, program
from kubesim.userland.numerals import whole_number
from kubesim.userland.printf import Printf
from kubesim.userland.printing import echo_text
from kubesim.userland.process import Completed
from kubesim.userland.shell.conditions import Facts, TestError, holds


@program()
def echo(run: Run) -> Completed:
    """``/bin/echo``."""
    return Completed(echo_text(run.operands, "ash" if run.busybox else "bash"))


@program(least=1)
def printf(run: Run) -> Completed:
    """``/usr/bin/printf``."""
    printed = Printf("ash" if run.busybox else "coreutils", run.operands[1:]).run(run.operands[0])
    for problem in printed.problems:
        run.complain(problem)
    return run.finished(printed.text)


@program()
def test(run: Run) -> Completed:
    """``/usr/bin/test`` and ``/usr/bin/[``."""
    words = run.operands
    if run.name == "[" and words[-1:] != ["]"]:
        raise Complaint("[: missing ‘]’\n", 2)
    try:
        dialect = "ash" if run.busybox else "bash"
        holding = holds(words[:-1] if run.name == "[" else words, Facts(run.files, run.invocation.directory, dialect))
    except TestError as error:
        usual = f"test: {error.message}\n" if error.number is None else f"test: invalid integer ‘{error.number}’\n"
        raise Complaint(
            run.worded(usual, f"{run.name}: {error.worded('ash', musl=run.machine.libc == 'musl')}\n"), 2
        ) from error
    return Completed(returncode=int(not holding))


@program()
def pwd(run: Run) -> Completed:
    """The working directory."""
    return Completed(f"{run.invocation.directory}\n")


@program()
def true(run: Run) -> Completed:
    """Do nothing, successfully."""
    return Completed()


@program()
def false(run: Run) -> Completed:
    """Do nothing, unsuccessfully."""
    return Completed(returncode=1)


_MOST_ROUNDS = 1e15
"""More numbers than any line waits for."""


@program()
def seq(run: Run) -> Completed:
    """Numbers in a row."""
    words = run.operands
    separator, width = "\n", False
    while words and words[0].startswith(("-w", "-s")):
        word = words.pop(0)
        if word == "-w":
            width = True
        else:
            separator = word[2:] or (words.pop(0) if words else "\n")
    if not words:
        raise run.misuse("missing operand")
    numbers = []
    for word in words[:3]:
        if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)", word):
            raise run.misuse(f"invalid floating point argument: ‘{word}’")
        numbers.append(float(word))
    first = numbers[0] if len(numbers) > 1 else 1.0
    step = numbers[1] if len(numbers) > 2 else 1.0
    if step == 0:
        raise run.misuse(f"invalid Zero increment value: ‘{words[1]}’")
    digits = max(len(word.partition(".")[2]) for word in words)
    rounds = (numbers[-1] - first) / step + 1e-9
    count = int(max(-1.0, min(rounds, _MOST_ROUNDS))) + 1 if rounds == rounds else 0
    items: list[str] = []
    made = 0
    for start in range(0, max(0, count), 10_000):
        chunk = [f"{first + step * number:.{digits}f}" for number in range(start, min(count, start + 10_000))]
        items += chunk
        made += sum(map(len, chunk)) + len(separator) * len(chunk)
        if made > LIMIT:  # whoever takes it all is interrupted
            break
    if width and items:
        size = max(map(len, items))
        items = [item.zfill(size) for item in items]
    return Completed(separator.join(items) + "\n" if items else "")


@program(least=1, status=2)
def expr(run: Run) -> Completed:
    """Evaluate an expression of words."""
    value = _Expression(run.operands).evaluate()
    return Completed(f"{value}\n", "", int(value in ("", "0")))


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operators.lt, "<=": operators.le, "=": operators.eq, "==": operators.eq, "!=": operators.ne,
    ">=": operators.ge, ">": operators.gt,
}  # fmt: skip


class _Expression:
    _LEVELS = (("|",), ("&",), tuple(_COMPARISONS), ("+", "-"), ("*", "/", "%"), (":",))
    """The operators, the weakest first."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def evaluate(self) -> str:
        value = self._level(0)
        if self.words:
            raise Complaint(f"expr: syntax error: unexpected argument ‘{self.words[0]}’\n", 2)
        return value

    def _level(self, level: int) -> str:
        if level == len(self._LEVELS):
            return self._primary()
        left = self._level(level + 1)
        while self.words and self.words[0] in self._LEVELS[level]:
            left = self._apply(left, self.words.pop(0), self._level(level + 1))
        return left

    def _primary(self) -> str:
        if not self.words:
            raise Complaint("expr: syntax error: missing argument after ‘expr’\n", 2)
        word = self.words.pop(0)
        if word == "(":
            value = self._level(0)
            if self.words[:1] != [")"]:
                raise Complaint("expr: syntax error: expecting ')'\n", 2)
            self.words.pop(0)
            return value
        if word == "length" and self.words:
            return str(len(self._primary()))
        if word == "substr" and len(self.words) >= 3:
            text, start, size = self._primary(), self._count(), self._count()
            return text[start - 1 : start - 1 + size] if start > 0 < size else ""
        return word

    def _count(self) -> int:
        word = self._primary()
        return whole_number(word) if re.fullmatch(r"-?[0-9]+", word) else 0

    def _apply(self, left: str, operator: str, right: str) -> str:
        if operator == "|":
            return left if left not in ("", "0") else right
        if operator == "&":
            return left if left not in ("", "0") and right not in ("", "0") else "0"
        if operator == ":":
            match = re.match(right.replace("\\(", "(").replace("\\)", ")"), left)
            if match and match.re.groups:
                return match[1] or ""
            return str(len(match[0]) if match else 0) if "\\(" not in right else ""
        numeric = re.fullmatch(r"-?\d+", left) and re.fullmatch(r"-?\d+", right)
        if operator in _COMPARISONS:
            compare = _COMPARISONS[operator]
            smaller = (whole_number(left), whole_number(right)) if numeric else (left, right)
            return str(int(compare(*smaller)))
        if not numeric:
            raise Complaint("expr: non-integer argument\n", 2)
        x, y = whole_number(left), whole_number(right)
        if operator in "/%" and y == 0:
            raise Complaint("expr: division by zero\n", 2)
        if operator == "/":
            return str(int(x / y))
        return str({"+": x + y, "-": x - y, "*": x * y}.get(operator, x - y * int(x / y) if y else 0))
