"""Budgets, autoscalers, volumes, claims, revisions and ReplicationControllers, one rule a row. Expected: upstream's
words in ``pkg/apis/{policy,autoscaling,core,apps}/validation``."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from tests.api.validation.objects import changed, valid, verdict

NEGATIVE = "must be greater than or equal to 0"
CASES: list[tuple[str, str, Any, list[str]]] = [
    ("PodDisruptionBudget", "spec/minAvailable", -1, [f"spec.minAvailable: Invalid value: -1: {NEGATIVE}"]),
    ("PodDisruptionBudget", "spec/minAvailable", "101%", ['spec.minAvailable: Invalid value: "101%": must not be greater than 100%']),
    ("PodDisruptionBudget", "spec/minAvailable", "50%", []),
    ("PodDisruptionBudget", "spec/maxUnavailable", 1, ['spec: Invalid value: {"MinAvailable":1,"Selector":{"matchLabels":{"app":"web"}},"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set']),
    ("PodDisruptionBudget", "spec/unhealthyPodEvictionPolicy", "Odd", ['spec.unhealthyPodEvictionPolicy: Unsupported value: "Odd": supported values: "AlwaysAllow", "IfHealthyBudget"']),
    ("HorizontalPodAutoscaler", "spec/minReplicas", 0, ["spec.minReplicas: Invalid value: 0: must be greater than or equal to 1"]),
    ("HorizontalPodAutoscaler", "spec/maxReplicas", 0, ["spec.maxReplicas: Invalid value: 0: must be greater than 0", "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`"]),
    ("HorizontalPodAutoscaler", "spec/scaleTargetRef/name", "", ["spec.scaleTargetRef.name: Required value"]),
    ("HorizontalPodAutoscaler", "spec/metrics", [{"type": "Pods"}], ["spec.metrics[0].pods: Required value: must populate information for the given metric source"]),
    ("PersistentVolumeClaim", "spec/accessModes", [], ["spec.accessModes: Required value: at least 1 access mode is required"]),
    ("PersistentVolumeClaim", "spec/accessModes", ["Odd"], ['spec.accessModes: Unsupported value: "Odd": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"']),
    ("PersistentVolumeClaim", "spec/resources", {}, ["spec.resources[storage]: Required value"]),
    ("PersistentVolume", "spec/capacity", {}, ["spec.capacity: Required value"]),
    ("PersistentVolume", "spec/hostPath", ..., ["spec: Required value: must specify a volume type"]),
    ("PersistentVolume", "spec/persistentVolumeReclaimPolicy", "Odd", ['spec.persistentVolumeReclaimPolicy: Unsupported value: "Odd": supported values: "Delete", "Recycle", "Retain"']),
    ("ControllerRevision", "revision", -1, [f"revision: Invalid value: -1: {NEGATIVE}"]),
    ("ControllerRevision", "data", ..., ["data: Required value: data is mandatory"]),
    ("ReplicationController", "spec/replicas", -1, [f"spec.replicas: Invalid value: -1: {NEGATIVE}"]),
    ("ReplicationController", "spec/selector", {"app": "z"}, ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`']),
    ("ReplicationController", "spec/template", ..., ["spec.template: Required value"]),
    ("ReplicationController", "spec/template/spec/restartPolicy", "Never", ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"']),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "value", "expected"), CASES)
def test_one_broken_field(kind: str, path: str, value: Any, expected: list[str]) -> None:
    assert verdict(kind, changed(valid(kind), path, value)) == expected


SEGMENT = "may not contain '/'"
METRIC = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 1}}}
MODES = "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"
MORE: list[tuple[str, str, Any, list[str]]] = [
    ("HorizontalPodAutoscaler", "metadata/name", "a.b", []),
    ("HorizontalPodAutoscaler", "spec/minReplicas", 3, []),
    ("HorizontalPodAutoscaler", "spec/minReplicas", 4, ["spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`"]),
    ("HorizontalPodAutoscaler", "spec/maxReplicas", 1, []),
    ("HorizontalPodAutoscaler", "spec/scaleTargetRef/kind", "", ["spec.scaleTargetRef.kind: Required value"]),
    ("HorizontalPodAutoscaler", "spec/scaleTargetRef/kind", "a/b", [f'spec.scaleTargetRef.kind: Invalid value: "a/b": {SEGMENT}']),
    ("HorizontalPodAutoscaler", "spec/scaleTargetRef/name", "..", ["spec.scaleTargetRef.name: Invalid value: \"..\": may not be '..'"]),
    ("HorizontalPodAutoscaler", "spec/scaleTargetRef", {}, ["spec.scaleTargetRef.kind: Required value", "spec.scaleTargetRef.name: Required value"]),
    ("HorizontalPodAutoscaler", "spec/metrics", [METRIC], []),
    ("HorizontalPodAutoscaler", "spec/metrics", [METRIC, {}], ["spec.metrics[1].type: Required value: must specify a metric source type"]),
    ("HorizontalPodAutoscaler", "spec/metrics", [{"type": "Odd"}], ['spec.metrics[0].type: Unsupported value: "Odd": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"']),
    ("HorizontalPodAutoscaler", "spec/metrics", [{"type": "ContainerResource"}], ["spec.metrics[0].containerResource: Required value: must populate information for the given metric source"]),
    ("HorizontalPodAutoscaler", "spec/metrics", [{"type": "Resource", "resource": {}}], ["spec.metrics[0].resource.name: Required value: must specify a resource name", "spec.metrics[0].resource.target.type: Required value: must specify a metric target type"]),
    ("HorizontalPodAutoscaler", "spec/metrics", [{"type": "ContainerResource", "containerResource": {"target": {"type": "Value"}}}], ["spec.metrics[0].containerResource.name: Required value: must specify a resource name"]),
    ("HorizontalPodAutoscaler", "spec/metrics", [{"type": "Pods", "pods": {"target": {"type": "AverageValue"}}}], []),
    ("HorizontalPodAutoscaler", "spec/metrics", [{"type": "Pods", "pods": {"target": {"type": "Odd"}}}], ['spec.metrics[0].pods.target.type: Invalid value: "Odd": must be either Utilization, Value, or AverageValue']),
    ("HorizontalPodAutoscaler", "spec/metrics/0/resource/target/averageUtilization", 0, ["spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0"]),
    ("PersistentVolumeClaim", "spec/accessModes", ["ReadWriteOncePod"], []),
    ("PersistentVolumeClaim", "spec/accessModes", ["ReadWriteOnce", "ReadWriteOncePod"], ["spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"]),
    ("PersistentVolumeClaim", "spec/accessModes", list(MODES[:3]), []),
    ("PersistentVolumeClaim", "spec/resources", {"requests": {}}, ["spec.resources[storage]: Required value"]),
    ("PersistentVolumeClaim", "spec/volumeMode", "Odd", ['spec.volumeMode: Unsupported value: "Odd": supported values: "Block", "Filesystem"']),
    ("PersistentVolumeClaim", "spec/volumeMode", "Block", []),
    ("PersistentVolumeClaim", "spec/selector", {"matchExpressions": [{"key": "a", "operator": "Odd"}]}, ['spec.selector.matchExpressions[0].operator: Invalid value: "Odd": not a valid selector operator']),
    ("PersistentVolume", "metadata/namespace", "default", ["metadata.namespace: Forbidden: not allowed on this type"]),
    ("PersistentVolume", "spec/capacity", {"cpu": "1"}, ['spec.capacity: Unsupported value: {"cpu":"1"}: supported values: "storage"']),
    ("PersistentVolume", "spec/nfs", {"server": "a", "path": "/"}, ["spec.nfs: Forbidden: may not specify more than 1 volume type"]),
    ("PersistentVolume", "spec/volumeMode", "Odd", ['spec.volumeMode: Unsupported value: "Odd": supported values: "Block", "Filesystem"']),
    ("PersistentVolume", "spec/persistentVolumeReclaimPolicy", "Delete", []),
    ("PersistentVolume", "spec/persistentVolumeReclaimPolicy", "Recycle", []),
    ("PersistentVolume", "spec/claimRef", {"name": "c", "namespace": "default"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "value", "expected"), MORE)
def test_another_broken_field(kind: str, path: str, value: Any, expected: list[str]) -> None:
    assert verdict(kind, changed(valid(kind), path, value)) == expected


FIXED = "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
LARGER = {"requests": {"storage": "2Gi"}}


@pytest.mark.parametrize(
    ("bound", "path", "value", "expected"),
    [
        (False, "spec/volumeName", "v", []),
        (False, "spec/resources", LARGER, [FIXED]),
        (True, "spec/resources", LARGER, []),
        (True, "spec/volumeAttributesClassName", "gold", []),
        (True, "spec/volumeName", "w", [FIXED]),
        (True, "spec/accessModes", ["ReadWriteMany"], [FIXED]),
    ],
)
def test_what_of_a_claim_may_change(bound: bool, path: str, value: Any, expected: list[str]) -> None:
    old = valid("PersistentVolumeClaim")
    old = changed(old, "spec/volumeName", "v") if bound else old
    assert verdict("PersistentVolumeClaim", changed(old, path, value), old) == expected


def test_where_a_volume_is_never_changes() -> None:
    old, fixed = valid("PersistentVolume"), "spec.persistentvolumesource is immutable after creation"
    problem = f"spec.persistentvolumesource: Forbidden: {fixed}"
    assert verdict("PersistentVolume", changed(old, "spec/hostPath/path", "/other"), old) == [problem]
    assert verdict("PersistentVolume", changed(old, "spec/capacity/storage", "2Gi"), old) == []
