"""What operators do when they run: assignment, arithmetic, comparison, matching."""

from __future__ import annotations

import math
import operator as operators
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kubesim.userland.files_text import Complaint
from kubesim.userland.regular import Regex, RegexProblem, compile_posix
from kubesim.userland.text.awk.places import Place
from kubesim.userland.text.awk.runtime import Awk, Expression
from kubesim.userland.text.awk.values import Value, looks_numeric, number_of, text_of, truth

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operators.lt,
    "<=": operators.le,
    "==": operators.eq,
    "!=": operators.ne,
    ">": operators.gt,
    ">=": operators.ge,
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operators.add,
    "-": operators.sub,
    "*": operators.mul,
    "/": operators.truediv,
    "%": math.fmod,
    "^": math.pow,
}


@dataclass(frozen=True, slots=True)
class RegexLiteral:
    """``/…/``: on its own it says whether the record matches."""

    regex: Regex

    def __call__(self, awk: Awk) -> Value:
        """1 where the record matches."""
        return float(self.regex.search(awk.record) is not None)


def compiled(text: str) -> Regex:
    """An extended regular expression.

    :raises Complaint: where it is malformed.
    """
    try:
        return Regex(compile_posix(text, extended=True))
    except RegexProblem as problem:
        raise Complaint(f"awk: regular expression compile failed ({problem})\n{text}\n", 2) from problem


def regex_of(awk: Awk, expression: Expression) -> Regex:
    """An expression read as a regular expression: a literal one, or the text of its value."""
    return expression.regex if isinstance(expression, RegexLiteral) else compiled(text_of(expression(awk)))


def member(key: Expression, name: str) -> Expression:
    """``key in name``."""
    return lambda awk: float(text_of(key(awk)) in awk.arrays.get(name, {}))


def assignment(place: Place, operator: str, value: Expression) -> Expression:
    """``place = value``, and ``+=`` and its like."""

    def run(awk: Awk) -> Value:
        new = value(awk)
        if operator != "=":
            new = _computed(operator[0], place(awk), new)
        place.assign(awk, new)
        return new

    return run


def increment(place: Place, step: float, *, before: bool) -> Expression:
    """``++`` and ``--``; the value is the new one where the operator stands ``before`` its place."""

    def run(awk: Awk) -> Value:
        old = number_of(place(awk))
        place.assign(awk, old + step)
        return old + step if before else old

    return run


def operation(operator: str, left: Expression, right: Expression) -> Expression:
    """An operator between two expressions; the blank one joins texts."""
    if operator == "||":
        return lambda awk: float(truth(left(awk)) or truth(right(awk)))
    if operator == "&&":
        return lambda awk: float(truth(left(awk)) and truth(right(awk)))
    if operator == " ":
        return lambda awk: awk.made(text_of(left(awk)) + text_of(right(awk)))
    if operator in ("~", "!~"):
        return lambda awk: float((regex_of(awk, right).search(text_of(left(awk))) is not None) == (operator == "~"))
    if operator in _COMPARISONS:
        return lambda awk: _compared(operator, left(awk), right(awk))
    return lambda awk: _computed(operator, left(awk), right(awk))


def _compared(operator: str, left: Value, right: Value) -> float:
    """As numbers where both look like numbers, else as texts."""
    compare = _COMPARISONS[operator]
    if looks_numeric(left) and looks_numeric(right):
        return float(compare(number_of(left), number_of(right)))
    return float(compare(text_of(left), text_of(right)))


def _computed(operator: str, left: Value, right: Value) -> Value:
    divisor = number_of(right)
    if operator in "/%" and divisor == 0:
        raise Complaint("awk: division by zero\n", 2)
    try:
        return float(_ARITHMETIC[operator](number_of(left), divisor))
    except OverflowError:
        return math.inf
    except ValueError:  # a root of a negative number
        return math.nan
