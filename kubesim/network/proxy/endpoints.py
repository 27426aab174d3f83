"""Which endpoints a node may use, and for which traffic (upstream's ``pkg/proxy/endpoints.go`` and ``topology.go``).

Ready endpoints are used. Where none is ready, endpoints that are terminating but still serve are better than nothing.
Traffic under a Cluster policy may use every node's endpoints, unless the EndpointSlices hint that this node (or its
zone) should use some of them; traffic under a Local policy may use this node's only, and hints do not matter to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kubesim.api.objects import EndpointSlice
from kubesim.network.proxy.names import ServicePortName
from kubesim.network.proxy.service_ports import ServicePort, plain_address

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
ZONE_LABEL = "topology.kubernetes.io/zone"


@dataclass(frozen=True, slots=True)
class EndpointInfo:
    """One endpoint of one Service port, as one node sees it.

    :param local: whether it is on this node.
    """

    address: str
    port: int
    local: bool = False
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    zone_hints: frozenset[str] = frozenset()
    node_hints: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """``address:port``; endpoints are sorted by this text."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


EndpointsMap = dict[ServicePortName, list[EndpointInfo]]


def endpoints_map(slices: Iterable[EndpointSlice], node: str, family: str = "IPv4") -> EndpointsMap:
    """The endpoints of every Service port, sorted, each once.

    :param node: the name of the node that looks.
    """
    newest = {(piece.metadata.namespace, piece.metadata.name): piece for piece in slices}
    found: dict[ServicePortName, dict[str, EndpointInfo]] = {}
    for piece in newest.values():
        service = (piece.metadata.labels or {}).get(SERVICE_NAME_LABEL, "")
        if not service or piece.addressType != family:
            continue
        for port in piece.ports or []:
            if port.name is None or not port.port:
                continue
            name = ServicePortName(piece.metadata.namespace, service, port.name, port.protocol or "TCP")
            listed = found.setdefault(name, {})
            for info in _infos(piece, port.port, node):
                known = listed.get(str(info))
                if known is None or _better(info, known):
                    listed[str(info)] = info
    return {name: [listed[key] for key in sorted(listed)] for name, listed in found.items() if listed}


def _better(info: EndpointInfo, known: EndpointInfo) -> bool:
    """Which of two entries for one address counts, as when a Pod's address passes on to another, or slices are
    rewritten.
    """
    if info.terminating != known.terminating:
        return known.terminating
    return info.local


def _infos(piece: EndpointSlice, port: int, node: str) -> Iterable[EndpointInfo]:
    for endpoint in piece.endpoints or []:
        if not endpoint.addresses:
            continue
        conditions, hints = endpoint.conditions, endpoint.hints
        yield EndpointInfo(
            address=plain_address(endpoint.addresses[0]),
            port=port,
            local=endpoint.nodeName is not None and endpoint.nodeName == node,
            ready=conditions.ready is not False,
            serving=conditions.serving is not False,
            terminating=conditions.terminating is True,
            zone_hints=frozenset(zone.name for zone in (hints.forZones or [])) if hints else frozenset(),
            node_hints=frozenset(name.name for name in (hints.forNodes or [])) if hints else frozenset(),
        )


@dataclass(frozen=True, slots=True)
class Categorized:
    """The endpoints of a Service port by what they may be used for on one node.

    :param cluster: for traffic under a Cluster policy; None where there is no such traffic.
    :param local: for traffic under a Local policy; None likewise.
    :param reachable: for any of it.
    :param any: whether the Service has a usable endpoint anywhere, be it not for this node.
    """

    cluster: tuple[EndpointInfo, ...] | None
    local: tuple[EndpointInfo, ...] | None
    reachable: tuple[EndpointInfo, ...]
    any: bool


def categorize(
    endpoints: Sequence[EndpointInfo],
    port: ServicePort,
    node: str,
    labels: Mapping[str, str] | None = None,
    same_node_hints: bool = True,
) -> Categorized:
    """Sort the endpoints of a Service port by what they may be used for.

    :param labels: the node's; its zone is read from them.
    :param same_node_hints: whether hints for nodes count (the feature ``PreferSameTrafficDistribution``).
    """
    if not endpoints:
        return Categorized(None, None, (), False)
    zone = (labels or {}).get(ZONE_LABEL, "")
    cluster: tuple[EndpointInfo, ...] | None = None
    available = _available(endpoints, node, zone, same_node_hints)
    if port.uses_cluster_endpoints:
        cluster = tuple(e for e in endpoints if e.ready and (available is None or available(e)))
        cluster = cluster or tuple(e for e in endpoints if _last_resort(e))
    anywhere = bool(cluster)
    if not port.uses_local_endpoints:
        return Categorized(cluster, None, cluster or (), anywhere)
    anywhere = anywhere or any(e.ready or _last_resort(e) for e in endpoints)
    local = tuple(e for e in endpoints if e.local and e.ready) or tuple(
        e for e in endpoints if e.local and _last_resort(e)
    )
    if cluster is None:
        return Categorized(None, local, local, anywhere)
    merged = {str(e): e for e in (*cluster, *local)}
    return Categorized(cluster, local, tuple(merged[key] for key in sorted(merged)), anywhere)


def _last_resort(endpoint: EndpointInfo) -> bool:
    """Whether an endpoint may be used where none is ready: on its way out, but it still serves."""
    return not endpoint.ready and endpoint.serving and endpoint.terminating


def _available(
    endpoints: Sequence[EndpointInfo], node: str, zone: str, same_node_hints: bool
) -> Callable[[EndpointInfo], bool] | None:
    """The endpoints that hints set aside for this node; None where hints are missing or useless here.

    Hints count only where every ready endpoint has one and at least one is for this node (or its zone): otherwise
    some traffic would find no endpoint at all.
    """
    ready = [endpoint for endpoint in endpoints if endpoint.ready]
    if same_node_hints and ready and all(e.node_hints for e in ready) and any(node in e.node_hints for e in ready):
        return lambda endpoint: node in endpoint.node_hints
    if ready and all(e.zone_hints for e in ready) and any(zone in e.zone_hints for e in ready):
        return lambda endpoint: zone in endpoint.zone_hints
    return None


def local_ready_addresses(endpoints: EndpointsMap) -> dict[tuple[str, str], set[str]]:
    """(namespace, Service) → addresses of its ready endpoints on this node: what its health check port counts."""
    found: dict[tuple[str, str], set[str]] = {}
    for name, listed in endpoints.items():
        for endpoint in listed:
            if endpoint.local and endpoint.ready:
                found.setdefault((name.namespace, name.name), set()).add(endpoint.address)
    return found
