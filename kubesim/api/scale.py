"""The subresource ``scale``: of any kind that has replicas, how many are wanted, and how many there are.

Upstream: ``pkg/registry/apps/*/storage`` (``scaleFromDeployment`` and its likes).
"""

from __future__ import annotations

from kubesim.api.errors import unknown_resource
from kubesim.api.objects import LabelSelector, Wire, view
from kubesim.api.resources import ResourceType
from kubesim.api.selectors import selector_from_labels, selector_of

SCALE = ResourceType("Scale", "scales", "scale", "autoscaling")
"""What the subresource is, whatever it belongs to."""

SCALABLE = frozenset(("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"))
"""The kinds that have it."""

_KEPT = ("creationTimestamp", "name", "namespace", "resourceVersion", "uid")


def scale_of(wire: Wire) -> Wire:
    """The subresource of an object.

    :raises ApiError: 404 for a kind that has none.
    """
    if wire["kind"] not in SCALABLE:
        raise unknown_resource()
    spec, status = wire.get("spec") or {}, wire.get("status") or {}
    wanted = spec.get("replicas", 1)
    chosen = spec.get("selector") or {}
    plain = wire["kind"] == "ReplicationController"
    selector = selector_from_labels(chosen) if plain else selector_of(view(chosen, LabelSelector))
    return {
        "apiVersion": SCALE.api_version,
        "kind": SCALE.kind,
        "metadata": {key: wire["metadata"][key] for key in _KEPT if key in wire["metadata"]},
        "spec": {"replicas": wanted} if wanted else {},
        "status": {"replicas": status.get("replicas", 0), "selector": str(selector)},
    }
