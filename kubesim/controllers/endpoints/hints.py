"""Hints: which zone's or node's traffic an endpoint should take. Pure.

``trafficDistribution`` gives every ready endpoint the zone (or node) where it is. Upstream:
``k8s.io/endpointslice/trafficdist`` and ``.../util/controller_utils.go``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubesim.api.objects import Wire

DEPRECATED_ANNOTATION = "service.kubernetes.io/topology-aware-hints"
MODE_ANNOTATION = "service.kubernetes.io/topology-mode"
SAME_ZONE = ("PreferClose", "PreferSameZone")
SAME_NODE = "PreferSameNode"


def hints_enabled(annotations: Mapping[str, str]) -> bool:
    """Whether a Service asks for topology aware hints; the older annotation wins where both are there."""
    value = annotations.get(DEPRECATED_ANNOTATION, annotations.get(MODE_ANNOTATION, ""))
    return value in ("Auto", "auto")


def is_hintable(endpoint: Wire) -> bool:
    """Only ready endpoints get hints; the others take no traffic."""
    ready = (endpoint.get("conditions") or {}).get("ready")
    return ready is None or bool(ready)


def wanted_hints(endpoint: Wire, distribution: str | None) -> Wire | None:
    """The hints that an endpoint should have; None for none."""
    zone, node = endpoint.get("zone") or "", endpoint.get("nodeName") or ""
    hints: Wire = {}
    if distribution == SAME_NODE and node:
        hints["forNodes"] = [{"name": node}]
    if distribution in (*SAME_ZONE, SAME_NODE) and zone:
        hints["forZones"] = [{"name": zone}]
    return hints or None


def with_hints(piece: Wire, distribution: str | None) -> Wire:
    """The slice with its ready endpoints' hints as the distribution wants them; the same one where nothing differs."""
    changed = False
    endpoints = []
    known = distribution in (*SAME_ZONE, SAME_NODE)
    for endpoint in piece.get("endpoints") or []:
        wanted = wanted_hints(endpoint, distribution)
        if (is_hintable(endpoint) or not known) and (endpoint.get("hints") or None) != wanted:
            changed = True
            endpoint = {key: value for key, value in endpoint.items() if key != "hints"}
            if wanted is not None:
                endpoint["hints"] = wanted
        endpoints.append(endpoint)
    return {**piece, "endpoints": endpoints} if changed else piece


def reconcile_hints(
    distribution: str | None,
    create: Sequence[Wire],
    update: Sequence[Wire],
    unchanged: Sequence[Wire],
) -> tuple[list[Wire], list[Wire], list[Wire]]:
    """Give hints to one Service's slices: (to create, to update, unchanged); an unchanged one may need an update."""
    updated = [with_hints(piece, distribution) for piece in update]
    same: list[Wire] = []
    for piece in unchanged:
        hinted = with_hints(piece, distribution)
        (same if hinted is piece else updated).append(hinted)
    return [with_hints(piece, distribution) for piece in create], updated, same
