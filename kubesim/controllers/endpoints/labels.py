"""The labels of a slice: the Service's own, and the reserved ones that say whose slice it is. Pure."""

from __future__ import annotations

from kubesim.api.objects import Service, Wire

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
HEADLESS = "service.kubernetes.io/headless"
CONTROLLER = "endpointslice-controller.k8s.io"
MIRRORING_CONTROLLER = "endpointslicemirroring-controller.k8s.io"
RESERVED = (SERVICE_NAME, MANAGED_BY, HEADLESS)


def is_headless(service: Service) -> bool:
    """Whether slices carry the headless label: the Service has no cluster address (``None`` or not yet any)."""
    return service.spec.clusterIP in ("", "None")


def slice_labels(service: Service, controller: str = CONTROLLER) -> dict[str, str]:
    """The labels that a Service's slices must have."""
    labels = {key: value for key, value in (service.metadata.labels or {}).items() if key not in RESERVED}
    labels[SERVICE_NAME] = service.metadata.name
    labels[MANAGED_BY] = controller
    if is_headless(service):
        labels[HEADLESS] = ""
    return labels


def labels_changed(piece: Wire, service: Service) -> bool:
    """Whether the Service's own labels differ from those its slice was given; reserved ones do not count."""
    known = {k: v for k, v in ((piece.get("metadata") or {}).get("labels") or {}).items() if k not in RESERVED}
    wanted = {k: v for k, v in (service.metadata.labels or {}).items() if k not in RESERVED}
    return known != wanted
