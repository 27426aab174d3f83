"""Services, Endpoints and EndpointSlices: what a Service selects, where it listens, and the addresses behind it."""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.go_format import sprint
from kubesim.api.objects import (
    EndpointPort,
    Endpoints,
    EndpointSlice,
    LoadBalancerIngress,
    Service,
    ServicePort,
    Wire,
    view,
)
from kubesim.api.printers.columns import label_map
from kubesim.kubectl.describe.plain import heading
from kubesim.kubectl.describe.surroundings import Surroundings, events_of
from kubesim.kubectl.describe.text import Text

SHOWN = 3
"""How many endpoints are printed before ``+ N more...``."""

PORTS = ("Name", "Port", "Protocol")


def service(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a Service."""
    it = view(wire, Service)
    name, namespace = it.metadata.name, it.metadata.namespace
    wires = around.labelled("EndpointSlice", namespace, {"kubernetes.io/service-name": name})
    slices = [view(each, EndpointSlice) for each in wires]
    heading(wire, text)
    text.line(0, "Selector:", label_map(it.spec.selector))
    text.line(0, "Type:", it.spec.type)
    _addresses(it, text)
    for port in it.spec.ports or ():
        _port(port, slices, text)
    _policies(it, text)
    events_of(text, wire, around)


def _addresses(it: Service, text: Text) -> None:
    spec = it.spec
    if spec.ipFamilyPolicy is not None:
        text.line(0, "IP Family Policy:", spec.ipFamilyPolicy)
    text.line(0, "IP Families:", ",".join(spec.ipFamilies or ()) or "<none>")
    text.line(0, "IP:", spec.clusterIP)
    text.line(0, "IPs:", ",".join(spec.clusterIPs or ()) or "<none>")
    text.given("External IPs:", ",".join(spec.externalIPs or ()))
    text.given("Desired LoadBalancer IP:", spec.loadBalancerIP)
    text.given("External Name:", spec.externalName)
    if it.status.loadBalancer.ingress:
        text.line(0, "LoadBalancer Ingress:", ", ".join(map(_ingress, it.status.loadBalancer.ingress)))


def _ingress(ingress: LoadBalancerIngress) -> str:
    if ingress.ip:
        return f"{ingress.ip} ({ingress.ipMode})" if ingress.ipMode is not None else ingress.ip
    return ingress.hostname


def _port(port: ServicePort, slices: Sequence[EndpointSlice], text: Text) -> None:
    name = port.name or "<unset>"
    text.line(0, "Port:", name, f"{port.port}/{port.protocol}")
    text.line(0, "TargetPort:", f"{port.targetPort}/{port.protocol}")
    if port.appProtocol is not None:
        text.line(0, "AppProtocol:", port.appProtocol)
    if port.nodePort:
        text.line(0, "NodePort:", name, f"{port.nodePort}/{port.protocol}")
    text.line(0, "Endpoints:", ready_endpoints(slices, port.name))


def _policies(it: Service, text: Text) -> None:
    spec = it.spec
    text.line(0, "Session Affinity:", spec.sessionAffinity)
    text.given("External Traffic Policy:", spec.externalTrafficPolicy)
    if spec.internalTrafficPolicy is not None:
        text.line(0, "Internal Traffic Policy:", spec.internalTrafficPolicy)
    text.given("HealthCheck NodePort:", spec.healthCheckNodePort)
    if spec.trafficDistribution is not None:
        text.line(0, "Traffic Distribution:", spec.trafficDistribution)
    text.given("LoadBalancer Source Ranges:", ",".join(spec.loadBalancerSourceRanges or ()))


def ready_endpoints(slices: Sequence[EndpointSlice], port_name: str) -> str:
    """The ready endpoints of one port: three, then ``+ N more...``; blank where slices exist and none is ready."""
    if not slices:
        return "<none>"
    shown: list[str] = []
    count, more = 0, False
    for each in slices:
        numbers: list[int | None] = [p.port for p in each.ports or () if (p.name or "") == port_name]
        for number in numbers if each.ports else [None]:
            for endpoint in each.endpoints or ():
                # An endpoint that is not ready still makes the list look longer than it is, as upstream's does.
                more = more or len(shown) == SHOWN
                if endpoint.conditions.ready is False:
                    continue
                count += 1
                if not more and endpoint.addresses:
                    shown.append(_join(endpoint.addresses[0], number))
    text = ",".join(shown)
    return f"{text} + {count - SHOWN} more..." if more else text


def _join(address: str, port: int | None) -> str:
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def endpoints(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe an Endpoints object."""
    heading(wire, text)
    text.line(0, "Subsets:")
    for subset in view(wire, Endpoints).subsets or ():
        text.line(1, "Addresses:", ",".join(each.ip for each in subset.addresses or ()) or "<none>")
        not_ready = ",".join(each.ip for each in subset.notReadyAddresses or ())
        text.line(1, "NotReadyAddresses:", not_ready or "<none>")
        if subset.ports:
            text.line(1, "Ports:")
            text.table(2, PORTS, ((port.name or "<unset>", port.port, port.protocol) for port in subset.ports))
        text.line(0)
    events_of(text, wire, around)


def endpoint_slice(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe an EndpointSlice."""
    it = view(wire, EndpointSlice)
    heading(wire, text)
    text.line(0, "AddressType:", it.addressType)
    if it.ports:
        text.line(0, "Ports:")
        text.table(1, PORTS, map(_slice_port, it.ports))
    else:
        text.line(0, "Ports: <unset>")
    text.line(0, "Endpoints:" if it.endpoints else "Endpoints: <none>")
    for endpoint in it.endpoints or ():
        text.line(1, "- Addresses:", ",".join(endpoint.addresses) or "<none>")
        text.line(2, "Conditions:")
        ready = endpoint.conditions.ready
        text.line(3, "Ready:", "<unset>" if ready is None else sprint(ready))
        text.line(2, "Hostname:", endpoint.hostname or "<unset>")
        if endpoint.targetRef is not None:
            text.line(2, "TargetRef:", f"{endpoint.targetRef.kind}/{endpoint.targetRef.name}")
        text.line(2, "NodeName:", endpoint.nodeName or "<unset>")
        text.line(2, "Zone:", endpoint.zone or "<unset>")
    events_of(text, wire, around)


def _slice_port(port: EndpointPort) -> tuple[str, str, str]:
    number = "<unset>" if port.port is None else str(port.port)
    return port.name or "<unset>", number, port.protocol or ""
