"""What awk's operators, formats and built-in functions do."""

from __future__ import annotations

import math
import operator as operators
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kubesim.userland.bounds import require
from kubesim.userland.regular import Match, Regex
from kubesim.userland.text.awk.formats import formatted
from kubesim.userland.text.awk.places import RECORD, ArrayReference, Place
from kubesim.userland.text.awk.running import Awk, Expression
from kubesim.userland.text.awk.values import Value, looks_numeric, number_of, text_of, truth

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operators.lt, "<=": operators.le, "==": operators.eq, "!=": operators.ne, ">": operators.gt,
    ">=": operators.ge,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RegexLiteral:
    """``/…/``: on its own it says whether the record matches."""

    regex: Regex

    def __call__(self, awk: Awk) -> Value:
        """1 where the record matches."""
        return float(self.regex.search(awk.record) is not None)


def regex_of(awk: Awk, expression: Expression) -> Regex:
    """An expression read as a regular expression: a literal one, or the text of its value."""
    return (
        expression.regex if isinstance(expression, RegexLiteral) else awk.compiled(text_of(expression(awk), awk.form))
    )


def assignment(place: Place, operator: str, value: Expression) -> Expression:
    """``place = value``, and ``+=`` and its like."""

    def run(awk: Awk) -> Value:
        new = value(awk)
        if operator != "=":
            new = computed(awk, operator[0], place(awk), new)
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

        def join(awk: Awk) -> Value:
            form = awk.form
            return awk.made(text_of(left(awk), form) + text_of(right(awk), form))

        return join
    if operator in ("~", "!~"):

        def match(awk: Awk) -> Value:
            text = text_of(left(awk), awk.form)
            return float((regex_of(awk, right).search(text) is not None) == (operator == "~"))

        return match
    if operator in _COMPARISONS:
        return lambda awk: _compared(awk, operator, left(awk), right(awk))
    return lambda awk: computed(awk, operator, left(awk), right(awk))


def _compared(awk: Awk, operator: str, left: Value, right: Value) -> float:
    """As numbers where both look like numbers, else as texts."""
    compare = _COMPARISONS[operator]
    if looks_numeric(left) and looks_numeric(right):
        return float(compare(number_of(left), number_of(right)))
    form = awk.form
    return float(compare(text_of(left, form), text_of(right, form)))


def computed(awk: Awk, operator: str, left: Value, right: Value) -> Value:
    """Arithmetic on two values; what mawk divides by zero is endless, busybox refuses it."""
    first, second = number_of(left), number_of(right)
    if operator == "+":
        return first + second
    if operator == "-":
        return first - second
    if operator == "*":
        return first * second
    if operator in "/%" and second == 0:
        if awk.world.busybox:
            raise awk.trouble("division by zero", "Division by zero")
        if operator == "%" or first == 0 or math.isnan(first):
            return -math.nan
        return math.copysign(math.inf, first)
    try:
        return (
            first / second if operator == "/" else math.fmod(first, second) if operator == "%" else first**second + 0.0
        )
    except OverflowError:
        return math.inf
    except (ValueError, TypeError, ZeroDivisionError):  # a root of a negative number, the remainder of an endless one
        return -math.nan


Call = Callable[[Awk, list[Expression]], Value]


def _text(awk: Awk, arguments: list[Expression], number: int) -> str:
    return text_of(arguments[number](awk), awk.form) if number < len(arguments) else ""


def _number(awk: Awk, arguments: list[Expression], number: int) -> float:
    return number_of(arguments[number](awk)) if number < len(arguments) else 0.0


def _length(awk: Awk, arguments: list[Expression]) -> Value:
    if not arguments:
        return float(len(awk.record))
    first = arguments[0]
    if isinstance(first, ArrayReference) and first.is_array(awk):
        return float(len(first.array(awk)))
    return float(len(_text(awk, arguments, 0)))


def _substr(awk: Awk, arguments: list[Expression]) -> Value:
    """busybox counts as POSIX has it only from 1 on; mawk adds what lies before the text to the length."""
    text = _text(awk, arguments, 0)
    start = _rounded(_number(awk, arguments, 1))
    if len(arguments) < 3:
        return text[max(0, start - 1) :]
    size = _rounded(_number(awk, arguments, 2))
    if start < 1:
        size, start = size - (0 if awk.world.busybox else start), 1
    return text[start - 1 : start - 1 + size] if size > 0 else ""


