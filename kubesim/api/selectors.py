"""Label selectors: which labels an object must have.

``app=web,tier in (front,back),!debug`` is a selector: requirements that must all hold. The parser is a lexer and a
recursive descent over three productions, so its error messages are upstream's. Selectors of fields are in
:mod:`kubesim.api.field_selectors`. Upstream: ``apimachinery/pkg/labels/selector.go``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kubesim.api.errors import FieldError
from kubesim.api.fields import invalid_value, message_of, not_supported
from kubesim.api.go_format import quote
from kubesim.api.names import label_value, qualified_name
from kubesim.api.objects import LabelSelector, Wire

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


_TOKEN = re.compile(r"[ \t\r\n]*(?:(?P<symbol>==|!=|[=!(),<>])|(?P<word>[^=!(),<> \t\r\n\0]+)|(?P<end>\0|$))")


_BINARY_TOKENS = {"in": "in", "notin": "notin", "=": "=", "==": "==", "!=": "!=", ">": "gt", "<": "lt"}


_IDENTIFIER, _END = "identifier", ""


class Parser:
    """A recursive descent over the tokens of a label selector."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        self.position = 0
        start = 0
        while not self.tokens or self.tokens[-1][0] != _END:
            found = _TOKEN.match(text, start)
            assert found is not None, "every character is a blank, a symbol, part of a word or the end"
            start = found.end()
            if found["word"] is not None:
                self.tokens.append((_IDENTIFIER, found["word"]))
            else:
                symbol = found["symbol"] or ""
                self.tokens.append((symbol or _END, symbol))

    def look(self) -> tuple[str, str]:
        """The next token's kind and text."""
        return self.tokens[min(self.position, len(self.tokens) - 1)]

    def take(self) -> tuple[str, str]:
        """The next token, consumed."""
        token = self.look()
        self.position += 1
        return token

    def parse(self) -> list[Requirement]:
        """Requirements between commas."""
        requirements: list[Requirement] = []
        while True:
            kind, text = self.look()
            if kind == _END:
                return requirements
            if kind not in (_IDENTIFIER, "!"):
                raise ValueError(f"found '{text}', expected: !, identifier, or 'end of string'")
            try:
                requirements.append(self.requirement())
            except ValueError as error:
                raise ValueError(f"unable to parse requirement: {error}") from None
            kind, text = self.take()
            if kind == _END:
                return requirements
            if kind != ",":
                raise ValueError(f"found '{text}', expected: ',' or 'end of string'")
            kind, text = self.look()
            if kind not in (_IDENTIFIER, "!"):
                raise ValueError(f"found '{text}', expected: identifier after ','")

    def requirement(self) -> Requirement:
        """``key``, ``!key``, ``key operator value`` or ``key in (values)``."""
        kind, key = self.take()
        absent = kind == "!"
        if absent:
            kind, key = self.take()
        if kind != _IDENTIFIER:
            raise ValueError(f"found '{key}', expected: identifier")
        if errors := key_errors(key, NO_PATH):
            raise ValueError(aggregate(errors))
        if absent:
            return requirement(key, MISSING)
        if self.look()[0] in (_END, ","):
            return requirement(key, EXISTS)
        _, text = self.take()
        operator = _BINARY_TOKENS.get(text)
        if operator is None:
            raise ValueError(f"found '{text}', expected: {', '.join(BINARY_OPERATORS)}")
        values = self.values() if operator in ("in", "notin") else [self.value()]
        return requirement(key, operator, sorted(values))

    def value(self) -> str:
        """One value; nothing before a comma or the end is the empty value."""
        if self.look()[0] in (_END, ","):
            return ""
        kind, text = self.take()
        if kind != _IDENTIFIER:
            raise ValueError(f"found '{text}', expected: identifier")
        return text

    def values(self) -> set[str]:
        """Values between brackets; nothing between two commas is the empty value."""
        kind, text = self.take()
        if kind != "(":
            raise ValueError(f"found '{text}' expected: '('")
        kind, text = self.look()
        if kind == ")":
            self.take()
            return {""}
        if kind not in (_IDENTIFIER, ","):
            raise ValueError(f"found '{text}', expected: ',', ')' or identifier")
        values: set[str] = set()
        while True:
            kind, text = self.take()
            following, following_text = self.look()
            if kind == _IDENTIFIER:
                values.add(text)
                if following not in (",", ")"):
                    raise ValueError(f"found '{following_text}', expected: ',' or ')'")
            elif kind == ",":
                if not values or following in (",", ")"):
                    values.add("")
            else:
                raise ValueError(f"found '{text}', expected: ',', or identifier")
            if following == ")":
                self.take()
                return values


