"""EndpointSlice, and the older Endpoints: the addresses behind a Service."""

from __future__ import annotations

import msgspec

from kubesim.api.objects.base import View
from kubesim.api.objects.metadata import ObjectMeta, ObjectReference


class EndpointConditions(View):
    """discovery/v1.EndpointConditions; None reads as upstream says: ready and serving True, terminating False."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class ForZone(View):
    """discovery/v1.ForZone."""

    name: str = ""


class ForNode(View):
    """discovery/v1.ForNode."""

    name: str = ""


class EndpointHints(View):
    """discovery/v1.EndpointHints."""

    forZones: list[ForZone] | None = None
    forNodes: list[ForNode] | None = None


class Endpoint(View):
    """discovery/v1.Endpoint."""

    addresses: list[str] = msgspec.field(default_factory=list)
    conditions: EndpointConditions = msgspec.field(default_factory=EndpointConditions)
    hostname: str | None = None
    targetRef: ObjectReference | None = None
    nodeName: str | None = None
    zone: str | None = None
    hints: EndpointHints | None = None
    deprecatedTopology: dict[str, str] | None = None


class EndpointPort(View):
    """discovery/v1.EndpointPort."""

    name: str | None = None
    protocol: str | None = None
    port: int | None = None
    appProtocol: str | None = None


class EndpointSlice(View):
    """discovery/v1.EndpointSlice."""

    apiVersion: str = "discovery.k8s.io/v1"
    kind: str = "EndpointSlice"
    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)
    addressType: str = ""
    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None


class EndpointAddress(View):
    """v1.EndpointAddress."""

    ip: str = ""
    hostname: str = ""
    nodeName: str | None = None
    targetRef: ObjectReference | None = None


class EndpointsPort(View):
    """v1.EndpointPort of the older Endpoints object."""

    name: str = ""
    port: int = 0
    protocol: str = ""
    appProtocol: str | None = None


class EndpointSubset(View):
    """v1.EndpointSubset."""

    addresses: list[EndpointAddress] | None = None
    notReadyAddresses: list[EndpointAddress] | None = None
    ports: list[EndpointsPort] | None = None


class Endpoints(View):
    """v1.Endpoints."""

    apiVersion: str = "v1"
    kind: str = "Endpoints"
    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)
    subsets: list[EndpointSubset] | None = None
