"""Where kustomize acts if nobody says otherwise: labels, annotations, images, and which fields name other objects.

Figures of ``sigs.k8s.io/kustomize/api/internal/konfig/builtinpluginconsts``.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kubesim.kubectl.kustomize.fields import FieldSpec, merged
from kubesim.kubectl.kustomize.ordering import kind_rank
from kubesim.kubectl.kustomize.resource import Id

_TEMPLATE = "spec/template/"
_JOB_TEMPLATE = "spec/jobTemplate/"
_APPS = ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet")
_GROUPS = {"StatefulSet": "apps", "Job": "batch", "CronJob": "batch"}
"""The group that a kind's labels are restricted to; other kinds may be of any."""
_RBAC = "rbac.authorization.k8s.io"

_POD_SPECS = {
    "Pod": "spec/",
    "PodTemplate": "template/spec/",
    **dict.fromkeys((*_APPS, "Job"), f"{_TEMPLATE}spec/"),
    "CronJob": f"{_JOB_TEMPLATE}{_TEMPLATE}spec/",
}
"""Where each kind that runs Pods says what they are to be."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The fields that name objects of one kind."""

    kind: str
    version: str
    group: str
    fields: tuple[FieldSpec, ...]


@dataclass(frozen=True, slots=True)
class Configuration:
    """Where each transformer acts."""

    common_labels: tuple[FieldSpec, ...]
    labels: tuple[FieldSpec, ...]
    template_labels: tuple[FieldSpec, ...]
    annotations: tuple[FieldSpec, ...]
    namespace: tuple[FieldSpec, ...]
    prefix: tuple[FieldSpec, ...]
    suffix: tuple[FieldSpec, ...]
    images: tuple[FieldSpec, ...]
    replicas: tuple[FieldSpec, ...]
    variables: tuple[FieldSpec, ...]
    references: tuple[Reference, ...]

    def with_more(self, other: Mapping[str, Any]) -> Configuration:
        """With what a file of ``configurations`` adds."""
        added: dict[str, Any] = {}
        for key, member in _MEMBERS.items():
            if other.get(key):
                both = merged(getattr(self, member), map(FieldSpec.of, other[key]))
                added[member] = merged((), sorted(both, key=_rank))  # so that a narrower path may hide a wider one
        references = {(each.kind, each.version, each.group): each for each in self.references}
        for entry in other.get("nameReference") or ():
            kind, version, group = (str(entry.get(part) or "") for part in ("kind", "version", "group"))
            held = references.get((kind, version, group), Reference(kind, version, group, ()))
            fields = merged(held.fields, map(FieldSpec.of, entry.get("fieldSpecs") or ()))
            references[kind, version, group] = replace(held, fields=fields)
        return replace(self, references=tuple(sorted(references.values(), key=_rank)), **added)


def _rank(entry: FieldSpec | Reference) -> tuple[int, str]:
    """Where an entry stands among others, which is where resources of its kind would."""
    return kind_rank(Id(entry.group, entry.version, entry.kind))


_MEMBERS = {
    "commonLabels": "common_labels",
    "labels": "labels",
    "templateLabels": "template_labels",
    "commonAnnotations": "annotations",
    "namespace": "namespace",
    "namePrefix": "prefix",
    "nameSuffix": "suffix",
    "images": "images",
    "replicas": "replicas",
    "varReference": "variables",
}
KEYS = (*_MEMBERS, "nameReference")
"""The keys of a file of ``configurations``."""


def _in_metadata(key: str) -> Iterator[FieldSpec]:
    yield FieldSpec(f"metadata/{key}", create=True)
    yield FieldSpec(f"{_TEMPLATE}metadata/{key}", "ReplicationController", version="v1", create=True)
    for kind in (*_APPS, "Job"):
        # Annotations of a StatefulSet's Pods are written whatever its group.
        group = "" if (key, kind) == ("annotations", "StatefulSet") else _GROUPS.get(kind, "")
        yield FieldSpec(f"{_TEMPLATE}metadata/{key}", kind, group, create=True)
    yield FieldSpec(f"{_JOB_TEMPLATE}metadata/{key}", "CronJob", "batch", create=True)
    yield FieldSpec(f"{_JOB_TEMPLATE}{_TEMPLATE}metadata/{key}", "CronJob", "batch", create=True)


