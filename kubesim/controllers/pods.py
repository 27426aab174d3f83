"""What may be asked of a Pod: is it active, ready, available, finished? Pure, on wire forms.

Upstream: ``k8s.io/kubernetes/pkg/api/v1/pod`` and ``pkg/controller/controller_utils.go``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kubesim.api.objects import Wire
from kubesim.controllers.conditions import condition, is_true, moment


def is_ready(pod: Wire) -> bool:
    """Whether the Pod's Ready condition is True."""
    return is_true(pod, "Ready")


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


def claim_names(spec: Wire) -> list[str]:
    """The persistent volume claims that a Pod mounts."""
    volumes = spec.get("volumes") or ()
    return [each["persistentVolumeClaim"]["claimName"] for each in volumes if "persistentVolumeClaim" in each]


def controller_of(wire: Wire) -> Wire | None:
    """The owner reference of the controller that manages an object, or None."""
    for reference in wire["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            found: Wire = reference
            return found
    return None


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


def pod_from_template(owner: Wire, template: Wire) -> Wire:
    """A new Pod of a workload, which still needs a name; its spec is the template's own."""
    metadata = template.get("metadata") or {}
    kept = {key: metadata[key] for key in ("labels", "annotations", "finalizers") if metadata.get(key)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": kept
        | {
            "generateName": f"{owner['metadata']['name']}-",
            "namespace": owner["metadata"]["namespace"],
            "ownerReferences": [owner_reference(owner)],
        },
        "spec": template.get("spec") or {},
    }


def with_owner(wire: Wire, owner: Wire) -> Wire:
    """The object with ``owner`` as its controller, beside the owners that it has."""
    metadata = wire["metadata"]
    owners = [*(metadata.get("ownerReferences") or []), owner_reference(owner)]
    return {**wire, "metadata": {**metadata, "ownerReferences": owners}}


def without_owner(wire: Wire, uid: str) -> Wire:
    """The object without its references to an owner."""
    metadata = {field: value for field, value in wire["metadata"].items() if field != "ownerReferences"}
    left = [reference for reference in wire["metadata"]["ownerReferences"] if reference.get("uid") != uid]
    if left:
        metadata["ownerReferences"] = left
    return {**wire, "metadata": metadata}


_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


def deletion_rank(pod: Wire) -> tuple[Any, ...]:
    """Which of a workload's Pods goes first: without a node, pending, unready, often restarted, young."""
    status = pod.get("status") or {}
    restarts = max((c.get("restartCount", 0) for c in status.get("containerStatuses") or []), default=0)
    created = pod["metadata"].get("creationTimestamp") or ""
    return (
        bool(pod["spec"].get("nodeName")),
        _PHASES.get(status.get("phase", "Pending"), 2),
        is_ready(pod),
        -restarts,
        tuple(-ord(character) for character in created),
        -int(pod["metadata"]["resourceVersion"]),
    )
