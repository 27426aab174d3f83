"""The steps that change resources: namespace, prefix and suffix, labels, annotations, replicas, images.

Upstream: ``sigs.k8s.io/kustomize/api/internal/builtins`` and ``.../api/filters``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kubesim.api.go_format import sprint
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.kustomize.defaults import is_of
from kubesim.kubectl.kustomize.fields import FieldSpec, change_field
from kubesim.kubectl.kustomize.resource import Resources, is_cluster_scoped

_BINDINGS = ("RoleBinding", "ClusterRoleBinding")
_FOLLOWING = {"defaultOnly": ("name", "default"), "allServiceAccounts": ("kind", "ServiceAccount")}
"""The subjects of bindings that get the namespace: a field, and what it says."""


def set_namespace(
    resources: Resources,
    namespace: str,
    specs: Sequence[FieldSpec],
    *,
    subjects: str = "defaultOnly",
    unset_only: bool = False,
) -> None:
    """Put every resource that has a namespace into one.

    :param subjects: which subjects of bindings follow: those named ``default``, all service accounts, or none.
    :param unset_only: whether a namespace that is said already stays.
    :raises KubectlError: where two are called the same then.
    """
    for resource in resources:
        if not resource.wire:
            continue
        resource.remember()
        id = resource.id
        if not is_cluster_scoped(id.group, id.version, id.kind) and not (unset_only and resource.namespace):
            resource.namespace = namespace
        if resource.kind in _BINDINGS:
            key, value = _FOLLOWING.get(subjects, ("", ""))
            for subject in resource.wire.get("subjects") or ():
                if key and subject.get(key) == value and not (unset_only and subject.get("namespace")):
                    subject["namespace"] = namespace
        for spec in specs:
            if spec.path == "metadata/namespace" or (resource.kind in _BINDINGS and spec.path == "subjects/namespace"):
                continue
            if spec.path == "metadata/name" and resource.wire.get("apiVersion") != "v1":
                continue
            change_field(resource, spec, lambda value: value if value and unset_only else namespace, str)
        if len([each for each in resources if each.id.equals(resource.id)]) != 1:
            raise KubectlError(f"namespace transformation produces ID conflict: {resource.id}")


_NAMES_KEPT = (
    FieldSpec("", "CustomResourceDefinition"),
    FieldSpec("", "APIService", "apiregistration.k8s.io"),
    FieldSpec("", "Namespace"),
)
"""Kinds whose names are not prefixed."""


def rename(resources: Resources, prefix: str, suffix: str, specs: Sequence[FieldSpec]) -> None:
    """Put a prefix before each name, or a suffix behind it; one of the two is empty."""
    for resource in resources:
        id = resource.original_id
        if any(is_of(id, kept) for kept in _NAMES_KEPT):
            continue
        for spec in specs:
            if not is_of(id, spec):
                continue
            if spec.path == "metadata/name":
                resource.prefixes += [prefix] if prefix else []
                resource.suffixes += [suffix] if suffix else []
                resource.remember()
            change_field(resource, spec, lambda value: f"{prefix}{sprint(value)}{suffix}", str)


def set_entries(resources: Resources, entries: Mapping[str, str], specs: Sequence[FieldSpec]) -> None:
    """Write labels or annotations wherever the paths lead."""

    def add(value: Any) -> Any:
        if value is not None and not isinstance(value, dict):
            raise KubectlError("wrong node kind: expected MappingNode but was ScalarNode")
        return {**(value or {}), **entries}

    if not entries:
        return
    for resource in resources:
        for spec in specs:
            change_field(resource, spec, add, dict)


def set_replicas(resources: Resources, name: str, count: int, specs: Sequence[FieldSpec]) -> None:
    """Say how many Pods a workload has.

    :raises KubectlError: where no workload is called so.
    """
    found = False
    for spec in specs:
        for resource in resources.known_as(lambda id, spec=spec: id.name == name and is_of(id, spec)):  # type: ignore[misc]
            found = True
            change_field(resource, spec, lambda value: count, int)
    if not found:
        kinds = " ".join(f"{spec.kind}.{spec.version or '[noVer]'}.{spec.group or '[noGrp]'}" for spec in specs)
        raise KubectlError(f"resource with name {name} does not match a config with the following GVK [{kinds}]")


def set_image(resources: Resources, image: Mapping[str, Any], specs: Sequence[FieldSpec]) -> None:
    """Change the name, the tag or the digest of an image wherever it stands."""

    def change(value: Any) -> Any:
        return _image(value, image) if isinstance(value, str) else value

    for resource in resources:
        if resource.kind == "CustomResourceDefinition":
            continue
        _in_containers(resource.wire, change)
        for spec in specs:
            change_field(resource, spec, change)


def _in_containers(value: Any, change: Any) -> None:
    """Change the image of what stands in any list called ``containers`` or ``initContainers``."""
    if isinstance(value, list):
        for each in value:
            _in_containers(each, change)
    elif isinstance(value, dict):
        for name, held in value.items():
            _in_containers(held, change)
            if name in ("containers", "initContainers") and isinstance(held, list):
                for each in held:
                    if isinstance(each, dict) and "image" in each:
                        each["image"] = change(each["image"])


_REST_OF_AN_IMAGE = r"(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?"


def _image(value: str, image: Mapping[str, Any]) -> str:
    try:
        if not re.fullmatch(f"{image.get('name', '')}{_REST_OF_AN_IMAGE}", value):
            return value
    except re.error:
        return value
    name, tag, digest = split_image(value)
    name = str(image.get("newName") or "") or name
    new_tag, new_digest = str(image.get("newTag") or ""), str(image.get("digest") or "")
    if new_tag or new_digest:
        tag, digest = new_tag, new_digest
    elif image.get("tagSuffix"):
        tag, digest = tag + str(image["tagSuffix"]), ""
    return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def split_image(image: str) -> tuple[str, str, str]:
    """The name, the tag and the digest of an image."""
    rest, _, digest = image.partition("@")
    slash = rest.find("/")
    colon = rest.find(":", max(slash, 0))
    return (rest[:colon], rest[colon + 1 :], digest) if colon >= 0 else (rest, "", digest)
