"""What the server says it serves: all types of a default Kubernetes 1.36, as ``kubectl api-resources`` lists them.

Most of them this server only knows by name: they can be asked for, and there are none of them. The types whose objects
it really keeps are :data:`~kubesim.api.resources.RESOURCE_TYPES`.
"""

from __future__ import annotations

from kubesim.api.resources import RESOURCE_TYPES, ResourceType

_ADMISSION = "admissionregistration.k8s.io"
_AUTHORIZATION = "authorization.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_FLOW = "flowcontrol.apiserver.k8s.io"
_NETWORKING = "networking.k8s.io"
_STORAGE = "storage.k8s.io"
_RESOURCE = "resource.k8s.io"


def _type(
    kind: str,
    plural: str,
    group: str = "",
    *short: str,
    cluster: bool = False,
    version: str = "v1",
    categories: tuple[str, ...] = (),
) -> ResourceType:
    return ResourceType(kind, plural, kind.lower(), group, version, not cluster, short, categories)


KNOWN_BY_NAME: tuple[ResourceType, ...] = (
    _type("Binding", "bindings"),
    _type("ComponentStatus", "componentstatuses", "", "cs", cluster=True),
    _type("LimitRange", "limitranges", "", "limits"),
    _type("PodTemplate", "podtemplates"),
    _type("ResourceQuota", "resourcequotas", "", "quota"),
    _type("MutatingAdmissionPolicy", "mutatingadmissionpolicies", _ADMISSION, cluster=True),
    _type("MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings", _ADMISSION, cluster=True),
    _type("MutatingWebhookConfiguration", "mutatingwebhookconfigurations", _ADMISSION, cluster=True),
    _type("ValidatingAdmissionPolicy", "validatingadmissionpolicies", _ADMISSION, cluster=True),
    _type("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", _ADMISSION, cluster=True),
    _type("ValidatingWebhookConfiguration", "validatingwebhookconfigurations", _ADMISSION, cluster=True),
    _type("CustomResourceDefinition", "customresourcedefinitions", "apiextensions.k8s.io", "crd", "crds", cluster=True),
    _type("APIService", "apiservices", "apiregistration.k8s.io", cluster=True),
    _type("SelfSubjectReview", "selfsubjectreviews", "authentication.k8s.io", cluster=True),
    _type("TokenReview", "tokenreviews", "authentication.k8s.io", cluster=True),
    _type("LocalSubjectAccessReview", "localsubjectaccessreviews", _AUTHORIZATION),
    _type("SelfSubjectAccessReview", "selfsubjectaccessreviews", _AUTHORIZATION, cluster=True),
    _type("SelfSubjectRulesReview", "selfsubjectrulesreviews", _AUTHORIZATION, cluster=True),
    _type("SubjectAccessReview", "subjectaccessreviews", _AUTHORIZATION, cluster=True),
    _type("CertificateSigningRequest", "certificatesigningrequests", "certificates.k8s.io", "csr", cluster=True),
    _type("Lease", "leases", "coordination.k8s.io"),
    _type("Event", "events", "events.k8s.io", "ev"),
    _type("FlowSchema", "flowschemas", _FLOW, cluster=True),
    _type("PriorityLevelConfiguration", "prioritylevelconfigurations", _FLOW, cluster=True),
    _type("IngressClass", "ingressclasses", _NETWORKING, cluster=True),
    _type("Ingress", "ingresses", _NETWORKING, "ing"),
    _type("IPAddress", "ipaddresses", _NETWORKING, "ip", cluster=True),
    _type("NetworkPolicy", "networkpolicies", _NETWORKING, "netpol"),
    _type("ServiceCIDR", "servicecidrs", _NETWORKING, cluster=True),
    _type("RuntimeClass", "runtimeclasses", "node.k8s.io", cluster=True),
    _type("ClusterRoleBinding", "clusterrolebindings", _RBAC, cluster=True),
    _type("ClusterRole", "clusterroles", _RBAC, cluster=True),
    _type("RoleBinding", "rolebindings", _RBAC),
    _type("Role", "roles", _RBAC),
    _type("DeviceClass", "deviceclasses", _RESOURCE, cluster=True),
    _type("ResourceClaim", "resourceclaims", _RESOURCE),
    _type("ResourceClaimTemplate", "resourceclaimtemplates", _RESOURCE),
    _type("ResourceSlice", "resourceslices", _RESOURCE, cluster=True),
    _type("PriorityClass", "priorityclasses", "scheduling.k8s.io", "pc", cluster=True),
    _type("CSIDriver", "csidrivers", _STORAGE, cluster=True),
    _type("CSINode", "csinodes", _STORAGE, cluster=True),
    _type("CSIStorageCapacity", "csistoragecapacities", _STORAGE),
    _type("StorageClass", "storageclasses", _STORAGE, "sc", cluster=True),
    _type("VolumeAttachment", "volumeattachments", _STORAGE, cluster=True),
    _type("VolumeAttributesClass", "volumeattributesclasses", _STORAGE, "vac", cluster=True),
)
"""The types of which this server keeps no objects."""

DISCOVERED: tuple[ResourceType, ...] = tuple(
    sorted((*RESOURCE_TYPES, *KNOWN_BY_NAME), key=lambda resource: (resource.group, resource.plural))
)
"""Every type, by group and name."""

FURTHER_VERSIONS = frozenset(("autoscaling/v1",))
"""Versions that are served beside those that are preferred, under which the types are listed."""

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_REVIEWS = ("create",)


def verbs(resource: ResourceType) -> tuple[str, ...]:
    """What can be done with objects of a type: reviews are only created, component statuses only read."""
    if resource.kind.endswith("Review") or resource.kind == "Binding":
        return _REVIEWS
    if resource.kind == "ComponentStatus":
        return ("get", "list")
    if resource.kind == "Namespace":
        return tuple(verb for verb in ALL_VERBS if verb != "deletecollection")
    return ALL_VERBS
