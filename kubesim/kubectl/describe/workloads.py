"""What makes Pods that run for ever: how many Pods, from which template, and how they fare."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from kubesim.api.objects import (
    Condition,
    Deployment,
    LabelSelector,
    ObjectMeta,
    Pod,
    PodTemplateSpec,
    ReplicaSet,
    Wire,
    view,
)
from kubesim.api.printers.columns import label_map, label_selector
from kubesim.kubectl.describe.surroundings import Surroundings, events_of
from kubesim.kubectl.describe.text import Text, annotation_lines, controller, labels, moment
from kubesim.kubectl.describe.volumes import pod_template

HASH_LABEL = "pod-template-hash"


def deployment(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a Deployment."""
    it = view(wire, Deployment)
    spec, status = it.spec, it.status
    text.line(0, "Name:", it.metadata.name)
    text.line(0, "Namespace:", it.metadata.namespace)
    text.line(0, "CreationTimestamp:", moment(it.metadata.creationTimestamp))
    labels(text, "Labels", it.metadata.labels)
    annotation_lines(text, "Annotations", it.metadata.annotations)
    text.line(0, "Selector:", label_selector(spec.selector))
    text.line(
        0,
        "Replicas:",
        f"{spec.replicas or 0} desired | {status.updatedReplicas} updated | {status.replicas} total | "
        f"{status.availableReplicas} available | {status.unavailableReplicas} unavailable",
    )
    text.line(0, "StrategyType:", spec.strategy.type)
    text.line(0, "MinReadySeconds:", spec.minReadySeconds)
    rolling = spec.strategy.rollingUpdate
    if rolling is not None:
        text.line(
            0, "RollingUpdateStrategy:", f"{rolling.maxUnavailable} max unavailable, {rolling.maxSurge} max surge"
        )
    pod_template(spec.template, text)
    _conditions(status.conditions, text)
    old, new = _replica_sets(wire, around)
    text.line(0, "OldReplicaSets:", _created(old))
    text.line(0, "NewReplicaSet:", _created(new))
    events_of(text, wire, around)


def _conditions(conditions: Sequence[Condition] | None, text: Text) -> None:
    if conditions:
        text.line(0, "Conditions:")
        rows = ((f"{each.type} ", each.status, each.reason) for each in conditions)
        text.table(1, ("Type", "Status", "Reason"), rows)


def _replica_sets(wire: Wire, around: Surroundings) -> tuple[list[Wire], list[Wire]]:
    """The ReplicaSets of older templates, and the one of the present template."""
    metadata = wire["metadata"]
    owned = [
        each
        for each in around.objects.list("ReplicaSet", metadata.get("namespace"))
        if any(owner.get("uid") == metadata.get("uid") for owner in each["metadata"].get("ownerReferences") or ())
    ]
    owned.sort(key=lambda each: (each["metadata"].get("creationTimestamp") or "", each["metadata"]["name"]))
    template = _comparable(wire)
    new = next((each for each in owned if _comparable(each) == template), None)
    return [each for each in owned if each is not new], [] if new is None else [new]


def _comparable(wire: Wire) -> Wire:
    template: Wire = copy.deepcopy((wire.get("spec") or {}).get("template") or {})
    metadata = template.get("metadata") or {}
    metadata.pop("creationTimestamp", None)
    (metadata.get("labels") or {}).pop(HASH_LABEL, None)
    return {**template, "metadata": metadata}


def _created(replica_sets: Sequence[Wire]) -> str:
    texts = []
    for wire in replica_sets:
        it = view(wire, ReplicaSet)
        texts.append(f"{it.metadata.name} ({it.status.replicas}/{it.spec.replicas or 0} replicas created)")
    return ", ".join(texts) or "<none>"


