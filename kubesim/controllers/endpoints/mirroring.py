"""Mirroring: Endpoints that a person wrote become EndpointSlices, because only slices are read by kube-proxy.

This holds for Services without a selector. Upstream: ``pkg/controller/endpointslicemirroring``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from kubesim.api.objects import Wire
from kubesim.api.store import Change
from kubesim.controllers.client import Client
from kubesim.controllers.endpoints.slices import MANAGED_BY, SERVICE_NAME, slice_prefix
from kubesim.controllers.endpoints.triggers import ANNOTATION
from kubesim.controllers.pods import owner_reference

MIRRORING_CONTROLLER = "endpointslicemirroring-controller.k8s.io"
SKIP = "endpointslice.kubernetes.io/skip-mirror"
LEADER = "control-plane.alpha.kubernetes.io/leader"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MAX_MIRRORED = 1000


class EndpointSliceMirroringController:
    """Mirrors the Endpoints of Services without a selector."""

    name = "endpointslicemirroring-controller"
    kinds = ("Service", "Endpoints", "EndpointSlice")

    def __init__(self, client: Client) -> None:
        self._client = client

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The Endpoints of a Service without a selector, the Service itself, or the mirror that somebody touched."""
        if change.kind == "Service":
            versions = [wire for wire in (change.old, change.new) if wire is not None]
            return () if all(wire["spec"].get("selector") for wire in versions) else (change.key,)
        if change.kind == "Endpoints":
            service = self._client.get("Service", *change.key)
            return () if service is not None and service["spec"].get("selector") else (change.key,)
        labels = change.object["metadata"].get("labels") or {}
        if labels.get(MANAGED_BY) == MIRRORING_CONTROLLER and SERVICE_NAME in labels and change.type != "ADDED":
            return ((change.key[0], labels[SERVICE_NAME]),)
        return ()

    def reconcile(self, key: Hashable) -> None:
        """Bring the mirrors of one Endpoints object up to date."""
        assert isinstance(key, tuple)
        namespace, name = key
        endpoints = self._client.get("Endpoints", namespace, name)
        service = self._client.get("Service", namespace, name)
        labels = {SERVICE_NAME: name, MANAGED_BY: MIRRORING_CONTROLLER}
        existing = self._client.store.list("EndpointSlice", namespace, labels)
        if endpoints is None or service is None or not _is_mirrored(endpoints) or service["spec"].get("selector"):
            for piece in existing:
                self._client.delete(piece)
            return
        wanted = mirrors(endpoints)
        for piece, mirror in zip(existing, wanted, strict=False):
            if any(piece.get(field) != mirror.get(field) for field in ("endpoints", "ports")) or (
                piece["metadata"].get("labels") != mirror["metadata"]["labels"]
            ):
                metadata = {**piece["metadata"], "labels": mirror["metadata"]["labels"]}
                self._client.update({**mirror, "metadata": metadata})
        for piece in existing[len(wanted) :]:
            self._client.delete(piece)
        for mirror in wanted[len(existing) :]:
            self._client.create(mirror)


def _is_mirrored(endpoints: Wire) -> bool:
    metadata = endpoints["metadata"]
    if (metadata.get("labels") or {}).get(SKIP) == "true":
        return False
    return LEADER not in (metadata.get("annotations") or {})


def mirrors(endpoints: Wire) -> list[Wire]:
    """The slices for an Endpoints object, one a subset. Pure."""
    metadata = endpoints["metadata"]
    labels = {k: v for k, v in (metadata.get("labels") or {}).items() if k not in (SERVICE_NAME, MANAGED_BY)}
    labels |= {SERVICE_NAME: metadata["name"], MANAGED_BY: MIRRORING_CONTROLLER}
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if k not in (ANNOTATION, LAST_APPLIED)}
    result = []
    for subset in endpoints.get("subsets") or []:
        entries = [
            *((address, True) for address in subset.get("addresses") or []),
            *((address, False) for address in subset.get("notReadyAddresses") or []),
        ][:MAX_MIRRORED]
        meta: Wire = {
            "generateName": slice_prefix(metadata["name"]),
            "labels": labels,
            "namespace": metadata["namespace"],
            "ownerReferences": [owner_reference(endpoints)],
        }
        if annotations:
            meta["annotations"] = annotations
        ports = [
            {"name": port.get("name", ""), "port": port["port"], "protocol": port.get("protocol", "TCP")}
            | ({"appProtocol": port["appProtocol"]} if port.get("appProtocol") else {})
            for port in subset.get("ports") or []
        ]
        result.append(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": meta,
                "addressType": "IPv4",
                "endpoints": [_mirrored(address, ready) for address, ready in entries],
                "ports": ports,
            }
        )
    return result


def _mirrored(address: Wire, ready: bool) -> Wire:
    endpoint: Wire = {"addresses": [address["ip"]], "conditions": {"ready": ready}}
    for field in ("hostname", "nodeName", "targetRef"):
        if address.get(field):
            endpoint[field] = address[field]
    return endpoint
