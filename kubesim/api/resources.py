"""The resource types this API server serves: kinds, plurals, short names, groups and scope.

``kubectl api-resources`` prints this table, and every name that a person may type for a kind (``svc``, ``service``,
``Services``, ``deployments.apps``) is looked up here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One kind as the API serves it.

    :param deprecation: what the server warns of with every answer to a request for this kind, refused or not.
    """

    kind: str
    plural: str
    singular: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    deprecation: str = ""

    def answers_to(self, word: str) -> bool:
        """Whether a word names this type: its plural or singular in any case, its short names only as they are."""
        return word in self.short_names or word.lower() in (self.plural, self.singular)

    @property
    def api_version(self) -> str:
        """``v1`` in the core group, else ``group/version``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """``deployments.apps``, or ``pods`` in the core group."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified_singular(self) -> str:
        """``deployment.apps``, or ``pod`` in the core group: what kubectl prints before a name."""
        return f"{self.singular}.{self.group}" if self.group else self.singular


def _kept(
    kind: str, plural: str, group: str = "", *short: str, cluster: bool = False, version: str = "v1"
) -> ResourceType:
    """A kind that acts by what reads it, if anything does: it has no controller of its own."""
    return ResourceType(kind, plural, kind.lower(), group, version, not cluster, short)


_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_FLOW = "flowcontrol.apiserver.k8s.io"
_NETWORKING = "networking.k8s.io"
_STORAGE = "storage.k8s.io"
_RESOURCE = "resource.k8s.io"


