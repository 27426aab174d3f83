"""Finding a resource by any of its names, and the fields by which objects can be selected."""

from __future__ import annotations

from kubesim.api.objects import Wire
from kubesim.api.resources import RESOURCE_TYPES, ResourceType


def resource_type(name: str) -> ResourceType | None:
    """The resource of a name as typed: plural, singular, short name or kind; its group may follow after a dot."""
    wanted, _, group = name.lower().partition(".")
    for resource in RESOURCE_TYPES:
        if wanted in (resource.plural, resource.singular, resource.kind.lower(), *resource.short_names):
            versioned = f"{resource.version}.{resource.group}".rstrip(".")
            if (
                not group
                or group in (resource.group, versioned)
                or (resource.group and resource.group.startswith(group))
            ):
                return resource
    return None


_BY_KIND = {
    (resource.api_version, kind): resource
    for resource in RESOURCE_TYPES
    for kind in (resource.kind, resource.kind.lower())
}


def kind_type(api_version: object, kind: object) -> ResourceType | None:
    """The type of a manifest's object; a kind in lower case is found too, as upstream's mapper finds it."""
    return _BY_KIND.get((api_version, kind)) if isinstance(api_version, str) and isinstance(kind, str) else None


_SELECTABLE: dict[str, tuple[str, ...]] = {
    "Pod": (
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
    ),
    "Service": ("spec.clusterIP", "spec.type"),
    "Namespace": ("status.phase",),
    "Node": ("spec.unschedulable",),
    "Secret": ("type",),
    "ReplicaSet": ("status.replicas",),
    "Event": (
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
        "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath",
        "reason", "reportingComponent", "source", "type",
    ),
}  # fmt: skip


def selectable(resource: ResourceType) -> tuple[str, ...]:
    """The fields by which objects of a kind can be selected."""
    return ("metadata.name", "metadata.namespace", *_SELECTABLE.get(resource.kind, ()))


def selectable_fields(wire: Wire) -> dict[str, str]:
    """The fields of an object by which it can be selected, as text."""
    names = ("metadata.name", "metadata.namespace", *_SELECTABLE.get(wire["kind"], ()))
    return {name: _text(wire, name) for name in names}


def _text(wire: Wire, path: str) -> str:
    if path == "source":
        path = "source.component"
    value: object = wire
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if path in ("spec.unschedulable", "spec.hostNetwork"):
        value = bool(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
