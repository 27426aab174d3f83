"""From Pods to slices: which to create, change and delete, touching as few as possible. Pure.

Endpoints with the same ports share slices of at most 100. Slices that must change anyway are filled first; what is left
goes into one unchanged slice that can hold it all, or into a new one; nothing is moved to balance them. A Service
without endpoints keeps one empty slice. Upstream: ``k8s.io/endpointslice/reconciler.go``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kubesim.api.objects import Node, Pod, Service, Wire
from kubesim.controllers.endpoints.labels import CONTROLLER, labels_changed, slice_labels
from kubesim.controllers.endpoints.membership import address_of, belongs, content, endpoint_of, identity
from kubesim.controllers.endpoints.ports import endpoint_ports, port_key

MAX_ENDPOINTS = 100


@dataclass(slots=True)
class Plan:
    """What has to be done, in wire forms.

    :param unchanged: slices of the Service that stay as they are.
    :param problems: Pods that had to be left out, in upstream's words.
    """

    create: list[Wire] = field(default_factory=list)
    update: list[Wire] = field(default_factory=list)
    delete: list[Wire] = field(default_factory=list)
    unchanged: list[Wire] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    """Endpoints that share their ports."""

    ports: list[Wire]
    endpoints: dict[tuple[object, ...], Wire] = field(default_factory=dict)


def plan_slices(
    service: Service,
    pods: Sequence[Pod],
    existing: Sequence[Wire],
    nodes: Mapping[str, Node],
    *,
    address_type: str = "IPv4",
    limit: int = MAX_ENDPOINTS,
    controller: str = CONTROLLER,
) -> Plan:
    """What to do so that the Service's slices say what its Pods are.

    :param existing: the Service's slices of this controller.
    """
    plan = Plan()
    groups = _group(service, pods, nodes, address_type, plan)
    by_ports: dict[tuple[object, ...], list[Wire]] = {}
    for piece in existing:
        if piece.get("addressType") != address_type:
            plan.delete.append(piece)
            continue
        by_ports.setdefault(port_key(piece.get("ports") or []), []).append(piece)
    for key, pieces in by_ports.items():
        if key not in groups:
            plan.delete += pieces
    for key, group in groups.items():
        _fill(service, group, by_ports.get(key, []), plan, address_type, limit, controller)
    if not groups:
        _keep_one_empty(service, plan, address_type, controller)
    _reuse(service, plan, address_type)
    return plan


def new_slice(service: Service, ports: list[Wire], address_type: str = "IPv4", controller: str = CONTROLLER) -> Wire:
    """An empty slice of a Service."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": slice_prefix(service.metadata.name),
            "labels": slice_labels(service, controller),
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


def _group(
    service: Service, pods: Sequence[Pod], nodes: Mapping[str, Node], address_type: str, plan: Plan
) -> dict[tuple[object, ...], _Group]:
    groups: dict[tuple[object, ...], _Group] = {}
    for pod in pods:
        if not belongs(pod, include_terminating=True) or not address_of(pod, address_type):
            continue
        node = nodes.get(pod.spec.nodeName)
        if node is None and pod.spec.nodeName and not service.spec.publishNotReadyAddresses:
            namespace, name = service.metadata.namespace, service.metadata.name
            plan.problems.append(
                f"skipping Pod {pod.metadata.name} for Service {namespace}/{name}: Node {pod.spec.nodeName} Not Found"
            )
            continue
        ports = endpoint_ports(service, pod.spec)
        group = groups.setdefault(port_key(ports), _Group(ports))
        endpoint = endpoint_of(pod, node, service, address_type)
        group.endpoints[identity(endpoint)] = endpoint
    return groups


def _fill(
    service: Service,
    group: _Group,
    existing: Sequence[Wire],
    plan: Plan,
    address_type: str,
    limit: int,
    controller: str,
) -> None:
    missing = dict(group.endpoints)
    changed: list[Wire] = []
    unchanged: list[Wire] = []
    for piece in existing:
        kept, differs = [], False
        before = piece.get("endpoints") or []
        for endpoint in before:
            wanted = missing.pop(identity(endpoint), None)
            if wanted is not None:
                differs = differs or content(wanted) != content(endpoint)
                kept.append(wanted)
        if not kept and before:
            plan.delete.append(piece)
        elif differs or len(kept) != len(before) or labels_changed(piece, service):
            changed.append(_changed(piece, service, kept, controller))
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
            piece = new_slice(service, group.ports, address_type, controller)
            plan.create.append(piece)
        _top_up(piece["endpoints"], missing, limit)
    plan.update += changed
    plan.unchanged += unchanged


def _top_up(endpoints: list[Wire], missing: dict[tuple[object, ...], Wire], limit: int) -> None:
    while missing and len(endpoints) < limit:
        first = next(iter(missing))
        endpoints.append(missing.pop(first))


def _changed(piece: Wire, service: Service, endpoints: list[Wire], controller: str) -> Wire:
    metadata = {**piece["metadata"], "labels": slice_labels(service, controller)}
    return {**piece, "metadata": metadata, "endpoints": endpoints}


def _keep_one_empty(service: Service, plan: Plan, address_type: str, controller: str) -> None:
    """A Service without endpoints has one slice without ports; one that is as it should be stays."""
    placeholder = new_slice(service, [], address_type, controller)
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
        owned = any(
            o.get("controller") and o.get("uid") == service.metadata.uid
            for o in piece["metadata"].get("ownerReferences") or []
        )
        if owned and piece.get("addressType") == address_type:
            created = plan.create.pop()
            metadata = {**piece["metadata"], "labels": created["metadata"]["labels"]}
            plan.delete.remove(piece)
            plan.update.append({**created, "metadata": metadata})
