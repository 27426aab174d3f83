"""Roles and their bindings; quotas and limits; classes of storage and priority."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kubesim.api.objects import Wire
from kubesim.api.printers.columns import label_map
from kubesim.kubectl.describe.surroundings import Surroundings, events_of
from kubesim.kubectl.describe.text import Text, annotation_lines, labels

_SCOPES = {
    "Terminating": "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before "
    "being actively terminated by the system.",
    "NotTerminating": "Matches all pods that do not have an active deadline. These pods usually include long running "
    "pods whose container command is not expected to terminate.",
    "BestEffort": "Matches all pods that do not have resource requirements set. These pods have a best effort quality "
    "of service.",
    "NotBestEffort": "Matches all pods that have at least one resource requirement set. These pods have a burstable or "
    "guaranteed quality of service.",
}
_DEFAULT_CLASSES = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


_LIMIT_TITLES = ("Type", "Resource", "Min", "Max", "Default Request", "Default Limit", "Max Limit/Request Ratio")


def role(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a Role or a ClusterRole: a line for each resource."""
    _named(wire, text)
    text.line(0, "PolicyRule:")
    titles = ("Resources", "Non-Resource URLs", "Resource Names", "Verbs")
    text.table(1, titles, _compact(wire.get("rules") or ()))


def _named(wire: Wire, text: Text) -> None:
    """Name, labels and annotations; not the namespace."""
    metadata = wire["metadata"]
    text.line(0, "Name:", metadata["name"])
    labels(text, "Labels", metadata.get("labels"))
    annotation_lines(text, "Annotations", metadata.get("annotations"))


def _compact(rules: Sequence[Wire]) -> list[tuple[str, str, str, str]]:
    """The rules, each broken down to one resource or URL, those alike joined, in the order of their texts."""
    verbs: dict[tuple[str, str, str], list[str]] = {}
    for rule in rules:
        for group in rule.get("apiGroups") or ():
            for resource in rule.get("resources") or ():
                name, slash, below = resource.partition("/")
                shown = name + (f".{group}" if group else "") + slash + below
                for each in rule.get("resourceNames") or ("",):
                    _extend(verbs.setdefault((shown, "", each), []), rule)
        for url in rule.get("nonResourceURLs") or ():
            _extend(verbs.setdefault(("", url, ""), []), rule)
    return [
        (resource, f"[{url}]", f"[{name}]", f"[{' '.join(found)}]")
        for (resource, url, name), found in sorted(verbs.items(), key=lambda each: each[0])
    ]


def _extend(verbs: list[str], rule: Wire) -> None:
    verbs += [verb for verb in rule.get("verbs") or () if verb not in verbs]


