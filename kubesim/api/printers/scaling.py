"""HorizontalPodAutoscalers and PodDisruptionBudgets: how many Pods there may be, and how many may go."""

from __future__ import annotations

from collections.abc import Mapping

from kubesim.api.objects import Wire
from kubesim.api.printers.columns import AGE, NAME, NONE, Printer, as_it_is, column
from kubesim.api.printers.workloads import part

_UNKNOWN = "<unknown>"
_UNSET = "<unset>"
_SHOWN = 2
"""Metrics that a cell has room for."""


def _targets(wire: Wire) -> str:
    """Each metric as ``cpu: 20%/80%``: what it is and what it is to be."""
    specs, statuses = part(wire, "spec", "metrics") or (), part(wire, "status", "currentMetrics") or ()
    texts = [_metric(spec, statuses[index] if index < len(statuses) else {}) for index, spec in enumerate(specs)]
    if not texts:
        return NONE
    more = f" + {len(texts) - _SHOWN} more..." if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


def _metric(spec: Wire, status: Wire) -> str:
    kind = spec.get("type", "")
    field = kind[:1].lower() + kind[1:]
    source = spec.get(field) or {}
    target, current = source.get("target") or {}, (status.get(field) or {}).get("current") or {}
    if kind in ("Resource", "ContainerResource"):
        text = _measured(current, target, "averageValue") if "averageValue" in target else _share(current, target)
        return f"{source.get('name', '')}: {text}"
    if kind in ("External", "Object") and "averageValue" in target:
        return f"{_measured(current, target, 'averageValue')} (avg)"
    if kind in ("External", "Object"):
        return _measured(current, target, "value")
    return _measured(current, target, "averageValue") if kind == "Pods" else "<unknown type>"


def _measured(current: Mapping[str, str], target: Mapping[str, str], field: str) -> str:
    return f"{current.get(field, _UNKNOWN)}/{target.get(field, '')}"


def _share(current: Mapping[str, int], target: Mapping[str, int]) -> str:
    shown = [f"{each['averageUtilization']}%" if "averageUtilization" in each else "" for each in (current, target)]
    return f"{shown[0] or _UNKNOWN}/{shown[1] or '<auto>'}"


def _reference(wire: Wire) -> str:
    target = part(wire, "spec", "scaleTargetRef") or {}
    return f"{target.get('kind', '')}/{target.get('name', '')}"


def _least(wire: Wire) -> str:
    least = part(wire, "spec", "minReplicas")
    return _UNSET if least is None else str(least)


AUTOSCALER = Printer(
    as_it_is,
    (
        NAME,
        column("Reference", _reference),
        column("Targets", _targets),
        column("MinPods", _least),
        column("MaxPods", lambda wire: part(wire, "spec", "maxReplicas") or 0),
        column("Replicas", lambda wire: part(wire, "status", "currentReplicas") or 0),
        AGE,
    ),
)


def _bound(wire: Wire, field: str) -> str:
    value = part(wire, "spec", field)
    return "N/A" if value is None else str(value)


DISRUPTION_BUDGET = Printer(
    as_it_is,
    (
        NAME,
        column("Min Available", lambda wire: _bound(wire, "minAvailable")),
        column("Max Unavailable", lambda wire: _bound(wire, "maxUnavailable")),
        column("Allowed Disruptions", lambda wire: part(wire, "status", "disruptionsAllowed") or 0, "integer"),
        AGE,
    ),
)
