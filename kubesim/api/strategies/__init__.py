"""Strategies: what each kind does differently; see :mod:`kubesim.api.strategies.base`."""

from __future__ import annotations

from kubesim.api.allocators import PortAllocator
from kubesim.api.cluster_addresses import ClusterAddresses
from kubesim.api.resources import BY_KIND, RESOURCE_TYPES
from kubesim.api.store import Store
from kubesim.api.strategies.base import NOTHING, Strategy, Transaction
from kubesim.api.strategies.kinds import (
    EndpointSliceStrategy,
    EndpointsStrategy,
    GenerationStrategy,
    IngressStrategy,
    KeptStrategy,
    NamespaceStrategy,
    PodStrategy,
)
from kubesim.api.strategies.service import ServiceStrategy
from kubesim.api.strategies.service_allocation import ServiceAllocation
from kubesim.api.strategies.storage import CLAIM_PROTECTION, VOLUME_PROTECTION, StorageStrategy
from kubesim.api.strategies.workloads import (
    AutoscalerStrategy,
    DaemonSetStrategy,
    DeploymentStrategy,
    JobStrategy,
    StatefulSetStrategy,
)
from kubesim.simulation import Simulation

__all__ = ["NOTHING", "Strategy", "Transaction", "strategies"]


_PLAIN = frozenset({"ConfigMap", "ControllerRevision", "Event", "Node", "Secret", "ServiceAccount"})
"""Kinds that take what they are given: without a status, or with one that is theirs to change."""
_COUNTED = frozenset({
    "CustomResourceDefinition", "FlowSchema", "IngressClass", "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "NetworkPolicy", "PodTemplate", "PriorityClass",
    "PriorityLevelConfiguration", "ResourceSlice", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
})  # fmt: skip
"""Kinds whose ``metadata.generation`` counts."""


def strategies(
    simulation: Simulation, store: Store, addresses: ClusterAddresses, ports: PortAllocator
) -> dict[str, Strategy]:
    """The strategies of every kind that has its own."""
    allocation = ServiceAllocation(addresses, ports, simulation.random("service/dry-run"))
    own: dict[str, Strategy] = {
        "CronJob": GenerationStrategy(),
        "DaemonSet": DaemonSetStrategy(),
        "Deployment": DeploymentStrategy(),
        "EndpointSlice": EndpointSliceStrategy(),
        "Endpoints": EndpointsStrategy(),
        "HorizontalPodAutoscaler": AutoscalerStrategy(),
        "Ingress": IngressStrategy(BY_KIND["Ingress"], counted=True),
        "Job": JobStrategy(),
        "Namespace": NamespaceStrategy(),
        "PersistentVolume": StorageStrategy(VOLUME_PROTECTION),
        "PersistentVolumeClaim": StorageStrategy(CLAIM_PROTECTION),
        "Pod": PodStrategy(),
        "PodDisruptionBudget": GenerationStrategy(
            "currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods"
        ),
        "ReplicaSet": GenerationStrategy("replicas"),
        "ReplicationController": GenerationStrategy("replicas"),
        "Service": ServiceStrategy(allocation, store),
        "StatefulSet": StatefulSetStrategy(),
    }
    plain = [resource for resource in RESOURCE_TYPES if resource.kind not in (*own, *_PLAIN)]
    return own | {each.kind: KeptStrategy(each, counted=each.kind in _COUNTED) for each in plain}
