"""Server-side printing: which columns a kind has, and what each cell says.

One module a family of kinds, after ``pkg/printers/internalversion`` upstream. kubectl's layout (widths, headers,
labels) is not here: see ``kubesim/kubectl/output``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from kubesim.api.durations import since
from kubesim.api.objects import Wire
from kubesim.api.printers import configuration, endpoints, event, node, pod, service, workloads
from kubesim.api.printers.columns import AGE, NAME, Cells, Printer
from kubesim.api.resources import ResourceType
from kubesim.api.tables import Row, Table

PRINTERS: Mapping[str, Printer] = MappingProxyType(
    {
        "ConfigMap": configuration.CONFIG_MAP,
        "DaemonSet": workloads.DAEMON_SET,
        "Deployment": workloads.DEPLOYMENT,
        "EndpointSlice": endpoints.ENDPOINT_SLICE,
        "Endpoints": endpoints.ENDPOINTS,
        "Event": event.PRINTER,
        "Namespace": configuration.NAMESPACE,
        "Node": node.PRINTER,
        "Pod": pod.PRINTER,
        "ReplicaSet": workloads.REPLICA_SET,
        "Secret": configuration.SECRET,
        "Service": service.PRINTER,
        "ServiceAccount": configuration.SERVICE_ACCOUNT,
        "StatefulSet": workloads.STATEFUL_SET,
    }
)
"""The printer of each kind; a kind that has none is printed with its name and age."""


def _name_and_age(wire: Wire, now: datetime, with_wide: bool) -> Cells:
    metadata = wire.get("metadata") or {}
    return metadata.get("name", ""), since(metadata.get("creationTimestamp"), now)


DEFAULT = Printer((NAME, AGE), _name_and_age)


def table_for(type: ResourceType, objects: Sequence[Wire], now: datetime, wide: bool) -> Table:
    """The table of some objects of one kind.

    :param now: the moment from which ages are counted.
    :param wide: whether the columns of ``-o wide`` are wanted too (kubectl asks a server for them always, and leaves
        them out itself; some cells are cut when they are not wanted).
    """
    printer = PRINTERS.get(type.kind, DEFAULT)
    columns = tuple(column for column in printer.columns if wide or column.priority == 0)
    return Table(columns, tuple(Row(printer.cells(each, now, wide), each) for each in objects))
