"""Typed views of the Kubernetes objects that the simulation acts on.

The store keeps every object in its *wire form*: the JSON document, as etcd does, so nothing that a user wrote is ever
lost. Code that *reads* an object wants types; :func:`view` gives it a struct with Go's semantics: a field that is
absent has Go's zero value (``""``, ``0``, an empty list) where upstream's type is not a pointer, and ``None`` where it
is. Fields the simulation does not act on are not in the views; they stay in the wire form.

A view is read, never stored: writers create or patch wire forms. Field names are Kubernetes' own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar, overload

import msgspec

Wire = dict[str, Any]
"""The JSON form of an object: nested dicts, lists, strings, numbers, booleans and None."""


IntOrString = int | str


class View(msgspec.Struct, kw_only=True, omit_defaults=True, repr_omit_defaults=True, gc=False):
    """The base of all views: keyword-only fields, and fields at their zero value are left out when encoded."""


V = TypeVar("V", bound=View)


def copy_of(wire: Wire) -> Wire:
    """A copy of a wire form that shares nothing with it: to change, and then to store.

    There and back through MessagePack takes less than half the time of a walk; the walk takes what that refuses (halves
    of surrogate pairs, numbers of more than 64 bits).
    """
    try:
        copy: Wire = msgspec.msgpack.decode(msgspec.msgpack.encode(wire))
    except (UnicodeEncodeError, OverflowError):
        return {key: _copy(value) for key, value in wire.items()}
    return copy


class Copies(Sequence[Wire]):
    """Copies of stored wire forms, for somebody who may change them; each is made when it is first taken.

    What is stored is never changed, so a copy made later is the same as one made at once; and most are never taken.
    """

    def __init__(self, stored: Iterable[Wire]) -> None:
        self._stored = tuple(stored)
        self._taken: dict[int, Wire] = {}

    @overload
    def __getitem__(self, index: int) -> Wire: ...

    @overload
    def __getitem__(self, index: slice) -> list[Wire]: ...

    def __getitem__(self, index: int | slice) -> Wire | list[Wire]:
        if isinstance(index, slice):
            return [self[each] for each in range(len(self))[index]]
        place = range(len(self))[index]
        if place not in self._taken:
            self._taken[place] = copy_of(self._stored[place])
        return self._taken[place]

    def __len__(self) -> int:
        return len(self._stored)

    def __repr__(self) -> str:
        return repr(self[:])


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value


def view(wire: Wire, as_type: type[V]) -> V:
    """Read a wire form as a typed view.

    :param wire: the canonical form of one object, or of a part of one: what decoding leaves, without nulls.
    :param as_type: the view, such as :class:`Service`.
    :raises msgspec.ValidationError: if a field has the wrong JSON type (strict decoding refuses such objects earlier).
    """
    return msgspec.convert(wire, as_type)


class OwnerReference(View):
    """metav1.OwnerReference."""

    apiVersion: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None
    blockOwnerDeletion: bool | None = None


class ObjectMeta(View):
    """metav1.ObjectMeta."""

    name: str = ""
    generateName: str = ""
    namespace: str = ""
    uid: str = ""
    resourceVersion: str = ""
    generation: int = 0
    creationTimestamp: str | None = None
    deletionTimestamp: str | None = None
    deletionGracePeriodSeconds: int | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    ownerReferences: list[OwnerReference] | None = None
    finalizers: list[str] | None = None


class Object(View):
    """What every kind has."""

    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)


class LabelSelectorRequirement(View):
    """metav1.LabelSelectorRequirement."""

    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class LabelSelector(View):
    """metav1.LabelSelector."""

    matchLabels: dict[str, str] | None = None
    matchExpressions: list[LabelSelectorRequirement] | None = None


class Condition(View):
    """A condition of any object: of a Pod, a Node, a Deployment or a Service."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    lastTransitionTime: str | None = None
    lastUpdateTime: str | None = None
    lastProbeTime: str | None = None
    lastHeartbeatTime: str | None = None
    observedGeneration: int | None = None


