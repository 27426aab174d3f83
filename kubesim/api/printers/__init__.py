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
from kubesim.api.printers import batch, cluster, pod, scaling, services, storage, workloads
from kubesim.api.printers.columns import Printer
from kubesim.api.resources import ResourceType
from kubesim.api.tables import Table

PRINTERS: Mapping[str, Printer[Any]] = MappingProxyType(
    {
        "ConfigMap": cluster.CONFIG_MAP,
        "ControllerRevision": workloads.CONTROLLER_REVISION,
        "CronJob": batch.CRON_JOB,
        "DaemonSet": workloads.DAEMON_SET,
        "Deployment": workloads.DEPLOYMENT,
        "EndpointSlice": services.ENDPOINT_SLICE,
        "Endpoints": services.ENDPOINTS,
        "Event": cluster.EVENT,
        "HorizontalPodAutoscaler": scaling.AUTOSCALER,
        "Job": batch.JOB,
        "Namespace": cluster.NAMESPACE,
        "Node": cluster.NODE,
        "PersistentVolume": storage.PERSISTENT_VOLUME,
        "PersistentVolumeClaim": storage.PERSISTENT_VOLUME_CLAIM,
        "Pod": pod.PRINTER,
        "PodDisruptionBudget": scaling.DISRUPTION_BUDGET,
        "ReplicaSet": workloads.REPLICA_SET,
        "ReplicationController": workloads.REPLICATION_CONTROLLER,
        "Scale": workloads.SCALE,
        "Secret": cluster.SECRET,
        "Service": services.SERVICE,
        "ServiceAccount": cluster.NAME_AND_AGE,
        "StatefulSet": workloads.STATEFUL_SET,
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
