"""How many Pods each ReplicaSet of a Deployment may have now: the arithmetic of a rolling update. Pure.

Upstream: ``pkg/controller/deployment/util/deployment_util.go`` and ``rolling.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubesim.api.int_or_string import scaled
from kubesim.api.objects import Wire


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a rolling update may go above and below the wanted number of Pods."""

    surge: int
    unavailable: int


def limits_of(deployment: Wire) -> Limits:
    """The limits in Pods: percentages of the replicas, surge rounded up, unavailable down; never both zero."""
    spec = deployment["spec"]
    strategy = spec.get("strategy") or {}
    if strategy.get("type") != "RollingUpdate":
        return Limits(0, 0)
    rolling = strategy.get("rollingUpdate") or {}
    replicas = replicas_of(deployment)
    surge = scaled(rolling.get("maxSurge", "25%"), replicas, round_up=True)
    unavailable = scaled(rolling.get("maxUnavailable", "25%"), replicas)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return Limits(surge, min(unavailable, replicas))


def replicas_of(wire: Wire) -> int:
    """The replicas that a Deployment or ReplicaSet wants; 1 where it does not say."""
    replicas = wire["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def available_of(replica_set: Wire) -> int:
    """How many Pods of a ReplicaSet are available."""
    return int((replica_set.get("status") or {}).get("availableReplicas", 0))


def new_size(deployment: Wire, new: Wire, everyone: Sequence[Wire]) -> int:
    """How large the new ReplicaSet may be: as large as the surge leaves room for."""
    wanted, own = replicas_of(deployment), replicas_of(new)
    if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
        return wanted
    total = sum(replicas_of(each) for each in everyone)
    most = wanted + limits_of(deployment).surge
    if own >= wanted:
        return wanted
    if total >= most:
        return own
    return own + min(most - total, wanted - own)


def old_sizes(deployment: Wire, new: Wire, old: Sequence[Wire]) -> dict[str, int]:
    """How small each old ReplicaSet (by name) may be: unhealthy Pods go first, then as many as stay available allow."""
    everyone = [*old, new]
    total = sum(replicas_of(each) for each in everyone)
    least = replicas_of(deployment) - limits_of(deployment).unavailable
    new_unavailable = replicas_of(new) - available_of(new)
    budget = total - least - new_unavailable
    sizes = {each["metadata"]["name"]: replicas_of(each) for each in old}
    if budget <= 0:
        return sizes
    ordered = sorted(old, key=lambda each: (each["metadata"].get("creationTimestamp") or "", each["metadata"]["name"]))
    cleaned = 0
    for each in ordered:
        name = each["metadata"]["name"]
        unhealthy = min(sizes[name] - available_of(each), budget - cleaned)
        if unhealthy > 0:
            sizes[name] -= unhealthy
            cleaned += unhealthy
    spare = sum(available_of(each) for each in everyone) - least
    for each in ordered:
        name = each["metadata"]["name"]
        less = min(sizes[name], max(0, spare))
        sizes[name] -= less
        spare -= less
    return sizes


def proportional_sizes(deployment: Wire, everyone: Sequence[Wire], desired_before: dict[str, int]) -> dict[str, int]:
    """Sizes after the Deployment was scaled in the middle of a rollout: every set grows or shrinks in proportion.

    :param desired_before: the ``max-replicas`` annotation of each set: what the Deployment could have at most before.
    """
    active = [each for each in everyone if replicas_of(each) > 0]
    total = sum(replicas_of(each) for each in active)
    allowed = replicas_of(deployment)
    if allowed > 0:
        allowed += limits_of(deployment).surge
    missing = allowed - total
    growing = missing > 0
    by_age = sorted(
        active,
        key=lambda each: (each["metadata"].get("creationTimestamp") or "", each["metadata"]["name"]),
        reverse=growing,
    )
    ordered = sorted(by_age, key=replicas_of, reverse=True)  # of equals the newest grows first, the oldest shrinks
    sizes, added = {}, 0
    for each in ordered:
        name, size = each["metadata"]["name"], replicas_of(each)
        before = desired_before.get(name) or total
        fraction = (2 * size * allowed + before) // (2 * before) - size if missing else 0  # halves are rounded up
        left = missing - added
        change = min(fraction, left) if growing else max(fraction, left)
        sizes[name] = max(0, size + change)
        added += sizes[name] - size
    if ordered and added != missing:
        first = ordered[0]["metadata"]["name"]
        sizes[first] = max(0, sizes[first] + missing - added)
    return sizes
