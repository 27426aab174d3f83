"""Deployment and ReplicaSet: a number of Pods made from one template."""

from __future__ import annotations

import msgspec

from kubesim.api.objects.base import IntOrString, View
from kubesim.api.objects.metadata import Condition, LabelSelector, ObjectMeta
from kubesim.api.objects.pod import PodTemplateSpec


class RollingUpdateDeployment(View):
    """apps/v1.RollingUpdateDeployment."""

    maxUnavailable: IntOrString | None = None
    maxSurge: IntOrString | None = None


class DeploymentStrategy(View):
    """apps/v1.DeploymentStrategy."""

    type: str = ""
    rollingUpdate: RollingUpdateDeployment | None = None


class DeploymentSpec(View):
    """apps/v1.DeploymentSpec."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplateSpec = msgspec.field(default_factory=PodTemplateSpec)
    strategy: DeploymentStrategy = msgspec.field(default_factory=DeploymentStrategy)
    minReadySeconds: int = 0
    revisionHistoryLimit: int | None = None
    paused: bool = False
    progressDeadlineSeconds: int | None = None


class DeploymentStatus(View):
    """apps/v1.DeploymentStatus."""

    observedGeneration: int = 0
    replicas: int = 0
    updatedReplicas: int = 0
    readyReplicas: int = 0
    availableReplicas: int = 0
    unavailableReplicas: int = 0
    terminatingReplicas: int | None = None
    conditions: list[Condition] | None = None
    collisionCount: int | None = None


class Deployment(View):
    """apps/v1.Deployment."""

    apiVersion: str = "apps/v1"
    kind: str = "Deployment"
    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)
    spec: DeploymentSpec = msgspec.field(default_factory=DeploymentSpec)
    status: DeploymentStatus = msgspec.field(default_factory=DeploymentStatus)


class ReplicaSetSpec(View):
    """apps/v1.ReplicaSetSpec."""

    replicas: int | None = None
    minReadySeconds: int = 0
    selector: LabelSelector | None = None
    template: PodTemplateSpec = msgspec.field(default_factory=PodTemplateSpec)


class ReplicaSetStatus(View):
    """apps/v1.ReplicaSetStatus."""

    replicas: int = 0
    fullyLabeledReplicas: int = 0
    readyReplicas: int = 0
    availableReplicas: int = 0
    terminatingReplicas: int | None = None
    observedGeneration: int = 0
    conditions: list[Condition] | None = None


class ReplicaSet(View):
    """apps/v1.ReplicaSet."""

    apiVersion: str = "apps/v1"
    kind: str = "ReplicaSet"
    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)
    spec: ReplicaSetSpec = msgspec.field(default_factory=ReplicaSetSpec)
    status: ReplicaSetStatus = msgspec.field(default_factory=ReplicaSetStatus)
