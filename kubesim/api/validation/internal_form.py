"""The API server's internal form of a Pod: what a message shows when it prints a whole struct.

Inside the server objects are Go structs without JSON names, so a printed struct has every field, in the order of the
declaration and under its Go name: ``{"Type":"Bogus","RollingUpdate":null}``. The table below lists those declarations
(``pkg/apis/core/types.go``, ``pkg/apis/apps/types.go``), as far as messages print them. In a type, ``*`` is a pointer
(null when absent), ``[]`` a list and ``map`` a map (both null when absent), ``+`` a struct whose fields are its
owner's (Go embedding).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from kubesim.api.objects import Wire

_DECLARATIONS = """
PodSpec: Volumes []Volume, InitContainers []Container, Containers []Container, EphemeralContainers []EphemeralContainer,
  RestartPolicy string, TerminationGracePeriodSeconds *int, ActiveDeadlineSeconds *int, DNSPolicy string,
  NodeSelector map, ServiceAccountName string, AutomountServiceAccountToken *bool, NodeName string,
  SecurityContext *PodSecurityContext, ImagePullSecrets []LocalObjectReference, Hostname string, Subdomain string,
  SetHostnameAsFQDN *bool, Affinity *Affinity, SchedulerName string, Tolerations []Toleration, HostAliases []HostAlias,
  PriorityClassName string, Priority *int, PreemptionPolicy *string, DNSConfig *PodDNSConfig,
  ReadinessGates []PodReadinessGate, RuntimeClassName *string, Overhead map, EnableServiceLinks *bool,
  TopologySpreadConstraints []TopologySpreadConstraint, OS *PodOS, SchedulingGates []PodSchedulingGate,
  ResourceClaims []PodResourceClaim, Resources *ResourceRequirements, HostnameOverride *string,
  SchedulingGroup *PodSchedulingGroup
PodSecurityContext: HostNetwork bool, HostPID bool, HostIPC bool, ShareProcessNamespace *bool, HostUsers *bool,
  SELinuxOptions *SELinuxOptions, WindowsOptions *WindowsOptions, RunAsUser *int, RunAsGroup *int, RunAsNonRoot *bool,
  SupplementalGroups []int, SupplementalGroupsPolicy *string, FSGroup *int, FSGroupChangePolicy *string,
  Sysctls []Sysctl, SeccompProfile *SeccompProfile, AppArmorProfile *AppArmorProfile, SELinuxChangePolicy *string
SecurityContext: Capabilities *Capabilities, Privileged *bool, SELinuxOptions *SELinuxOptions,
  WindowsOptions *WindowsOptions, RunAsUser *int, RunAsGroup *int, RunAsNonRoot *bool, ReadOnlyRootFilesystem *bool,
  AllowPrivilegeEscalation *bool, ProcMount *string, SeccompProfile *SeccompProfile, AppArmorProfile *AppArmorProfile
Capabilities: Add []string, Drop []string
SELinuxOptions: User string, Role string, Type string, Level string
WindowsOptions: GMSACredentialSpecName *string, GMSACredentialSpec *string, RunAsUserName *string, HostProcess *bool
Sysctl: Name string, Value string
SeccompProfile: Type string, LocalhostProfile *string
AppArmorProfile: Type string, LocalhostProfile *string
Container: Name string, Image string, Command []string, Args []string, WorkingDir string, Ports []ContainerPort,
  EnvFrom []EnvFromSource, Env []EnvVar, Resources ResourceRequirements, ResizePolicy []ContainerResizePolicy,
  RestartPolicy *string, RestartPolicyRules []ContainerRestartRule, VolumeMounts []VolumeMount,
  VolumeDevices []VolumeDevice, LivenessProbe *Probe, ReadinessProbe *Probe, StartupProbe *Probe, Lifecycle *Lifecycle,
  TerminationMessagePath string, TerminationMessagePolicy string, ImagePullPolicy string,
  SecurityContext *SecurityContext, Stdin bool, StdinOnce bool, TTY bool
EphemeralContainer: + Container, TargetContainerName string
ContainerPort: Name string, HostPort int, ContainerPort int, Protocol string, HostIP string
EnvFromSource: Prefix string, ConfigMapRef *ObjectEnvSource, SecretRef *ObjectEnvSource
ObjectEnvSource: Name string, Optional *bool
EnvVar: Name string, Value string, ValueFrom *EnvVarSource
EnvVarSource: FieldRef *ObjectFieldSelector, ResourceFieldRef *ResourceFieldSelector, ConfigMapKeyRef *KeySelector,
  SecretKeyRef *KeySelector, FileKeyRef *FileKeySelector
