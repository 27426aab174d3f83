"""Defaults of the kinds that mostly hold data: Namespaces, Endpoints, EndpointSlices, Secrets."""

from __future__ import annotations

from kubesim.api.objects import Wire


def namespace_defaults(wire: Wire) -> None:
    """Every Namespace carries its own name as a label, so that selectors can find it."""
    name = wire.setdefault("metadata", {}).get("name")
    if name:
        wire["metadata"].setdefault("labels", {}).setdefault("kubernetes.io/metadata.name", name)
    status = wire.setdefault("status", {})
    status["phase"] = status.get("phase") or "Active"


def endpoints_defaults(wire: Wire) -> None:
    """A port's protocol is TCP."""
    for subset in wire.get("subsets") or []:
        for port in subset.get("ports") or []:
            port["protocol"] = port.get("protocol") or "TCP"


def endpoint_slice_defaults(wire: Wire) -> None:
    """A port's name is empty and its protocol TCP."""
    for port in wire.get("ports") or []:
        if port.get("name") is None:
            port["name"] = ""
        if port.get("protocol") is None:
            port["protocol"] = "TCP"


def secret_defaults(wire: Wire) -> None:
    """A Secret is opaque, unless it says what it holds."""
    wire["type"] = wire.get("type") or "Opaque"
