"""Defaults of the kinds that make Pods."""

from __future__ import annotations

from kubesim.api.defaults.pod import pod_spec_defaults
from kubesim.api.objects import Wire


def deployment_defaults(wire: Wire) -> None:
    """One replica, a rolling update of a quarter at a time, ten old ReplicaSets kept, ten minutes to progress."""
    spec = _workload(wire)
    strategy = spec.setdefault("strategy", {})
    strategy["type"] = strategy.get("type") or "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.get("rollingUpdate") or {}
        strategy["rollingUpdate"] = rolling
        for name in ("maxUnavailable", "maxSurge"):
            if rolling.get(name) is None:
                rolling[name] = "25%"
    _default(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)


def replica_set_defaults(wire: Wire) -> None:
    """One replica."""
    _default(_workload(wire), replicas=1)


def daemon_set_defaults(wire: Wire) -> None:
    """A rolling update of one node at a time."""
    spec = _workload(wire)
    strategy = spec.setdefault("updateStrategy", {})
    strategy["type"] = strategy.get("type") or "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.get("rollingUpdate") or {}
        strategy["rollingUpdate"] = rolling
        _default(rolling, maxUnavailable=1, maxSurge=0)
    _default(spec, revisionHistoryLimit=10)


def stateful_set_defaults(wire: Wire) -> None:
    """One replica at a time, in order; claims outlive everything."""
    spec = _workload(wire)
    spec["podManagementPolicy"] = spec.get("podManagementPolicy") or "OrderedReady"
    strategy = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.get("rollingUpdate") or {}
        strategy["rollingUpdate"] = rolling
        _default(rolling, partition=0)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    _default(retention, whenDeleted="Retain", whenScaled="Retain")
    _default(spec, replicas=1, revisionHistoryLimit=10)


def _workload(wire: Wire) -> Wire:
    spec: Wire = wire.setdefault("spec", {})
    template = spec.setdefault("template", {})
    pod_spec_defaults(template.setdefault("spec", {}))
    return spec


def _default(wire: Wire, **values: int | str) -> None:
    for name, value in values.items():
        if wire.get(name) is None:
            wire[name] = value
