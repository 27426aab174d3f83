"""A dump of a real cluster, taken as it is: its objects are stored unchanged and its Pods answer.

Nothing reconciles: slices, Services and Pods are what the dump says, even where they contradict each other. A Pod that
the dump shows running gets its address and its programs; an image that the catalogue lacks answers on the ports that
its containers declare. What the dump does not show (nodes, the DNS server) is filled in as this course's cluster has
it.
"""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kubesim.api.decoding import decode
from kubesim.api.errors import ApiError, FieldError
from kubesim.api.metadata import new_uid
from kubesim.api.names import path_segment
from kubesim.api.objects import EndpointSlice, Node, Pod, Service, Wire, copy_of, view
from kubesim.api.resources import BY_KIND, kind_type
from kubesim.api.schema import metadata_error
from kubesim.api.validation import validate
from kubesim.cluster import boot
from kubesim.cluster.arguments import shown
from kubesim.cluster.configuration import NodeFile
from kubesim.cluster.wiring import Parts, add_node_machine
from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.userland.process import Running


class Unknown:
    """What listens where nobody knows the program: it answers every HTTP request with its Pod's name.

    :param name: of the Pod.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def handle(self, request: Any, client: Client) -> Any:
        """Answer a request."""
        if isinstance(request, HttpRequest):
            return HttpResponse(200, "OK", (("Content-Type", "text/plain"),), f"{self._name}\n")
        return self._name


def fill_from_dump(parts: Parts, objects: Sequence[Wire]) -> None:
    """Store a dump's objects and let its Pods run.

    :raises ValueError: where something in it is no object that a cluster can have; says which and why.
    """
    for wire in objects:
        _check_names(wire)
        _check_addresses(_store(parts, wire))
    _add_namespaces(parts, objects)
    _add_nodes(parts)
    if not any(wire["metadata"].get("namespace") == "kube-system" for wire in objects):
        _add_dns(parts)
    for pod in parts.store.views(Pod):
        if pod.status.podIP and pod.status.phase in ("Running", "Pending"):
            _run(parts, pod)


def _check_names(wire: Wire) -> None:
    """Hold what every object has: a version, a kind, metadata with a name."""
    metadata = wire.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    for field, given in (("apiVersion", wire.get("apiVersion")), ("kind", wire.get("kind")), ("metadata.name", name)):
        if not isinstance(given, str) or not given:
            raise ValueError(f"{field} of an object in a dump must be a text, got {shown(given)} in {shown(wire)}")
    for segment in (name, (metadata or {}).get("namespace") or ""):
        problems = path_segment(segment) if isinstance(segment, str) else ["must be a text"]
        if problems:
            raise ValueError(f"{_label(wire)} of a dump must have a name that can be one: {problems[0]}")
    problem = metadata_error(wire)
    if problem:
        raise ValueError(f"{_label(wire)} of a dump must be an object that Kubernetes can read: {problem}")


def _label(wire: Wire) -> str:
    return f"{wire.get('kind')} {shown(wire['metadata'].get('name'))}"


def _check_addresses(kept: Wire) -> None:
    """Hold what the network is built from: addresses that are addresses."""
    given: Iterable[tuple[str, str]] = ()
    match kept["kind"]:
        case "Pod":
            status = view(kept, Pod).status
            given = (("status.podIP", status.podIP), ("status.hostIP", status.hostIP))
        case "Node":
            node = view(kept, Node)
            internal = [each.address for each in node.status.addresses or [] if each.type == "InternalIP"]
            given = [("status.addresses", each) for each in internal if ":" not in each]
            if node.spec.podCIDR and ":" not in node.spec.podCIDR:
                _hold(kept, "spec.podCIDR", node.spec.podCIDR, ipaddress.IPv4Network)
        case "Service":
            service = view(kept, Service)
            addresses = [service.spec.clusterIP, *(service.spec.clusterIPs or []), *(service.spec.externalIPs or [])]
            ingress = service.status.loadBalancer.ingress or []
            given = [("spec", each) for each in addresses if each != "None"]
            given += [("status.loadBalancer", each.ip or "") for each in ingress]
        case "EndpointSlice":
            piece = view(kept, EndpointSlice)
            if piece.addressType != "FQDN":
                given = [("endpoints", each) for endpoint in piece.endpoints or [] for each in endpoint.addresses or []]
    for field, address in given:
        if address:
            _hold(kept, field, address, ipaddress.ip_address)


RULED = frozenset({"Service", "Endpoints", "EndpointSlice", "Node"})
"""Kinds from which the network is built: an API server has held each of them to its rules."""


def _refuse(wire: Wire, problems: Sequence[FieldError]) -> None:
    if problems:
        first = problems[0]
        raise ValueError(
            f"{_label(wire)} of a dump must be valid, got {first.field}: {shown(first.bad_value)} {first.detail}"
        )


def _hold(kept: Wire, field: str, given: str, read: Callable[[str], object]) -> None:
    try:
        read(given)
    except ValueError as error:
        raise ValueError(f"{field} of {_label(kept)} in a dump must be an address: {error}") from None


def _store(parts: Parts, wire: Wire) -> Wire:
    if wire["kind"] not in BY_KIND:  # a kind that is not served is kept as it is
        kept = copy_of(wire)
    elif kind_type(wire["apiVersion"], wire["kind"]) is None:
        wanted = BY_KIND[wire["kind"]].api_version
        raise ValueError(f"{_label(wire)} of a dump must be of version {wanted}, got {shown(wire['apiVersion'])}")
    else:
        try:
            kept = decode(wire, "Ignore").object
            if wire["kind"] in RULED:
                _refuse(wire, validate(wire["kind"], copy_of(kept)))
        except ApiError as error:
            raise ValueError(f"{_label(wire)} of a dump must be one that Kubernetes can read: {error}") from None
    metadata = kept.setdefault("metadata", {})
    metadata.setdefault("uid", new_uid(parts.simulation.random("uids")))
    metadata.setdefault("creationTimestamp", parts.simulation.timestamp())
    if kept.get("kind") not in ("Node", "Namespace"):
        metadata.setdefault("namespace", "default")
    return parts.store.commit(kept)


def _add_namespaces(parts: Parts, objects: Sequence[Wire]) -> None:
    """The namespaces that the dump's objects are in, where it does not list them itself."""
    names = {wire["metadata"].get("namespace") or "default" for wire in objects} | {"kube-system"}
    for name in sorted(names):
        if parts.store.get("Namespace", name) is None:
            _store(parts, {**boot.namespace(name), "status": {"phase": "Active"}})


