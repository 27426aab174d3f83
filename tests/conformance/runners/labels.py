"""Selectors, names, labels and annotations: upstream's small functions, called with the recorded arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kubesim.api import field_selectors, int_or_string, names, selectors
from kubesim.api.addresses import ip_address, legacy_ip_address
from kubesim.api.fields import invalid_values, message_of
from kubesim.api.objects import LabelSelector, Wire
from kubesim.api.validation.metadata import validate_annotations, validate_labels
from tests.conformance.result import Result, judged, view_of

_REPEATED = re.compile(r'<"(.)" repeated (\d+) times>')


def run(path: Path, document: list[Wire]) -> Iterator[Result]:
    """One result a case."""
    return judged(document, _judge)


def _judge(case: Wire) -> Iterator[Result]:
    expected, got = _RUNNERS[case["func"]](case)
    yield Result(case["id"], expected == got, expected, got)


def _full(value: Any) -> Any:
    """Long strings are recorded in short."""
    if isinstance(value, dict):
        return {_full(key): _full(item) for key, item in value.items()}
    if isinstance(value, str) and (found := _REPEATED.fullmatch(value)):
        return found[1] * int(found[2])
    return value


def _attempt(function: Callable[[], Any]) -> tuple[Any, str | None]:
    try:
        return function(), None
    except ValueError as error:
        return None, str(error)


def _check(check: names.Check) -> Callable[[Wire], tuple[Any, Any]]:
    return lambda case: (case["out"] or [], check(_full(case["value"])))


def _messages(case: Wire) -> list[str]:
    return [error["message"] for error in case["out"] or []]


def _address(case: Wire) -> tuple[Any, Any]:
    value = case["value"]
    if case["func"] == "IsValidIP":
        problems = ip_address(value)
    else:
        problems = legacy_ip_address(value, case["old"] or [], case["strict"])
    return _messages(case), [message_of(error) for error in invalid_values(case["fldPath"], value, problems)]


def _requirements(requirements: Any) -> list[Wire]:
    return [{"key": item.key, "operator": item.operator, "values": list(item.values)} for item in requirements]


def _parse(case: Wire) -> tuple[Any, Any]:
    if case["test"] == "TestParse":  # intstr.Parse, not labels.Parse
        return case["out"], int_or_string.parse(case["value"])
    selector, problem = _attempt(lambda: selectors.parse_label_selector(case["selector"]))
    got = None
    if selector is not None:
        got = {
            "requirements": _requirements(selector.requirements),
            "selectable": selector.selectable,
            "string": str(selector),
        }
    return (case["sel"], case["err"]), (got, problem)


def _recorded(selector: Wire) -> selectors.Selector:
    requirements = (
        selectors.Requirement(item["key"], item["operator"], tuple(item["values"] or []))
        for item in selector["requirements"] or []
    )
    return selectors.Selector(tuple(requirements), selector["selectable"])


def _new_requirement(case: Wire) -> tuple[Any, Any]:
    made, problem = _attempt(lambda: selectors.requirement(case["key"], case["op"], case["vals"]))
    return (case["r"] if made else None, case["err"]), (_requirements([made])[0] if made else None, problem)


def _label_map(case: Wire) -> tuple[Any, Any]:
    made, problem = _attempt(lambda: selectors.parse_label_map(case["selector"]))
    return (case["out"] if problem is None else {}, case["err"]), (made or {}, problem)


def _field_selector(case: Wire) -> tuple[Any, Any]:
    selector, problem = _attempt(lambda: field_selectors.parse_field_selector(case["selector"]))
    got = None
    if selector is not None:
        requirements = [
            {"Field": item.field, "Operator": item.operator, "Value": item.value} for item in selector.requirements
        ]
        got = {"requirements": requirements, "string": str(selector)}
    return (case["sel"], case["err"]), (got, problem)


def _field_match(case: Wire) -> tuple[Any, Any]:
    requirements = (
        field_selectors.FieldRequirement(item["Field"], item["Operator"], item["Value"])
        for item in case["selector"]["requirements"]
    )
    return case["match"], field_selectors.FieldSelector(tuple(requirements)).matches(case["labels"] or {})


def _as_selector(case: Wire) -> tuple[Any, Any]:
    wire = case["ps"]
    selector, problem = _attempt(lambda: selectors.selector_of(None if wire is None else view_of(wire, LabelSelector)))
    return (case["sel"], case["err"]), (None if selector is None else str(selector), problem)


_RUNNERS: dict[str, Callable[[Wire], tuple[Any, Any]]] = {
    "IsDNS1123Label": _check(names.dns1123_label),
    "IsDNS1123Subdomain": _check(names.dns1123_subdomain),
    "IsDNS1035Label": _check(names.dns1035_label),
    "IsQualifiedName": _check(names.qualified_name),
    "IsValidLabelValue": _check(names.label_value),
    "IsValidPortName": _check(names.port_name),
    "IsValidPortNum": lambda case: (case["out"] or [], names.port_number(case["port"])),
    "IsInRange": lambda case: (case["out"] or [], names.in_range(case["value"], case["min"], case["max"])),
    "IsValidPercent": _check(names.percentage),
    "IsWildcardDNS1123Subdomain": _check(names.wildcard_dns1123_subdomain),
    "IsConfigMapKey": _check(names.config_map_key),
    "IsHTTPHeaderName": _check(names.http_header_name),
    "IsRelaxedEnvVarName": _check(names.environment_variable),
    "IsValidIP": _address,
    "IsValidIPForLegacyField": _address,
    "Parse": _parse,
    "Matches": lambda case: (case["match"], _recorded(case["selector"]).matches(case["labels"])),
    "String": lambda case: (case["out"], str(_recorded(case["requirements"]))),
    "NewRequirement": _new_requirement,
    "ConvertSelectorToLabelsMap": _label_map,
    "ParseSelector": _field_selector,
    "fields.Matches": _field_match,
    "splitTerms": lambda case: (case["out"] or [], field_selectors.split_terms(case["value"])),
    "LabelSelectorAsSelector": _as_selector,
    "ValidateLabels": lambda case: (
        _messages(case),
        list(map(message_of, validate_labels(_full(case["labels"]), case["fldPath"]))),
    ),
    "ValidateAnnotations": lambda case: (
        _messages(case),
        list(map(message_of, validate_annotations(_full(case["annotations"]), case["fldPath"]))),
    ),
}
