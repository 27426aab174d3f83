"""The kinds that have a view."""

from __future__ import annotations

from kubesim.api.objects.base import View
from kubesim.api.objects.configuration import ConfigMap, Namespace
from kubesim.api.objects.endpoints import Endpoints, EndpointSlice
from kubesim.api.objects.event import Event
from kubesim.api.objects.node import Node
from kubesim.api.objects.pod import Pod
from kubesim.api.objects.service import Service
from kubesim.api.objects.workloads import Deployment, ReplicaSet

VIEWS: dict[str, type[View]] = {
    kind.__name__: kind
    for kind in (
        ConfigMap, Deployment, Endpoints, EndpointSlice, Event, Namespace, Node, Pod, ReplicaSet, Service,
    )
}  # fmt: skip
"""The kinds that have a view, by kind."""
