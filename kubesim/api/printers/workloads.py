"""Deployments, ReplicaSets, DaemonSets and StatefulSets: how many Pods are wanted, and how many are there."""

from __future__ import annotations

from typing import Any

from kubesim.api.objects import LabelSelector, PodTemplateSpec, Wire, view
from kubesim.api.printers.columns import (
    AGE,
    NAME,
    Cell,
    Printer,
    as_it_is,
    column,
    container_cells,
    label_map,
    label_selector,
    wide,
)
from kubesim.api.tables import Column


def _part(wire: Wire, *path: str) -> Any:
    """What stands at a path of the object; None where nothing does."""
    value: Any = wire
    for name in path:
        value = (value or {}).get(name)
    return value


def _status(name: str, field: str) -> tuple[Column, Cell[Wire]]:
    return column(name, lambda wire: _part(wire, "status", field) or 0, "integer")


def _wanted(wire: Wire) -> int:
    return _part(wire, "spec", "replicas") or 0


def _ready_of_wanted(wire: Wire) -> str:
    return f"{_part(wire, 'status', 'readyReplicas') or 0}/{_wanted(wire)}"


def _template(wire: Wire) -> tuple[str, str]:
    return container_cells(view(_part(wire, "spec", "template") or {}, PodTemplateSpec).spec.containers)


def _selector(wire: Wire) -> str:
    selector = _part(wire, "spec", "selector")
    return label_selector(None if selector is None else view(selector, LabelSelector))


def _deployment_selector(wire: Wire) -> str:
    """Upstream prints the raw string of a selector that it cannot read; the API refuses such selectors."""
    return _selector(wire) if _part(wire, "spec", "selector") is not None else ""


_CONTAINERS: tuple[tuple[Column, Cell[Wire]], ...] = (
    wide("Containers", lambda wire: _template(wire)[0]),
    wide("Images", lambda wire: _template(wire)[1]),
)
_SELECTOR = wide("Selector", _selector)

DEPLOYMENT = Printer(
    as_it_is,
    (
        NAME,
        column("Ready", _ready_of_wanted),
        _status("Up-to-date", "updatedReplicas"),
        _status("Available", "availableReplicas"),
        AGE,
        *_CONTAINERS,
        wide("Selector", _deployment_selector),
    ),
)
REPLICA_SET = Printer(
    as_it_is,
    (
        NAME,
        column("Desired", _wanted, "integer"),
        _status("Current", "replicas"),
        _status("Ready", "readyReplicas"),
        AGE,
        *_CONTAINERS,
        _SELECTOR,
    ),
)
DAEMON_SET = Printer(
    as_it_is,
    (
        NAME,
        _status("Desired", "desiredNumberScheduled"),
        _status("Current", "currentNumberScheduled"),
        _status("Ready", "numberReady"),
        _status("Up-to-date", "updatedNumberScheduled"),
        _status("Available", "numberAvailable"),
        column("Node Selector", lambda wire: label_map(_part(wire, "spec", "template", "spec", "nodeSelector"))),
        AGE,
        *_CONTAINERS,
        _SELECTOR,
    ),
)
STATEFUL_SET = Printer(as_it_is, (NAME, column("Ready", _ready_of_wanted), AGE, *_CONTAINERS))