def binding(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a RoleBinding or a ClusterRoleBinding."""
    _named(wire, text)
    role_reference = wire.get("roleRef") or {}
    text.line(0, "Role:")
    text.line(1, "Kind:", role_reference.get("kind", ""))
    text.line(1, "Name:", role_reference.get("name", ""))
    text.line(0, "Subjects:")
    fields = ("kind", "name", "namespace")
    rows = ([each.get(field, "") for field in fields] for each in wire.get("subjects") or ())
    text.table(1, [field.capitalize() for field in fields], rows)


def quota(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a ResourceQuota."""
    text.line(0, "Name:", wire["metadata"]["name"])
    text.line(0, "Namespace:", wire["metadata"].get("namespace", ""))
    scopes = sorted((wire.get("spec") or {}).get("scopes") or ())
    if scopes:
        text.line(0, "Scopes:", ", ".join(scopes))
        for scope in scopes:
            if scope in _SCOPES:
                text.line(0, f" * {_SCOPES[scope]}")
    text.table(0, ("Resource", "Used", "Hard"), _used(wire.get("status") or {}))


def _used(status: Wire) -> Iterator[tuple[str, str, str]]:
    hard, used = status.get("hard") or {}, status.get("used") or {}
    for name in sorted(hard):
        yield name, used.get(name, "0"), hard[name]


def quotas_of_namespace(found: Sequence[Wire], text: Text) -> None:
    """The part of a Namespace's description that tells of its quotas."""
    if not found:
        text.line(0, "No resource quota.")
        return
    text.line(0, "Resource Quotas")
    for wire in sorted(found, key=lambda each: str(each["metadata"]["name"])):
        text.line(1, "Name:", wire["metadata"]["name"])
        scopes = sorted((wire.get("spec") or {}).get("scopes") or ())
        if scopes:
            text.line(1, "Scopes:", ", ".join(scopes))
            for scope in scopes:
                if scope in _SCOPES:
                    text.line(1, f"* {_SCOPES[scope]}")
        text.table(1, ("Resource", "Used", "Hard"), _used(wire.get("status") or {}), "-------- --- ---")


def limits_of_namespace(found: Sequence[Wire], text: Text) -> None:
    """The part of a Namespace's description that tells of its limits."""
    if not found:
        text.line(0, "No LimitRange resource.")
        return
    text.line(0, "Resource Limits")
    indented = [f" {_LIMIT_TITLES[0]}", *_LIMIT_TITLES[1:]]
    rules = " ".join("-" * len(title) for title in _LIMIT_TITLES).split(" ")
    text.line(0, *indented)
    text.line(0, f" {rules[0]}", *rules[1:])
    for wire in found:
        for first, *others in _limits((wire.get("spec") or {}).get("limits") or ()):
            text.line(0, f" {first}", *others)


def limit_range(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a LimitRange."""
    text.line(0, "Name:", wire["metadata"]["name"])
    text.line(0, "Namespace:", wire["metadata"].get("namespace", ""))
    text.table(0, _LIMIT_TITLES, _limits((wire.get("spec") or {}).get("limits") or ()))


def _limits(items: Sequence[Wire]) -> Iterator[tuple[str, ...]]:
    fields = ("min", "max", "defaultRequest", "default", "maxLimitRequestRatio")
    for item in items:
        for name in sorted({name for field in fields for name in item.get(field) or ()}):
            yield (item.get("type", ""), name, *((item.get(field) or {}).get(name, "-") for field in fields))


def storage_class(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a StorageClass."""
    annotations = wire["metadata"].get("annotations") or {}
    default = any(annotations.get(each) == "true" for each in _DEFAULT_CLASSES)
    expands = wire.get("allowVolumeExpansion")
    text.line(0, "Name:", wire["metadata"]["name"])
    text.line(0, "IsDefaultClass:", "Yes" if default else "No")
    text.line(0, "Annotations:", label_map(annotations))
    text.line(0, "Provisioner:", wire.get("provisioner", ""))
    text.line(0, "Parameters:", label_map(wire.get("parameters")))
    text.line(0, "AllowVolumeExpansion:", "<unset>" if expands is None else str(expands))
    options = wire.get("mountOptions")
    text.line(0, "MountOptions:", *(() if options else ("<none>",)))
    for option in options or ():
        text.line(1, option)
    text.given("ReclaimPolicy:", wire.get("reclaimPolicy"))
    text.given("VolumeBindingMode:", wire.get("volumeBindingMode"))
    events_of(text, wire, around)


def priority_class(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a PriorityClass."""
    text.line(0, "Name:", wire["metadata"]["name"])
    text.line(0, "Value:", wire.get("value", 0))
    text.line(0, "GlobalDefault:", str(wire.get("globalDefault", False)).lower())
    text.line(0, "PreemptionPolicy:", wire.get("preemptionPolicy", ""))
    text.line(0, "Description:", wire.get("description", ""))
    text.line(0, "Annotations:", label_map(wire["metadata"].get("annotations")))
    events_of(text, wire, around)


def volume_attributes_class(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a VolumeAttributesClass."""
    text.line(0, "Name:", wire["metadata"]["name"])
    text.line(0, "Annotations:", label_map(wire["metadata"].get("annotations")))
    text.line(0, "DriverName:", wire.get("driverName", ""))
    text.line(0, "Parameters:", label_map(wire.get("parameters")))
    events_of(text, wire, around)