class ObjectReference(View):
    """v1.ObjectReference."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    apiVersion: str = ""
    resourceVersion: str = ""
    fieldPath: str = ""


class ContainerPort(View):
    """v1.ContainerPort."""

    name: str = ""
    hostPort: int = 0
    containerPort: int = 0
    protocol: str = ""
    hostIP: str = ""


class EnvVar(View):
    """v1.EnvVar; ``valueFrom`` is carried, not resolved."""

    name: str = ""
    value: str = ""
    valueFrom: Wire | None = None


class HTTPHeader(View):
    """v1.HTTPHeader."""

    name: str = ""
    value: str = ""


class HTTPGetAction(View):
    """v1.HTTPGetAction."""

    path: str = ""
    port: IntOrString = 0
    host: str = ""
    scheme: str = ""
    httpHeaders: list[HTTPHeader] | None = None


class TCPSocketAction(View):
    """v1.TCPSocketAction."""

    port: IntOrString = 0
    host: str = ""


class ExecAction(View):
    """v1.ExecAction."""

    command: list[str] | None = None


class GRPCAction(View):
    """v1.GRPCAction."""

    port: int = 0
    service: str | None = None


class Probe(View):
    """v1.Probe; times are in seconds."""

    httpGet: HTTPGetAction | None = None
    tcpSocket: TCPSocketAction | None = None
    exec: ExecAction | None = None
    grpc: GRPCAction | None = None
    initialDelaySeconds: int = 0
    timeoutSeconds: int = 0
    periodSeconds: int = 0
    successThreshold: int = 0
    failureThreshold: int = 0
    terminationGracePeriodSeconds: int | None = None


class VolumeMount(View):
    """v1.VolumeMount."""

    name: str = ""
    mountPath: str = ""
    subPath: str = ""
    readOnly: bool = False


class Container(View):
    """v1.Container."""

    name: str = ""
    image: str = ""
    command: list[str] | None = None
    args: list[str] | None = None
    workingDir: str = ""
    ports: list[ContainerPort] | None = None
    env: list[EnvVar] | None = None
    envFrom: list[Wire] | None = None
    resources: Wire | None = None
    volumeMounts: list[VolumeMount] | None = None
    livenessProbe: Probe | None = None
    readinessProbe: Probe | None = None
    startupProbe: Probe | None = None
    lifecycle: Wire | None = None
    terminationMessagePath: str = ""
    terminationMessagePolicy: str = ""
    imagePullPolicy: str = ""
    restartPolicy: str | None = None
    securityContext: Wire | None = None
    stdin: bool = False
    stdinOnce: bool = False
    tty: bool = False


class EphemeralContainer(Container):
    """v1.EphemeralContainer: one that was added to a Pod that runs."""

    targetContainerName: str = ""


class ContainerStateWaiting(View):
    """v1.ContainerStateWaiting."""

    reason: str = ""
    message: str = ""


class ContainerStateRunning(View):
    """v1.ContainerStateRunning."""

    startedAt: str | None = None


class ContainerStateTerminated(View):
    """v1.ContainerStateTerminated."""

    exitCode: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    startedAt: str | None = None
    finishedAt: str | None = None
    containerID: str = ""


class ContainerState(View):
    """v1.ContainerState."""

    waiting: ContainerStateWaiting | None = None
    running: ContainerStateRunning | None = None
    terminated: ContainerStateTerminated | None = None


class ContainerStatus(View):
    """v1.ContainerStatus."""

    name: str = ""
    state: ContainerState = msgspec.field(default_factory=ContainerState)
    lastState: ContainerState = msgspec.field(default_factory=ContainerState)
    ready: bool = False
    restartCount: int = 0
    image: str = ""
    imageID: str = ""
    containerID: str = ""
    started: bool | None = None


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
    ephemeralContainers: list[EphemeralContainer] | None = None
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
    ephemeralContainerStatuses: list[ContainerStatus] | None = None
    containerStatuses: list[ContainerStatus] | None = None
    qosClass: str = ""
    observedGeneration: int = 0


class Pod(Object):
    """v1.Pod."""

    apiVersion: str = "v1"
    kind: str = "Pod"
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)


class PodTemplateSpec(Object):
    """v1.PodTemplateSpec."""

    spec: PodSpec = msgspec.field(default_factory=PodSpec)


class Taint(View):
    """v1.Taint."""

    key: str = ""
    value: str = ""
    effect: str = ""
    timeAdded: str | None = None


class NodeSpec(View):
    """v1.NodeSpec."""

    podCIDR: str = ""
    podCIDRs: list[str] | None = None
    providerID: str = ""
    unschedulable: bool = False
    taints: list[Taint] | None = None


class NodeAddress(View):
    """v1.NodeAddress."""

    type: str = ""
    address: str = ""


class NodeStatus(View):
    """v1.NodeStatus."""

    capacity: dict[str, Any] | None = None
    allocatable: dict[str, Any] | None = None
    conditions: list[Condition] | None = None
    addresses: list[NodeAddress] | None = None
    nodeInfo: Wire | None = None
    phase: str = ""


class Node(Object):
    """v1.Node."""

    apiVersion: str = "v1"
    kind: str = "Node"
    spec: NodeSpec = msgspec.field(default_factory=NodeSpec)
    status: NodeStatus = msgspec.field(default_factory=NodeStatus)


class NamespaceStatus(View):
    """v1.NamespaceStatus."""

    phase: str = ""


class Namespace(Object):
    """v1.Namespace."""

    apiVersion: str = "v1"
    kind: str = "Namespace"
    status: NamespaceStatus = msgspec.field(default_factory=NamespaceStatus)


class ConfigMap(Object):
    """v1.ConfigMap."""

    apiVersion: str = "v1"
    kind: str = "ConfigMap"
    data: dict[str, str] | None = None
    immutable: bool | None = None


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


class Service(Object):
    """v1.Service."""

    apiVersion: str = "v1"
    kind: str = "Service"
    spec: ServiceSpec = msgspec.field(default_factory=ServiceSpec)
    status: ServiceStatus = msgspec.field(default_factory=ServiceStatus)


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


class EndpointSlice(Object):
    """discovery/v1.EndpointSlice."""

    apiVersion: str = "discovery.k8s.io/v1"
    kind: str = "EndpointSlice"
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


class Endpoints(Object):
    """v1.Endpoints."""

    apiVersion: str = "v1"
    kind: str = "Endpoints"
    subsets: list[EndpointSubset] | None = None


class RollingUpdateDeployment(View):
    """apps/v1.RollingUpdateDeployment."""

    maxUnavailable: IntOrString | None = None
    maxSurge: IntOrString | None = None


class DeploymentStrategy(View):
    """apps/v1.DeploymentStrategy."""

    type: str = ""
    rollingUpdate: RollingUpdateDeployment | None = None


class DeploymentSpec(View):
    """apps/v1.DeploymentSpec."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplateSpec = msgspec.field(default_factory=PodTemplateSpec)
    strategy: DeploymentStrategy = msgspec.field(default_factory=DeploymentStrategy)
    minReadySeconds: int = 0
    revisionHistoryLimit: int | None = None
    paused: bool = False
    progressDeadlineSeconds: int | None = None


