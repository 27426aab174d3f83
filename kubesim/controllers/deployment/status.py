"""What a Deployment reports: counts, and the conditions Available, Progressing and ReplicaFailure. Pure.

Upstream: ``pkg/controller/deployment/sync.go`` and ``progress.go``.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.objects import Wire
from kubesim.controllers.conditions import with_progress
from kubesim.controllers.deployment.rolling import available_of, limits_of, replicas_of


def counts(deployment: Wire, everyone: Sequence[Wire], new: Wire | None) -> Wire:
    """The numbers of a Deployment's status; zeros are left out, as Go encodes them."""

    def total(field: str, sets: Sequence[Wire]) -> int:
        return sum(int((each.get("status") or {}).get(field, 0)) for each in sets)

    available = sum(available_of(each) for each in everyone)
    spread = sum(replicas_of(each) for each in everyone)
    numbers = {
        "availableReplicas": available,
        "readyReplicas": total("readyReplicas", everyone),
        "replicas": total("replicas", everyone),
        "unavailableReplicas": max(0, spread - available),
        "updatedReplicas": total("replicas", [new] if new is not None else []),
    }
    status: Wire = {name: number for name, number in numbers.items() if number}
    status["terminatingReplicas"] = total("terminatingReplicas", everyone)
    status["observedGeneration"] = deployment["metadata"].get("generation", 1)
    collisions = (deployment.get("status") or {}).get("collisionCount")
    if collisions is not None:
        status["collisionCount"] = collisions
    return status


def available_condition(deployment: Wire, status: Wire) -> Wire:
    """Available: enough Pods are available."""
    if status.get("availableReplicas", 0) >= replicas_of(deployment) - limits_of(deployment).unavailable:
        return {
            "type": "Available",
            "status": "True",
            "reason": "MinimumReplicasAvailable",
            "message": "Deployment has minimum availability.",
        }
    return {
        "type": "Available",
        "status": "False",
        "reason": "MinimumReplicasUnavailable",
        "message": "Deployment does not have minimum availability.",
    }


def is_complete(deployment: Wire, status: Wire) -> bool:
    """Whether all Pods are of the new template and available, and no old ones are left."""
    wanted = replicas_of(deployment)
    return all(status.get(name, 0) == wanted for name in ("updatedReplicas", "replicas", "availableReplicas"))


def is_progressing(before: Wire, status: Wire) -> bool:
    """Whether anything has moved since the last status."""

    def old_replicas(of: Wire) -> int:
        return int(of.get("replicas", 0)) - int(of.get("updatedReplicas", 0))

    more = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return old_replicas(status) < old_replicas(before) or any(
        status.get(name, 0) > before.get(name, 0) for name in more
    )


def with_failure(conditions: list[Wire], new: Wire | None, everyone: Sequence[Wire], now: str) -> list[Wire]:
    """Take over why Pods cannot be created, from the newest ReplicaSet that says so; drop it where none does."""
    found = (
        entry
        for each in [*([new] if new is not None else []), *everyone]
        for entry in (each.get("status") or {}).get("conditions") or []
        if entry["type"] == "ReplicaFailure"
    )
    failure = next(found, None)
    if failure is None:
        return [entry for entry in conditions if entry["type"] != "ReplicaFailure"]
    copied = {key: value for key, value in failure.items() if key != "lastTransitionTime"}
    return with_progress(conditions, copied, now)
