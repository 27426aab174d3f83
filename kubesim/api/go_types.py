"""What Go's struct definitions say and OpenAPI does not.

Two things cannot be read off the published schema. A Go field is either a *value*, which has a zero (``""``, ``0``,
``{}``), or a *pointer*, which may be missing: ``replicas: 0`` survives storing because it is a pointer, ``nodePort: 0``
does not. And named types (``v1.ServiceType``) appear in decoding errors. Upstream: ``k8s.io/api/core/v1/types.go`` and
its siblings.
"""

from __future__ import annotations


def _fields(**structs: str) -> frozenset[tuple[str, str]]:
    return frozenset((struct, field) for struct, names in structs.items() for field in names.split())


POINTERS = _fields(
    AzureDiskVolumeSource="cachingMode fsType readOnly kind",
    CSIVolumeSource="readOnly fsType",
    ClientIPConfig="timeoutSeconds",
    ClusterTrustBundleProjection="name signerName optional",
    ConfigMap="immutable",
    ConfigMapEnvSource="optional",
    ConfigMapKeySelector="optional",
    ConfigMapProjection="optional",
    ConfigMapVolumeSource="defaultMode optional",
    Container="restartPolicy",
    ContainerStatus="started",
    DaemonSetSpec="revisionHistoryLimit",
    DaemonSetStatus="collisionCount",
    DeploymentSpec="replicas revisionHistoryLimit progressDeadlineSeconds",
    DeploymentStatus="collisionCount terminatingReplicas",
    DownwardAPIVolumeFile="mode",
    DownwardAPIVolumeSource="defaultMode",
    Endpoint="hostname nodeName zone",
    EndpointAddress="nodeName",
    EndpointConditions="ready serving terminating",
    EndpointPort="appProtocol",
    **{"discovery.EndpointPort": "name protocol port appProtocol"},
    EphemeralContainer="restartPolicy",
    FileKeySelector="optional",
    GRPCAction="service",
    HostPathVolumeSource="type",
    KeyToPath="mode",
    Lifecycle="stopSignal",
    LoadBalancerIngress="ipMode",
    NodeSwapStatus="capacity",
    ObjectMeta="deletionGracePeriodSeconds",
    OwnerReference="controller blockOwnerDeletion",
    PersistentVolumeClaimSpec="storageClassName volumeMode volumeAttributesClassName",
    PodCertificateProjection="maxExpirationSeconds",
    PodDNSConfigOption="value",
    PodSecurityContext=(
        "runAsUser runAsGroup runAsNonRoot fsGroup fsGroupChangePolicy seLinuxChangePolicy supplementalGroupsPolicy"
    ),
    PodSpec=(
        "terminationGracePeriodSeconds activeDeadlineSeconds automountServiceAccountToken shareProcessNamespace "
        "setHostnameAsFQDN hostUsers priority runtimeClassName enableServiceLinks preemptionPolicy hostnameOverride"
    ),
    PortStatus="error",
    Probe="terminationGracePeriodSeconds",
    ProjectedVolumeSource="defaultMode",
    ReplicaSetSpec="replicas",
    ReplicaSetStatus="terminatingReplicas",
    RollingUpdateDaemonSet="maxSurge maxUnavailable",
    RollingUpdateDeployment="maxSurge maxUnavailable",
    RollingUpdateStatefulSetStrategy="partition maxUnavailable",
    SeccompProfile="localhostProfile",
    AppArmorProfile="localhostProfile",
    Secret="immutable",
    SecretEnvSource="optional",
    SecretKeySelector="optional",
    SecretProjection="optional",
    SecretVolumeSource="defaultMode optional",
    SecurityContext=(
        "privileged runAsUser runAsGroup runAsNonRoot readOnlyRootFilesystem allowPrivilegeEscalation procMount"
    ),
    ServiceAccount="automountServiceAccountToken",
    ServiceAccountTokenProjection="expirationSeconds",
    ServicePort="appProtocol",
    ServiceSpec=(
        "ipFamilyPolicy allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy trafficDistribution"
    ),
    StatefulSetSpec="replicas revisionHistoryLimit",
    StatefulSetStatus="collisionCount",
    Toleration="tolerationSeconds",
    TopologySpreadConstraint="minDomains nodeAffinityPolicy nodeTaintsPolicy",
    VolumeMount="mountPropagation recursiveReadOnly",
    VolumeMountStatus="recursiveReadOnly",
    WindowsSecurityContextOptions="gmsaCredentialSpecName gmsaCredentialSpec runAsUserName hostProcess",
)  # fmt: skip
"""Scalars behind a pointer: a zero that was given is kept."""