class DeploymentStatus(View):
    """apps/v1.DeploymentStatus."""

    observedGeneration: int = 0
    replicas: int = 0
    updatedReplicas: int = 0
    readyReplicas: int = 0
    availableReplicas: int = 0
    unavailableReplicas: int = 0
    terminatingReplicas: int | None = None
    conditions: list[Condition] | None = None
    collisionCount: int | None = None


class Deployment(Object):
    """apps/v1.Deployment."""

    apiVersion: str = "apps/v1"
    kind: str = "Deployment"
    spec: DeploymentSpec = msgspec.field(default_factory=DeploymentSpec)
    status: DeploymentStatus = msgspec.field(default_factory=DeploymentStatus)


class ReplicaSetSpec(View):
    """apps/v1.ReplicaSetSpec."""

    replicas: int | None = None
    minReadySeconds: int = 0
    selector: LabelSelector | None = None
    template: PodTemplateSpec = msgspec.field(default_factory=PodTemplateSpec)


class ReplicaSetStatus(View):
    """apps/v1.ReplicaSetStatus."""

    replicas: int = 0
    fullyLabeledReplicas: int = 0
    readyReplicas: int = 0
    availableReplicas: int = 0
    terminatingReplicas: int | None = None
    observedGeneration: int = 0
    conditions: list[Condition] | None = None


