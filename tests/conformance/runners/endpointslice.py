"""Services and Pods → slices and Endpoints, against the results of upstream's own tests."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kubesim.api.objects import Service, Wire
from kubesim.controllers.endpoints.hints import ZONE_LABEL, cpu_shares, distribution_hints, hints_enabled, zone_hints
from kubesim.controllers.endpoints.legacy import MAX_ADDRESSES, endpoint_address, endpoints_object, truncate
from kubesim.controllers.endpoints.pods import EndpointPod, PortNotFoundError
from kubesim.controllers.endpoints.slices import (
    endpoint_of,
    endpoint_ports,
    labels_changed,
    new_slice,
    plan_slices,
    slice_labels,
)
from tests.conformance.result import Result, judged, view_of

Case = dict[str, Any]


def run(path: Path, document: list[Case]) -> Iterator[Result]:
    """One result a case."""
    return judged(document, _judge)


def _judge(case: Case) -> Iterator[Result]:
    expected, got = RUNNERS[case["func"]](case)
    yield Result(case["id"], expected == got, expected, got)


def _find_port(case: Case) -> tuple[Any, Any]:
    try:
        pod = EndpointPod.of({"metadata": {}, "spec": case["pod_spec"]})
        return case["output"], pod.port(case["target_port"], case["protocol"])
    except PortNotFoundError:
        return bool(case["error"]), True


def _belongs(case: Case) -> tuple[Any, Any]:
    return case["output"], EndpointPod.of(case["pod"]).belongs(include_terminating=case["include_terminating"])


def _hostname(case: Case) -> tuple[Any, Any]:
    return case["output"], EndpointPod.of(case["pod"]).has_own_name(view_of(case["service"], Service))


def _hints(case: Case) -> tuple[Any, Any]:
    return case["output"], hints_enabled(case["annotations"] or {})


def _labels(case: Case) -> tuple[Any, Any]:
    service = view_of(case["service"], Service)
    expected = (case["output"], case["updated"])
    return expected, (slice_labels(service), labels_changed(case["endpointslice"], service))


def _ports(case: Case) -> tuple[Any, Any]:
    got = endpoint_ports(view_of(case["service"], Service), EndpointPod.of(case["pod"]))
    return _unordered(case["output"]), _unordered(got)


def _new_slice(case: Case) -> tuple[Any, Any]:
    service = view_of(case["service"], Service)
    return _slice(case["output"]), _slice(new_slice(service, [{"name": "foo", "protocol": "TCP"}]))


def _endpoint(case: Case) -> tuple[Any, Any]:
    zone = _zone(case["node"] or {"metadata": {}})
    got = endpoint_of(EndpointPod.of(case["pod"]), zone, view_of(case["service"], Service), case["address_type"])
    return _point(case["output"]), _point(got)


def _zone(node: Wire) -> str:
    return str((node["metadata"].get("labels") or {}).get(ZONE_LABEL, ""))


def _address(case: Case) -> tuple[Any, Any]:
    got = endpoint_address(view_of(case["service"], Service), EndpointPod.of(case["pod"]))
    if case["error"]:
        return None, got
    return case["output"], got


def _truncate(case: Case) -> tuple[Any, Any]:
    subsets: list[Wire] = [
        {"addresses": [{"ip": "a"}] * ready, "notReadyAddresses": [{"ip": "b"}] * waiting}
        for ready, waiting in zip(case["ready_per_subset"], case["not_ready_per_subset"], strict=True)
    ]
    cut, _ = truncate(subsets, MAX_ADDRESSES)
    got = (
        [len(subset["addresses"]) for subset in cut],
        [len(subset["notReadyAddresses"]) for subset in cut],
    )
    return (case["out_ready"], case["out_not_ready"]), got


def _sync_endpoints(case: Case) -> tuple[Any, Any]:
    service = view_of(case["service"], Service)
    selector = service.spec.selector or {}
    pods = [EndpointPod.of(pod) for pod in case["pods"] or []]
    chosen = [pod for pod in pods if selector.items() <= pod.labels.items()]
    current = case["current_endpoints"]
    exists = current is not None and current["metadata"].get("resourceVersion") is not None
    got = endpoints_object(service, chosen, current if exists else None)
    return _endpoints(case["output"]), _endpoints(got)


def _endpoints(wire: Wire | None) -> Any:
    """Endpoints without what the trigger time and the order of lists add."""
    if wire is None:
        return None
    labels = (wire.get("metadata") or {}).get("labels") or {}
    subsets = []
    for subset in wire.get("subsets") or []:
        subsets.append(
            {
                "addresses": _unordered(_addresses(subset.get("addresses"))),
                "notReadyAddresses": _unordered(_addresses(subset.get("notReadyAddresses"))),
                "ports": _unordered(subset.get("ports")),
            }
        )
    return {"labels": labels, "subsets": _unordered(subsets)}


def _addresses(entries: list[Wire] | None) -> list[Wire]:
    return [
        {
            "ip": entry["ip"],
            "hostname": entry.get("hostname") or "",
            "nodeName": entry.get("nodeName") or "",
            "target": {k: v for k, v in (entry.get("targetRef") or {}).items() if k != "resourceVersion"},
        }
        for entry in entries or []
    ]


def _reconcile(case: Case) -> tuple[Any, Any]:
    service = view_of(case["service"], Service)
    nodes = case["nodes"] or []
    zones = {node["metadata"]["name"]: _zone(node) for node in nodes}
    pods = [EndpointPod.of(pod) for pod in case["pods"] or []]
    before = copy.deepcopy(case["namespace_slices_before"] or [])
    existing = copy.deepcopy(case["existing_slices"] or [])
    stored = [piece["metadata"]["name"] for piece in before if "name" in piece["metadata"]]
    for piece, name in zip(existing, stored, strict=False):
        piece["metadata"].setdefault("name", name)
        piece["metadata"].setdefault("namespace", service.metadata.namespace)
    names = {piece["metadata"]["name"] for piece in existing}
    others = [piece for piece in before if piece["metadata"].get("name") not in names | {None}]
    if service.metadata.deletionTimestamp:
        return _slices(case["namespace_slices_after"] or []), _slices(before)
    plan = plan_slices(service, pods, existing, zones, limit=case["max_endpoints_per_slice"])
    if case["topology_cache"] and hints_enabled(service.metadata.annotations or {}):
        hinted = zone_hints(cpu_shares(nodes), plan.create, plan.update, plan.unchanged)
    else:
        distribution = service.spec.trafficDistribution
        hinted = distribution_hints(distribution, plan.create, plan.update, plan.unchanged)
    gone = {piece["metadata"]["name"] for piece in plan.delete}
    changed = {piece["metadata"]["name"]: piece for piece in hinted.update}
    kept = [changed.get(s["metadata"]["name"], s) for s in existing if s["metadata"]["name"] not in gone]
    after = [*others, *kept, *hinted.create]
    shared_out = case["topology_cache"] and hints_enabled(service.metadata.annotations or {})
    shown = _shares if shared_out else _slices
    error = case["error"] or ""
    return (shown(case["namespace_slices_after"] or []), error), (shown(after), ", ".join(plan.problems))


def _shares(slices: list[Wire]) -> Any:
    """Slices whose zones' shares count, not which endpoint was given to another zone: that is left to chance."""
    bare = copy.deepcopy(slices)
    moves: Counter[tuple[str, str]] = Counter()
    for piece in bare:
        for endpoint in piece.get("endpoints") or []:
            hints = endpoint.pop("hints", None) or {}
            moves[endpoint.get("zone") or "", repr(hints.get("forZones"))] += 1
    return _slices(bare), sorted(moves.items())


