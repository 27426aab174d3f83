"""Which endpoints a node may use, and for which traffic (upstream's ``pkg/proxy/endpoints.go`` and ``topology.go``).

Ready endpoints are used. Where none is ready, endpoints that are terminating but still serve are better than nothing.
Traffic under a Cluster policy may use every node's endpoints, unless the EndpointSlices hint that this node (or its
zone) should use some of them; traffic under a Local policy may use this node's only, and hints do not matter to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from kubesim.api.addresses import plain_address
from kubesim.api.objects import EndpointSlice
from kubesim.network.proxy.names import ServicePortName
from kubesim.network.proxy.service_ports import ServicePort

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
ZONE_LABEL = "topology.kubernetes.io/zone"


class EndpointInfo(msgspec.Struct, frozen=True):
    """One endpoint of one Service port.

    :param node: the name of the node it is on; empty where its slice does not say.
    """

    address: str
    port: int
    node: str = ""
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    zone_hints: frozenset[str] = frozenset()
    node_hints: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """``address:port``; endpoints are sorted by this text."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    def local(self, node: str) -> bool:
        """Whether it is on that node."""
        return self.node == node != ""

    @property
    def last_resort(self) -> bool:
        """Whether it may be used where none is ready: it is on its way out, but still serves."""
        return not self.ready and self.serving and self.terminating


EndpointsMap = dict[ServicePortName, tuple[EndpointInfo, ...]]


def endpoints_map(slices: Iterable[EndpointSlice], family: str = "IPv4") -> EndpointsMap:
    """The endpoints of every Service port, sorted by address; one that several slices list is there several times."""
    newest = {(piece.metadata.namespace, piece.metadata.name): piece for piece in slices}
    found: dict[ServicePortName, list[EndpointInfo]] = {}
    for piece in newest.values():
        service = (piece.metadata.labels or {}).get(SERVICE_NAME_LABEL, "")
        if not service or piece.addressType != family:
            continue
        for port in piece.ports or []:
            if port.name is None or not port.port:
                continue
            name = ServicePortName(piece.metadata.namespace, service, port.name, port.protocol or "TCP")
            found.setdefault(name, []).extend(_infos(piece, port.port))
    return {name: tuple(sorted(listed, key=str)) for name, listed in found.items() if listed}


def _infos(piece: EndpointSlice, port: int) -> Iterator[EndpointInfo]:
    for endpoint in piece.endpoints or []:
        if not endpoint.addresses:
            continue
        conditions, hints = endpoint.conditions, endpoint.hints
        yield EndpointInfo(
            plain_address(endpoint.addresses[0]),
            port,
            endpoint.nodeName or "",
            conditions.ready is not False,
            conditions.serving is not False,
            conditions.terminating is True,
            frozenset(zone.name for zone in (hints.forZones or [])) if hints else frozenset(),
            frozenset(name.name for name in (hints.forNodes or [])) if hints else frozenset(),
        )


def seen_from(node: str, endpoints: Iterable[EndpointInfo]) -> tuple[EndpointInfo, ...]:
    """The endpoints as one node sees them: each address once."""
    chosen: dict[str, EndpointInfo] = {}
    for info in endpoints:
        known = chosen.get(str(info))
        if known is None or _better(info, known, node):
            chosen[str(info)] = info
    return tuple(chosen.values())


def _better(info: EndpointInfo, known: EndpointInfo, node: str) -> bool:
    """Which of two entries for one address counts, as when a Pod's address passes on to another, or slices are
    rewritten.
    """
    if info.terminating != known.terminating:
        return known.terminating
    return info.local(node)


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
    node: str = "",
    labels: Mapping[str, str] | None = None,
    same_node_hints: bool = True,
) -> Categorized:
    """Sort the endpoints of a Service port by what they may be used for.

    :param endpoints: each address once.
    :param node: the name of the node; an empty one is a node on which there is none of them.
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
        cluster = cluster or tuple(e for e in endpoints if e.last_resort)
    anywhere = bool(cluster)
    if not port.uses_local_endpoints:
        return Categorized(cluster, None, cluster or (), anywhere)
    anywhere = anywhere or any(e.ready or e.last_resort for e in endpoints)
    here = [e for e in endpoints if e.local(node)]
    local = tuple(e for e in here if e.ready) or tuple(e for e in here if e.last_resort)
    if cluster is None:
        return Categorized(None, local, local, anywhere)
    merged = {str(e): e for e in (*cluster, *local)}
    return Categorized(cluster, local, tuple(merged[key] for key in sorted(merged)), anywhere)


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


ReadyOn = dict[tuple[str, str], dict[str, set[str]]]
"""(namespace, Service) → node → addresses of its ready endpoints there."""


def local_ready_addresses(endpoints: EndpointsMap) -> ReadyOn:
    """What the health check ports of Services count on the nodes."""
    found: ReadyOn = {}
    for name, listed in endpoints.items():
        for endpoint in listed:
            if endpoint.node and endpoint.ready:
                nodes = found.setdefault((name.namespace, name.name), {})
                nodes.setdefault(endpoint.node, set()).add(endpoint.address)
    return found
