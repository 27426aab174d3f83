"""The older Endpoints object: one for each selecting Service, all addresses in it, at most 1,000. Pure.

Upstream: ``pkg/controller/endpoint`` and ``pkg/api/v1/endpoints`` (which packs addresses that share ports).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kubesim.api.objects import Service, Wire
from kubesim.controllers.endpoints.pods import EndpointPod, NamedPorts
from kubesim.controllers.endpoints.slices import HEADLESS, endpoint_ports, is_headless
from kubesim.controllers.endpoints.triggers import ANNOTATION
from kubesim.controllers.names import fnv_128a

MANAGED_BY = "endpoints.kubernetes.io/managed-by"
CONTROLLER = "endpoint-controller"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
MAX_ADDRESSES = 1000

_Port = tuple[tuple[object, ...], Wire | None]
"""A port, and what makes it the same as another one; None stands for an address without any."""
_Identity = tuple[str, str]
"""What makes an address the same one: the address itself, and the uid of the Pod behind it.

Addresses go by these, as texts: ``10.42.0.10`` before ``10.42.0.8``.
"""
_Members = dict[_Identity, tuple[Wire, bool]]
"""Addresses, each with whether it is ready."""


def endpoints_object(service: Service, pods: Sequence[EndpointPod], current: Wire | None) -> Wire | None:
    """The Endpoints that a Service should have; None where the current one says the same already. Pure."""
    subsets, truncated = truncate(subsets_of(service, pods))
    labels = {k: v for k, v in (service.metadata.labels or {}).items() if k != HEADLESS}
    labels[MANAGED_BY] = CONTROLLER
    if is_headless(service):
        labels[HEADLESS] = ""
    metadata = dict((current or {}).get("metadata") or {"name": service.metadata.name})
    annotations = dict(metadata.get("annotations") or {})
    was_truncated = OVER_CAPACITY in annotations
    if current is not None and was_truncated == truncated:
        known = metadata.get("labels") or {}
        compared = {k: v for k, v in labels.items() if k != HEADLESS or HEADLESS in known}
        before = current.get("subsets") or []
        if known == compared and _same(before, subsets):
            return None
    annotations.pop(OVER_CAPACITY, None)
    annotations.pop(ANNOTATION, None)
    if truncated:
        annotations[OVER_CAPACITY] = "truncated"
    metadata["labels"] = labels
    metadata.pop("annotations", None)
    if annotations:
        metadata["annotations"] = annotations
    wanted: Wire = {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata}
    if subsets:
        wanted["subsets"] = subsets
    return wanted


def subsets_of(service: Service, pods: Sequence[EndpointPod]) -> list[Wire]:
    """The subsets for a Service's Pods, packed. Pure."""
    publish = service.spec.publishNotReadyAddresses
    alike: dict[NamedPorts, tuple[list[_Port], _Members]] = {}
    for pod in pods:
        address = endpoint_address(service, pod) if pod.belongs(include_terminating=publish) else None
        if address is None:
            continue
        known = alike.get(pod.ports)
        if known is None:  # Pods that name their ports alike have the same ports here
            known = alike[pod.ports] = _ports(service, pod), {}
        _join(known[1], (address["ip"], pod.uid), address, publish or pod.is_ready)
    return _pack(list(alike.values()))


def _ports(service: Service, pod: EndpointPod) -> list[_Port]:
    if not service.spec.ports and service.spec.clusterIP == "None":
        return [(("",), None)]
    found: dict[tuple[object, ...], Wire | None] = {}
    for port in endpoint_ports(service, pod):
        written = {field: value for field, value in port.items() if value != "" or field == "appProtocol"}
        found.setdefault(tuple(sorted(written.items(), key=str)), written)
    return list(found.items())


def endpoint_address(service: Service, pod: EndpointPod) -> Wire | None:
    """The address entry of a Pod; None where it has no address of the Service's family. Pure."""
    families = service.spec.ipFamilies
    if families:
        address = pod.address(families[0])
    else:
        own = service.spec.clusterIP if ":" in service.spec.clusterIP else next(iter(pod.addresses), "")
        address = pod.address("IPv6" if ":" in own else "IPv4") or pod.address("IPv4") or pod.address("IPv6")
    if not address:
        return None
    entry: Wire = {"ip": address, "nodeName": pod.node, "targetRef": pod.target}
    if pod.has_own_name(service):
        entry["hostname"] = pod.hostname
    return entry