def _reconcile_hints(case: Case) -> tuple[Any, Any]:
    groups = [copy.deepcopy(case[name] or []) for name in ("to_create", "to_update", "unchanged")]
    hinted = distribution_hints(case["traffic_distribution"], *groups)
    got = (hinted.create, hinted.update, hinted.unchanged)
    expected = [case[name] or [] for name in ("out_to_create", "out_to_update", "out_unchanged")]
    return [_slices(group) for group in expected], [_slices(group) for group in got]


def _slices(slices: list[Wire]) -> list[Any]:
    return _unordered([_slice(piece) for piece in slices])


def _slice(piece: Wire) -> Any:
    """A slice without names, uids, annotations' times and the order of its endpoints."""
    metadata = piece.get("metadata") or {}
    owners = [{k: v for k, v in owner.items() if v} for owner in metadata.get("ownerReferences") or []]
    return {
        "addressType": piece.get("addressType"),
        "labels": metadata.get("labels") or {},
        "namespace": metadata.get("namespace") or "",
        "owners": owners,
        "endpoints": _unordered([_point(endpoint) for endpoint in piece.get("endpoints") or []]),
        "ports": _unordered(
            [{k: v for k, v in port.items() if v not in (None, "")} for port in piece.get("ports") or []]
        ),
    }


def _point(endpoint: Wire) -> Wire:
    cleaned = {key: value for key, value in endpoint.items() if value not in (None, "", {})}
    if "targetRef" in cleaned:
        cleaned["targetRef"] = {k: v for k, v in cleaned["targetRef"].items() if k != "resourceVersion"}
    return cleaned


def _unordered(entries: list[Any] | None) -> list[Any]:
    return sorted(entries or [], key=lambda entry: repr(_canonical(entry)))


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted((key, _canonical(inner)) for key, inner in value.items())
    if isinstance(value, list):
        return [_canonical(inner) for inner in value]
    return value


RUNNERS: dict[str, Callable[[Case], tuple[Any, Any]]] = {
    "FindPort": _find_port,
    "Reconcile": _reconcile,
    "ShouldPodBeInEndpoints": _belongs,
    "ShouldSetHostname": _hostname,
    "endpoints.syncService": _sync_endpoints,
    "getEndpointPorts": _ports,
    "hintsEnabled": _hints,
    "newEndpointSlice": _new_slice,
    "podToEndpoint": _endpoint,
    "podToEndpointAddressForService": _address,
    "setEndpointSliceLabels": _labels,
    "trafficdist.ReconcileHints": _reconcile_hints,
    "truncateEndpoints": _truncate,
}
