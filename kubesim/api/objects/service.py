"""Service: a name and an address for a set of endpoints."""

from __future__ import annotations

import msgspec

from kubesim.api.objects.base import IntOrString, View
from kubesim.api.objects.metadata import Condition, ObjectMeta


class ServicePort(View):
    """v1.ServicePort."""

    name: str = ""
    protocol: str = ""
    appProtocol: str | None = None
    port: int = 0
    targetPort: IntOrString = 0
    nodePort: int = 0


class ClientIPConfig(View):
    """v1.ClientIPConfig; the time-out is in seconds."""

    timeoutSeconds: int | None = None


class SessionAffinityConfig(View):
    """v1.SessionAffinityConfig."""

    clientIP: ClientIPConfig | None = None


class ServiceSpec(View):
    """v1.ServiceSpec."""

    ports: list[ServicePort] | None = None
    selector: dict[str, str] | None = None
    clusterIP: str = ""
    clusterIPs: list[str] | None = None
    type: str = ""
    externalIPs: list[str] | None = None
    sessionAffinity: str = ""
    loadBalancerIP: str = ""
    loadBalancerSourceRanges: list[str] | None = None
    externalName: str = ""
    externalTrafficPolicy: str = ""
    healthCheckNodePort: int = 0
    publishNotReadyAddresses: bool = False
    sessionAffinityConfig: SessionAffinityConfig | None = None
    ipFamilies: list[str] | None = None
    ipFamilyPolicy: str | None = None
    allocateLoadBalancerNodePorts: bool | None = None
    loadBalancerClass: str | None = None
    internalTrafficPolicy: str | None = None
    trafficDistribution: str | None = None


class PortStatus(View):
    """v1.PortStatus."""

    port: int = 0
    protocol: str = ""
    error: str | None = None


class LoadBalancerIngress(View):
    """v1.LoadBalancerIngress."""

    ip: str = ""
    hostname: str = ""
    ipMode: str | None = None
    ports: list[PortStatus] | None = None


class LoadBalancerStatus(View):
    """v1.LoadBalancerStatus."""

    ingress: list[LoadBalancerIngress] | None = None


class ServiceStatus(View):
    """v1.ServiceStatus."""

    loadBalancer: LoadBalancerStatus = msgspec.field(default_factory=LoadBalancerStatus)
    conditions: list[Condition] | None = None


class Service(View):
    """v1.Service."""

    apiVersion: str = "v1"
    kind: str = "Service"
    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)
    spec: ServiceSpec = msgspec.field(default_factory=ServiceSpec)
    status: ServiceStatus = msgspec.field(default_factory=ServiceStatus)
