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
