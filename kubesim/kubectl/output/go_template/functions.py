"""The functions that templates can call: Go's own, and kubectl's ``exists`` and ``base64decode``."""

from __future__ import annotations

import base64
import html
import inspect
import operator
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote_plus

from kubesim.api.go_format import quote, sprint, type_name
from kubesim.userland.numerals import whole_number


class FunctionError(ValueError):
    """A call that fails; the text is the function's own."""


def truth(value: Any) -> bool:
    """Whether a value counts as true: anything but zero values and what is empty."""
    return bool(value)


def _kind(value: Any) -> str:
    for type, name in ((bool, "bool"), (int, "int"), (float, "float"), (str, "string")):
        if isinstance(value, type):
            return name
    raise FunctionError("invalid type for comparison" if value is not None else "non-comparable type <nil>: invalid")


def _equal(first: Any, *others: Any) -> bool:
    if not others:
        raise FunctionError("missing argument for comparison")
    for other in others:
        if first is None or other is None:
            if first is None and other is None:
                return True
            continue
        if _kind(first) != _kind(other):
            raise FunctionError("incompatible types for comparison")
        if first == other:
            return True
    return False


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def function(left: Any, right: Any) -> bool:
        if _kind(left) != _kind(right):
            raise FunctionError("incompatible types for comparison")
        if _kind(left) == "bool":
            raise FunctionError("invalid type for comparison")
        return compare(left, right)

    return function


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, (dict, list)):
        return len(value)
    raise FunctionError("len of nil pointer" if value is None else f"len of type {type_name(value)}")


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, dict):
            if not isinstance(key, str):
                raise FunctionError(f"value has type {type_name(key)}; should be string")
            value = value.get(key)
        elif isinstance(value, list):
            if isinstance(key, bool) or not isinstance(key, int):
                raise FunctionError(f"cannot index slice/array with type {type_name(key)}")
            if not 0 <= key < len(value):
                raise FunctionError(f"index out of range: {key}")
            value = value[key]
        elif value is None:
            raise FunctionError("index of untyped nil")
        else:
            raise FunctionError(f"can't index item of type {type_name(value)}")
    return value


def _slice(value: Any, start: Any = 0, end: Any = None, _capacity: Any = None) -> Any:
    if not isinstance(value, (str, list)):
        raise FunctionError(f"can't slice item of type {type_name(value)}")
    end = len(value) if end is None else end
    for bound in (start, end):
        if not isinstance(bound, int) or not 0 <= bound <= len(value):
            raise FunctionError(f"index out of range: {bound}")
    if start > end:
        raise FunctionError(f"invalid slice index: {start} > {end}")
    return value[start:end]


def _print(*values: Any) -> str:
    """Operands side by side, with a blank between two that are not text."""
    text = ""
    for index, value in enumerate(values):
        if index and not isinstance(value, str) and not isinstance(values[index - 1], str):
            text += " "
        text += sprint(value)
    return text


_VERB = re.compile(r"%([-+# 0]*)(\d{0,9})(?:\.(\d{1,9}))?(.)", re.DOTALL)
_WIDEST = 1_000_000


def _printf(template: Any, *values: Any) -> str:
    rest = list(values)

    def replace(match: re.Match[str]) -> str:
        flags, width, precision, verb = match.groups()
        if verb == "%":
            return "%"
        if not rest:
            return f"%!{verb}(MISSING)"
        value = rest.pop(0)
        if whole_number(width or "0") > _WIDEST or whole_number(precision or "0") > _WIDEST:
            return "%!(BADWIDTH)" if whole_number(width or "0") > _WIDEST else "%!(BADPREC)"
        shown = _verb(verb, value, None if precision is None else whole_number(precision or "0"))
        if not width:
            return shown
        return shown.ljust(int(width)) if "-" in flags else shown.rjust(int(width), "0" if "0" in flags else " ")

    if not isinstance(template, str):
        raise FunctionError(f"wrong type for value; expected string; got {type_name(template)}")
    text = _VERB.sub(replace, template)
    if rest:
        text += "%!(EXTRA " + ", ".join(f"{type_name(each)}={sprint(each)}" for each in rest) + ")"
    return text


def _verb(verb: str, value: Any, precision: int | None) -> str:
    if verb == "v" or (verb == "s" and isinstance(value, (str, list, dict))):
        text = sprint(value)
        return text if precision is None else text[:precision]
    if verb == "q" and isinstance(value, str):
        return quote(value)
    if verb == "T":
        return type_name(value)
    if verb == "t" and isinstance(value, bool):
        return sprint(value)
    if verb in "dxXob" and isinstance(value, int) and not isinstance(value, bool):
        return format(value, verb)
    if verb in "feEgG" and isinstance(value, float):
        return format(value, f".{6 if precision is None else precision}{verb}")
    return f"%!{verb}({type_name(value)}={sprint(value)})"


def _exists(value: Any, *path: Any) -> bool:
    """Whether there is something at a path of keys and indices."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            if step not in value:
                return False
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            value = value[step]
        else:
            return False
    return True


def _base64(text: Any) -> str:
    try:
        return base64.b64decode(str(text), validate=True).decode("utf-8", "replace")
    except ValueError:
        raise FunctionError("base64 decode failed: illegal base64 data at input byte 0") from None


def _script(*values: Any) -> str:
    table = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}
    return "".join(table.get(each, each) for each in _print(*values)).replace("\n", "\\u000A")


def _call(*values: Any) -> Any:
    raise FunctionError(f"non-function of type {type_name(values[0] if values else None)}")


FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "and": lambda first, *rest: next((v for v in (first, *rest) if not truth(v)), [first, *rest][-1]),
        "base64decode": _base64,
        "call": _call,
        "eq": _equal,
        "exists": _exists,
        "ge": _ordered(operator.ge),
        "gt": _ordered(operator.gt),
        "html": lambda *values: html.escape(_print(*values)).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
        "index": _index,
        "js": _script,
        "le": _ordered(operator.le),
        "len": _length,
        "lt": _ordered(operator.lt),
        "ne": lambda left, right: not _equal(left, right),
        "not": lambda value: not truth(value),
        "or": lambda first, *rest: next((v for v in (first, *rest) if truth(v)), [first, *rest][-1]),
        "print": _print,
        "printf": _printf,
        "println": lambda *values: " ".join(sprint(v) for v in values) + "\n",
        "slice": _slice,
        "urlquery": lambda *values: quote_plus(_print(*values)),
    }
)
"""Every function, by name."""


def arguments_of(name: str) -> tuple[int, int | None]:
    """How many arguments a function takes at least and at most; None for any number."""
    parameters = inspect.signature(FUNCTIONS[name]).parameters.values()
    positional = [each for each in parameters if each.kind is not each.VAR_POSITIONAL]
    least = sum(each.default is each.empty for each in positional)
    return least, len(positional) if len(positional) == len(parameters) else None
