"""Evicting a Pod: deleting it, where its disruption budget allows that.

Upstream: ``pkg/registry/core/pod/storage/eviction.go`` and ``pkg/apis/policy``.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubesim.api.errors import ApiError, refusal
from kubesim.api.objects import LabelSelector, Wire, view
from kubesim.api.selectors import selector_of

TOO_MANY = "Cannot evict pod as it would violate the pod's disruption budget."
MORE_THAN_ONE = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
DISRUPTION_TARGET = {
    "message": "Eviction API: evicting",
    "reason": "EvictionByEvictionAPI",
    "status": "True",
    "type": "DisruptionTarget",
}
"""The condition of a Pod that is being evicted."""


def covers(budget: Wire, pod: Wire) -> bool:
    """Whether a budget is for a Pod; one with an empty selector is for all, one without a selector for none."""
    selector = budget["spec"].get("selector")
    if selector is None:
        return False
    chosen = selector_of(view(selector, LabelSelector))
    return chosen.empty or chosen.matches(pod["metadata"].get("labels") or {})


def with_verdict(budget: Wire, status: Wire, reason: str, message: str, now: str) -> Wire:
    """A budget's status with its condition: whether a Pod may go.

    :param reason: ``SufficientPods``, ``InsufficientPods`` or ``SyncFailed``.
    """
    holds = "True" if reason == "SufficientPods" else "False"
    known: Wire = next((each for each in status.get("conditions") or () if each["type"] == "DisruptionAllowed"), {})
    verdict = {
        "lastTransitionTime": known["lastTransitionTime"] if known.get("status") == holds else now,
        "message": message,
        "observedGeneration": budget["metadata"].get("generation", 1),
        "reason": reason,
        "status": holds,
        "type": "DisruptionAllowed",
    }
    others = [each for each in status.get("conditions") or () if each["type"] != "DisruptionAllowed"]
    return {**status, "conditions": [*others, verdict]}


def budget_for(pod: Wire, budgets: Iterable[Wire]) -> Wire | None:
    """The budget that an eviction takes from; None where nothing stands against it.

    A Pod that does not run, or is unready while enough others are healthy, takes nothing.

    :raises ApiError: where several budgets are for the Pod.
    """
    status = pod.get("status") or {}
    if status.get("phase") in ("Succeeded", "Failed", "Pending") or pod["metadata"].get("deletionTimestamp"):
        return None
    found = [budget for budget in budgets if covers(budget, pod)]
    if len(found) > 1:
        raise ApiError(500, "InternalError", MORE_THAN_ONE)
    if not found:
        return None
    budget, counts = found[0], found[0].get("status") or {}
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions") or ())
    if ready:
        return budget
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return None
    return None if counts.get("currentHealthy", 0) >= counts.get("desiredHealthy", 0) > 0 else budget


def taken_from(budget: Wire, pod: Wire, now: str) -> Wire:
    """The budget's status after a Pod was evicted.

    :raises ApiError: 429 where it allows no more.
    """
    status, name = budget.get("status") or {}, budget["metadata"]["name"]
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 1):
        raise _refused(f"The disruption budget {name} is still being processed by the server.", retry=10)
    allowed = status.get("disruptionsAllowed", 0)
    if allowed <= 0:
        wanted, healthy = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        raise _refused(f"The disruption budget {name} needs {wanted} healthy pods and has {healthy} currently")
    going = {**(status.get("disruptedPods") or {}), pod["metadata"]["name"]: now}
    left = {**status, "disruptedPods": dict(sorted(going.items())), "disruptionsAllowed": allowed - 1}
    return left if allowed > 1 else with_verdict(budget, left, "InsufficientPods", "", now)


def _refused(why: str, retry: int = 0) -> ApiError:
    error = refusal(429, "TooManyRequests", TOO_MANY)
    error.details["causes"] = [{"message": why, "reason": "DisruptionBudget"}]
    if retry:
        error.details["retryAfterSeconds"] = retry
    return error