class ReplicaSet(Object):
    """apps/v1.ReplicaSet."""

    apiVersion: str = "apps/v1"
    kind: str = "ReplicaSet"
    spec: ReplicaSetSpec = msgspec.field(default_factory=ReplicaSetSpec)
    status: ReplicaSetStatus = msgspec.field(default_factory=ReplicaSetStatus)


class IPBlock(View, rename={"except_": "except"}):
    """networking.k8s.io/v1.IPBlock."""

    cidr: str = ""
    except_: list[str] | None = None


class NetworkPolicyPeer(View):
    """networking.k8s.io/v1.NetworkPolicyPeer."""

    podSelector: LabelSelector | None = None
    namespaceSelector: LabelSelector | None = None
    ipBlock: IPBlock | None = None


class NetworkPolicyPort(View):
    """networking.k8s.io/v1.NetworkPolicyPort."""

    protocol: str | None = None
    port: IntOrString | None = None
    endPort: int | None = None


class NetworkPolicyIngressRule(View, rename={"from_": "from"}):
    """networking.k8s.io/v1.NetworkPolicyIngressRule."""

    ports: list[NetworkPolicyPort] | None = None
    from_: list[NetworkPolicyPeer] | None = None


class NetworkPolicyEgressRule(View):
    """networking.k8s.io/v1.NetworkPolicyEgressRule."""

    ports: list[NetworkPolicyPort] | None = None
    to: list[NetworkPolicyPeer] | None = None


class NetworkPolicySpec(View):
    """networking.k8s.io/v1.NetworkPolicySpec."""

    podSelector: LabelSelector = msgspec.field(default_factory=LabelSelector)
    ingress: list[NetworkPolicyIngressRule] | None = None
    egress: list[NetworkPolicyEgressRule] | None = None
    policyTypes: list[str] | None = None


class NetworkPolicy(Object):
    """networking.k8s.io/v1.NetworkPolicy."""

    apiVersion: str = "networking.k8s.io/v1"
    kind: str = "NetworkPolicy"
    spec: NetworkPolicySpec = msgspec.field(default_factory=NetworkPolicySpec)


class EventSource(View):
    """v1.EventSource."""

    component: str = ""
    host: str = ""


class EventSeries(View):
    """v1.EventSeries: how often an event came again."""

    count: int = 0
    lastObservedTime: str | None = None


class Event(Object):
    """v1.Event."""

    apiVersion: str = "v1"
    kind: str = "Event"
    involvedObject: ObjectReference = msgspec.field(default_factory=ObjectReference)
    reason: str = ""
    message: str = ""
    source: EventSource = msgspec.field(default_factory=EventSource)
    firstTimestamp: str | None = None
    lastTimestamp: str | None = None
    eventTime: str | None = None
    count: int = 0
    series: EventSeries | None = None
    type: str = ""
    reportingComponent: str = ""
    reportingInstance: str = ""


VIEWS: dict[str, type[View]] = {
    kind.__name__: kind
    for kind in (
        ConfigMap, Deployment, Endpoints, EndpointSlice, Event, Namespace, Node, Pod, ReplicaSet, Service,
    )
}  # fmt: skip
"""The kinds that have a view, by kind."""