ObjectFieldSelector: APIVersion string, FieldPath string
ResourceFieldSelector: ContainerName string, Resource string, Divisor quantity
KeySelector: Name string, Key string, Optional *bool
FileKeySelector: VolumeName string, Path string, Key string, Optional *bool
ResourceRequirements: Limits map, Requests map, Claims []ResourceClaim
ResourceClaim: Name string, Request string
ContainerResizePolicy: ResourceName string, RestartPolicy string
ContainerRestartRule: Action string, ExitCodes *ContainerRestartRuleExitCodes
ContainerRestartRuleExitCodes: Operator string, Values []int
VolumeMount: Name string, ReadOnly bool, RecursiveReadOnly *string, MountPath string, SubPath string,
  MountPropagation *string, SubPathExpr string
VolumeDevice: Name string, DevicePath string
Probe: + Handler, InitialDelaySeconds int, TimeoutSeconds int, PeriodSeconds int, SuccessThreshold int,
  FailureThreshold int, TerminationGracePeriodSeconds *int
Handler: Exec *ExecAction, HTTPGet *HTTPGetAction, TCPSocket *TCPSocketAction, GRPC *GRPCAction
Lifecycle: PostStart *LifecycleHandler, PreStop *LifecycleHandler, StopSignal *string
LifecycleHandler: Exec *ExecAction, HTTPGet *HTTPGetAction, TCPSocket *TCPSocketAction, Sleep *SleepAction
ExecAction: Command []string
HTTPGetAction: Path string, Port port, Host string, Scheme string, HTTPHeaders []HTTPHeader
HTTPHeader: Name string, Value string
TCPSocketAction: Port port, Host string
GRPCAction: Port int, Service *string
SleepAction: Seconds int
Volume: Name string, HostPath *HostPath, EmptyDir *EmptyDir, GCEPersistentDisk *any, AWSElasticBlockStore *any,
  GitRepo *any, Secret *SecretVolume, NFS *NFS, ISCSI *any, Glusterfs *any, PersistentVolumeClaim *ClaimVolume,
  RBD *any, Quobyte *any, FlexVolume *any, Cinder *any, CephFS *any, Flocker *any, DownwardAPI *DownwardVolume,
  FC *any, AzureFile *any, ConfigMap *ConfigMapVolume, VsphereVolume *any, AzureDisk *any, PhotonPersistentDisk *any,
  Projected *ProjectedVolume, PortworxVolume *any, ScaleIO *any, StorageOS *any, CSI *any, Ephemeral *any,
  Image *ImageVolume
HostPath: Path string, Type *string
EmptyDir: Medium string, SizeLimit *string
SecretVolume: SecretName string, Items []KeyToPath, DefaultMode *int, Optional *bool
NFS: Server string, Path string, ReadOnly bool
ClaimVolume: ClaimName string, ReadOnly bool
DownwardVolume: Items []DownwardFile, DefaultMode *int
DownwardFile: Path string, FieldRef *ObjectFieldSelector, ResourceFieldRef *ResourceFieldSelector, Mode *int
ConfigMapVolume: Name string, Items []KeyToPath, DefaultMode *int, Optional *bool
KeyToPath: Key string, Path string, Mode *int
ProjectedVolume: Sources []VolumeProjection, DefaultMode *int
VolumeProjection: Secret *KeysProjection, DownwardAPI *DownwardProjection, ConfigMap *KeysProjection,
  ServiceAccountToken *TokenProjection, ClusterTrustBundle *any, PodCertificate *any
KeysProjection: Name string, Items []KeyToPath, Optional *bool
DownwardProjection: Items []DownwardFile
TokenProjection: Audience string, ExpirationSeconds int, Path string
ImageVolume: Reference string, PullPolicy string
LocalObjectReference: Name string
Affinity: NodeAffinity *NodeAffinity, PodAffinity *PodAffinity, PodAntiAffinity *PodAffinity
NodeAffinity: RequiredDuringSchedulingIgnoredDuringExecution *NodeSelector,
  PreferredDuringSchedulingIgnoredDuringExecution []PreferredSchedulingTerm
NodeSelector: NodeSelectorTerms []NodeSelectorTerm
NodeSelectorTerm: MatchExpressions []NodeSelectorRequirement, MatchFields []NodeSelectorRequirement
NodeSelectorRequirement: Key string, Operator string, Values []string
PreferredSchedulingTerm: Weight int, Preference NodeSelectorTerm
PodAffinity: RequiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm,
  PreferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm
