"""From Pods to slices: which to create, change and delete, touching as few as possible. Pure.

Endpoints with the same ports share slices of at most 100. Slices that must change anyway are filled first; what is left
goes into one unchanged slice that can hold it all, or into a new one; nothing is moved to balance them. A Service
without endpoints keeps one empty slice. Upstream: ``k8s.io/endpointslice/reconciler.go``.

========================  =====  =======  ===========
Pod                       ready  serving  terminating
========================  =====  =======  ===========
ready                     yes    yes      no
not ready                 no     no       no
ready, being deleted      no     yes      yes
not ready, being deleted  no     no       yes
========================  =====  =======  ===========

With ``publishNotReadyAddresses`` every one is *ready*, whatever it serves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from kubesim.api.objects import Service, Wire
from kubesim.controllers.endpoints.pods import FINISHED, EndpointPod, NamedPorts, PortNotFoundError

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
HEADLESS = "service.kubernetes.io/headless"
CONTROLLER = "endpointslice-controller.k8s.io"
RESERVED = (SERVICE_NAME, MANAGED_BY, HEADLESS)
"""The labels that say whose slice it is."""

MAX_ENDPOINTS = 100

PortKey = tuple[tuple[str, int, str, str], ...]
Identity = tuple[object, ...]


class Plan(msgspec.Struct):
    """What has to be done, in wire forms.

    :param unchanged: slices of the Service that stay as they are.
    :param problems: Pods that had to be left out, in upstream's words.
    """

    create: list[Wire] = []
    update: list[Wire] = []
    delete: list[Wire] = []
    unchanged: list[Wire] = []
    problems: list[str] = []


class _Group(msgspec.Struct):
    """Endpoints that share their ports."""

    ports: list[Wire]
    endpoints: dict[Identity, Wire] = {}


def plan_slices(
    service: Service,
    pods: Sequence[EndpointPod],
    existing: Sequence[Wire],
    zones: Mapping[str, str],
    *,
    address_type: str = "IPv4",
    limit: int = MAX_ENDPOINTS,
) -> Plan:
    """What to do so that the Service's slices say what its Pods are.

    :param existing: the slices of this controller that name the Service; those of an earlier one of its name go.
    :param zones: the nodes that there are, each with its zone, which may be empty.
    """
    plan = Plan()
    groups = _group(service, pods, zones, address_type, plan)
    by_ports: dict[PortKey, list[Wire]] = {}
    for piece in existing:
        if piece.get("addressType") != address_type or not _is_owned(piece, service):
            plan.delete.append(piece)
        else:
            by_ports.setdefault(_port_key(piece.get("ports") or ()), []).append(piece)
    for key, pieces in by_ports.items():
        if key not in groups:
            plan.delete += pieces
    for key, group in groups.items():
        _fill(service, group, by_ports.get(key, ()), plan, address_type, limit)
    if not groups:
        _keep_one_empty(service, plan, address_type)
    _reuse(service, plan, address_type)
    return plan


def _is_owned(piece: Wire, service: Service) -> bool:
    """Whether a slice is this Service's, and not that of an earlier one of its name."""
    return any(
        owner.get("uid") == service.metadata.uid and owner.get("kind") == "Service"
        for owner in (piece.get("metadata") or {}).get("ownerReferences") or ()
    )


def new_slice(service: Service, ports: list[Wire], address_type: str = "IPv4") -> Wire:
    """An empty slice of a Service."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": slice_prefix(service.metadata.name),
            "labels": slice_labels(service),
            "namespace": service.metadata.namespace,
            "ownerReferences": [
                {
                    "apiVersion": "v1",
                    "blockOwnerDeletion": True,
                    "controller": True,
                    "kind": "Service",
                    "name": service.metadata.name,
                    "uid": service.metadata.uid,
                }
            ],
        },
        "addressType": address_type,
        "endpoints": [],
        "ports": ports,
    }


def slice_prefix(service_name: str) -> str:
    """What a slice's generated name begins with; a name too long for a dash stays as it is."""
    return f"{service_name}-" if len(service_name) <= 252 else service_name


