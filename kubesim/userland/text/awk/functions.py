"""What operators and functions do when they run."""

from __future__ import annotations

import math
import operator as operators
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kubesim.userland.command_line import Complaint
from kubesim.userland.printing import printf_text
from kubesim.userland.regular import Match, Regex, RegexProblem, compile_posix
from kubesim.userland.text.awk.running import (
    RECORD,
    Awk,
    Expression,
    InputText,
    Place,
    Value,
    Variable,
    looks_numeric,
    number_of,
    text_of,
    truth,
)

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


_CONVERSION = re.compile(r"%[-+ #0]*\d*(?:\.\d+)?([a-zA-Z])")
_FRACTION = re.compile(r"-?\d+\.\d+")


def formatted(values: list[str]) -> str:
    """What ``printf`` makes of its arguments; those that are missing are empty."""
    if not values:
        return ""
    conversions = _CONVERSION.findall(values[0].replace("%%", ""))
    given = [*values[1:], *[""] * len(conversions)]
    arguments = [
        str(int(number_of(value))) if kind in "dic" and _FRACTION.fullmatch(value) else value
        for kind, value in zip(conversions, given, strict=False)
    ]
    return printf_text(values[0], arguments)[0]


def _argument(awk: Awk, arguments: list[Expression], number: int, default: Value = "") -> Value:
    return arguments[number](awk) if number < len(arguments) else default


def _length(awk: Awk, arguments: list[Expression]) -> Value:
    return float(len(text_of(_argument(awk, arguments, 0, awk.record))))


def _substr(awk: Awk, arguments: list[Expression]) -> Value:
    text = text_of(_argument(awk, arguments, 0))
    start = round(number_of(_argument(awk, arguments, 1, 1.0)))
    size = number_of(_argument(awk, arguments, 2, float(len(text) + abs(start) + 1)))
    return text[max(0, start - 1) : max(0, start - 1 + round(size))]


def _split(awk: Awk, arguments: list[Expression]) -> Value:
    text = text_of(_argument(awk, arguments, 0))
    separator = text_of(_argument(awk, arguments, 2, awk.variables["FS"]))
    parts = (
        text.split()
        if separator == " "
        else (Regex(compile_posix(separator, extended=True)).split(text) if text else [])
    )
    if isinstance(arguments[1], Variable):
        awk.arrays[arguments[1].name] = {str(number): InputText(part) for number, part in enumerate(parts, 1)}
    return float(len(parts))


def _substitute(awk: Awk, arguments: list[Expression], count: int) -> Value:
    regex = regex_of(awk, arguments[0])
    template = text_of(_argument(awk, arguments, 1))
    target = arguments[2] if len(arguments) > 2 else RECORD

    def filled(match: Match) -> str:
        return re.sub(r"\\&|&", lambda m: "&" if m[0] == "\\&" else match[0], template)

    changed, done = regex.subn(filled, text_of(target(awk)), count=count)
    if done and isinstance(target, Place):
        target.assign(awk, awk.made(changed))
    return float(done)


def _match(awk: Awk, arguments: list[Expression]) -> Value:
    found = regex_of(awk, arguments[1]).search(text_of(arguments[0](awk)))
    awk.variables["RSTART"] = float(found.start() + 1) if found else 0.0
    awk.variables["RLENGTH"] = float(len(found[0])) if found else -1.0
    return awk.variables["RSTART"]


FUNCTIONS: dict[str, Callable[[Awk, list[Expression]], Value]] = {
    "length": _length,
    "substr": _substr,
    "split": _split,
    "sub": lambda awk, arguments: _substitute(awk, arguments, 1),
    "gsub": lambda awk, arguments: _substitute(awk, arguments, 0),
    "match": _match,
    "index": lambda awk, a: float(text_of(a[0](awk)).find(text_of(a[1](awk))) + 1),
    "toupper": lambda awk, a: text_of(_argument(awk, a, 0)).upper(),
    "tolower": lambda awk, a: text_of(_argument(awk, a, 0)).lower(),
    "int": lambda awk, a: float(int(number_of(_argument(awk, a, 0)))),
    "sqrt": lambda awk, a: math.sqrt(abs(number_of(_argument(awk, a, 0)))),
    "sprintf": lambda awk, a: awk.made(formatted([text_of(each(awk)) for each in a])),
}
"""The functions of the language that are simulated."""
