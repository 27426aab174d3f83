"""Volumes, and the rest of what Pods and Pod templates share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kubesim.api.go_format import sprint
from kubesim.api.objects import LabelSelector, PodTemplateSpec, Wire, view
from kubesim.api.printers.columns import label_selector
from kubesim.kubectl.describe.containers import containers
from kubesim.kubectl.describe.text import Text, annotation_lines, labels, tolerations

_KINDS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "hostPath": ("HostPath (bare host directory volume)", (("Path", "path"), ("HostPathType", "type"))),
    "emptyDir": (
        "EmptyDir (a temporary directory that shares a pod's lifetime)",
        (("Medium", "medium"), ("SizeLimit", "sizeLimit")),
    ),
    "secret": ("Secret (a volume populated by a Secret)", (("SecretName", "secretName"), ("Optional", "optional"))),
    "configMap": ("ConfigMap (a volume populated by a ConfigMap)", (("Name", "name"), ("Optional", "optional"))),
    "nfs": (
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        (("Server", "server"), ("Path", "path"), ("ReadOnly", "readOnly")),
    ),
    "local": ("LocalVolume (a persistent volume backed by local storage on a node)", (("Path", "path"),)),
    "persistentVolumeClaim": (
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        (("ClaimName", "claimName"), ("ReadOnly", "readOnly")),
    ),
    "image": ("Image (a container image or OCI artifact)", (("Reference", "reference"), ("PullPolicy", "pullPolicy"))),
    "downwardAPI": ("DownwardAPI (a volume populated by information about the pod)", ()),
    "projected": ("Projected (a volume that contains injected data from multiple sources)", ()),
}
_UNSET = {"optional": False, "readOnly": False, "sizeLimit": "<unset>", "type": "<none>"}


def volumes(found: Sequence[Wire] | None, text: Text, indent: str = "") -> None:
    """Describe volumes by where their content comes from."""
    text.line(0, f"{indent}Volumes:", *(() if found else ("<none>",)))
    for volume in found or ():
        text.line(1, f"{' ' if indent else ''}{volume.get('name', '')}:")
        source_of(volume, text, 2)


def source_of(volume: Wire, text: Text, level: int) -> None:
    """Where a volume's content comes from; a PersistentVolume has the same fields in its spec."""
    kind = next((kind for kind in _KINDS if volume.get(kind) is not None), None)
    if kind is None:
        text.line(1, "<unknown>")
        return
    words, fields = _KINDS[kind]
    source: Wire = volume[kind]
    text.line(level, "Type:", words)
    for title, key in fields:
        value: Any = source.get(key)
        text.line(level, f"{title}:", sprint(_UNSET.get(key, "") if value is None else value))
    if kind == "downwardAPI":
        text.line(level, "Items:")
        for item in source.get("items") or ():
            reference = item.get("fieldRef") or {}
            text.line(level + 1, f"{reference.get('fieldPath', '')} -> {item.get('path', '')}")
    for part in source.get("sources") or () if kind == "projected" else ():
        _projected(part, text)


def _projected(part: Wire, text: Text) -> None:
    for key, title in (("secret", "SecretName"), ("configMap", "ConfigMapName")):
        if (source := part.get(key)) is not None:
            text.line(2, f"{title}:", source.get("name", ""))
            text.line(2, "Optional:", sprint(bool(source.get("optional"))))
            return
    if part.get("downwardAPI") is not None:
        text.line(2, "DownwardAPI:", "true")
    elif (token := part.get("serviceAccountToken")) is not None:
        text.line(2, "TokenExpirationSeconds:", token.get("expirationSeconds", 3600))


def spread_constraints(found: Sequence[Wire] | None, text: Text, indent: str = "") -> None:
    """Topology spread constraints, in the order of their keys; nothing where there are none."""
    for index, each in enumerate(sorted(found or (), key=lambda each: str(each.get("topologyKey", "")))):
        shown = (
            f"{each.get('topologyKey', '')}:{each.get('whenUnsatisfiable', '')} when max skew "
            f"{each.get('maxSkew', 0)} is exceeded"
        )
        if each.get("labelSelector") is not None:
            shown += f" for selector {label_selector(view(each['labelSelector'], LabelSelector))}"
        text.line(0, f"{indent}Topology Spread Constraints:" if index == 0 else indent, shown)


def pod_template(template: PodTemplateSpec, text: Text) -> None:
    """The template of a workload's Pods."""
    spec = template.spec
    text.line(0, "Pod Template:")
    labels(text, "  Labels", template.metadata.labels)
    if template.metadata.annotations:
        annotation_lines(text, "  Annotations", template.metadata.annotations)
    text.given("Service Account:", spec.serviceAccountName, 1)
    if spec.initContainers:
        containers("Init Containers", spec.initContainers, None, text, "  ")
    containers("Containers", spec.containers, None, text, "  ")
    volumes(spec.volumes, text, "  ")
    spread_constraints(spec.topologySpreadConstraints, text, "  ")
    text.given("Priority Class Name:", spec.priorityClassName, 1)
    labels(text, "  Node-Selectors", spec.nodeSelector)
    tolerations(text, "  Tolerations", spec.tolerations)