def is_headless(service: Service) -> bool:
    """Whether slices carry the headless label: the Service has no cluster address (``None`` or not yet any)."""
    return service.spec.clusterIP in ("", "None")


def slice_labels(service: Service) -> dict[str, str]:
    """The labels that a Service's slices must have: its own, and the reserved ones."""
    labels = {key: value for key, value in (service.metadata.labels or {}).items() if key not in RESERVED}
    labels[SERVICE_NAME] = service.metadata.name
    labels[MANAGED_BY] = CONTROLLER
    if is_headless(service):
        labels[HEADLESS] = ""
    return labels


def labels_changed(piece: Wire, service: Service) -> bool:
    """Whether the Service's own labels differ from those its slice was given; reserved ones do not count."""
    known = {k: v for k, v in ((piece.get("metadata") or {}).get("labels") or {}).items() if k not in RESERVED}
    wanted = {k: v for k, v in (service.metadata.labels or {}).items() if k not in RESERVED}
    return known != wanted


def endpoint_ports(service: Service, pod: EndpointPod) -> list[Wire]:
    """The ports of a slice for one Pod, in wire form; a port whose name the Pod lacks is left out."""
    found = []
    for port in service.spec.ports or []:
        try:
            entry: Wire = {"name": port.name, "port": pod.port(port.targetPort, port.protocol)}
        except PortNotFoundError:
            continue
        entry["protocol"] = port.protocol
        if port.appProtocol is not None:
            entry["appProtocol"] = port.appProtocol
        found.append(entry)
    return found


def _port_key(ports: Sequence[Wire]) -> PortKey:
    """What makes two lists of ports the same: names, numbers and protocols, in any order."""
    return tuple(
        sorted(
            [
                (p.get("name") or "", p.get("port") or 0, p.get("protocol") or "", p.get("appProtocol") or "")
                for p in ports
            ]
        )
    )


def endpoint_of(pod: EndpointPod, zone: str, service: Service, address_type: str = "IPv4") -> Wire:
    """The endpoint that a Pod is, in wire form."""
    return _endpoint(pod, pod.address(address_type), zone, service)


def _endpoint(pod: EndpointPod, address: str, zone: str, service: Service) -> Wire:
    serving, terminating = pod.is_ready, pod.terminating
    ready = service.spec.publishNotReadyAddresses or (serving and not terminating)
    endpoint: Wire = {
        "addresses": [address] if address else [],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": pod.target,
    }
    if pod.node:
        endpoint["nodeName"] = pod.node
    if zone:
        endpoint["zone"] = zone
    if pod.has_own_name(service):
        endpoint["hostname"] = pod.hostname
    return endpoint


def _identity(endpoint: Wire) -> Identity:
    """What makes an endpoint the same one when its conditions change: address, host name, node and Pod."""
    target = endpoint.get("targetRef") or {}
    addresses = endpoint.get("addresses") or ()
    return (
        *(addresses if len(addresses) < 2 else sorted(addresses)),
        endpoint.get("hostname") or "",
        endpoint.get("nodeName") or "",
        target.get("namespace") or "",
        target.get("name") or "",
    )


def _content(endpoint: Wire) -> tuple[object, ...]:
    """What of an endpoint is worth an update, besides its identity."""
    conditions = endpoint.get("conditions") or {}
    target = endpoint.get("targetRef") or {}
    return (
        conditions.get("ready"),
        conditions.get("serving"),
        conditions.get("terminating"),
        target.get("uid") or "",
        endpoint.get("zone"),
    )


