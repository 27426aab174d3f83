"""Services: the EXTERNAL-IP column depends on the type; an address that is still to come reads ``<pending>``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kubesim.api.durations import since
from kubesim.api.objects import LoadBalancerStatus, Service, ServicePort, Wire, view
from kubesim.api.printers.columns import AGE, NAME, NONE, Cells, Printer, column, label_map, or_none, wide

LOAD_BALANCER_WIDTH = 16
"""A narrow table cuts the addresses of a load balancer to this many characters."""


def _cells(wire: Wire, now: datetime, with_wide: bool) -> Cells:
    service = view(wire, Service)
    spec = service.spec
    cluster_ip = spec.clusterIP or (spec.clusterIPs[0] if spec.clusterIPs else "")
    narrow = (
        service.metadata.name,
        spec.type,
        or_none(cluster_ip),
        external_addresses(service, with_wide),
        ports_text(spec.ports),
        since(service.metadata.creationTimestamp, now),
    )
    return (*narrow, label_map(spec.selector)) if with_wide else narrow


def external_addresses(service: Service, with_wide: bool) -> str:
    """The EXTERNAL-IP cell."""
    outside = list(service.spec.externalIPs or ())
    match service.spec.type:
        case "ClusterIP" | "NodePort":
            return or_none(",".join(outside))
        case "LoadBalancer":
            balanced = load_balancer_addresses(service.status.loadBalancer, with_wide)
            if outside:
                return ",".join([*(balanced.split(",") if balanced else ()), *outside])
            return balanced or "<pending>"
        case "ExternalName":
            return service.spec.externalName
    return "<unknown>"


def load_balancer_addresses(status: LoadBalancerStatus, with_wide: bool) -> str:
    """The distinct addresses (or host names) of a load balancer, sorted; cut in a narrow table."""
    found = {each.ip or each.hostname for each in status.ingress or ()} - {""}
    text = ",".join(sorted(found))
    if not with_wide and len(text) > LOAD_BALANCER_WIDTH:
        return text[: LOAD_BALANCER_WIDTH - 3] + "..."
    return text


def ports_text(ports: Sequence[ServicePort] | None) -> str:
    """``80/TCP``, or ``80:30080/TCP`` with a node port, joined by commas."""
    return or_none(
        ",".join(
            f"{port.port}:{port.nodePort}/{port.protocol}" if port.nodePort > 0 else f"{port.port}/{port.protocol}"
            for port in ports or ()
        )
    )


PRINTER = Printer(
    (
        NAME, column("Type"), column("Cluster-IP"), column("External-IP"), column("Port(s)"), AGE,
        wide("Selector"),
    ),
    _cells,
)  # fmt: skip

__all__ = ["NONE", "PRINTER", "external_addresses", "load_balancer_addresses", "ports_text"]