VALUES = _fields(
    Container="resources",
    ContainerStatus="lastState state",
    DaemonSet="metadata spec status",
    DaemonSetSpec="template updateStrategy",
    Deployment="metadata spec status",
    DeploymentSpec="template strategy",
    ConfigMap="metadata",
    Endpoint="conditions",
    EndpointSlice="metadata",
    Endpoints="metadata",
    EphemeralContainer="resources",
    Event="metadata involvedObject source",
    Namespace="metadata spec status",
    Node="metadata spec status",
    NodeDaemonEndpoints="kubeletEndpoint",
    NodeStatus="daemonEndpoints nodeInfo",
    PersistentVolumeClaim="metadata spec status",
    PersistentVolumeClaimSpec="resources",
    PersistentVolumeClaimTemplate="metadata spec",
    Pod="metadata spec status",
    PodTemplateSpec="metadata spec",
    ReplicaSet="metadata spec status",
    ReplicaSetSpec="template",
    Secret="metadata",
    Service="metadata spec status",
    ServiceAccount="metadata",
    ServiceStatus="loadBalancer",
    StatefulSet="metadata spec status",
    StatefulSetSpec="template updateStrategy",
)  # fmt: skip
"""Structs that are values: always written, ``{}`` when they are empty."""

NULL_TIMES = _fields(
    ContainerStateRunning="startedAt",
    ContainerStateTerminated="startedAt finishedAt",
    DaemonSetCondition="lastTransitionTime",
    DeploymentCondition="lastTransitionTime lastUpdateTime",
    Event="firstTimestamp lastTimestamp eventTime",
    NamespaceCondition="lastTransitionTime",
    NodeCondition="lastHeartbeatTime lastTransitionTime",
    PersistentVolumeClaimCondition="lastProbeTime lastTransitionTime",
    PodCondition="lastProbeTime lastTransitionTime",
    ReplicaSetCondition="lastTransitionTime",
    StatefulSetCondition="lastTransitionTime",
)  # fmt: skip
"""Times that are values: written as ``null`` while they are zero."""

NULL_LISTS = _fields(EndpointSlice="endpoints ports")
"""Lists that are written as ``null`` while they are empty."""

WRITTEN = _fields(Event="reportingComponent reportingInstance")
"""Texts that OpenAPI does not demand and Go writes all the same when they are empty."""

OMITTED = _fields(
    PodSpec="containers",
    DeploymentSpec="selector",
    ReplicaSetSpec="selector",
    DaemonSetSpec="selector",
    StatefulSetSpec="selector",
)
"""Fields that OpenAPI demands and validation refuses to miss: they are left out rather than written as ``null``."""

WIDE_INTEGERS = frozenset(
    {
        "activeDeadlineSeconds", "capacity", "deletionGracePeriodSeconds", "expirationSeconds", "fsGroup", "generation",
        "gid", "observedGeneration", "runAsGroup", "runAsUser", "seconds", "sizeBytes", "supplementalGroups",
        "terminationGracePeriodSeconds", "tolerationSeconds", "uid",
    }
)  # fmt: skip
"""Integers of 64 bits; all others have 32."""

QUANTITY_MAPS = frozenset(["limits", "requests", "overhead", "capacity", "allocatable", "allocatedResources"])
"""Maps from a resource's name to a quantity."""

BYTE_MAPS = _fields(Secret="data", ConfigMap="binaryData")
"""Maps to bytes, which JSON writes in base64."""

NAMED_TYPES: dict[tuple[str, str], str] = {
    (struct, field): name
    for struct, fields in {
        "ServiceSpec": "type=ServiceType sessionAffinity=ServiceAffinity ipFamilies=IPFamily "
        "ipFamilyPolicy=IPFamilyPolicy externalTrafficPolicy=ServiceExternalTrafficPolicy "
        "internalTrafficPolicy=ServiceInternalTrafficPolicy",
        "ServicePort": "protocol=Protocol",
        "LoadBalancerIngress": "ipMode=LoadBalancerIPMode",
        "PodSpec": "restartPolicy=RestartPolicy dnsPolicy=DNSPolicy preemptionPolicy=PreemptionPolicy",
        "Container": "imagePullPolicy=PullPolicy terminationMessagePolicy=TerminationMessagePolicy "
        "restartPolicy=ContainerRestartPolicy",
        "ContainerPort": "protocol=Protocol",
        "HTTPGetAction": "scheme=URIScheme",
        "Toleration": "operator=TolerationOperator effect=TaintEffect",
        "Taint": "effect=TaintEffect",
        "NamespaceSpec": "finalizers=FinalizerName",
        "NamespaceStatus": "phase=NamespacePhase",
        "PodStatus": "phase=PodPhase qosClass=PodQOSClass",
        "PodCondition": "type=PodConditionType status=ConditionStatus",
        "DeploymentStrategy": "type=DeploymentStrategyType",
        "DaemonSetUpdateStrategy": "type=DaemonSetUpdateStrategyType",
        "StatefulSetUpdateStrategy": "type=StatefulSetUpdateStrategyType",
        "StatefulSetSpec": "podManagementPolicy=PodManagementPolicyType",
        "EndpointSlice": "addressType=AddressType",
        "EndpointPort": "protocol=Protocol",
        "LabelSelectorRequirement": "operator=LabelSelectorOperator",
        "Secret": "type=SecretType",
        "TopologySpreadConstraint": "whenUnsatisfiable=UnsatisfiableConstraintAction",
        "EmptyDirVolumeSource": "medium=StorageMedium",
        "HostPathVolumeSource": "type=HostPathType",
        "Capabilities": "add=Capability drop=Capability",
        "ObjectMeta": "uid=UID",
        "OwnerReference": "uid=UID",
    }.items()
    for field, _, name in (pair.partition("=") for pair in fields.split())
}
"""Named string types, as decoding errors call them (without their package)."""
