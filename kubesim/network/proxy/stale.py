"""Which conntrack entries kube-proxy deletes when endpoints change (upstream's ``pkg/proxy/conntrack/cleanup.go``).

TCP connections end by themselves. A UDP client that keeps sending never makes a new connection, so without help its
packets would go to an endpoint that is gone for as long as it sends. kube-proxy therefore deletes UDP entries whose
destination is a Service's address and whose endpoint does not serve that Service (any more).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kubesim.network.conntrack import Entry
from kubesim.network.proxy.endpoints import EndpointsMap
from kubesim.network.proxy.names import ServicePortName
from kubesim.network.proxy.service_ports import ServicePort

Flow = tuple[str, str, int, str, int]
"""Protocol, original destination and port, and the source and port of the expected reply."""


def stale_flows(
    ports: Mapping[ServicePortName, ServicePort], endpoints: EndpointsMap, *, without_endpoints: bool = True
) -> Callable[[Flow], bool]:
    """A test for flows that must be forgotten.

    :param without_endpoints: whether those of a Service that no endpoint serves any more are forgotten too.
    """
    by_address: dict[tuple[str, int], set[tuple[str, int]]] = {}
    by_node_port: dict[int, set[tuple[str, int]]] = {}
    for name, port in ports.items():
        if port.protocol != "UDP":
            continue
        serving = {(endpoint.address, endpoint.port) for endpoint in endpoints.get(name, []) if endpoint.serving}
        if not serving and not without_endpoints:
            continue
        for address in (port.cluster_ip, *port.external_ips, *port.load_balancer_vips):
            by_address[address, port.port] = serving
        if port.node_port:
            by_node_port[port.node_port] = serving

    def stale(flow: Flow) -> bool:
        protocol, destination, port, reply_source, reply_port = flow
        if protocol != "UDP":
            return False
        serving = by_address.get((destination, port), by_node_port.get(port))
        return serving is not None and (reply_source, reply_port) not in serving

    return stale


def stale_entries(
    ports: Mapping[ServicePortName, ServicePort], endpoints: EndpointsMap, *, without_endpoints: bool = True
) -> Callable[[Entry], bool]:
    """The same test for entries of the simulated conntrack."""
    stale = stale_flows(ports, endpoints, without_endpoints=without_endpoints)

    def test(entry: Entry) -> bool:
        first, reply = entry.original, entry.rewritten
        return stale(
            (first.protocol, first.destination, first.destination_port, reply.destination, reply.destination_port)
        )

    return test
