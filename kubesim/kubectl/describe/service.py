"""Services: what they select, where they listen, and which endpoints are ready behind each port."""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.objects import EndpointSlice, LoadBalancerIngress, Service, ServicePort, Wire, view
from kubesim.api.printers.columns import label_map
from kubesim.kubectl.describe.events import events_of
from kubesim.kubectl.describe.surroundings import Surroundings
from kubesim.kubectl.describe.text import Text, annotation_lines, labels

SHOWN = 3
"""How many endpoints are printed before ``+ N more...``."""


def service(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a Service."""
    it = view(wire, Service)
    name, namespace = it.metadata.name, it.metadata.namespace
    wires = around.labelled("EndpointSlice", namespace, {"kubernetes.io/service-name": name})
    slices = [view(each, EndpointSlice) for each in wires]
    text.line(0, "Name:", name)
    text.line(0, "Namespace:", namespace)
    labels(text, "Labels", it.metadata.labels)
    annotation_lines(text, "Annotations", it.metadata.annotations)
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
    if spec.externalIPs:
        text.line(0, "External IPs:", ",".join(spec.externalIPs))
    if spec.loadBalancerIP:
        text.line(0, "Desired LoadBalancer IP:", spec.loadBalancerIP)
    if spec.externalName:
        text.line(0, "External Name:", spec.externalName)
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
    if spec.externalTrafficPolicy:
        text.line(0, "External Traffic Policy:", spec.externalTrafficPolicy)
    if spec.internalTrafficPolicy is not None:
        text.line(0, "Internal Traffic Policy:", spec.internalTrafficPolicy)
    if spec.healthCheckNodePort:
        text.line(0, "HealthCheck NodePort:", spec.healthCheckNodePort)
    if spec.trafficDistribution is not None:
        text.line(0, "Traffic Distribution:", spec.trafficDistribution)
    if spec.loadBalancerSourceRanges:
        text.line(0, "LoadBalancer Source Ranges:", ",".join(spec.loadBalancerSourceRanges))


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
