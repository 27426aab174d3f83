"""Warnings the API server sends along with an answer: what is accepted, but surely not what was meant.

Upstream: ``pkg/api/service/warnings.go``, ``pkg/api/pod/warnings.go``, and ``WarningsOnCreate`` of the kinds.
"""

from __future__ import annotations

from collections.abc import Callable

from kubesim.api.addresses import address_warnings, cidr_warnings
from kubesim.api.names import dns1123_label
from kubesim.api.objects import Service, Wire, view
from kubesim.api.pod_warnings import pod_warnings

_TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints"
_TOPOLOGY_MODE = "service.kubernetes.io/topology-mode"


def warnings_for(kind: str, new: Wire, old: Wire | None = None) -> list[str]:
    """The warnings for an object (with defaults applied) that is created, or changed from ``old``."""
    warn = _KINDS.get(kind)
    return warn(new, old) if warn else []


def _service(new: Wire, old: Wire | None) -> list[str]:
    service = view(new, Service)
    spec = service.spec
    headless = spec.type == "ClusterIP" and spec.clusterIP == "None"
    warnings = []
    if _TOPOLOGY_HINTS in (service.metadata.annotations or {}):
        warnings.append(f"annotation {_TOPOLOGY_HINTS} is deprecated, please use {_TOPOLOGY_MODE} instead")
    if spec.clusterIP not in ("", "None"):
        for index, address in enumerate(spec.clusterIPs or []):
            warnings += address_warnings(f"spec.clusterIPs[{index}]", address)
    if headless:
        if spec.loadBalancerIP:
            warnings.append("spec.loadBalancerIP is ignored for headless services")
        if spec.externalIPs:
            warnings.append("spec.externalIPs is ignored for headless services")
        if spec.sessionAffinity != "None":
            warnings.append("spec.SessionAffinity is ignored for headless services")
    for index, address in enumerate(spec.externalIPs or []):
        warnings += address_warnings(f"spec.externalIPs[{index}]", address)
    if spec.externalIPs and not headless and spec.type != "ExternalName":
        warnings.append("spec.externalIPs is deprecated and may no longer be implemented in some clusters")
    if spec.loadBalancerIP:
        warnings += address_warnings("spec.loadBalancerIP", spec.loadBalancerIP)
    for index, block in enumerate(spec.loadBalancerSourceRanges or []):
        warnings += cidr_warnings(f"spec.loadBalancerSourceRanges[{index}]", block)
    if spec.type == "ExternalName" and spec.externalIPs:
        warnings.append('spec.externalIPs is ignored when spec.type is "ExternalName"')
    if spec.type != "ExternalName" and spec.externalName:
        warnings.append('spec.externalName is ignored when spec.type is not "ExternalName"')
    if spec.trafficDistribution == "PreferClose":
        warnings.append('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
    return warnings


def _name_warning(new: Wire, where: str) -> list[str]:
    """A name that becomes part of host names had better be a DNS label; a generated one is checked when it is known."""
    problems = dns1123_label(new.get("metadata", {}).get("name", ""))
    if not problems:
        return []
    advice = "which can result in surprising behavior; a DNS label is recommended"
    return [f"metadata.name: this is used in {where}, {advice}: [{' '.join(problems)}]"]


def pod_name_warning(new: Wire) -> list[str]:
    """The warning about a new Pod's name, if any."""
    return _name_warning(new, "the Pod's hostname")


def _pod(new: Wire, old: Wire | None) -> list[str]:
    return [*(pod_name_warning(new) if old is None else ()), *pod_warnings(new, "")]


def _named_workload(new: Wire, old: Wire | None) -> list[str]:
    if old is None:
        return _name_warning(new, "Pod names and hostnames") + _workload(new, None)
    generations = (item.get("metadata", {}).get("generation") for item in (new, old))
    return _workload(new, old) if len(set(generations)) > 1 else []


def _workload(new: Wire, old: Wire | None) -> list[str]:
    return pod_warnings(new.get("spec", {}).get("template", {}), "spec.template.")


def _endpoints(new: Wire, old: Wire | None) -> list[str]:
    warnings = []
    for index, subset in enumerate(new.get("subsets", [])):
        for kind in ("addresses", "notReadyAddresses"):
            for position, address in enumerate(subset.get(kind, [])):
                path = f"subsets[{index}].{kind}[{position}].ip"
                warnings += address_warnings(path, address.get("ip", ""))
    return warnings


def _endpoint_slice(new: Wire, old: Wire | None) -> list[str]:
    if new.get("addressType") == "FQDN":
        return ["addressType: FQDN endpoints are deprecated"]
    warnings = []
    for index, endpoint in enumerate(new.get("endpoints") or ()):
        for position, address in enumerate(endpoint.get("addresses") or ()):
            warnings += address_warnings(f"endpoints[{index}].addresses[{position}]", address)
    return warnings


_KINDS: dict[str, Callable[[Wire, Wire | None], list[str]]] = {
    "DaemonSet": _workload,
    "Deployment": _named_workload,
    "Endpoints": _endpoints,
    "EndpointSlice": _endpoint_slice,
    "Pod": _pod,
    "ReplicaSet": _named_workload,
    "Service": _service,
    "StatefulSet": _workload,
}