PodAffinityTerm: LabelSelector any, Namespaces []string, TopologyKey string, NamespaceSelector any,
  MatchLabelKeys []string, MismatchLabelKeys []string
WeightedPodAffinityTerm: Weight int, PodAffinityTerm PodAffinityTerm
Toleration: Key string, Operator string, Value string, Effect string, TolerationSeconds *int
HostAlias: IP string, Hostnames []string
PodDNSConfig: Nameservers []string, Searches []string, Options []PodDNSConfigOption
PodDNSConfigOption: Name string, Value *string
PodReadinessGate: ConditionType string
TopologySpreadConstraint: MaxSkew int, TopologyKey string, WhenUnsatisfiable string, LabelSelector any, MinDomains *int,
  NodeAffinityPolicy *string, NodeTaintsPolicy *string, MatchLabelKeys []string
PodOS: Name string
PodSchedulingGate: Name string
PodResourceClaim: Name string, ResourceClaimName *string, ResourceClaimTemplateName *string
PodSchedulingGroup: PodGroupName *string
PodIP: IP string
DeploymentStrategy: Type string, RollingUpdate *RollingUpdateDeployment
RollingUpdateDeployment: MaxUnavailable port, MaxSurge port
StatefulSetUpdateStrategy: Type string, RollingUpdate *RollingUpdateStatefulSet
RollingUpdateStatefulSet: Partition int, MaxUnavailable *port
DaemonSetUpdateStrategy: Type string, RollingUpdate *RollingUpdateDaemonSet
RollingUpdateDaemonSet: MaxUnavailable port, MaxSurge port
Taint: Key string, Value string, Effect string, TimeAdded *string
"""

_ZERO: dict[str, Any] = {"string": "", "int": 0, "bool": False, "port": 0, "quantity": "0", "any": None}
_ODD_NAMES = {"CephFS": "cephfs", "StorageOS": "storageos"}


@dataclass(frozen=True, slots=True)
class _Field:
    """One field: its Go name, its name in JSON and its type."""

    go_name: str
    wire_name: str
    type: str


def _wire_name(go_name: str) -> str:
    """``HTTPGet`` is ``httpGet``: a leading acronym becomes lower case."""
    if go_name in _ODD_NAMES:
        return _ODD_NAMES[go_name]
    return re.sub(r"^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+$|^[A-Z]", lambda found: found[0].lower(), go_name, count=1)


def _read_declarations() -> dict[str, tuple[_Field, ...]]:
    structs: dict[str, tuple[_Field, ...]] = {}
    for declaration in re.sub(r"\n +", " ", _DECLARATIONS).strip().splitlines():
        name, _, text = declaration.partition(": ")
        fields: list[_Field] = []
        for member in text.split(", "):
            go_name, go_type = member.split(" ")
            fields.append(_Field(go_name, "" if go_name == "+" else _wire_name(go_name), go_type))
        structs[name] = tuple(fields)
    # embedded structs may be declared later than their owners, hence the second pass
    return {
        name: tuple(inner for field in fields for inner in (structs[field.type] if field.go_name == "+" else (field,)))
        for name, fields in structs.items()
    }


_STRUCTS = _read_declarations()


def internal_form(wire: Wire, struct: str) -> Wire:
    """The JSON of the Go struct that a wire form (without nulls) decodes to; keys in the order of the declaration."""
    return {field.go_name: _value(wire.get(field.wire_name), field.type) for field in _STRUCTS[struct]}


def _value(given: Any, go_type: str) -> Any:
    pointer = go_type.startswith("*")
    if go_type.startswith("[]"):
        return None if given is None else [_value(item, go_type[2:]) for item in given]
    inner = go_type.removeprefix("*")
    if inner == "map":
        return None if given is None else dict(sorted(given.items()))
    if given is None and (pointer or inner == "any"):
        return None
    if inner in _ZERO:
        return _ZERO[inner] if given is None else given
    return internal_form(given or {}, inner)


_HOST_FIELDS = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")


def internal_pod_spec(spec: Wire) -> Wire:
    """A Pod's spec in internal form, where what is shared with the host belongs to the security context."""
    shared = {field: spec[field] for field in _HOST_FIELDS if field in spec}
    moved = dict(spec)
    if shared:
        moved["securityContext"] = {**spec.get("securityContext", {}), **shared}
    if "serviceAccountName" not in spec and "serviceAccount" in spec:
        moved["serviceAccountName"] = spec["serviceAccount"]
    return internal_form(moved, "PodSpec")
