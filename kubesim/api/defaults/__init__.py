"""Defaults: what the API server fills in where a manifest says nothing.

:func:`apply_defaults` is the whole of it; one module a family of kinds. Defaults are *static*: they depend on
the object alone. What depends on the cluster (an address, a service account) comes later, from admission and
strategies. Upstream: ``pkg/apis/{core,apps,discovery}/v1/defaults.go``.
"""

from __future__ import annotations

from collections.abc import Callable

from kubesim.api.defaults.configuration import (
    endpoint_slice_defaults,
    endpoints_defaults,
    namespace_defaults,
    secret_defaults,
)
from kubesim.api.defaults.pod import pod_defaults
from kubesim.api.defaults.service import service_defaults
from kubesim.api.defaults.workloads import (
    daemon_set_defaults,
    deployment_defaults,
    replica_set_defaults,
    stateful_set_defaults,
)
from kubesim.api.objects import Wire, copy_of

_DEFAULTS: dict[str, Callable[[Wire], None]] = {
    "DaemonSet": daemon_set_defaults,
    "Deployment": deployment_defaults,
    "EndpointSlice": endpoint_slice_defaults,
    "Endpoints": endpoints_defaults,
    "Namespace": namespace_defaults,
    "Pod": pod_defaults,
    "ReplicaSet": replica_set_defaults,
    "Secret": secret_defaults,
    "Service": service_defaults,
    "StatefulSet": stateful_set_defaults,
}


def fill_in_defaults(wire: Wire) -> None:
    """Fill upstream's defaults into an object."""
    fill = _DEFAULTS.get(wire.get("kind", ""))
    if fill is not None:
        fill(wire)


def apply_defaults(wire: Wire) -> Wire:
    """The object with upstream's defaults; the one given stays as it is."""
    result = copy_of(wire)
    fill_in_defaults(result)
    return result
