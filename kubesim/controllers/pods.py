"""What may be asked of a Pod: is it active, ready, available, finished? Pure, on wire forms.

Upstream: ``k8s.io/kubernetes/pkg/api/v1/pod`` and ``pkg/controller/controller_utils.go``.
"""

from __future__ import annotations

from datetime import datetime

from kubesim.api.objects import Wire


def moment(timestamp: str) -> datetime:
    """Read an RFC 3339 timestamp of an object."""
    return datetime.fromisoformat(timestamp.replace("Z", "+00:00"))


def condition(wire: Wire, type: str) -> Wire | None:
    """An object's condition of a type, or None."""
    conditions: list[Wire] = (wire.get("status") or {}).get("conditions") or []
    return next((entry for entry in conditions if entry.get("type") == type), None)


def is_ready(pod: Wire) -> bool:
    """Whether the Pod's Ready condition is True."""
    ready = condition(pod, "Ready")
    return ready is not None and ready.get("status") == "True"


def is_finished(pod: Wire) -> bool:
    """Whether the Pod has succeeded or failed for good."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def is_terminating(pod: Wire) -> bool:
    """Whether somebody has deleted the Pod."""
    return pod["metadata"].get("deletionTimestamp") is not None


def is_active(pod: Wire) -> bool:
    """Whether the Pod counts as a replica: neither finished nor being deleted."""
    return not is_finished(pod) and not is_terminating(pod)


def available_in(pod: Wire, min_ready_seconds: int, now: datetime) -> float | None:
    """Seconds until a ready Pod is available (0: it is); None while it is not ready."""
    ready = condition(pod, "Ready")
    if ready is None or ready.get("status") != "True":
        return None
    since = ready.get("lastTransitionTime")
    if min_ready_seconds == 0 or not since:
        return 0.0
    return max(0.0, min_ready_seconds - (now - moment(since)).total_seconds())


def controller_of(wire: Wire) -> Wire | None:
    """The owner reference of the controller that manages an object, or None."""
    references: list[Wire] = wire["metadata"].get("ownerReferences") or []
    return next((reference for reference in references if reference.get("controller")), None)


def owned_by(wire: Wire, owner: Wire) -> bool:
    """Whether ``owner`` is the controller of an object."""
    reference = controller_of(wire)
    return reference is not None and reference.get("uid") == owner["metadata"].get("uid")


def owner_reference(owner: Wire) -> Wire:
    """The reference that makes ``owner`` the controller of what carries it."""
    return {
        "apiVersion": owner["apiVersion"],
        "blockOwnerDeletion": True,
        "controller": True,
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    }
