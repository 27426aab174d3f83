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