def _selectors() -> Iterator[FieldSpec]:
    for kind in ("Service", "ReplicationController"):
        yield FieldSpec("spec/selector", kind, version="v1", create=True)
    for kind in _APPS:
        yield FieldSpec("spec/selector/matchLabels", kind, _GROUPS.get(kind, ""), create=True)
    for kind in ("Deployment", "StatefulSet"):
        for affinity in ("podAffinity", "podAntiAffinity"):
            for when in (
                "preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
                "requiredDuringSchedulingIgnoredDuringExecution",
            ):
                yield FieldSpec(f"{_TEMPLATE}spec/affinity/{affinity}/{when}/labelSelector/matchLabels", kind, "apps")
        yield FieldSpec(f"{_TEMPLATE}spec/topologySpreadConstraints/labelSelector/matchLabels", kind, "apps")
    yield FieldSpec("spec/selector/matchLabels", "Job", "batch")
    yield FieldSpec(f"{_JOB_TEMPLATE}spec/selector/matchLabels", "CronJob", "batch")
    yield FieldSpec("spec/selector/matchLabels", "PodDisruptionBudget", "policy")
    for where in ("spec", "spec/ingress/from", "spec/egress/to"):
        yield FieldSpec(f"{where}/podSelector/matchLabels", "NetworkPolicy", "networking.k8s.io")


def _claim_templates() -> Iterator[FieldSpec]:
    yield FieldSpec("spec/volumeClaimTemplates[]/metadata/labels", "StatefulSet", "apps", create=True)


def _images() -> Iterator[FieldSpec]:
    for where in ("spec/", f"{_TEMPLATE}spec/"):
        for field in ("containers[]/image", "initContainers[]/image", "volumes[]/image/reference"):
            yield FieldSpec(where + field, create=True)


def _variables() -> Iterator[FieldSpec]:
    for kind, where in _POD_SPECS.items():
        if kind == "PodTemplate":
            continue
        for containers in ("containers", "initContainers"):
            for field in ("args", "command", "env/value", "volumeMounts/mountPath"):
                yield FieldSpec(f"{where}{containers}/{field}", kind)
        if kind not in ("CronJob", "StatefulSet"):
            yield FieldSpec(f"{where}volumes/nfs/server", kind)
    yield FieldSpec(f"{_JOB_TEMPLATE}{_TEMPLATE}volumes/nfs/server", "CronJob")
    yield FieldSpec("spec/volumeClaimTemplates/spec/nfs/server", "StatefulSet")
    yield FieldSpec(f"{_TEMPLATE}metadata/annotations", "Deployment")
    for field in ("spec/rules/host", "spec/tls/hosts", "spec/tls/secretName"):
        yield FieldSpec(field, "Ingress")
    for field in ("spec/ports/port", "spec/ports/targetPort"):
        yield FieldSpec(field, "Service")
    yield FieldSpec("spec/nfs/server", "PersistentVolume")
    yield FieldSpec("metadata/labels")
    yield FieldSpec("metadata/annotations")


def _keyed(kind: str, volume: str, pull: bool) -> Iterator[FieldSpec]:
    """Where Pods name a ConfigMap or a Secret."""
    own = f"{kind[0].lower()}{kind[1:]}"
    for workload, where in _POD_SPECS.items():
        version = "v1" if workload == "Pod" else ""
        paths = [volume, f"volumes/projected/sources/{own}/name"]
        for containers in ("containers", "initContainers"):
            paths += [f"{containers}/env/valueFrom/{own}KeyRef/name", f"{containers}/envFrom/{own}Ref/name"]
        for path in (*paths, *(("imagePullSecrets/name",) if pull else ())):
            yield FieldSpec(where + path, workload, version=version)
    for role in ("Role", "ClusterRole"):
        yield FieldSpec("rules/resourceNames", role)


def _in_pods(path: str) -> Iterator[FieldSpec]:
    """Where Pods name something else."""
    yield FieldSpec(f"spec/{path}", "Pod")
    for kind in ("StatefulSet", "Deployment", "ReplicationController", "Job", "DaemonSet"):
        yield FieldSpec(f"{_TEMPLATE}spec/{path}", kind)
    yield FieldSpec(f"{_JOB_TEMPLATE}{_TEMPLATE}spec/{path}", "CronJob")


_ANNOTATED = "metadata/annotations/"