@dataclass(frozen=True, slots=True)
class Selector:
    """Requirements that must all hold, ordered by key; without any, everything matches.

    :param selectable: False for the selector that matches nothing at all.
    """

    requirements: tuple[Requirement, ...] = ()
    selectable: bool = True

    def matches(self, labels: Labels | None) -> bool:
        """Whether an object with these labels is selected."""
        return self.selectable and all(requirement.matches(labels or {}) for requirement in self.requirements)

    @property
    def empty(self) -> bool:
        """Whether everything is selected."""
        return self.selectable and not self.requirements

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))


EVERYTHING = Selector()


NOTHING = Selector(selectable=False)


def selector_from_labels(labels: Labels | None) -> Selector:
    """The selector of a Service: exactly these labels; without any, everything."""
    return Selector(tuple(Requirement(key, "=", (value,)) for key, value in sorted((labels or {}).items())))


_EXPRESSION_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": EXISTS, "DoesNotExist": MISSING}


def selector_of(selector: LabelSelector | None) -> Selector:
    """The selector of a Deployment or ReplicaSet: None selects nothing, an empty one everything."""
    if selector is None:
        return NOTHING
    requirements = [requirement(key, "=", [value]) for key, value in (selector.matchLabels or {}).items()]
    for expression in selector.matchExpressions or []:
        if expression.operator not in _EXPRESSION_OPERATORS:
            raise ValueError(f"{quote(expression.operator)} is not a valid label selector operator")
        operator = _EXPRESSION_OPERATORS[expression.operator]
        requirements.append(requirement(expression.key, operator, expression.values or None))
    return Selector(_by_key(requirements))


def parse_label_selector(text: str) -> Selector:
    """Parse what follows ``kubectl get -l``; ValueError with upstream's words where it cannot be understood."""
    return Selector(_by_key(Parser(text).parse()))


def to_label_selector(selector: Selector) -> Wire:
    """A selector as an object has it: equalities as a map, the rest as expressions (``ParseToLabelSelector``).

    :raises ValueError: for a comparison of numbers.
    """
    labels: dict[str, str] = {}
    expressions: list[Wire] = []
    operators = {"in": "In", "notin": "NotIn", "!=": "NotIn", "exists": "Exists", "!": "DoesNotExist"}
    for each in selector.requirements:
        if each.operator in ("=", "=="):
            labels[each.key] = each.values[0]
        elif each.operator in operators:
            values = {"values": sorted(each.values)} if each.values else {}
            expressions.append({"key": each.key, "operator": operators[each.operator], **values})
        else:
            raise ValueError(f"{each.operator!r} is not supported")
    parts = {"matchLabels": labels, "matchExpressions": expressions}
    return {name: part for name, part in parts.items() if part}


def parse_label_map(text: str) -> dict[str, str]:
    """Parse ``a=b,c=d`` into labels: the simple form that some flags take (``ConvertSelectorToLabelsMap``)."""
    labels: dict[str, str] = {}
    for term in text.split(",") if text else []:
        pieces = term.split("=")
        if len(pieces) != 2:
            raise ValueError(f"invalid selector: [{' '.join(pieces)}]")
        key, value = pieces[0].strip(), pieces[1].strip()
        errors = key_errors(key, NO_PATH) or value_errors(key, value, "")
        if errors:
            raise ValueError(aggregate(errors))
        labels[key] = value
    return labels


def _by_key(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    return tuple(sorted(requirements, key=lambda item: item.key))
