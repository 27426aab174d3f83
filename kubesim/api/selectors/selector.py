"""A selector: requirements that must all hold; made from text, from labels, or from an object's selector."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubesim.api.fields import go_quote
from kubesim.api.objects import LabelSelector
from kubesim.api.selectors.parser import Parser
from kubesim.api.selectors.requirements import (
    EXISTS,
    MISSING,
    NO_PATH,
    Labels,
    Requirement,
    aggregate,
    key_errors,
    requirement,
    value_errors,
)


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
            raise ValueError(f"{go_quote(expression.operator)} is not a valid label selector operator")
        operator = _EXPRESSION_OPERATORS[expression.operator]
        requirements.append(requirement(expression.key, operator, expression.values or None))
    return Selector(_by_key(requirements))


def parse_label_selector(text: str) -> Selector:
    """Parse what follows ``kubectl get -l``; ValueError with upstream's words where it cannot be understood."""
    return Selector(_by_key(Parser(text).parse()))


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
