"""What makes Pods that run for ever: how many are wanted, and how many are there; and the revisions of templates."""

from __future__ import annotations

from typing import Any

from kubesim.api.objects import LabelSelector, PodTemplateSpec, Wire, view
from kubesim.api.printers.columns import (
    AGE,
    NAME,
    NONE,
    Cell,
    Printer,
    as_it_is,
    column,
    container_cells,
    label_map,
    label_selector,
    wide,
)
from kubesim.api.resources import kind_type
from kubesim.api.tables import Column


def part(wire: Wire, *path: str) -> Any:
    """What stands at a path of the object; None where nothing does."""
    value: Any = wire
    for name in path:
        value = (value or {}).get(name)
    return value


def _status(name: str, field: str) -> tuple[Column, Cell[Wire]]:
    return column(name, lambda wire: part(wire, "status", field) or 0, "integer")


def _wanted(wire: Wire) -> int:
    return part(wire, "spec", "replicas") or 0


def _ready_of_wanted(wire: Wire) -> str:
    return f"{part(wire, 'status', 'readyReplicas') or 0}/{_wanted(wire)}"


def containers_of(template: Wire | None) -> tuple[str, str]:
    """The names and the images of a template's containers."""
    return container_cells(view(template or {}, PodTemplateSpec).spec.containers)


def _template(wire: Wire) -> tuple[str, str]:
    return containers_of(part(wire, "spec", "template"))


def selector_cell(selector: Wire | None) -> str:
    """A selector in its wire form, as ``-l`` takes it."""
    return label_selector(None if selector is None else view(selector, LabelSelector))


def _selector(wire: Wire) -> str:
    return selector_cell(part(wire, "spec", "selector"))


def _controller(wire: Wire) -> str:
    """``statefulset.apps/web``."""
    owners = wire["metadata"].get("ownerReferences") or ()
    owner = next((each for each in owners if each.get("controller")), None)
    if owner is None:
        return NONE
    known = kind_type(owner.get("apiVersion"), owner.get("kind"))
    return f"{known.qualified_singular if known is not None else owner.get('kind', '').lower()}/{owner.get('name', '')}"


def _deployment_selector(wire: Wire) -> str:
    """Upstream prints the raw string of a selector that it cannot read; the API refuses such selectors."""
    return _selector(wire) if part(wire, "spec", "selector") is not None else ""


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
_REPLICAS: tuple[tuple[Column, Cell[Wire] | None], ...] = (
    NAME,
    column("Desired", _wanted, "integer"),
    _status("Current", "replicas"),
    _status("Ready", "readyReplicas"),
    AGE,
    *_CONTAINERS,
)
REPLICA_SET = Printer(as_it_is, (*_REPLICAS, _SELECTOR))
REPLICATION_CONTROLLER = Printer(
    as_it_is, (*_REPLICAS, wide("Selector", lambda wire: label_map(part(wire, "spec", "selector"))))
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
        column("Node Selector", lambda wire: label_map(part(wire, "spec", "template", "spec", "nodeSelector"))),
        AGE,
        *_CONTAINERS,
        _SELECTOR,
    ),
)
SCALE = Printer(as_it_is, (NAME, column("Desired", _wanted, "integer"), _status("Available", "replicas"), AGE))
STATEFUL_SET = Printer(as_it_is, (NAME, column("Ready", _ready_of_wanted), AGE, *_CONTAINERS))
CONTROLLER_REVISION = Printer(
    as_it_is,
    (
        NAME,
        column("Controller", _controller),
        column("Revision", lambda wire: wire.get("revision") or 0, "integer"),
        AGE,
    ),
)
