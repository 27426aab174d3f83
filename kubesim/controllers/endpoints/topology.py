"""Topology aware hints: endpoints shared out to the zones in proportion to their nodes' CPUs. Pure.

Asked for by the annotation ``service.kubernetes.io/topology-mode: Auto``. Where a zone would get less than its share
allows (overload above 20 %), or nodes lack a zone, or there is only one zone, nobody gets hints. Upstream:
``k8s.io/endpointslice/topologycache``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from kubesim.api.objects import Node, Wire
from kubesim.controllers.endpoints.hints import is_hintable
from kubesim.controllers.endpoints.membership import ZONE_LABEL
from kubesim.controllers.quantities import quantity

OVERLOAD = 0.2
"""How much more than its share an endpoint may have to take."""

Slices = tuple[list[Wire], list[Wire], list[Wire]]


def cpu_shares(nodes: Sequence[Node]) -> dict[str, float]:
    """Each zone's share of the CPUs of ready nodes; nothing where hints make no sense.

    Control-plane nodes do not count.
    """
    cpus: dict[str, float] = {}
    for node in nodes:
        labels = node.metadata.labels or {}
        if any(f"node-role.kubernetes.io/{role}" in labels for role in ("control-plane", "master")):
            continue
        ready = any(c.type == "Ready" and c.status == "True" for c in node.status.conditions or [])
        if not ready:
            continue
        zone, cpu = labels.get(ZONE_LABEL, ""), quantity((node.status.allocatable or {}).get("cpu"))
        if not zone or not cpu:
            return {}
        cpus[zone] = cpus.get(zone, 0.0) + float(cpu)
    total = sum(cpus.values())
    return {zone: cpu / total for zone, cpu in cpus.items()} if len(cpus) > 1 else {}


def allocations(shares: dict[str, float], endpoints: int) -> dict[str, tuple[int, int, float]] | None:
    """For each zone: the fewest and the most endpoints, and its exact share; None where it cannot be done."""
    least = {zone: math.ceil(share * endpoints / (1 + OVERLOAD)) for zone, share in shares.items()}
    spare = endpoints - sum(least.values())
    if spare < 0 or endpoints < len(shares):
        return None
    return {zone: (least[zone], least[zone] + spare, share * endpoints) for zone, share in shares.items()}


def zone_hints(
    nodes: Sequence[Node], create: Sequence[Wire], update: Sequence[Wire], unchanged: Sequence[Wire]
) -> Slices:
    """Give hints to the slices of one Service: (to create, to update, unchanged)."""
    everyone = [*create, *update, *unchanged]
    points = [endpoint for piece in everyone for endpoint in piece.get("endpoints") or [] if is_hintable(endpoint)]
    shares = cpu_shares(nodes)
    allowed = allocations(shares, len(points)) if shares else None
    if allowed is None or any(endpoint.get("zone") not in shares for endpoint in points):
        return _assigned(create, update, unchanged, {})
    zones = {id(endpoint): str(endpoint["zone"]) for endpoint in points}
    held = {zone: [e for e in points if zones[id(e)] == zone] for zone in shares}
    for zone in sorted(shares):
        least, _, _ = allowed[zone]
        while len(held[zone]) < least:
            donor = max(sorted(shares), key=lambda z: len(held[z]) - allowed[z][2])
            if donor == zone or len(held[donor]) <= allowed[donor][0]:
                return _assigned(create, update, unchanged, {})
            moved = held[donor].pop()
            held[zone].append(moved)
            zones[id(moved)] = zone
    return _assigned(create, update, unchanged, zones)


def _assigned(
    create: Sequence[Wire], update: Sequence[Wire], unchanged: Sequence[Wire], zones: dict[int, str]
) -> Slices:
    updated = [_hinted(piece, zones) for piece in update]
    same: list[Wire] = []
    for piece in unchanged:
        hinted = _hinted(piece, zones)
        (same if hinted == piece else updated).append(hinted)
    return [_hinted(piece, zones) for piece in create], updated, same


def _hinted(piece: Wire, zones: dict[int, str]) -> Wire:
    endpoints = []
    for endpoint in piece.get("endpoints") or []:
        bare = {key: value for key, value in endpoint.items() if key != "hints"}
        zone = zones.get(id(endpoint))
        endpoints.append({**bare, "hints": {"forZones": [{"name": zone}]}} if zone else bare)
    return {**piece, "endpoints": endpoints}
