"""Pod: containers that share an address, and what the kubelet reports of them."""

from __future__ import annotations

import msgspec

from kubesim.api.objects.base import View, Wire
from kubesim.api.objects.containers import Container, ContainerStatus
from kubesim.api.objects.metadata import Condition, ObjectMeta


class PodReadinessGate(View):
    """v1.PodReadinessGate."""

    conditionType: str = ""


class PodDNSConfigOption(View):
    """v1.PodDNSConfigOption."""

    name: str = ""
    value: str | None = None


class PodDNSConfig(View):
    """v1.PodDNSConfig."""

    nameservers: list[str] | None = None
    searches: list[str] | None = None
    options: list[PodDNSConfigOption] | None = None


class HostAlias(View):
    """v1.HostAlias."""

    ip: str = ""
    hostnames: list[str] | None = None


class Toleration(View):
    """v1.Toleration."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    tolerationSeconds: int | None = None


class PodSpec(View):
    """v1.PodSpec."""

    volumes: list[Wire] | None = None
    initContainers: list[Container] | None = None
    containers: list[Container] | None = None
    ephemeralContainers: list[Wire] | None = None
    restartPolicy: str = ""
    terminationGracePeriodSeconds: int | None = None
    activeDeadlineSeconds: int | None = None
    dnsPolicy: str = ""
    nodeSelector: dict[str, str] | None = None
    serviceAccountName: str = ""
    automountServiceAccountToken: bool | None = None
    nodeName: str = ""
    hostNetwork: bool = False
    hostPID: bool = False
    hostIPC: bool = False
    shareProcessNamespace: bool | None = None
    securityContext: Wire | None = None
    imagePullSecrets: list[Wire] | None = None
    hostname: str = ""
    subdomain: str = ""
    setHostnameAsFQDN: bool | None = None
    affinity: Wire | None = None
    schedulerName: str = ""
    tolerations: list[Toleration] | None = None
    hostAliases: list[HostAlias] | None = None
    priorityClassName: str = ""
    priority: int | None = None
    dnsConfig: PodDNSConfig | None = None
    readinessGates: list[PodReadinessGate] | None = None
    enableServiceLinks: bool | None = None
    preemptionPolicy: str | None = None
    topologySpreadConstraints: list[Wire] | None = None


class PodIP(View):
    """v1.PodIP."""

    ip: str = ""


class PodStatus(View):
    """v1.PodStatus."""

    phase: str = ""
    conditions: list[Condition] | None = None
    message: str = ""
    reason: str = ""
    nominatedNodeName: str = ""
    hostIP: str = ""
    podIP: str = ""
    podIPs: list[PodIP] | None = None
    startTime: str | None = None
    initContainerStatuses: list[ContainerStatus] | None = None
    containerStatuses: list[ContainerStatus] | None = None
    qosClass: str = ""
    observedGeneration: int = 0


class Pod(View):
    """v1.Pod."""

    apiVersion: str = "v1"
    kind: str = "Pod"
    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)


class PodTemplateSpec(View):
    """v1.PodTemplateSpec."""

    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
