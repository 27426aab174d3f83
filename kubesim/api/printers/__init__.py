"""Server-side printing: which columns a kind has, and what each cell says.

One module a family of kinds, after ``pkg/printers/internalversion`` upstream. kubectl's layout (widths, headers,
labels) is not here: see ``kubesim/kubectl/output``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from kubesim.api.objects import Wire
from kubesim.api.printers import access, batch, classes, cluster, networking, pod, scaling, services, storage, workloads
from kubesim.api.printers.columns import Printer
from kubesim.api.resources import ResourceType
from kubesim.api.tables import Table

PRINTERS: Mapping[str, Printer[Any]] = MappingProxyType(
    {
        "APIService": classes.API_SERVICE,
        "CSIDriver": classes.CSI_DRIVER,
        "CSINode": classes.CSI_NODE,
        "CSIStorageCapacity": classes.CSI_STORAGE_CAPACITY,
        "CertificateSigningRequest": access.CERTIFICATE_REQUEST,
        "ClusterRole": access.NAME_AND_CREATION,
        "ClusterRoleBinding": access.BINDING,
        "ConfigMap": cluster.CONFIG_MAP,
        "ControllerRevision": workloads.CONTROLLER_REVISION,
        "CronJob": batch.CRON_JOB,
        "CustomResourceDefinition": access.NAME_AND_CREATION,
        "DaemonSet": workloads.DAEMON_SET,
        "Deployment": workloads.DEPLOYMENT,
        "EndpointSlice": services.ENDPOINT_SLICE,
        "Endpoints": services.ENDPOINTS,
        "Event": cluster.EVENT,
        "FlowSchema": classes.FLOW_SCHEMA,
        "HorizontalPodAutoscaler": scaling.AUTOSCALER,
        "IPAddress": networking.IP_ADDRESS,
        "Ingress": networking.INGRESS,
        "IngressClass": networking.INGRESS_CLASS,
        "Job": batch.JOB,
        "Lease": classes.LEASE,
        "LimitRange": access.NAME_AND_CREATION,
        "MutatingAdmissionPolicy": classes.MUTATING_POLICY,
        "MutatingAdmissionPolicyBinding": classes.POLICY_BINDING,
        "MutatingWebhookConfiguration": classes.WEBHOOKS,
        "Namespace": cluster.NAMESPACE,
        "NetworkPolicy": networking.NETWORK_POLICY,
        "Node": cluster.NODE,
        "PersistentVolume": storage.PERSISTENT_VOLUME,
        "PersistentVolumeClaim": storage.PERSISTENT_VOLUME_CLAIM,
        "Pod": pod.PRINTER,
        "PodDisruptionBudget": scaling.DISRUPTION_BUDGET,
        "PodTemplate": classes.POD_TEMPLATE,
        "PriorityClass": classes.PRIORITY_CLASS,
        "PriorityLevelConfiguration": classes.PRIORITY_LEVEL,
        "ReplicaSet": workloads.REPLICA_SET,
        "ReplicationController": workloads.REPLICATION_CONTROLLER,
        "ResourceClaim": classes.RESOURCE_CLAIM,
        "ResourceQuota": classes.RESOURCE_QUOTA,
        "ResourceSlice": classes.RESOURCE_SLICE,
        "Role": access.NAME_AND_CREATION,
        "RoleBinding": access.BINDING,
        "RuntimeClass": classes.RUNTIME_CLASS,
        "Scale": workloads.SCALE,
        "Secret": cluster.SECRET,
        "Service": services.SERVICE,
        "ServiceAccount": cluster.NAME_AND_AGE,
        "ServiceCIDR": networking.SERVICE_CIDR,
        "StatefulSet": workloads.STATEFUL_SET,
        "StorageClass": classes.STORAGE_CLASS,
        "ValidatingAdmissionPolicy": classes.VALIDATING_POLICY,
        "ValidatingAdmissionPolicyBinding": classes.POLICY_BINDING,
        "ValidatingWebhookConfiguration": classes.WEBHOOKS,
        "VolumeAttachment": classes.VOLUME_ATTACHMENT,
        "VolumeAttributesClass": classes.VOLUME_ATTRIBUTES_CLASS,
    }
)
"""The printer of each kind; a kind that has none is printed with its name and age."""


def table_for(type: ResourceType, objects: Sequence[Wire], now: datetime, wide: bool) -> Table:
    """The table of some objects of one kind.

    :param now: the moment from which ages are counted.
    :param wide: whether the columns of ``-o wide`` are wanted too (kubectl asks a server for them always, and leaves
        them out itself; some cells are cut when they are not wanted).
    """
    return PRINTERS.get(type.kind, cluster.NAME_AND_AGE).table(objects, now, wide)