def _references() -> Iterator[Reference]:
    """In the order in which upstream sorts the kinds."""
    subjects = tuple(FieldSpec("subjects", kind, _RBAC) for kind in ("RoleBinding", "ClusterRoleBinding"))
    yield Reference("ServiceAccount", "v1", "", (*subjects, *_in_pods("serviceAccountName")))
    yield Reference(
        "StorageClass",
        "v1",
        "storage.k8s.io",
        (
            FieldSpec("spec/storageClassName", "PersistentVolume"),
            FieldSpec("spec/storageClassName", "PersistentVolumeClaim"),
            FieldSpec("spec/volumeClaimTemplates/spec/storageClassName", "StatefulSet"),
        ),
    )
    yield Reference("Role", "", _RBAC, (FieldSpec("roleRef/name", "RoleBinding", _RBAC),))
    bindings = tuple(FieldSpec("roleRef/name", kind, _RBAC) for kind in ("RoleBinding", "ClusterRoleBinding"))
    yield Reference("ClusterRole", "", _RBAC, bindings)
    config_maps = (
        *_keyed("ConfigMap", "volumes/configMap/name", False),
        FieldSpec("spec/configSource/configMap", "Node"),
        FieldSpec(f"{_ANNOTATED}nginx.ingress.kubernetes.io\\/fastcgi-params-configmap", "Ingress"),
    )
    yield Reference("ConfigMap", "v1", "", config_maps)
    secrets = (
        *_keyed("Secret", "volumes/secret/secretName", True),
        FieldSpec("spec/tls/secretName", "Ingress"),
        *(
            FieldSpec(f"{_ANNOTATED}{name}", "Ingress")
            for name in (
                "ingress.kubernetes.io\\/auth-secret",
                "nginx.ingress.kubernetes.io\\/auth-secret",
                "nginx.ingress.kubernetes.io\\/auth-tls-secret",
            )
        ),
        FieldSpec("imagePullSecrets/name", "ServiceAccount"),
        *(
            FieldSpec(f"parameters/{name}", "StorageClass")
            for name in ("secretName", "adminSecretName", "userSecretName", "secretRef")
        ),
        FieldSpec(
            f"{_TEMPLATE}spec/containers/env/valueFrom/secretKeyRef/name", "Service", "serving.knative.dev", "v1"
        ),
        FieldSpec("spec/azureFile/secretName", "PersistentVolume"),
    )
    yield Reference("Secret", "v1", "", secrets)
    services = (
        FieldSpec("spec/serviceName", "StatefulSet", "apps"),
        *(
            FieldSpec(path, "Ingress")
            for path in (
                "spec/rules/http/paths/backend/serviceName",
                "spec/backend/serviceName",
                "spec/rules/http/paths/backend/service/name",
                "spec/defaultBackend/service/name",
            )
        ),
        FieldSpec("spec/service/name", "APIService", "apiregistration.k8s.io"),
        *(
            FieldSpec("webhooks/clientConfig/service", kind, "admissionregistration.k8s.io")
            for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
        ),
    )
    yield Reference("Service", "v1", "", services)
    yield Reference("PriorityClass", "v1", "scheduling.k8s.io", tuple(_in_pods("priorityClassName")))
    volumes = (FieldSpec("spec/volumeName", "PersistentVolumeClaim"), FieldSpec("rules/resourceNames", "ClusterRole"))
    yield Reference("PersistentVolume", "v1", "", volumes)
    claims = tuple(_in_pods("volumes/persistentVolumeClaim/claimName"))
    yield Reference("PersistentVolumeClaim", "v1", "", claims)
    for kind in ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"):
        yield Reference(kind, "", "", (FieldSpec("spec/scaleTargetRef/name", "HorizontalPodAutoscaler"),))
    policies = "admissionregistration.k8s.io"
    bound = (FieldSpec("spec/policyName", "ValidatingAdmissionPolicyBinding", policies),)
    yield Reference("ValidatingAdmissionPolicy", "", policies, bound)


@functools.cache
def configuration() -> Configuration:
    """Where transformers act without a file of ``configurations``."""
    metadata = tuple(_in_metadata("labels"))
    claims = tuple(_claim_templates())
    services = FieldSpec("spec/service/namespace", "APIService", "apiregistration.k8s.io", create=True)
    webhooks = FieldSpec(
        "spec/conversion/webhook/clientConfig/service/namespace", "CustomResourceDefinition", "apiextensions.k8s.io"
    )
    return Configuration(
        common_labels=(*_selectors(), *metadata, *claims),
        labels=(),
        template_labels=metadata,
        annotations=tuple(_in_metadata("annotations")),
        namespace=(FieldSpec("metadata/name", "Namespace", create=True), services, webhooks),
        prefix=(FieldSpec("metadata/name"),),
        suffix=(FieldSpec("metadata/name"),),
        images=tuple(_images()),
        replicas=tuple(
            FieldSpec("spec/replicas", kind, create=True)
            for kind in ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")
        ),
        variables=tuple(_variables()),
        references=tuple(_references()),
    )


def is_of(id: Id, spec: FieldSpec | Reference) -> bool:
    """Whether a resource is of the kind that a path or a reference is restricted to."""
    return id.is_of(spec.group, spec.version, spec.kind)
