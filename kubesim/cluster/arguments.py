"""What a caller gives to the Python interface is looked at once, before anything happens.

:func:`checked` wraps a public method. It reads the method's annotations and holds each argument to what they say: a
text is a str that UTF-8 can write, a time a number of seconds, a list of words no single word. So no method meets an
argument of a kind that it does not expect, and what is told names the argument and what must hold.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from kubesim.api import go_json

LONGEST = 43_200.0
"""Seconds that may pass in one call: half a day of probes is some seconds of computing, a century would never end."""
SHOWN = 80
"""Characters shown of what was given."""

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")
_Self = TypeVar("_Self")
_Check = Callable[[str, Any], Any]


def shown(given: object, most: int = SHOWN) -> str:
    """What was given, in so many characters at most."""
    try:
        text = repr(given)
    except Exception:  # it is the caller's own object, and its repr may do anything
        text = f"an object of type {type(given).__name__}"
    return text if len(text) <= most else f"{text[:most]}…"


def text(name: str, given: object) -> str:
    """A text; half of a surrogate pair, which UTF-8 cannot write, becomes U+FFFD, as Go has it.

    :raises ValueError: where it is none.
    """
    if not isinstance(given, str):
        raise ValueError(f"{name} must be a text, got {shown(given)}")
    return go_json.clean(given)


def stream(name: str, given: object) -> str:
    """What a program reads: a text in which a byte that is no UTF-8 is U+DC80 to U+DCFF (PEP 383).

    :raises ValueError: where it is none.
    """
    cleaned = text(name, given)
    if cleaned is given or not isinstance(given, str):
        return cleaned
    try:
        given.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return cleaned
    return given


def words(name: str, given: object) -> tuple[str, ...]:
    """Several texts.

    :raises ValueError: where they are none, or one text alone.
    """
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise ValueError(f"{name} must be a list of texts, got {shown(given)}")
    return tuple(text(f"each of {name}", each) for each in given)


def numbers(name: str, given: object) -> tuple[int, ...]:
    """Several whole numbers.

    :raises ValueError: where they are none.
    """
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise ValueError(f"{name} must be a list of whole numbers, got {shown(given)}")
    return tuple(number(f"each of {name}", each) for each in given)


def number(name: str, given: object) -> int:
    """A whole number that Kubernetes can hold.

    :raises ValueError: where it is none.
    """
    if isinstance(given, bool) or not isinstance(given, int) or not -(2**63) <= given < 2**63:
        raise ValueError(f"{name} must be a whole number of 64 bits, got {shown(given)}")
    return given


def switch(name: str, given: object) -> bool:
    """True or False.

    :raises ValueError: where it is neither.
    """
    if not isinstance(given, bool):
        raise ValueError(f"{name} must be True or False, got {shown(given)}")
    return given


def seconds(name: str, given: object) -> float:
    """A time that may pass in one call.

    :raises ValueError: where it is no number, or more than :data:`LONGEST`.
    """
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not -math.inf < given < math.inf:
        raise ValueError(f"a time must be a number of seconds, got {shown(given)}")
    if given < 0:
        raise ValueError(f"seconds must not be negative, got {shown(given)}")
    if given > LONGEST:
        raise ValueError(f"a time must be at most {LONGEST:g} seconds at once (half a day), got {shown(given)}")
    return given


def rate(name: str, given: object) -> float:
    """How often something happens in a second.

    :raises ValueError: where it is no number.
    """
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not math.isfinite(given):
        raise ValueError(f"a rate must be a number of requests in a second, got {shown(given)}")
    return given


def patience(name: str, given: object) -> float:
    """A time that somebody waits, perhaps for ever.

    :raises ValueError: where it is none.
    """
    return math.inf if given == math.inf else seconds(name, given)


def _anything(name: str, given: Any) -> Any:
    return given


def _or_none(check: _Check) -> _Check:
    return lambda name, given: None if given is None else check(name, given)


CHECKS: dict[str, _Check] = {
    "str": text,
    "str | None": _or_none(text),
    "Path | str": lambda name, given: given if isinstance(given, Path) else text(name, given),
    "bool": switch,
    "int": number,
    "int | None": _or_none(number),
    "float": seconds,
    "Stream": stream,
    "Rate": rate,
    "Patience": patience,
    "Iterable[str]": words,
    "Iterable[str] | None": _or_none(words),
    "Iterable[int] | None": _or_none(numbers),
}
"""How an argument is looked at, by its annotation; what is not here, the method itself looks at."""


def checked(
    method: Callable[Concatenate[_Self, _Given], _Result],
) -> Callable[Concatenate[_Self, _Given], _Result]:
    """Look at what a caller gives to a public method, then call it."""
    parameters = list(inspect.signature(method).parameters.values())[1:]
    checks = {each.name: CHECKS.get(str(each.annotation), _anything) for each in parameters}
    in_order = [(name, position, checks[name]) for position, name in enumerate(checks)]
    in_order = [each for each in in_order if each[2] is not _anything]

    @functools.wraps(method)
    def called(self: _Self, /, *given: _Given.args, **named: _Given.kwargs) -> _Result:
        looked_at: list[Any] = list(given)
        for name, position, check in in_order:
            if position < len(looked_at):
                looked_at[position] = check(name, looked_at[position])
            elif name in named:
                named[name] = check(name, named[name])
        return method(self, *looked_at, **named)

    return called
