"""The functions of the language that are simulated."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from kubesim.userland.printing import printf_text
from kubesim.userland.regular import Match, Regex, compile_posix
from kubesim.userland.text.awk.expressions import regex_of
from kubesim.userland.text.awk.places import RECORD, Place, Variable
from kubesim.userland.text.awk.runtime import Awk, Expression
from kubesim.userland.text.awk.values import InputText, Value, number_of, text_of

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
