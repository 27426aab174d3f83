"""``kubectl describe``: what a person wants to know of one object, and the events about it.

One module a family of kinds; each function writes one kind into a :class:`~kubesim.kubectl.describe.text.Text`.
Upstream: ``k8s.io/kubectl/pkg/describe``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from kubesim.api.objects import Wire
from kubesim.kubectl.describe import access, batch, networking, plain, scaling, storage, workloads
from kubesim.kubectl.describe.node import node
from kubesim.kubectl.describe.pod import pod
from kubesim.kubectl.describe.service import endpoint_slice, endpoints, service
from kubesim.kubectl.describe.surroundings import Surroundings
from kubesim.kubectl.describe.text import Text

Describer = Callable[[Wire, Surroundings, Text], None]

DESCRIBERS: Mapping[str, Describer] = MappingProxyType(
    {
        "ClusterRole": access.role,
        "ClusterRoleBinding": access.binding,
        "ConfigMap": plain.config_map,
        "CronJob": batch.cron_job,
        "DaemonSet": workloads.daemon_set,
        "Deployment": workloads.deployment,
        "EndpointSlice": endpoint_slice,
        "Endpoints": endpoints,
        "HorizontalPodAutoscaler": scaling.autoscaler,
        "IPAddress": networking.ip_address,
        "Ingress": networking.ingress,
        "IngressClass": networking.ingress_class,
        "Job": batch.job,
        "LimitRange": access.limit_range,
        "Namespace": plain.namespace,
        "NetworkPolicy": networking.network_policy,
        "Node": node,
        "PersistentVolume": storage.persistent_volume,
        "PersistentVolumeClaim": storage.persistent_volume_claim,
        "Pod": pod,
        "PodDisruptionBudget": scaling.disruption_budget,
        "PriorityClass": access.priority_class,
        "ReplicaSet": workloads.replica_set,
        "ReplicationController": workloads.replication_controller,
        "ResourceQuota": access.quota,
        "Role": access.role,
        "RoleBinding": access.binding,
        "Secret": plain.secret,
        "Service": service,
        "ServiceAccount": plain.service_account,
        "ServiceCIDR": networking.service_cidr,
        "StatefulSet": workloads.stateful_set,
        "StorageClass": access.storage_class,
        "VolumeAttributesClass": access.volume_attributes_class,
    }
)
"""The describer of each kind; other kinds are described field by field."""


def describe(wire: Wire, around: Surroundings) -> str:
    """The description of one object."""
    text = Text()
    DESCRIBERS.get(wire["kind"], plain.anything)(wire, around, text)
    return str(text)


__all__ = ["DESCRIBERS", "Describer", "Surroundings", "describe"]
