"""Endpoints and EndpointSlices: addresses with what is known of each."""

from __future__ import annotations

from kubesim.api.objects import EndpointPort, Endpoints, EndpointSlice, Wire, view
from kubesim.kubectl.describe.events import events_of
from kubesim.kubectl.describe.plain import heading
from kubesim.kubectl.describe.surroundings import Surroundings
from kubesim.kubectl.describe.text import Text
from kubesim.kubectl.output.go_format import sprint


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
            text.line(2, "Name", "Port", "Protocol")
            text.line(2, "----", "----", "--------")
            for port in subset.ports:
                text.line(2, port.name or "<unset>", port.port, port.protocol)
        text.line(0)
    events_of(text, wire, around)


def endpoint_slice(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe an EndpointSlice."""
    it = view(wire, EndpointSlice)
    heading(wire, text)
    text.line(0, "AddressType:", it.addressType)
    if it.ports:
        text.line(0, "Ports:")
        text.line(1, "Name", "Port", "Protocol")
        text.line(1, "----", "----", "--------")
        for port in it.ports:
            text.line(1, *_port(port))
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


def _port(port: EndpointPort) -> tuple[str, str, str]:
    number = "<unset>" if port.port is None else str(port.port)
    return port.name or "<unset>", number, port.protocol or ""
