"""Services, and the Endpoints and EndpointSlices behind them.

The EXTERNAL-IP column depends on a Service's type; an address that is still to come reads ``<pending>``. Of endpoints
the first few are shown, then how many more there are.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.objects import (
    Endpoint,
    EndpointPort,
    Endpoints,
    EndpointSlice,
    EndpointSubset,
    LoadBalancerStatus,
    Service,
    ServicePort,
    view,
)
from kubesim.api.printers.columns import AGE, NAME, NONE, Printer, column, label_map, or_none, viewed, wide

LOAD_BALANCER_WIDTH = 16
"""A narrow table cuts the addresses of a load balancer to this many characters."""

SHOWN = 3
"""How many addresses or ports are printed before ``+ N more...``."""

UNSET = "<unset>"


def _cluster_ip(service: Service) -> str:
    spec = service.spec
    return or_none(spec.clusterIP or (spec.clusterIPs[0] if spec.clusterIPs else ""))


def _external_addresses(service: Service, with_wide: bool) -> str:
    outside = list(service.spec.externalIPs or ())
    match service.spec.type:
        case "ClusterIP" | "NodePort":
            return or_none(",".join(outside))
        case "LoadBalancer":
            balanced = _load_balancer_addresses(service.status.loadBalancer, with_wide)
            if outside:
                return ",".join([*(balanced.split(",") if balanced else ()), *outside])
            return balanced or "<pending>"
        case "ExternalName":
            return service.spec.externalName
    return "<unknown>"


def _load_balancer_addresses(status: LoadBalancerStatus, with_wide: bool) -> str:
    """The distinct addresses (or host names) of a load balancer, sorted; cut in a narrow table."""
    found = {each.ip or each.hostname for each in status.ingress or ()} - {""}
    text = ",".join(sorted(found))
    if not with_wide and len(text) > LOAD_BALANCER_WIDTH:
        return text[: LOAD_BALANCER_WIDTH - 3] + "..."
    return text


def _ports_text(ports: Sequence[ServicePort] | None) -> str:
    """``80/TCP``, or ``80:30080/TCP`` with a node port, joined by commas."""
    return or_none(
        ",".join(
            f"{port.port}:{port.nodePort}/{port.protocol}" if port.nodePort > 0 else f"{port.port}/{port.protocol}"
            for port in ports or ()
        )
    )


SERVICE = Printer(
    lambda wire, now, with_wide: (view(wire, Service), with_wide),
    (
        NAME,
        column("Type", lambda read: read[0].spec.type),
        column("Cluster-IP", lambda read: _cluster_ip(read[0])),
        column("External-IP", lambda read: _external_addresses(*read)),
        column("Port(s)", lambda read: _ports_text(read[0].spec.ports)),
        AGE,
        wide("Selector", lambda read: label_map(read[0].spec.selector)),
    ),
)


def _addresses(subsets: Sequence[EndpointSubset] | None) -> str:
    """``10.42.0.2:80,10.42.1.3:80,10.42.0.3:80 + 1 more...``; ``<none>`` without subsets."""
    if not subsets:
        return NONE
    found = []
    for subset in subsets:
        addresses = [each.ip for each in subset.addresses or ()]
        ports = subset.ports or ()
        if not ports:
            found += addresses
        found += [_join(address, port.port) for port in ports for address in addresses]
    return _shortened(found)


def _join(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _shortened(found: Sequence[str]) -> str:
    text = ",".join(found[:SHOWN])
    return f"{text} + {len(found) - SHOWN} more..." if len(found) > SHOWN else text


def _slice_ports(ports: Sequence[EndpointPort] | None) -> str:
    if not ports:
        return UNSET
    return _shortened([_slice_port(port) for port in ports])


def _slice_port(port: EndpointPort) -> str:
    if port.port is not None:
        return str(port.port)
    return port.name if port.name else "*"


def _slice_addresses(endpoints: Sequence[Endpoint] | None) -> str:
    if not endpoints:
        return UNSET
    return _shortened([address for endpoint in endpoints for address in endpoint.addresses])


ENDPOINTS = Printer(
    viewed(Endpoints), (NAME, column("Endpoints", lambda endpoints: _addresses(endpoints.subsets)), AGE)
)
ENDPOINT_SLICE = Printer(
    viewed(EndpointSlice),
    (
        NAME,
        column("AddressType", lambda piece: piece.addressType),
        column("Ports", lambda piece: _slice_ports(piece.ports)),
        column("Endpoints", lambda piece: _slice_addresses(piece.endpoints)),
        AGE,
    ),
)
