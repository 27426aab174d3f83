"""Ingresses, NetworkPolicies, and the ranges and addresses of Services."""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.objects import EndpointSlice, LabelSelector, Wire, view
from kubesim.api.printers.columns import label_selector
from kubesim.api.printers.networking import ingress_address
from kubesim.kubectl.describe.plain import heading
from kubesim.kubectl.describe.service import ready_endpoints
from kubesim.kubectl.describe.surroundings import Surroundings, events_of
from kubesim.kubectl.describe.text import Text, annotation_lines, labels, moment


def ingress(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe an Ingress: each path with the endpoints behind it."""
    metadata, spec = wire["metadata"], wire.get("spec") or {}
    namespace, default = metadata.get("namespace", ""), "<default>"
    if spec.get("defaultBackend") is not None:
        default = _backend(spec["defaultBackend"], namespace, around)
    text.line(0, "Name:", metadata["name"])
    labels(text, "Labels", metadata.get("labels"))
    text.line(0, "Namespace:", namespace)
    text.line(0, "Address:", ingress_address(wire))
    chosen = spec.get("ingressClassName")
    text.line(0, "Ingress Class:", "<none>" if chosen is None else chosen)
    text.line(0, "Default backend:", default)
    if spec.get("tls"):
        text.line(0, "TLS:")
        for each in spec["tls"]:
            hosts = ",".join(each.get("hosts") or ())
            secret = each.get("secretName", "")
            text.line(1, f"{secret} terminates {hosts}" if secret else f"SNI routes {hosts}")
    text.line(0, "Rules:")
    text.table(1, ("Host", "Path", "Backends"), ())
    rules = [rule for rule in spec.get("rules") or () if rule.get("http") is not None]
    for rule in rules:
        text.line(1, rule.get("host") or "*", "")
        for path in rule["http"].get("paths") or ():
            backend = _backend(path.get("backend") or {}, namespace, around)
            text.line(2, "", f"{path.get('path', '')} ", backend)
    if not rules:
        text.line(1, "*", "*", default)
    annotation_lines(text, "Annotations", metadata.get("annotations"))
    events_of(text, wire, around)


def _backend(backend: Wire, namespace: str, around: Surroundings) -> str:
    service = backend.get("service")
    if service is None:
        resource = backend.get("resource") or {}
        group = resource.get("apiGroup")
        named = f"Kind: {resource.get('kind', '')}, Name: {resource.get('name', '')}"
        return f"APIGroup: {'<none>' if group is None else group}, {named}"
    name, port = service.get("name", ""), service.get("port") or {}
    shown = f"{name}:{port.get('number') or port.get('name', '')}"
    found = next((each for each in around.objects.list("Service", namespace) if each["metadata"]["name"] == name), None)
    if found is None:
        return f'{shown} (<error: services "{name}" not found>)'
    wanted = ""
    for each in (found.get("spec") or {}).get("ports") or ():
        if each.get("port") == port.get("number") or (port.get("name") and each.get("name") == port["name"]):
            wanted = each.get("name", "")
    slices = around.labelled("EndpointSlice", namespace, {"kubernetes.io/service-name": name})
    return f"{shown} ({ready_endpoints([view(each, EndpointSlice) for each in slices], wanted)})"


def ingress_class(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe an IngressClass."""
    heading(wire, text)
    spec = wire.get("spec") or {}
    text.line(0, "Controller:", spec.get("controller", ""))
    parameters = spec.get("parameters")
    if parameters is not None:
        text.line(0, "Parameters:")
        if parameters.get("apiGroup") is not None:
            text.line(1, "APIGroup:", parameters["apiGroup"])
        text.line(1, "Kind:", parameters.get("kind", ""))
        text.line(1, "Name:", parameters.get("name", ""))
    events_of(text, wire, around)


def service_cidr(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a ServiceCIDR."""
    heading(wire, text)
    text.line(0, "CIDRs:", ", ".join((wire.get("spec") or {}).get("cidrs") or ()))
    conditions = (wire.get("status") or {}).get("conditions")
    if conditions:
        text.line(0, "Status:")
        text.line(0, "Conditions:")
        rows = (
            (
                each.get("type", ""), each.get("status", ""), moment(each.get("lastTransitionTime")),
                each.get("reason", ""), each.get("message", ""),
            )
            for each in conditions
        )  # fmt: skip
        text.table(1, ("Type", "Status", "LastTransitionTime", "Reason", "Message"), rows)
    events_of(text, wire, around)


def ip_address(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe an IPAddress."""
    heading(wire, text)
    parent = (wire.get("spec") or {}).get("parentRef")
    if parent is not None:
        text.line(0, "Parent Reference:")
        for field in ("group", "resource", "namespace", "name"):
            text.line(1, f"{field.capitalize()}:", parent.get(field, ""))
    events_of(text, wire, around)


def network_policy(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a NetworkPolicy: what it lets through, in each direction that it is about."""
    metadata, spec = wire["metadata"], wire.get("spec") or {}
    created = metadata.get("creationTimestamp", "").replace("T", " ").replace("Z", " +0000 UTC")
    text.line(0, "Name:", metadata["name"])
    text.line(0, "Namespace:", metadata.get("namespace", ""))
    text.line(0, "Created on:", created)
    labels(text, "Labels", metadata.get("labels"))
    annotation_lines(text, "Annotations", metadata.get("annotations"))
    text.line(0, "Spec:")
    selector = spec.get("podSelector") or {}
    everyone = "<none> (Allowing the specific traffic to all pods in this namespace)"
    text.line(1, f"PodSelector:     {_selector(selector) if any(selector.values()) else everyone}")
    types = spec.get("policyTypes") or ()
    for direction, side, anyone in (("ingress", "from", "source"), ("egress", "to", "destination")):
        if direction.capitalize() not in types:
            text.line(1, f"Not affecting {direction} traffic")
            continue
        text.line(1, f"Allowing {direction} traffic:")
        _rules(spec.get(direction) or (), direction, side, anyone, text)
    text.line(1, f"Policy Types: {', '.join(types)}")


def _rules(rules: Sequence[Wire], direction: str, side: str, anyone: str, text: Text) -> None:
    if not rules:
        text.line(2, f"<none> (Selected pods are isolated for {direction} connectivity)")
    for index, rule in enumerate(rules):
        for port in rule.get("ports") or ():
            number, end = port.get("port", "<nil>"), port.get("endPort")
            span = f"To Port: {number}" if end is None else f"To Port Range: {number}-{end}"
            text.line(2, f"{span}/{port.get('protocol', 'TCP')}")
        if not rule.get("ports"):
            text.line(2, "To Port: <any> (traffic allowed to all ports)")
        title = side.capitalize()
        for peer in rule.get(side) or ():
            text.line(2, f"{title}:")
            _peer(peer, text)
        if not rule.get(side):
            text.line(2, f"{title}: <any> (traffic not restricted by {anyone})")
        if index != len(rules) - 1:
            text.line(2, "----------")


def _peer(peer: Wire, text: Text) -> None:
    for field, title in (("namespaceSelector", "NamespaceSelector"), ("podSelector", "PodSelector")):
        if peer.get(field) is not None:
            text.line(3, f"{title}: {_selector(peer[field])}")
    block = peer.get("ipBlock")
    if block is not None:
        text.line(3, "IPBlock:")
        text.line(4, f"CIDR: {block.get('cidr', '')}")
        text.line(4, f"Except: {', '.join(block.get('except') or ())}")


def _selector(selector: Wire) -> str:
    return label_selector(view(selector, LabelSelector))
