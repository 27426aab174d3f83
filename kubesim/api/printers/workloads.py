"""Deployments, ReplicaSets, DaemonSets and StatefulSets: how many Pods are wanted, and how many are there."""

from __future__ import annotations

from datetime import datetime

from kubesim.api.durations import since
from kubesim.api.objects import Deployment, LabelSelector, PodTemplateSpec, ReplicaSet, Wire, view
from kubesim.api.printers.columns import (
    AGE,
    NAME,
    Cells,
    Printer,
    column,
    container_cells,
    label_map,
    label_selector,
    wide,
)


def _deployment(wire: Wire, now: datetime, with_wide: bool) -> Cells:
    deployment = view(wire, Deployment)
    spec, status = deployment.spec, deployment.status
    narrow = (
        deployment.metadata.name,
        f"{status.readyReplicas}/{spec.replicas or 0}",
        status.updatedReplicas,
        status.availableReplicas,
        since(deployment.metadata.creationTimestamp, now),
    )
    if not with_wide:
        return narrow
    # Upstream prints the raw string of a selector that it cannot read; the API refuses such selectors.
    return (*narrow, *container_cells(spec.template.spec.containers), _selector(spec.selector))


def _replica_set(wire: Wire, now: datetime, with_wide: bool) -> Cells:
    replica_set = view(wire, ReplicaSet)
    spec, status = replica_set.spec, replica_set.status
    narrow = (
        replica_set.metadata.name,
        spec.replicas or 0,
        status.replicas,
        status.readyReplicas,
        since(replica_set.metadata.creationTimestamp, now),
    )
    if not with_wide:
        return narrow
    return (*narrow, *container_cells(spec.template.spec.containers), label_selector(spec.selector))


def _selector(selector: LabelSelector | None) -> str:
    return "" if selector is None else label_selector(selector)


def _template(wire: Wire) -> tuple[tuple[str, str], LabelSelector | None]:
    spec = wire.get("spec") or {}
    template = view(spec.get("template") or {}, PodTemplateSpec)
    selector = view(spec["selector"], LabelSelector) if spec.get("selector") is not None else None
    return container_cells(template.spec.containers), selector


def _daemon_set(wire: Wire, now: datetime, with_wide: bool) -> Cells:
    metadata, spec, status = wire.get("metadata") or {}, wire.get("spec") or {}, wire.get("status") or {}
    node_selector = ((spec.get("template") or {}).get("spec") or {}).get("nodeSelector")
    narrow = (
        metadata.get("name", ""),
        status.get("desiredNumberScheduled", 0),
        status.get("currentNumberScheduled", 0),
        status.get("numberReady", 0),
        status.get("updatedNumberScheduled", 0),
        status.get("numberAvailable", 0),
        label_map(node_selector),
        since(metadata.get("creationTimestamp"), now),
    )
    if not with_wide:
        return narrow
    containers, selector = _template(wire)
    return (*narrow, *containers, label_selector(selector))


def _stateful_set(wire: Wire, now: datetime, with_wide: bool) -> Cells:
    metadata, spec, status = wire.get("metadata") or {}, wire.get("spec") or {}, wire.get("status") or {}
    narrow = (
        metadata.get("name", ""),
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas') or 0}",
        since(metadata.get("creationTimestamp"), now),
    )
    return (*narrow, *_template(wire)[0]) if with_wide else narrow


_CONTAINERS = (wide("Containers"), wide("Images"))
_SELECTOR = wide("Selector")

DEPLOYMENT = Printer(
    (
        NAME, column("Ready"), column("Up-to-date", "integer"), column("Available", "integer"), AGE,
        *_CONTAINERS, _SELECTOR,
    ),
    _deployment,
)  # fmt: skip
REPLICA_SET = Printer(
    (
        NAME, column("Desired", "integer"), column("Current", "integer"), column("Ready", "integer"), AGE,
        *_CONTAINERS, _SELECTOR,
    ),
    _replica_set,
)  # fmt: skip
DAEMON_SET = Printer(
    (
        NAME, column("Desired", "integer"), column("Current", "integer"), column("Ready", "integer"),
        column("Up-to-date", "integer"), column("Available", "integer"), column("Node Selector"), AGE,
        *_CONTAINERS, _SELECTOR,
    ),
    _daemon_set,
)  # fmt: skip
STATEFUL_SET = Printer((NAME, column("Ready"), AGE, *_CONTAINERS), _stateful_set)