RESOURCE_TYPES: tuple[ResourceType, ...] = (
    ResourceType("ConfigMap", "configmaps", "configmap", short_names=("cm",)),
    ResourceType(
        "Endpoints", "endpoints", "endpoints", short_names=("ep",),
        deprecation="v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ),
    ResourceType("Event", "events", "event", short_names=("ev",)),
    ResourceType("Namespace", "namespaces", "namespace", namespaced=False, short_names=("ns",)),
    ResourceType("Node", "nodes", "node", namespaced=False, short_names=("no",)),
    ResourceType("PersistentVolumeClaim", "persistentvolumeclaims", "persistentvolumeclaim", short_names=("pvc",)),
    ResourceType("PersistentVolume", "persistentvolumes", "persistentvolume", namespaced=False, short_names=("pv",)),
    ResourceType("Pod", "pods", "pod", short_names=("po",), categories=("all",)),
    ResourceType(
        "ReplicationController", "replicationcontrollers", "replicationcontroller", short_names=("rc",),
        categories=("all",),
    ),
    ResourceType("Secret", "secrets", "secret"),
    ResourceType("ServiceAccount", "serviceaccounts", "serviceaccount", short_names=("sa",)),
    ResourceType("Service", "services", "service", short_names=("svc",), categories=("all",)),
    ResourceType("ControllerRevision", "controllerrevisions", "controllerrevision", "apps"),
    ResourceType("DaemonSet", "daemonsets", "daemonset", "apps", short_names=("ds",), categories=("all",)),
    ResourceType("Deployment", "deployments", "deployment", "apps", short_names=("deploy",), categories=("all",)),
    ResourceType("ReplicaSet", "replicasets", "replicaset", "apps", short_names=("rs",), categories=("all",)),
    ResourceType("StatefulSet", "statefulsets", "statefulset", "apps", short_names=("sts",), categories=("all",)),
    ResourceType(
        "HorizontalPodAutoscaler", "horizontalpodautoscalers", "horizontalpodautoscaler", "autoscaling", "v2",
        short_names=("hpa",), categories=("all",),
    ),
    ResourceType("CronJob", "cronjobs", "cronjob", "batch", short_names=("cj",), categories=("all",)),
    ResourceType("Job", "jobs", "job", "batch", categories=("all",)),
    ResourceType("EndpointSlice", "endpointslices", "endpointslice", "discovery.k8s.io"),
    ResourceType("PodDisruptionBudget", "poddisruptionbudgets", "poddisruptionbudget", "policy", short_names=("pdb",)),
    _kept("LimitRange", "limitranges", "", "limits"),
    _kept("PodTemplate", "podtemplates"),
    _kept("ResourceQuota", "resourcequotas", "", "quota"),
    _kept("MutatingAdmissionPolicy", "mutatingadmissionpolicies", _ADMISSION, cluster=True),
    _kept("MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings", _ADMISSION, cluster=True),
    _kept("MutatingWebhookConfiguration", "mutatingwebhookconfigurations", _ADMISSION, cluster=True),
    _kept("ValidatingAdmissionPolicy", "validatingadmissionpolicies", _ADMISSION, cluster=True),
    _kept("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", _ADMISSION, cluster=True),
    _kept("ValidatingWebhookConfiguration", "validatingwebhookconfigurations", _ADMISSION, cluster=True),
    _kept("CustomResourceDefinition", "customresourcedefinitions", "apiextensions.k8s.io", "crd", "crds", cluster=True),
    _kept("APIService", "apiservices", "apiregistration.k8s.io", cluster=True),
    _kept("CertificateSigningRequest", "certificatesigningrequests", "certificates.k8s.io", "csr", cluster=True),
    _kept("Lease", "leases", "coordination.k8s.io"),
    _kept("FlowSchema", "flowschemas", _FLOW, cluster=True),
    _kept("PriorityLevelConfiguration", "prioritylevelconfigurations", _FLOW, cluster=True),
    _kept("IngressClass", "ingressclasses", _NETWORKING, cluster=True),
    _kept("Ingress", "ingresses", _NETWORKING, "ing"),
    _kept("IPAddress", "ipaddresses", _NETWORKING, "ip", cluster=True),
    _kept("NetworkPolicy", "networkpolicies", _NETWORKING, "netpol"),
    _kept("ServiceCIDR", "servicecidrs", _NETWORKING, cluster=True),
    _kept("RuntimeClass", "runtimeclasses", "node.k8s.io", cluster=True),
    _kept("ClusterRoleBinding", "clusterrolebindings", _RBAC, cluster=True),
    _kept("ClusterRole", "clusterroles", _RBAC, cluster=True),
    _kept("RoleBinding", "rolebindings", _RBAC),
    _kept("Role", "roles", _RBAC),
    _kept("DeviceClass", "deviceclasses", _RESOURCE, cluster=True),
    _kept("ResourceClaim", "resourceclaims", _RESOURCE),
    _kept("ResourceClaimTemplate", "resourceclaimtemplates", _RESOURCE),
    _kept("ResourceSlice", "resourceslices", _RESOURCE, cluster=True),
    _kept("PriorityClass", "priorityclasses", "scheduling.k8s.io", "pc", cluster=True),
    _kept("CSIDriver", "csidrivers", _STORAGE, cluster=True),
    _kept("CSINode", "csinodes", _STORAGE, cluster=True),
    _kept("CSIStorageCapacity", "csistoragecapacities", _STORAGE),
    _kept("StorageClass", "storageclasses", _STORAGE, "sc", cluster=True),
    _kept("VolumeAttachment", "volumeattachments", _STORAGE, cluster=True),
    _kept("VolumeAttributesClass", "volumeattributesclasses", _STORAGE, "vac", cluster=True),
)  # fmt: skip
"""Every type served."""

BY_KIND: dict[str, ResourceType] = {resource.kind: resource for resource in RESOURCE_TYPES}
"""Every type served, by its kind."""


def resource_type(name: str) -> ResourceType | None:
    """The resource of a name as typed: plural, singular, short name or kind; its group may follow after a dot."""
    wanted, _, group = name.partition(".")
    for resource in RESOURCE_TYPES:
        if resource.answers_to(wanted):
            versioned = f"{resource.version}.{resource.group}".rstrip(".")
            if (
                not group
                or group in (resource.group, versioned)
                or (resource.group and resource.group.startswith(group))
            ):
                return resource
    return None


_BY_VERSION_AND_KIND: dict[tuple[object, object], ResourceType] = {
    (resource.api_version, kind): resource
    for resource in RESOURCE_TYPES
    for kind in (resource.kind, resource.kind.lower())
}


def kind_type(api_version: object, kind: object) -> ResourceType | None:
    """The type of a manifest's object; a kind in lower case is found too, as upstream's mapper finds it."""
    return (
        _BY_VERSION_AND_KIND.get((api_version, kind))
        if isinstance(api_version, str) and isinstance(kind, str)
        else None
    )