def replica_set(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a ReplicaSet."""
    it = view(wire, ReplicaSet)
    text.line(0, "Name:", it.metadata.name)
    text.line(0, "Namespace:", it.metadata.namespace)
    text.line(0, "Selector:", label_selector(it.spec.selector))
    labels(text, "Labels", it.metadata.labels)
    annotation_lines(text, "Annotations", it.metadata.annotations)
    text.given("Controlled By:", controller(it.metadata.ownerReferences))
    text.line(0, "Replicas:", f"{it.status.replicas} current / {it.spec.replicas or 0} desired")
    text.line(0, "Pods Status:", _phases(wire, around))
    pod_template(it.spec.template, text)
    _conditions(it.status.conditions, text)
    events_of(text, wire, around)


def replication_controller(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a ReplicationController."""
    metadata, spec, status = view(wire["metadata"], ObjectMeta), wire.get("spec") or {}, wire.get("status") or {}
    text.line(0, "Name:", metadata.name)
    text.line(0, "Namespace:", metadata.namespace)
    text.line(0, "Selector:", label_map(spec.get("selector")))
    labels(text, "Labels", metadata.labels)
    annotation_lines(text, "Annotations", metadata.annotations)
    text.line(0, "Replicas:", f"{status.get('replicas', 0)} current / {spec.get('replicas', 0)} desired")
    text.line(0, "Pods Status:", _phases(wire, around))
    pod_template(view(spec.get("template") or {}, PodTemplateSpec), text)
    _conditions([view(each, Condition) for each in status.get("conditions") or ()], text)
    events_of(text, wire, around)


def stateful_set(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a StatefulSet."""
    metadata, spec, status = view(wire["metadata"], ObjectMeta), wire.get("spec") or {}, wire.get("status") or {}
    strategy = spec.get("updateStrategy") or {}
    text.line(0, "Name:", metadata.name)
    text.line(0, "Namespace:", metadata.namespace)
    text.line(0, "CreationTimestamp:", moment(metadata.creationTimestamp))
    text.line(0, "Selector:", label_selector(view(spec.get("selector") or {}, LabelSelector)))
    labels(text, "Labels", metadata.labels)
    annotation_lines(text, "Annotations", metadata.annotations)
    text.line(0, "Replicas:", f"{spec.get('replicas', 0)} desired | {status.get('replicas', 0)} total")
    text.line(0, "Update Strategy:", strategy.get("type", ""))
    rolling = strategy.get("rollingUpdate") or {}
    if "partition" in rolling:
        text.line(1, "Partition:", rolling["partition"])
        if "maxUnavailable" in rolling:
            text.line(1, "MaxUnavailable:", rolling["maxUnavailable"])
    text.line(0, "Pods Status:", _phases(wire, around))
    pod_template(view(spec.get("template") or {}, PodTemplateSpec), text)
    _claim_templates(spec.get("volumeClaimTemplates") or (), text)
    events_of(text, wire, around)


def _claim_templates(templates: Sequence[Wire], text: Text) -> None:
    text.line(0, "Volume Claims:", *(() if templates else ("<none>",)))
    for template in templates:
        metadata, spec = view(template["metadata"], ObjectMeta), template["spec"]
        text.line(1, "Name:", metadata.name)
        text.line(1, "StorageClass:", spec.get("storageClassName", ""))
        labels(text, "  Labels", metadata.labels)
        annotation_lines(text, "  Annotations", metadata.annotations)
        requests = (spec.get("resources") or {}).get("requests") or {}
        text.line(1, "Capacity:", requests.get("storage", "<default>"))
        text.line(1, "Access Modes:", f"[{' '.join(spec.get('accessModes') or ())}]")


def daemon_set(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a DaemonSet."""
    metadata, spec, status = view(wire["metadata"], ObjectMeta), wire.get("spec") or {}, wire.get("status") or {}
    template = view(spec.get("template") or {}, PodTemplateSpec)
    text.line(0, "Name:", metadata.name)
    text.line(0, "Namespace:", metadata.namespace)
    text.line(0, "Selector:", label_selector(view(spec.get("selector") or {}, LabelSelector)))
    text.line(0, "Node-Selector:", label_map(template.spec.nodeSelector))
    labels(text, "Labels", metadata.labels)
    annotation_lines(text, "Annotations", metadata.annotations)
    for title, field in (
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ):
        text.line(0, f"{title}: {status.get(field, 0)}")
    text.line(0, "Pods Status:", _phases(wire, around))
    pod_template(template, text)
    events_of(text, wire, around)


def _phases(wire: Wire, around: Surroundings) -> str:
    counts = {"Running": 0, "Pending": 0, "Succeeded": 0, "Failed": 0}
    uid = wire["metadata"].get("uid")
    for pod in around.objects.list("Pod", wire["metadata"].get("namespace")):
        each = view(pod, Pod)
        owners = each.metadata.ownerReferences or ()
        if any(owner.controller and owner.uid == uid for owner in owners):
            counts[each.status.phase] = counts.get(each.status.phase, 0) + 1
    running, waiting, succeeded, failed = (counts[key] for key in ("Running", "Pending", "Succeeded", "Failed"))
    return f"{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed"