def _group(
    service: Service, pods: Sequence[EndpointPod], zones: Mapping[str, str], address_type: str, plan: Plan
) -> dict[PortKey, _Group]:
    groups: dict[PortKey, _Group] = {}
    of_ports: dict[NamedPorts, _Group] = {}
    for pod in pods:
        address, node = pod.address(address_type), pod.node
        if not address or pod.phase in FINISHED:
            continue
        if node and node not in zones and not service.spec.publishNotReadyAddresses:
            where = f"Service {service.metadata.namespace}/{service.metadata.name}"
            plan.problems.append(f"skipping Pod {pod.name} for {where}: Node {node} Not Found")
            continue
        group = of_ports.get(pod.ports)
        if group is None:  # Pods that name their ports alike have the same ports here
            ports = endpoint_ports(service, pod)
            group = of_ports[pod.ports] = groups.setdefault(_port_key(ports), _Group(ports))
        endpoint = _endpoint(pod, address, zones.get(node, ""), service)
        identity = (address, endpoint.get("hostname", ""), node, pod.namespace, pod.name)  # as _identity reads it
        group.endpoints[identity] = endpoint
    return groups


def _fill(service: Service, group: _Group, existing: Sequence[Wire], plan: Plan, address_type: str, limit: int) -> None:
    missing = dict(group.endpoints)
    changed: list[Wire] = []
    unchanged: list[Wire] = []
    for piece in existing:
        kept, differs = [], False
        before = piece.get("endpoints") or []
        for endpoint in before:
            wanted = missing.pop(_identity(endpoint), None)
            if wanted is not None:
                differs = differs or (wanted != endpoint and _content(wanted) != _content(endpoint))
                kept.append(wanted)
        if not kept and before:
            plan.delete.append(piece)
        elif differs or len(kept) != len(before) or labels_changed(piece, service):
            changed.append({**piece, "metadata": _relabelled(piece, slice_labels(service)), "endpoints": kept})
        else:
            unchanged.append(piece)
    for piece in sorted(changed, key=lambda p: -len(p["endpoints"])):
        _top_up(piece["endpoints"], missing, limit)
    while missing:
        room = [p for p in unchanged if len(p.get("endpoints") or []) + len(missing) <= limit]
        if len(missing) < limit and room:
            fullest = max(room, key=lambda p: len(p.get("endpoints") or []))
            unchanged.remove(fullest)
            piece = {**fullest, "endpoints": list(fullest.get("endpoints") or [])}
            changed.append(piece)
        else:
            piece = new_slice(service, group.ports, address_type)
            plan.create.append(piece)
        _top_up(piece["endpoints"], missing, limit)
    plan.update += changed
    plan.unchanged += unchanged


def _top_up(endpoints: list[Wire], missing: dict[Identity, Wire], limit: int) -> None:
    while missing and len(endpoints) < limit:
        first = next(iter(missing))
        endpoints.append(missing.pop(first))


def _relabelled(piece: Wire, labels: dict[str, str]) -> Wire:
    """A slice's metadata with these labels; the same one where it has them."""
    metadata: Wire = piece["metadata"]
    return metadata if metadata.get("labels") == labels else {**metadata, "labels": labels}


def _keep_one_empty(service: Service, plan: Plan, address_type: str) -> None:
    """A Service without endpoints has one slice without ports; one that is as it should be stays."""
    placeholder = new_slice(service, [], address_type)
    for piece in plan.delete:
        empty = not piece.get("endpoints") and not piece.get("ports") and piece.get("addressType") == address_type
        if empty and piece["metadata"].get("labels") == placeholder["metadata"]["labels"]:
            plan.delete.remove(piece)
            plan.unchanged.append(piece)
            return
    plan.create.append(placeholder)


def _reuse(service: Service, plan: Plan, address_type: str) -> None:
    """Instead of deleting one slice and creating another, change the first into the second."""
    for piece in list(plan.delete):
        if not plan.create:
            return
        if _is_owned(piece, service) and piece.get("addressType") == address_type:
            created = plan.create.pop()
            plan.delete.remove(piece)
            plan.update.append({**created, "metadata": _relabelled(piece, created["metadata"]["labels"])})
