"""Validation: every rule an object must meet before the API server stores it.

Validators are pure functions from the new wire form (with defaults applied), and the old one on an update, to a list of
problems in upstream's order and words.
"""

from __future__ import annotations

from collections.abc import Callable

from kubesim.api.errors import FieldError
from kubesim.api.objects import Wire
from kubesim.api.resources import RESOURCE_TYPES
from kubesim.api.validation.access import validate_role, validate_role_binding
from kubesim.api.validation.autoscaling import validate_autoscaler
from kubesim.api.validation.batch import validate_cron_job, validate_job
from kubesim.api.validation.classes import (
    named,
    validate_lease,
    validate_priority_class,
    validate_resource_quota,
    validate_runtime_class,
    validate_storage_class,
)
from kubesim.api.validation.configuration import (
    validate_config_map,
    validate_namespace,
    validate_secret,
    validate_service_account,
)
from kubesim.api.validation.disruption import validate_disruption_budget
from kubesim.api.validation.endpoints import validate_endpoint_slice, validate_endpoints
from kubesim.api.validation.ingress import validate_ingress, validate_ingress_class
from kubesim.api.validation.network_policy import validate_network_policy
from kubesim.api.validation.node import validate_node
from kubesim.api.validation.pod_update import validate_pod
from kubesim.api.validation.service import validate_service
from kubesim.api.validation.service_ranges import validate_ip_address, validate_service_cidr
from kubesim.api.validation.storage import validate_persistent_volume, validate_persistent_volume_claim
from kubesim.api.validation.workload import (
    validate_controller_revision,
    validate_daemon_set,
    validate_deployment,
    validate_replica_set,
    validate_replication_controller,
    validate_stateful_set,
)

Validator = Callable[[Wire, Wire | None], list[FieldError]]

_VALIDATORS: dict[str, Validator] = {
    "ClusterRole": validate_role,
    "ClusterRoleBinding": validate_role_binding,
    "ConfigMap": validate_config_map,
    "ControllerRevision": validate_controller_revision,
    "CronJob": validate_cron_job,
    "DaemonSet": validate_daemon_set,
    "Deployment": validate_deployment,
    "Endpoints": validate_endpoints,
    "EndpointSlice": validate_endpoint_slice,
    "HorizontalPodAutoscaler": validate_autoscaler,
    "IPAddress": validate_ip_address,
    "Ingress": validate_ingress,
    "IngressClass": validate_ingress_class,
    "Job": validate_job,
    "Lease": validate_lease,
    "Namespace": validate_namespace,
    "NetworkPolicy": validate_network_policy,
    "Node": validate_node,
    "PersistentVolume": validate_persistent_volume,
    "PersistentVolumeClaim": validate_persistent_volume_claim,
    "Pod": validate_pod,
    "PodDisruptionBudget": validate_disruption_budget,
    "PriorityClass": validate_priority_class,
    "ReplicaSet": validate_replica_set,
    "ReplicationController": validate_replication_controller,
    "ResourceQuota": validate_resource_quota,
    "Role": validate_role,
    "RoleBinding": validate_role_binding,
    "RuntimeClass": validate_runtime_class,
    "Secret": validate_secret,
    "Service": validate_service,
    "ServiceAccount": validate_service_account,
    "ServiceCIDR": validate_service_cidr,
    "StatefulSet": validate_stateful_set,
    "StorageClass": validate_storage_class,
}
_OF_METADATA: dict[str, Validator] = {
    resource.kind: named(namespaced=resource.namespaced)
    for resource in RESOURCE_TYPES
    if resource.kind not in _VALIDATORS and resource.kind != "Event"
}
"""The kinds of which only the metadata are looked at."""


def validate(kind: str, new: Wire, old: Wire | None = None) -> list[FieldError]:
    """The problems of an object that is created, or updated from ``old``; a kind without rules has none."""
    validator = _VALIDATORS.get(kind) or _OF_METADATA.get(kind)
    return validator(new, old) if validator else []
