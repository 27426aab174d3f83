"""Which evictions a budget lets through. Expected: upstream's ``eviction.go``."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.errors import ApiError
from kubesim.api.eviction import budget_for, covers, taken_from
from kubesim.api.objects import Wire

NOW = "2026-07-01T09:00:00Z"


def budget(selector: Wire | None, name: str = "b", policy: str = "", **status: int) -> Wire:
    spec: Wire = {"minAvailable": 1}
    if selector is not None:
        spec["selector"] = selector
    if policy:
        spec["unhealthyPodEvictionPolicy"] = policy
    counts = {"currentHealthy": 2, "desiredHealthy": 1, "disruptionsAllowed": 1, "observedGeneration": 1, **status}
    return {"metadata": {"name": name, "generation": 1}, "spec": spec, "status": counts}


def pod(phase: str = "Running", *, ready: bool = True, **metadata: Any) -> Wire:
    conditions = [{"type": "Ready", "status": str(ready)}]
    return {
        "metadata": {"name": "p", "labels": {"app": "web"}, **metadata},
        "status": {"phase": phase, "conditions": conditions},
    }


WEB = {"matchLabels": {"app": "web"}}


@pytest.mark.parametrize(
    ("selector", "expected"), [(WEB, True), ({"matchLabels": {"app": "db"}}, False), ({}, True), (None, False)]
)
def test_an_empty_selector_is_for_all_pods_and_none_for_none(selector: Wire | None, expected: bool) -> None:
    assert covers(budget(selector), pod()) is expected


@pytest.mark.parametrize(
    ("evicted", "kept", "counts"),
    [
        (pod(), budget(WEB), True),
        (pod("Succeeded"), budget(WEB), False),
        (pod("Pending"), budget(WEB), False),
        (pod(deletionTimestamp=NOW), budget(WEB), False),
        (pod(ready=False), budget(WEB), False),  # others are healthy enough
        (pod(ready=False), budget(WEB, currentHealthy=0), True),
        (pod(ready=False), budget(WEB, policy="AlwaysAllow", currentHealthy=0), False),
        (pod(), budget({"matchLabels": {"app": "db"}}), False),
    ],
)
def test_what_counts_against_the_budget(evicted: Wire, kept: Wire, counts: bool) -> None:
    assert (budget_for(evicted, [kept]) is kept) is counts


def test_two_budgets_for_one_pod_are_one_too_many() -> None:
    with pytest.raises(ApiError) as refused:
        budget_for(pod(), [budget(WEB), budget({}, "other")])
    assert (refused.value.code, refused.value.message) == (
        500,
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    )


def test_each_eviction_takes_one_away_until_none_is_left() -> None:
    two = budget(WEB, disruptionsAllowed=2)
    left = taken_from(two, pod(), NOW)
    assert (left["disruptionsAllowed"], left["disruptedPods"], "conditions" in left) == (1, {"p": NOW}, False)
    last = taken_from({**two, "status": left}, pod(), NOW)
    assert last["disruptionsAllowed"] == 0
    assert (last["conditions"][0]["type"], last["conditions"][0]["reason"]) == ("DisruptionAllowed", "InsufficientPods")


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({"disruptionsAllowed": 0}, "The disruption budget b needs 1 healthy pods and has 2 currently"),
        ({"observedGeneration": 0}, "The disruption budget b is still being processed by the server."),
    ],
)
def test_a_refusal_says_that_there_were_too_many_requests_and_why(status: dict[str, int], why: str) -> None:
    with pytest.raises(ApiError) as refused:
        taken_from(budget(WEB, **status), pod(), NOW)
    error = refused.value
    assert (error.code, error.reason) == (429, "TooManyRequests")
    assert error.message == "Cannot evict pod as it would violate the pod's disruption budget."
    assert error.details["causes"] == [{"message": why, "reason": "DisruptionBudget"}]