def _add_nodes(parts: Parts) -> None:
    """The dump's nodes; where it has none, those that its Pods name, with ranges that hold their addresses."""
    if not parts.store.list("Node"):
        for guess in _guessed_nodes(parts):
            wire = boot.node_object(guess, parts.configuration)
            status = boot.node_status(guess, parts.configuration, parts.simulation.timestamp())
            _store(parts, {**wire, "status": status})
    for node in parts.store.views(Node):
        address = next((a.address for a in node.status.addresses or [] if a.type == "InternalIP"), "")
        if address and node.spec.podCIDR:
            parts.network.add_node(node.metadata.name, address, node.spec.podCIDR)
            add_node_machine(parts, node.metadata.name, "127.0.0.1 localhost\n")


def _guessed_nodes(parts: Parts) -> list[NodeFile]:
    found: dict[str, NodeFile] = {}
    for pod in parts.store.views(Pod):
        name = pod.spec.nodeName
        if not name or not pod.status.podIP or pod.spec.hostNetwork:
            continue
        prefix = str(ipaddress.IPv4Network(f"{pod.status.podIP}/24", strict=False))
        found.setdefault(name, NodeFile(name=name, address=pod.status.hostIP, podCIDR=prefix))
    return list(found.values()) or list(parts.configuration.nodes)


def _add_dns(parts: Parts) -> None:
    """CoreDNS as k3s has it, ready behind kube-dns."""
    node = parts.store.views(Node)[0]
    documents = list(boot.addon_objects(parts.configuration))
    for wire in documents:
        if wire["kind"] in ("ConfigMap", "ServiceAccount"):
            _store(parts, wire)
    deployment = next(wire for wire in documents if wire["kind"] == "Deployment")
    service = next(wire for wire in documents if wire["kind"] == "Service")
    network = ipaddress.IPv4Network(node.spec.podCIDR)
    taken = {pod.status.podIP for pod in parts.store.views(Pod)}
    address = next(str(host) for host in list(network.hosts())[1:] if str(host) not in taken)
    template = copy.deepcopy(deployment["spec"]["template"])
    host = next((a.address for a in node.status.addresses or []), "")
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**template["metadata"], "name": "coredns", "namespace": "kube-system"},
        "spec": {**template["spec"], "nodeName": node.metadata.name},
        "status": {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "hostIP": host,
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }
    _store(parts, pod)
    dns = parts.configuration.networks.dns
    _store(parts, {**service, "spec": {**service["spec"], "clusterIP": dns, "clusterIPs": [dns], "type": "ClusterIP"}})
    ports = [{"name": p["name"], "port": p["port"], "protocol": p["protocol"]} for p in service["spec"]["ports"]]
    piece: Wire = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "kube-dns",
            "namespace": "kube-system",
            "labels": {"kubernetes.io/service-name": "kube-dns"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}, "nodeName": node.metadata.name}],
        "ports": ports,
    }
    _store(parts, piece)


def _run(parts: Parts, pod: Pod) -> None:
    """Give a Pod its address and let its containers' programs listen."""
    meta, node = pod.metadata, pod.spec.nodeName
    host_network = pod.spec.hostNetwork
    try:
        machine = parts.network.add_pod(meta.namespace, meta.name, pod.status.podIP, node, host_network)
    except (KeyError, ValueError):
        return  # a node or an address that the rest of the dump contradicts
    for container in pod.spec.containers or []:
        known = parts.containers.knows(container.image)
        outcome = parts.containers.start(pod, container, 0) if known else None
        if isinstance(outcome, Running):
            listeners = dict(outcome.listeners)
        else:
            ports = container.ports or []
            listeners = {(port.protocol or "TCP", port.containerPort): Unknown(meta.name) for port in ports}
        for (protocol, port), server in listeners.items():
            if parts.network.server(machine, protocol, port, "0.0.0.0") is None:
                parts.network.listen(machine, protocol, port, server)
