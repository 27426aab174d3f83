"""What the server says it serves: the documents of discovery, in their aggregated and their plain form."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from kubesim.api.discovery import DISCOVERED, verbs
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType
from kubesim.api.scale import SCALABLE

_STATUS_VERBS = ("get", "patch", "update")
_WITHOUT_STATUS = frozenset(
    ("ConfigMap", "ControllerRevision", "EndpointSlice", "Endpoints", "Event", "Secret", "ServiceAccount")
)  # fmt: skip

Subresource = tuple[str, str, str, str, tuple[str, ...]]
"""Its name; group, version and kind of what it is; its verbs."""

_OF_KIND: dict[str, tuple[Subresource, ...]] = {
    "Namespace": (("finalize", "", "", "Namespace", ("update",)),),
    "Pod": (
        ("attach", "", "", "PodAttachOptions", ("create", "get")),
        ("binding", "", "", "Binding", ("create",)),
        ("ephemeralcontainers", "", "", "Pod", ("get", "patch", "update")),
        ("eviction", "policy", "v1", "Eviction", ("create",)),
        ("exec", "", "", "PodExecOptions", ("create", "get")),
        ("log", "", "", "Pod", ("get",)),
        ("portforward", "", "", "PodPortForwardOptions", ("create", "get")),
    ),
    "ServiceAccount": (("token", "authentication.k8s.io", "v1", "TokenRequest", ("create",)),),
}


def subresources(resource: ResourceType) -> list[Subresource]:
    """The subresources of a resource, by name."""
    found = list(_OF_KIND.get(resource.kind, ()))
    if resource.kind in SCALABLE:
        found.append(("scale", "autoscaling", "v1", "Scale", _STATUS_VERBS))
    if not resource.kind.endswith("Review") and "watch" in verbs(resource) and resource.kind not in _WITHOUT_STATUS:
        found.append(("status", "", "", resource.kind, _STATUS_VERBS))
    return sorted(found)


def _kind(resource: ResourceType) -> Wire:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _sub_kind(resource: ResourceType, group: str, version: str, kind: str) -> Wire:
    own = not version
    return {"group": resource.group if own else group, "version": resource.version if own else version, "kind": kind}


@functools.cache
def aggregated(core: bool) -> Wire:
    """The ``APIGroupDiscoveryList`` of ``/api`` or ``/apis``."""
    items = []
    for group in ("",) if core else _groups():
        versions = [
            {"version": version, "resources": [_aggregated(each) for each in of], "freshness": "Current"}
            for version, of in _versions(group)
        ]
        items.append({"metadata": {"name": group} if group else {}, "versions": versions})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _aggregated(resource: ResourceType) -> Wire:
    wire: Wire = {
        "resource": resource.plural,
        "responseKind": _kind(resource),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": verbs(resource),
    }
    if resource.short_names:
        wire["shortNames"] = resource.short_names
    if resource.categories:
        wire["categories"] = resource.categories
    parts = [
        {"subresource": name, "responseKind": _sub_kind(resource, group, version, kind), "verbs": may}
        for name, group, version, kind, may in subresources(resource)
    ]
    if parts:
        wire["subresources"] = parts
    return wire


def _groups() -> list[str]:
    return sorted({each.group for each in DISCOVERED if each.group})


def _versions(group: str) -> list[tuple[str, list[ResourceType]]]:
    found: dict[str, list[ResourceType]] = {}
    for each in DISCOVERED:
        if each.group == group:
            found.setdefault(each.version, []).append(each)
    return sorted(found.items(), reverse=True)


def api_versions(address: str) -> Wire:
    """The plain document of ``/api``."""
    here = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": here}


def group_list() -> Wire:
    """The plain document of ``/apis``."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in _groups()]}


def group(name: str) -> Wire | None:
    """The plain document of ``/apis/GROUP``; None where there is no such group."""
    return {"kind": "APIGroup", "apiVersion": "v1"} | _group(name) if name in _groups() else None


def _group(name: str) -> Wire:
    versions = [{"groupVersion": f"{name}/{version}", "version": version} for version, _ in _versions(name)]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def resource_list(group: str, version: str) -> Wire | None:
    """The plain document of a version; None where there is no such version."""
    found = dict(_versions(group)).get(version)
    if found is None:
        return None
    named = f"{group}/{version}" if group else version
    resources = [entry for each in found for entry in _plain(each)]
    head = {"kind": "APIResourceList"} | ({"apiVersion": "v1"} if group else {})
    return head | {"groupVersion": named, "resources": resources}


def _plain(resource: ResourceType) -> Iterable[dict[str, Any]]:
    wire: Wire = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": verbs(resource),
    }
    if resource.short_names:
        wire["shortNames"] = resource.short_names
    if resource.categories:
        wire["categories"] = resource.categories
    yield wire
    for name, group_name, version, kind, may in subresources(resource):
        part: Wire = {"name": f"{resource.plural}/{name}", "singularName": "", "namespaced": resource.namespaced}
        if version:
            part |= {"group": group_name, "version": version}
        yield part | {"kind": kind, "verbs": may}
