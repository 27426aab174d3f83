"""Endpoints and EndpointSlices: the first few addresses, then how many more there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kubesim.api.durations import since
from kubesim.api.objects import Endpoint, EndpointPort, Endpoints, EndpointSlice, EndpointSubset, Wire, view
from kubesim.api.printers.columns import AGE, NAME, NONE, Cells, Printer, column

SHOWN = 3
"""How many addresses or ports are printed before ``+ N more...``."""

UNSET = "<unset>"


def _endpoints(wire: Wire, now: datetime, with_wide: bool) -> Cells:
    endpoints = view(wire, Endpoints)
    return (
        endpoints.metadata.name,
        format_endpoints(endpoints.subsets, None),
        since(endpoints.metadata.creationTimestamp, now),
    )


def format_endpoints(subsets: Sequence[EndpointSubset] | None, port_names: frozenset[str] | None) -> str:
    """``10.42.0.2:80,10.42.1.3:80,10.42.0.3:80 + 1 more...``; ``<none>`` without subsets.

    :param port_names: only the ports of these names; None for all.
    """
    if not subsets:
        return NONE
    found = []
    for subset in subsets:
        addresses = [each.ip for each in subset.addresses or ()]
        ports = subset.ports or ()
        if not ports:
            found += addresses
        for port in ports:
            if port_names is None or port.name in port_names:
                found += [_join(address, port.port) for address in addresses]
    return _shortened(found)


def _join(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _shortened(found: Sequence[str]) -> str:
    text = ",".join(found[:SHOWN])
    return f"{text} + {len(found) - SHOWN} more..." if len(found) > SHOWN else text


def _slice(wire: Wire, now: datetime, with_wide: bool) -> Cells:
    slice_ = view(wire, EndpointSlice)
    return (
        slice_.metadata.name,
        slice_.addressType,
        _slice_ports(slice_.ports),
        _slice_addresses(slice_.endpoints),
        since(slice_.metadata.creationTimestamp, now),
    )


def _slice_ports(ports: Sequence[EndpointPort] | None) -> str:
    if not ports:
        return UNSET
    texts = [_slice_port(port) for port in ports[:SHOWN]]
    more = len(ports) - SHOWN
    return ",".join(texts) + (f" + {more} more..." if more > 0 else "")


def _slice_port(port: EndpointPort) -> str:
    if port.port is not None:
        return str(port.port)
    return port.name if port.name else "*"


def _slice_addresses(endpoints: Sequence[Endpoint] | None) -> str:
    if not endpoints:
        return UNSET
    return _shortened([address for endpoint in endpoints for address in endpoint.addresses])


ENDPOINTS = Printer((NAME, column("Endpoints"), AGE), _endpoints)
ENDPOINT_SLICE = Printer((NAME, column("AddressType"), column("Ports"), column("Endpoints"), AGE), _slice)
