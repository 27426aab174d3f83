"""One condition on one label, and the problems that a condition can have.

Upstream: ``apimachinery/pkg/labels/selector.go``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kubesim.api.errors import FieldError
from kubesim.api.fields import invalid_value, message_of, not_supported
from kubesim.api.names import label_value, qualified_name

Labels = Mapping[str, str]


EXISTS, MISSING = "exists", "!"


BINARY_OPERATORS = ("in", "notin", "=", "==", "!=", "gt", "lt")


_SYMBOLS = {"gt": ">", "lt": "<", "in": " in ", "notin": " notin "}


_INTEGER = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label.

    :param operator: ``=``, ``==``, ``!=``, ``in``, ``notin``, ``exists``, ``!`` (must be absent), ``gt`` or ``lt``.
    """

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Labels) -> bool:
        """Whether the labels meet the condition."""
        value = labels.get(self.key)
        match self.operator:
            case "in" | "=" | "==":
                return value in self.values
            case "notin" | "!=":
                return value not in self.values
            case "exists":
                return value is not None
            case "!":
                return value is None
        here, there = _integer(value), _integer(self.values[0] if len(self.values) == 1 else None)
        if here is None or there is None:
            return False
        return here > there if self.operator == "gt" else here < there

    def __str__(self) -> str:
        if self.operator == EXISTS:
            return self.key
        if self.operator == MISSING:
            return f"!{self.key}"
        values = ",".join(sorted(self.values))
        if self.operator in ("in", "notin"):
            values = f"({values})"
        return f"{self.key}{_SYMBOLS.get(self.operator, self.operator)}{values}"


def requirement(key: str, operator: str, values: Sequence[str] | None = ()) -> Requirement:
    """A checked requirement; ValueError with upstream's words where key, operator and values do not fit together."""
    errors = requirement_errors(key, operator, values)
    if errors:
        raise ValueError(aggregate(errors))
    return Requirement(key, operator, tuple(values or ()))


def requirement_errors(key: str, operator: str, values: Sequence[str] | None) -> list[FieldError]:
    """The problems of a requirement, with paths relative to it; values that are None print as null."""
    errors = key_errors(key, "key")
    given = list(values or ())
    shown = None if values is None else given
    match operator:
        case "in" | "notin":
            if not given:
                problem = "for 'in', 'notin' operators, values set can't be empty"
                errors.append(invalid_value("values", shown, problem))
        case "=" | "==" | "!=":
            if len(given) != 1:
                errors.append(invalid_value("values", shown, "exact-match compatibility requires one single value"))
        case "exists" | "!":
            if given:
                problem = "values set must be empty for exists and does not exist"
                errors.append(invalid_value("values", shown, problem))
        case "gt" | "lt":
            if len(given) != 1:
                problem = "for 'Gt', 'Lt' operators, exactly one value is required"
                errors.append(invalid_value("values", shown, problem))
            problem = "for 'Gt', 'Lt' operators, the value must be an integer"
            errors += [
                invalid_value(f"values[{index}]", value, problem)
                for index, value in enumerate(given)
                if _integer(value) is None
            ]
        case _:
            errors.append(not_supported("operator", operator, (*BINARY_OPERATORS, EXISTS, MISSING)))
    for index, value in enumerate(given):
        errors += value_errors(key, value, f"values[{index}]")
    return errors


# A path that upstream leaves out prints as Go prints a nil pointer.
NO_PATH = "<nil>"


def key_errors(key: str, path: str) -> list[FieldError]:
    """The problems of a label's key."""
    problems = qualified_name(key)
    return [invalid_value(path, key, "; ".join(problems))] if problems else []


def value_errors(key: str, value: str, path: str) -> list[FieldError]:
    """The problems of a label's value, at ``PATH[KEY]``."""
    problems = label_value(value)
    return [invalid_value(f"{path}[{key}]", value, "; ".join(problems))] if problems else []


def aggregate(errors: Sequence[FieldError]) -> str:
    """Several problems as upstream words them together: each once, in brackets where there are several."""
    messages = list(dict.fromkeys(map(message_of, errors)))
    return messages[0] if len(messages) == 1 else f"[{', '.join(messages)}]"


def _integer(text: str | None) -> int | None:
    """The 64-bit integer that Go's ``strconv.ParseInt`` reads, or None."""
    if text is None or _INTEGER.fullmatch(text) is None:
        return None
    number = int(text) if len(text) < 30 else 1 << 64
    return number if -(1 << 63) <= number < 1 << 63 else None
