"""Calculations: ``seq`` and ``expr``."""

from __future__ import annotations

import re

from kubesim.userland.bounds import LIMIT
from kubesim.userland.command_line import Complaint, guarded, misuse
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed


@guarded
def seq(invocation: Invocation) -> Completed:
    """Numbers in a row."""
    words = list(invocation.argv[1:])
    separator, width = "\n", False
    while words and (words[0] in ("-w", "-s") or words[0].startswith("-s")):
        word = words.pop(0)
        if word == "-w":
            width = True
        else:
            separator = word[2:] or (words.pop(0) if words else "\n")
    if not words:
        raise misuse(invocation, "missing operand")
    numbers = []
    for word in words[:3]:
        if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)", word):
            raise misuse(invocation, f"invalid floating point argument: ‘{word}’")
        numbers.append(float(word))
    first, step, last = (
        (1.0, 1.0, numbers[0]) if len(numbers) == 1 else (numbers[0], 1.0, numbers[1]) if len(numbers) == 2 else numbers
    )
    if step == 0:
        raise misuse(invocation, f"invalid Zero increment value: ‘{words[1]}’")
    digits = max((len(word.partition(".")[2]) for word in words), default=0)
    count = int((last - first) / step + 1e-9) + 1
    items = []
    made = 0
    for start in range(0, max(0, count), 10_000):
        numbers_here = range(start, min(count, start + 10_000))
        chunk = [f"{first + step * number:.{digits}f}" for number in numbers_here]
        items += chunk
        made += sum(map(len, chunk)) + len(separator) * len(chunk)
        if made > LIMIT:  # whoever takes it all is interrupted
            break
    if width and items:
        size = max(map(len, items))
        items = [item.zfill(size) for item in items]
    return Completed(separator.join(items) + "\n" if items else "")


def expr(invocation: Invocation) -> Completed:
    """Evaluate an expression of words."""
    words = list(invocation.argv[1:])
    if not words:
        return Completed("", "expr: missing operand\nTry 'expr --help' for more information.\n", 2)
    try:
        value = _Expression(words).evaluate()
    except Complaint as complaint:
        return Completed("", complaint.text, complaint.status)
    return Completed(f"{value}\n", "", int(value in ("", "0")))


class _Expression:
    _LEVELS = (("|",), ("&",), ("<", "<=", "=", "==", "!=", ">=", ">"), ("+", "-"), ("*", "/", "%"), (":",))

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
            text, start, size = self._primary(), int(self._primary()), int(self._primary())
            return text[start - 1 : start - 1 + size]
        return word

    def _apply(self, left: str, operator: str, right: str) -> str:
        if operator == "|":
            return left if left not in ("", "0") else right
        if operator == "&":
            return left if left not in ("", "0") and right not in ("", "0") else "0"
        if operator == ":":
            match = re.match(right.replace("\\(", "(").replace("\\)", ")"), left)
            if match and match.re.groups:
                return match[1] or ""
            return str(len(match[0]) if match else 0) if "\\(" not in right else (match[1] if match else "")
        numeric = re.fullmatch(r"-?\d+", left) and re.fullmatch(r"-?\d+", right)
        if operator in self._LEVELS[2]:
            a, b = (int(left), int(right)) if numeric else (left, right)
            table = {"<": a < b, "<=": a <= b, "=": a == b, "==": a == b, "!=": a != b, ">=": a >= b, ">": a > b}  # type: ignore[operator]
            return str(int(table[operator]))
        if not numeric:
            raise Complaint("expr: non-integer argument\n", 2)
        x, y = int(left), int(right)
        if operator in "/%" and y == 0:
            raise Complaint("expr: division by zero\n", 2)
        if operator == "/":
            return str(int(x / y))
        return str({"+": x + y, "-": x - y, "*": x * y}.get(operator, x - y * int(x / y) if y else 0))
