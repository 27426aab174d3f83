"""Where Pods may run, one rule a row. Expected: what upstream's validation says of tolerations, affinities and spread."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.validation.scheduling import (
    validate_affinity,
    validate_taints,
    validate_tolerations,
    validate_topology_spread,
)
from tests.api.validation.objects import messages

PART = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
EMPTY = "name part must be non-empty"
VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
EFFECTS = 'supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"'

TOLERATIONS: list[tuple[Any, list[str]]] = [
    ({"operator": "Exists"}, []),
    ({"key": "a"}, []),
    ({"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"}, []),
    ({"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0}, []),
    ({"key": "a", "operator": "Exists", "effect": "PreferNoSchedule"}, []),
    ({}, ['t[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"']),
    ({"key": "-a", "operator": "Exists"}, [f't[0].key: Invalid value: "-a": {PART}']),
    ({"key": "a", "tolerationSeconds": 5}, ["t[0].effect: Invalid value: \"\": effect must be 'NoExecute' when `tolerationSeconds` is set"]),
    ({"key": "a", "effect": "NoSchedule", "tolerationSeconds": 5}, ["t[0].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set"]),
    ({"key": "a", "value": "b c"}, [f't[0].operator: Invalid value: "b c": {VALUE}']),
    ({"key": "a", "operator": "Equal", "value": "b c"}, [f't[0].operator: Invalid value: "b c": {VALUE}']),
    ({"key": "a", "operator": "In"}, ['t[0].operator: Unsupported value: "In": supported values: "Equal", "Exists"']),
    ({"key": "a", "operator": "Exists", "value": "b"}, ["t[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'"]),
    ({"key": "a", "effect": "Never"}, [f't[0].effect: Unsupported value: "Never": {EFFECTS}']),
]  # fmt: skip


@pytest.mark.parametrize(("toleration", "expected"), TOLERATIONS)
def test_tolerations(toleration: Any, expected: list[str]) -> None:
    assert messages(validate_tolerations([toleration], "t")) == expected
    shifted = [message.replace("t[0]", "t[1]") for message in expected]
    assert messages(validate_tolerations([{"operator": "Exists"}, toleration], "t")) == shifted


TAINTS: list[tuple[Any, list[str]]] = [
    ([{"key": "a", "effect": "NoExecute"}, {"key": "a", "value": "b", "effect": "NoSchedule"}], []),
    ([{"key": "a"}], ["t[0].effect: Required value"]),
    ([{"key": "a", "effect": "x"}], [f't[0].effect: Unsupported value: "x": {EFFECTS}']),
    ([{"effect": "NoExecute"}], [f't[0].key: Invalid value: "": {EMPTY}', f't[0].key: Invalid value: "": {PART}']),
    ([{"key": "a", "value": "b c", "effect": "NoExecute"}], [f't[0].value: Invalid value: "b c": {VALUE}']),
    ([{"key": "a", "effect": "NoExecute"}, {"key": "a", "value": "b", "effect": "NoExecute"}], ['t[1]: Duplicate value: {"Key":"a","Value":"b","Effect":"NoExecute","TimeAdded":null}: taints must be unique by key and effect pair']),
]  # fmt: skip


@pytest.mark.parametrize(("taints", "expected"), TAINTS)
def test_taints(taints: Any, expected: list[str]) -> None:
    assert messages(validate_taints(taints, "t")) == expected


REQUIRED, PREFERRED = (
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
)


def node(*expressions: Any, fields: Any = None) -> Any:
    term = {"matchExpressions": list(expressions)} | ({"matchFields": fields} if fields else {})
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{}, term]}}}


def asks(operator: str, *values: str, key: str = "a") -> Any:
    return {"key": key, "operator": operator} | ({"values": list(values)} if values else {})


def wants(weight: Any, *expressions: Any) -> Any:
    term = {"preference": {"matchExpressions": list(expressions)}} | ({} if weight is None else {"weight": weight})
    return {"nodeAffinity": {PREFERRED: [term]}}


N = f"a.nodeAffinity.{REQUIRED}.nodeSelectorTerms[1]"
E, F = f"{N}.matchExpressions[0]", f"{N}.matchFields[0]"
W = f"a.nodeAffinity.{PREFERRED}[0]"
ONE = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
NODES: list[tuple[Any, list[str]]] = [
    ({}, []),
    (node(asks("In", "x", "y"), asks("NotIn", "x"), asks("Exists"), asks("DoesNotExist"), asks("Gt", "1"), asks("Lt", "2")), []),
    ({"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": []}}}, [f"a.nodeAffinity.{REQUIRED}.nodeSelectorTerms: Required value: must have at least one node selector term"]),
    (node(asks("In")), [f"{E}.values: Required value: must be specified when `operator` is 'In' or 'NotIn'"]),
    (node(asks("NotIn")), [f"{E}.values: Required value: must be specified when `operator` is 'In' or 'NotIn'"]),
    (node(asks("Exists", "x")), [f"{E}.values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"]),
    (node(asks("DoesNotExist", "x")), [f"{E}.values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"]),
    (node(asks("Gt")), [f"{E}.values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'"]),
    (node(asks("Lt", "1", "2")), [f"{E}.values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'"]),
    (node(asks("Near")), [f'{E}.operator: Invalid value: "Near": not a valid selector operator']),
    (node({"key": "a"}), [f'{E}.operator: Invalid value: "": not a valid selector operator']),
    (node(asks("Exists", key="-a")), [f'{E}.key: Invalid value: "-a": {PART}']),
    (node({"operator": "Exists"}), [f'{E}.key: Invalid value: "": {EMPTY}', f'{E}.key: Invalid value: "": {PART}']),
    (node(asks("In", "x", "y z")), [f'{E}.values[1]: Invalid value: "y z": {VALUE}']),
    (node(fields=[asks("In", "worker", key="metadata.name")]), []),
    (node(fields=[asks("NotIn", "worker", key="metadata.name")]), []),
    (node(fields=[asks("Exists", key="metadata.name")]), [f'{F}.operator: Invalid value: "Exists": not a valid selector operator']),
    (node(fields=[{}]), [f'{F}.operator: Invalid value: "": not a valid selector operator', f'{F}.key: Invalid value: "": not a valid field selector key']),
    (node(fields=[asks("In", key="metadata.name")]), [f"{F}.values: Required value: {ONE}"]),
    (node(fields=[asks("In", "a", "b", key="metadata.name")]), [f"{F}.values: Required value: {ONE}"]),
    (node(fields=[asks("In", "a", key="metadata.uid"), asks("In", "a", key="spec.x")]), [f'{F}.key: Invalid value: "metadata.uid": not a valid field selector key', f'{N}.matchFields[1].key: Invalid value: "spec.x": not a valid field selector key']),
    (wants(1, asks("Exists")), []),
    (wants(100, asks("In", "not a label value")), []),  # preferences were never strict about values
    (wants(0, asks("Exists")), [f"{W}.weight: Invalid value: 0: must be in the range 1-100"]),
    (wants(101, asks("Exists")), [f"{W}.weight: Invalid value: 101: must be in the range 1-100"]),
    (wants(None), [f"{W}.weight: Invalid value: 0: must be in the range 1-100"]),
    (wants(5, asks("Near")), [f'{W}.preference.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator']),
    ({"nodeAffinity": {PREFERRED: [{"weight": 1}]}}, []),
]  # fmt: skip


@pytest.mark.parametrize(("affinity", "expected"), NODES)
def test_affinity_to_nodes(affinity: Any, expected: list[str]) -> None:
    assert messages(validate_affinity(affinity, "a")) == expected


TERMS: list[tuple[Any, list[str]]] = [
    ({"topologyKey": "zone"}, []),
    ({"topologyKey": "zone", "namespaces": ["default"], "labelSelector": {"matchLabels": {"a": "b"}}, "namespaceSelector": {}}, []),
    ({}, ["{}.topologyKey: Required value: can not be empty", f'{{}}.topologyKey: Invalid value: "": {EMPTY}', f'{{}}.topologyKey: Invalid value: "": {PART}']),
    ({"topologyKey": "-z"}, [f'{{}}.topologyKey: Invalid value: "-z": {PART}']),
    ({"topologyKey": "z", "namespaces": ["default", "A"]}, [f'{{}}.namespace: Invalid value: "A": {LABEL}']),
    ({"topologyKey": "z", "labelSelector": {"matchLabels": {"-a": "b"}}}, [f'{{}}.labelSelector.matchLabels: Invalid value: "-a": {PART}']),
    ({"topologyKey": "z", "namespaceSelector": {"matchExpressions": [asks("In")]}}, ["{}.namespaceSelector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"]),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["podAffinity", "podAntiAffinity"])
@pytest.mark.parametrize(("term", "expected"), TERMS)
def test_affinity_to_pods(kind: str, term: Any, expected: list[str]) -> None:
    fine = {"topologyKey": "zone"}
    here = f"a.{kind}.{REQUIRED}[1]"
    assert messages(validate_affinity({kind: {REQUIRED: [fine, term]}}, "a")) == [
        each.format(here) for each in expected
    ]
    here = f"a.{kind}.{PREFERRED}[0]"
    assert messages(validate_affinity({kind: {PREFERRED: [{"weight": 101, "podAffinityTerm": term}]}}, "a")) == [
        f"{here}.weight: Invalid value: 101: must be in the range 1-100",
        *[each.format(f"{here}.podAffinityTerm") for each in expected],
    ]


def test_a_preference_for_pods_says_which() -> None:
    there = f"a.podAffinity.{PREFERRED}[0].podAffinityTerm.topologyKey"
    found = messages(validate_affinity({"podAffinity": {PREFERRED: [{"weight": 1}]}}, "a"))
    assert found[0] == f"{there}: Required value: can not be empty"


EVEN = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
POLICIES = 'supported values: "Honor", "Ignore"'
SPREADS: list[tuple[Any, list[str]]] = [
    ([], []),
    ([{**EVEN, "minDomains": 1, "nodeAffinityPolicy": "Honor", "nodeTaintsPolicy": "Ignore", "labelSelector": {"matchLabels": {"a": "b"}}}], []),
    ([EVEN, {**EVEN, "whenUnsatisfiable": "ScheduleAnyway"}, {**EVEN, "topologyKey": "host"}], []),
    ([{}], ["s[0].maxSkew: Invalid value: 0: must be greater than zero", "s[0].topologyKey: Required value: can not be empty", 's[0].whenUnsatisfiable: Unsupported value: "": supported values: "DoNotSchedule", "ScheduleAnyway"']),
    ([{**EVEN, "maxSkew": -1}], ["s[0].maxSkew: Invalid value: -1: must be greater than zero"]),
    ([EVEN, {**EVEN, "whenUnsatisfiable": "Wait"}], ['s[1].whenUnsatisfiable: Unsupported value: "Wait": supported values: "DoNotSchedule", "ScheduleAnyway"']),
    ([EVEN, EVEN], ['s[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"']),
    ([{"maxSkew": 1}, {"maxSkew": 1}], [
        "s[0].topologyKey: Required value: can not be empty",
        's[0].whenUnsatisfiable: Unsupported value: "": supported values: "DoNotSchedule", "ScheduleAnyway"',
        's[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{, }"',
        "s[1].topologyKey: Required value: can not be empty",
        's[1].whenUnsatisfiable: Unsupported value: "": supported values: "DoNotSchedule", "ScheduleAnyway"',
    ]),
    ([{**EVEN, "minDomains": 0}], ["s[0].minDomains: Invalid value: 0: must be greater than zero"]),
    ([{**EVEN, "whenUnsatisfiable": "ScheduleAnyway", "minDomains": 2}], ["s[0].minDomains: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway"]),
    ([{**EVEN, "nodeAffinityPolicy": "x", "nodeTaintsPolicy": "y"}], [f's[0].nodeAffinityPolicy: Unsupported value: "x": {POLICIES}', f's[0].nodeTaintsPolicy: Unsupported value: "y": {POLICIES}']),
    ([{**EVEN, "labelSelector": {"matchExpressions": [asks("Exists", "x")]}}], ["s[0].labelSelector.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"]),
]  # fmt: skip


@pytest.mark.parametrize(("constraints", "expected"), SPREADS)
def test_spread(constraints: Any, expected: list[str]) -> None:
    assert messages(validate_topology_spread(constraints, "s")) == expected
