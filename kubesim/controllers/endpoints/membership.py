"""Which Pods stand behind a Service, and as what: ready, serving, terminating. Pure.

========================  =====  =======  ===========
Pod                       ready  serving  terminating
========================  =====  =======  ===========
ready                     yes    yes      no
not ready                 no     no       no
ready, being deleted      no     yes      yes
not ready, being deleted  no     no       yes
========================  =====  =======  ===========

With ``publishNotReadyAddresses`` every one is *ready*, whatever it serves. Upstream:
``k8s.io/endpointslice/util`` and ``.../utils.go``.
"""

from __future__ import annotations

import ipaddress

from kubesim.api.objects import Node, Pod, Service, Wire

ZONE_LABEL = "topology.kubernetes.io/zone"


def belongs(pod: Pod, *, include_terminating: bool) -> bool:
    """Whether a selected Pod is an endpoint at all: it has an address, is not finished, perhaps not being deleted."""
    if not pod.status.podIP and not pod.status.podIPs:
        return False
    if not include_terminating and pod.metadata.deletionTimestamp is not None:
        return False
    return pod.status.phase not in ("Failed", "Succeeded")


def has_own_name(pod: Pod, service: Service) -> bool:
    """Whether DNS gives the Pod a name under the Service: its subdomain is the Service and it has a hostname."""
    return (
        bool(pod.spec.hostname)
        and pod.spec.subdomain == service.metadata.name
        and service.metadata.namespace == pod.metadata.namespace
    )


def is_ready(pod: Pod) -> bool:
    """Whether the Pod's Ready condition is True."""
    return any(entry.type == "Ready" and entry.status == "True" for entry in pod.status.conditions or [])


def address_of(pod: Pod, address_type: str) -> str:
    """The Pod's address of a family (``IPv4`` or ``IPv6``), or an empty string."""
    for entry in pod.status.podIPs or []:
        if (":" in entry.ip) == (address_type == "IPv6"):
            return canonical(entry.ip)
    return ""


def canonical(address: str) -> str:
    """An address without leading zeros, as upstream writes it into slices."""
    if ":" in address:
        return str(ipaddress.ip_address(address))
    return ".".join(str(int(part)) for part in address.split("."))


def endpoint_of(pod: Pod, node: Node | None, service: Service, address_type: str = "IPv4") -> Wire:
    """The endpoint that a Pod is, in wire form."""
    serving, terminating = is_ready(pod), pod.metadata.deletionTimestamp is not None
    ready = service.spec.publishNotReadyAddresses or (serving and not terminating)
    target: Wire = {"kind": "Pod", "namespace": pod.metadata.namespace, "name": pod.metadata.name}
    if pod.metadata.uid:
        target["uid"] = pod.metadata.uid
    endpoint: Wire = {
        "addresses": [address] if (address := address_of(pod, address_type)) else [],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": target,
    }
    if pod.spec.nodeName:
        endpoint["nodeName"] = pod.spec.nodeName
    zone = (node.metadata.labels or {}).get(ZONE_LABEL) if node is not None else None
    if zone:
        endpoint["zone"] = zone
    if has_own_name(pod, service):
        endpoint["hostname"] = pod.spec.hostname
    return endpoint


def identity(endpoint: Wire) -> tuple[object, ...]:
    """What makes an endpoint the same one when its conditions change: address, host name, node and Pod."""
    target = endpoint.get("targetRef") or {}
    return (
        tuple(sorted(endpoint.get("addresses") or ())),
        endpoint.get("hostname") or "",
        endpoint.get("nodeName") or "",
        target.get("namespace") or "",
        target.get("name") or "",
    )


def content(endpoint: Wire) -> tuple[object, ...]:
    """What of an endpoint is worth an update, besides its identity."""
    conditions = endpoint.get("conditions") or {}
    target = endpoint.get("targetRef") or {}
    return (
        conditions.get("ready"),
        conditions.get("serving"),
        conditions.get("terminating"),
        target.get("uid") or "",
        endpoint.get("zone"),
    )
