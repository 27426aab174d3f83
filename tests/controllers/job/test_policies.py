"""What policies make of failed Pods and of indexes. Expected: upstream's ``pod_failure_policy.go``."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.controllers.job.policies import has_succeeded, judge

STATUSES = [
    {"name": "main", "state": {"terminated": {"exitCode": 42}}},
    {"name": "side", "state": {"terminated": {"exitCode": 0}}},
]
POD = {
    "metadata": {"namespace": "default", "name": "a-x"},
    "status": {"containerStatuses": STATUSES, "conditions": [{"type": "DisruptionTarget", "status": "True"}]},
}


def codes(operator: str, *values: int, **more: Any) -> dict[str, Any]:
    return {"onExitCodes": {"operator": operator, "values": list(values), **more}}


@pytest.mark.parametrize(
    ("rule", "action"),
    [
        ({"action": "FailJob", **codes("In", 42)}, "FailJob"),
        ({"action": "FailJob", **codes("In", 1)}, "Count"),
        ({"action": "FailJob", **codes("NotIn", 1)}, "FailJob"),
        ({"action": "Ignore", **codes("NotIn", 42)}, "Count"),
        ({"action": "Ignore", **codes("In", 42, containerName="side")}, "Count"),
        ({"action": "FailIndex", **codes("In", 42, containerName="main")}, "FailIndex"),
        ({"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}, "Ignore"),
        ({"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "False"}]}, "Count"),
    ],
)
def test_the_first_rule_that_a_pod_meets_decides(rule: dict[str, Any], action: str) -> None:
    assert judge({"rules": [rule, {"action": "Count", **codes("NotIn", 0)}]}, POD).action == action


def test_the_message_names_the_container_the_pod_and_the_rule() -> None:
    policy = {"rules": [{"action": "FailJob", **codes("In", 42)}]}
    expected = "Container main for pod default/a-x failed with exit code 42 matching FailJob rule at index 0"
    assert judge(policy, POD).message == expected
    assert judge(None, POD).action == "Count"


@pytest.mark.parametrize(
    ("rules", "succeeded", "expected"),
    [
        ([{"succeededCount": 2}], {0}, ""),
        ([{"succeededCount": 2}], {0, 3}, "Matched rules at index 0"),
        ([{"succeededIndexes": "0,2"}], {0, 1}, ""),
        ([{"succeededIndexes": "0,2"}], {0, 2}, "Matched rules at index 0"),
        ([{"succeededCount": 3}, {"succeededIndexes": "1-3", "succeededCount": 1}], {2}, "Matched rules at index 1"),
    ],
)
def test_when_enough_indexes_have_succeeded(rules: list[Any], succeeded: set[int], expected: str) -> None:
    assert has_succeeded({"rules": rules}, 5, succeeded) == expected