def _rounded(number: float) -> int:
    if math.isnan(number):
        return 0
    return int(max(-1e9, min(1e9, round(number))))


def _split(awk: Awk, arguments: list[Expression]) -> Value:
    text = _text(awk, arguments, 0)
    target = arguments[1]
    assert isinstance(target, ArrayReference)
    if len(arguments) < 3:
        parts = awk.split(text, awk.text("FS"))
    elif isinstance(arguments[2], RegexLiteral):
        parts = arguments[2].regex.split(text) if text else []
    else:
        parts = awk.split(text, _text(awk, arguments, 2))
    require(len(parts))
    target.array(awk).fill(parts)
    return float(len(parts))


def _substitute(awk: Awk, arguments: list[Expression], count: int) -> Value:
    regex = regex_of(awk, arguments[0])
    template = _text(awk, arguments, 1)
    target = arguments[2] if len(arguments) > 2 else RECORD
    plain = "&" not in template and "\\" not in template

    def filled(match: Match) -> str:
        if plain:
            return template
        return re.sub(r"\\\\|\\&|&", lambda m: match[0] if m[0] == "&" else m[0][1:], template)

    changed, done = regex.subn(filled, text_of(target(awk), awk.form), count=count)
    if done and isinstance(target, Place):
        target.assign(awk, awk.made(changed))
    return float(done)


def _match(awk: Awk, arguments: list[Expression]) -> Value:
    found = regex_of(awk, arguments[1]).search(_text(awk, arguments, 0))
    awk.variables["RSTART"] = float(found.start() + 1) if found else 0.0
    awk.variables["RLENGTH"] = float(len(found[0])) if found else -1.0
    return awk.value("RSTART")


def _index(awk: Awk, arguments: list[Expression]) -> Value:
    wanted = _text(awk, arguments, 1)
    if not wanted and awk.world.busybox:
        return 0.0
    return float(_text(awk, arguments, 0).find(wanted) + 1)


def _calculated(function: Callable[[float], float]) -> Call:
    def run(awk: Awk, arguments: list[Expression]) -> Value:
        try:
            return function(_number(awk, arguments, 0))
        except OverflowError:
            return math.inf
        except ValueError:
            return -math.inf if function is math.log and _number(awk, arguments, 0) == 0 else -math.nan

    return run


def _srand(awk: Awk, arguments: list[Expression]) -> Value:
    return awk.seeded(_number(awk, arguments, 0) if arguments else 0.0)


def _flush(awk: Awk, arguments: list[Expression]) -> Value:
    awk.flush()
    return 0.0


def _whole(number: float) -> float:
    return float(int(number)) if math.isfinite(number) else number


FUNCTIONS: dict[str, tuple[int, int, Call]] = {
    "length": (0, 1, _length),
    "substr": (2, 3, _substr),
    "split": (2, 3, _split),
    "sub": (2, 3, lambda awk, arguments: _substitute(awk, arguments, 1)),
    "gsub": (2, 3, lambda awk, arguments: _substitute(awk, arguments, 0)),
    "match": (2, 2, _match),
    "index": (2, 2, _index),
    "toupper": (1, 1, lambda awk, arguments: _text(awk, arguments, 0).upper()),
    "tolower": (1, 1, lambda awk, arguments: _text(awk, arguments, 0).lower()),
    "int": (1, 1, _calculated(_whole)),
    "sqrt": (1, 1, _calculated(math.sqrt)),
    "exp": (1, 1, _calculated(math.exp)),
    "log": (1, 1, _calculated(math.log)),
    "sin": (1, 1, _calculated(math.sin)),
    "cos": (1, 1, _calculated(math.cos)),
    "atan2": (2, 2, lambda awk, arguments: math.atan2(_number(awk, arguments, 0), _number(awk, arguments, 1))),
    "rand": (0, 0, lambda awk, arguments: awk.chance.random()),
    "srand": (0, 1, _srand),
    "sprintf": (1, 99, lambda awk, arguments: formatted(awk, [each(awk) for each in arguments])),
    "system": (1, 1, lambda awk, arguments: awk.system(_text(awk, arguments, 0))),
    "close": (1, 1, lambda awk, arguments: awk.close(_text(awk, arguments, 0))),
    "fflush": (0, 1, _flush),
}
"""The built-in functions: how many arguments they take, and what they do."""
