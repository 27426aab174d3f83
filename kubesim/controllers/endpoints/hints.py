"""Hints: which zone's or node's traffic an endpoint should take. Pure.

``trafficDistribution`` gives every ready endpoint the zone (or node) where it is. The annotation
``service.kubernetes.io/topology-mode: Auto`` shares the endpoints out to the zones in proportion to their nodes' CPUs.
Where a zone would get less than its share allows (overload above 20 %), or nodes lack a zone, or there is only one
zone, nobody gets hints, and an event says why. Upstream: ``trafficdist`` and ``topologycache`` of
``k8s.io/endpointslice``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from kubesim.api.objects import Wire
from kubesim.api.quantities import parse
from kubesim.controllers.conditions import is_true

ZONE_LABEL = "topology.kubernetes.io/zone"
DEPRECATED_ANNOTATION = "service.kubernetes.io/topology-aware-hints"
MODE_ANNOTATION = "service.kubernetes.io/topology-mode"
SAME_ZONE = ("PreferClose", "PreferSameZone")
SAME_NODE = "PreferSameNode"
OVERLOAD = 0.2
"""How much more than its share an endpoint may have to take."""

NO_ZONE = "One or more endpoints do not have a zone specified"
NO_HINTS = "No hints allocated for zones"
NODES_LACK = "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"
TOO_FEW = "Insufficient number of endpoints"
OVERLOADED = "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold"

_NOT_COUNTED = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


class Hinted(msgspec.Struct):
    """One Service's slices with their hints.

    :param unchanged: those that need no update for their hints' sake either.
    :param zones: how many endpoints take each zone's traffic; empty where nobody got hints by CPU shares.
    :param problem: why nobody did.
    """

    create: list[Wire]
    update: list[Wire]
    unchanged: list[Wire]
    zones: dict[str, int] = {}
    problem: str = ""


def hints_enabled(annotations: Mapping[str, str]) -> bool:
    """Whether a Service asks for hints by CPU shares; the older annotation wins where both are there."""
    value = annotations.get(DEPRECATED_ANNOTATION, annotations.get(MODE_ANNOTATION, ""))
    return value in ("Auto", "auto")


def distribution_hints(
    distribution: str | None, create: Sequence[Wire], update: Sequence[Wire], unchanged: Sequence[Wire]
) -> Hinted:
    """Give one Service's slices the hints of its ``trafficDistribution``."""
    known = distribution in (*SAME_ZONE, SAME_NODE)
    if not known and not _have_hints([*create, *update, *unchanged]):
        return Hinted(list(create), list(update), list(unchanged))

    def wanted(endpoint: Wire) -> Wire | None:
        if known and not _is_ready(endpoint):
            return endpoint.get("hints") or None
        zone, node = endpoint.get("zone") or "", endpoint.get("nodeName") or ""
        hints: Wire = {}
        if distribution == SAME_NODE and node:
            hints["forNodes"] = [{"name": node}]
        if known and zone:
            hints["forZones"] = [{"name": zone}]
        return hints or None

    return _with_hints(wanted, create, update, unchanged)


def cpu_shares(nodes: Iterable[Wire]) -> dict[str, float]:
    """Each zone's share of the CPUs of ready nodes, control planes aside; nothing where hints make no sense."""
    cpus: dict[str, float] = {}
    for node in nodes:
        labels = node["metadata"].get("labels") or {}
        if any(label in labels for label in _NOT_COUNTED) or not is_true(node, "Ready"):
            continue
        zone = labels.get(ZONE_LABEL)
        cpu = float(parse(str(((node.get("status") or {}).get("allocatable") or {}).get("cpu") or 0)))
        if not zone or not cpu:
            return {}
        cpus[zone] = cpus.get(zone, 0.0) + cpu
    total = sum(cpus.values())
    return {zone: cpu / total for zone, cpu in cpus.items()} if len(cpus) > 1 else {}


def is_overloaded(zones: Mapping[str, int], shares: Mapping[str, float]) -> bool:
    """Whether a Service's hints (endpoints by zone) do not fit the zones' shares any more."""
    total = sum(zones.values())
    if not total:
        return False
    return not shares or any(
        not zones.get(zone) or share * total / zones[zone] - 1 > OVERLOAD for zone, share in shares.items()
    )


def zone_hints(
    shares: Mapping[str, float], create: Sequence[Wire], update: Sequence[Wire], unchanged: Sequence[Wire]
) -> Hinted:
    """Share one Service's endpoints out to the zones."""
    everyone = [*create, *update, *unchanged]
    points = [endpoint for piece in everyone for endpoint in piece.get("endpoints") or () if _is_ready(endpoint)]
    zones, problem = _allocated(shares, points)
    by_endpoint = {id(endpoint): zone for zone, endpoints in zones.items() for endpoint in endpoints}

    def wanted(endpoint: Wire) -> Wire | None:
        zone = by_endpoint.get(id(endpoint))
        return {"forZones": [{"name": zone}]} if zone else None

    hinted = _with_hints(wanted, create, update, unchanged)
    hinted.zones, hinted.problem = {zone: len(held) for zone, held in zones.items()}, problem
    return hinted


def _allocated(shares: Mapping[str, float], points: Sequence[Wire]) -> tuple[dict[str, list[Wire]], str]:
    """The endpoints that take each zone's traffic, or why that cannot be done."""
    if not shares:
        return {}, NODES_LACK
    count = len(points)
    if len(shares) > count:
        return {}, f"{TOO_FEW} ({count} endpoints, {len(shares)} zones)"
    least = {zone: math.ceil(share * count / (1 + OVERLOAD)) for zone, share in shares.items()}
    if sum(least.values()) > count:
        return {}, OVERLOADED
    if not all(endpoint.get("zone") for endpoint in points):
        return {}, NO_ZONE
    held = {zone: [endpoint for endpoint in points if endpoint["zone"] == zone] for zone in shares}
    if sum(map(len, held.values())) < count:
        return {}, NO_HINTS
    for zone in sorted(shares):
        while len(held[zone]) < least[zone]:
            donor = max(sorted(shares), key=lambda z: len(held[z]) - shares[z] * count)
            if donor == zone or len(held[donor]) <= least[donor]:
                return {}, NO_HINTS
            held[zone].append(held[donor].pop())
    return held, ""


def _have_hints(pieces: Sequence[Wire]) -> bool:
    for piece in pieces:
        for endpoint in piece.get("endpoints") or ():
            if "hints" in endpoint:
                return True
    return False


def _is_ready(endpoint: Wire) -> bool:
    """Only ready endpoints get hints; the others take no traffic."""
    ready = (endpoint.get("conditions") or {}).get("ready")
    return ready is None or bool(ready)


def _with_hints(
    wanted: Callable[[Wire], Wire | None], create: Sequence[Wire], update: Sequence[Wire], unchanged: Sequence[Wire]
) -> Hinted:
    def hinted(piece: Wire) -> Wire:
        endpoints, changed = [], False
        for endpoint in piece.get("endpoints") or ():
            hints = wanted(endpoint)
            if (endpoint.get("hints") or None) != hints:
                changed = True
                endpoint = {key: value for key, value in endpoint.items() if key != "hints"}
                if hints is not None:
                    endpoint["hints"] = hints
            endpoints.append(endpoint)
        return {**piece, "endpoints": endpoints} if changed else piece

    result = Hinted([hinted(piece) for piece in create], [hinted(piece) for piece in update], [])
    for piece in unchanged:
        after = hinted(piece)
        (result.unchanged if after is piece else result.update).append(after)
    return result