def _join(members: _Members, identity: _Identity, address: Wire, ready: bool) -> None:
    """Add an address; one that is there twice is ready if it is once."""
    known = members.get(identity)
    members[identity] = address, ready or (known is not None and known[1])


def _pack(alike: Sequence[tuple[list[_Port], _Members]]) -> list[Wire]:
    """Group addresses that share ports, so that each address is listed as seldom as possible. Pure.

    :param alike: ports, and the addresses that have just these.
    """
    if len(alike) == 1:  # as nearly always
        return [_subset(*alike[0])] if alike[0][0] else []
    by_port: dict[tuple[object, ...], tuple[_Port, _Members]] = {}
    for ports, having in alike:
        for port in ports:
            members = by_port.setdefault(port[0], (port, {}))[1]
            for identity, (address, ready) in having.items():
                _join(members, identity, address, ready)
    grouped: dict[tuple[object, ...], tuple[list[_Port], _Members]] = {}
    for port, members in by_port.values():
        same = tuple(sorted([(identity, ready) for identity, (_, ready) in members.items()]))
        grouped.setdefault(same, ([], members))[0].append(port)
    return [_subset(ports, members) for ports, members in grouped.values()]


def _subset(ports: Sequence[_Port], members: _Members) -> Wire:
    subset: Wire = {}
    ordered = [members[identity] for identity in sorted(members)]
    for field, state in (("addresses", True), ("notReadyAddresses", False)):
        chosen = [address for address, ready in ordered if ready is state]
        if chosen:
            subset[field] = chosen
    written = [port for _, port in ports if port is not None and port["port"] > 0]
    if written:
        subset["ports"] = sorted(written, key=_port_place) if len(written) > 1 else written
    return subset


def _port_place(port: Wire) -> int:
    """Ports go by the hash of what Go prints of them (``portsByHash``), so their order is nobody's, but fixed."""
    protocol = port.get("appProtocol")
    printed = (
        f"(v1.EndpointPort){{Name:(string){port.get('name', '')} Port:(int32){port['port']} "
        f"Protocol:(v1.Protocol){port.get('protocol', '')} "
        f"AppProtocol:(*string){'<nil>' if protocol is None else protocol}}}"
    )
    return fnv_128a(printed.encode())


def truncate(subsets: list[Wire], limit: int = MAX_ADDRESSES) -> tuple[list[Wire], bool]:
    """Cut the addresses down to the limit, ready ones kept first, each subset giving up its share. Pure.

    :returns: the subsets and whether anything was cut.
    """
    ready = sum([len(subset.get("addresses") or ()) for subset in subsets])
    waiting = sum([len(subset.get("notReadyAddresses") or ()) for subset in subsets])
    if ready + waiting <= limit:
        return subsets, False
    result = [dict(subset) for subset in subsets]
    _share(result, "addresses", ready, min(ready, limit))
    _share(result, "notReadyAddresses", waiting, max(0, limit - ready))
    kept = [subset for subset in result if subset.get("addresses") or subset.get("notReadyAddresses")]
    return kept, True


def _share(subsets: list[Wire], field: str, total: int, room: int) -> None:
    """Leave ``room`` entries of ``field``, in proportion, rounded up; the last subset has what is left."""
    if total <= room:
        return
    left = room
    for subset in subsets:
        entries = subset.pop(field, [])
        kept = entries[: min(left, -(-len(entries) * room // total))]
        left -= len(kept)
        if kept:
            subset[field] = kept


def _same(one: Sequence[Wire], other: Sequence[Wire]) -> bool:
    """Whether subsets say the same, in whatever order; sizes differ sooner than what has them."""
    return one == other or (_sizes(one) == _sizes(other) and _comparable(one) == _comparable(other))


def _sizes(subsets: Sequence[Wire]) -> list[list[int]]:
    fields = ("addresses", "notReadyAddresses", "ports")
    return sorted([len(subset.get(field) or ()) for field in fields] for subset in subsets)


def _comparable(subsets: Sequence[Wire]) -> object:
    """Subsets without what does not count: order, and the resource versions of the Pods behind them."""

    def address(entry: Wire) -> frozenset[tuple[str, object]]:
        target = {k: v for k, v in (entry.get("targetRef") or {}).items() if k != "resourceVersion"}
        return frozenset({**entry, "targetRef": frozenset(target.items())}.items())

    return Counter(
        (
            frozenset(address(entry) for entry in subset.get("addresses") or ()),
            frozenset(address(entry) for entry in subset.get("notReadyAddresses") or ()),
            frozenset(frozenset(port.items()) for port in subset.get("ports") or ()),
        )
        for subset in subsets
    )
