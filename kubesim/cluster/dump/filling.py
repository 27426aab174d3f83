"""A dump's objects are stored unchanged, and its Pods answer.

Nothing reconciles: slices, Services and Pods are what the dump says, even where they contradict each other. A Pod that
the dump shows running gets its address and its programs; an image that the catalogue lacks answers on the ports that
its containers declare or are probed on. What the dump does not hold is derived where it can be (slices from selectors
and Pods, nodes from the Pods on them, a DNS server), and the :class:`Coverage` says so.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from kubesim.api.decoding import decode
from kubesim.api.defaults import apply_defaults
from kubesim.api.errors import ApiError, FieldError
from kubesim.api.metadata import new_uid
from kubesim.api.names import path_segment
from kubesim.api.objects import Container, EndpointSlice, Node, Pod, Probe, Service, Wire, copy_of, view
from kubesim.api.resources import BY_KIND, kind_type
from kubesim.api.schema import metadata_error
from kubesim.api.validation import validate
from kubesim.cluster import boot
from kubesim.cluster.arguments import shown
from kubesim.cluster.dump.coverage import SYSTEM, Coverage, unfollowed_policies
from kubesim.cluster.dump.facts import Facts, dns_services
from kubesim.cluster.wiring import Parts, add_node_machine
from kubesim.controllers.endpoints.hints import ZONE_LABEL
from kubesim.controllers.endpoints.mirroring import mirrors
from kubesim.controllers.endpoints.pods import EndpointPod
from kubesim.controllers.endpoints.slices import SERVICE_NAME, plan_slices
from kubesim.controllers.environment import mounted_objects
from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.network.topology import pod_name
from kubesim.userland.process import Running

DNS_IMAGE = "registry.k8s.io/coredns/coredns:v1.13.1"
"""Whatever build of CoreDNS the dump's Pods run: the catalogue's stands for it."""
DNS_ADDRESS = "198.18.0.53"
"""Of the DNS server that stands in for one that the dump does not show: of a range that no cluster uses."""


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


def fill_from_dump(parts: Parts, objects: Sequence[Wire], facts: Facts) -> Coverage:
    """Store a dump's objects and let its Pods run.

    :returns: what the dump holds, and what was derived.
    :raises ValueError: where something in it is no object that a cluster can have; says which and why.
    """
    kept = []
    for wire in objects:
        _check_names(wire)
        if _is_namesake(wire):
            continue
        stored = _store(parts, wire)
        _check_addresses(stored)
        kept.append(stored)
    coverage = Coverage.of(kept, facts)
    coverage.unfollowed = unfollowed_policies(objects)
    _add_namespaces(parts, objects)
    _derive_slices(parts, coverage)
    _add_dns(parts, coverage, facts)
    _add_nodes(parts, facts)
    servers = _dns_servers(parts)
    for pod in parts.store.views(Pod):
        if _answers(pod):
            _run(parts, pod, coverage, serves_names=(pod.metadata.namespace, pod.metadata.name) in servers)
    return coverage


def _answers(pod: Pod) -> bool:
    """Whether a Pod has a network: it has an IPv4 address and is not over."""
    address = pod.status.podIP
    return bool(address) and ":" not in address and pod.status.phase in ("Running", "Pending")


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


def _is_namesake(wire: Wire) -> bool:
    """Whether it is an object of an extension whose kind only bears the name of a served one (a Knative Service)."""
    known, group = BY_KIND.get(wire["kind"]), wire["apiVersion"].rpartition("/")[0]
    return known is not None and "." in group and group != known.group


def _store(parts: Parts, wire: Wire) -> Wire:
    known = BY_KIND.get(wire["kind"])
    if (known is None or known.namespaced) and not wire["metadata"].get("namespace"):
        wire = {**wire, "metadata": {**wire["metadata"], "namespace": "default"}}
    if known is None:
        kept = copy_of(wire)  # a kind that is not served is kept as it is
    elif kind_type(wire["apiVersion"], wire["kind"]) is None:
        wanted = known.api_version
        raise ValueError(f"{_label(wire)} of a dump must be of version {wanted}, got {shown(wire['apiVersion'])}")
    else:
        try:
            kept = decode(wire, "Ignore").object
            if wire["kind"] in RULED:  # with what a newer server would add to an older one's object
                kept = apply_defaults(kept)
                _refuse(wire, validate(wire["kind"], copy_of(kept)))
        except ApiError as error:
            raise ValueError(f"{_label(wire)} of a dump must be one that Kubernetes can read: {error}") from None
    metadata = kept.setdefault("metadata", {})
    metadata.setdefault("uid", new_uid(parts.simulation.random("uids")))
    metadata.setdefault("creationTimestamp", parts.simulation.timestamp())
    return parts.store.commit(kept)


def _add_namespaces(parts: Parts, objects: Sequence[Wire]) -> None:
    """The namespaces that the dump's objects are in, where it does not list them itself."""
    names = {wire["metadata"].get("namespace") or "default" for wire in objects} | {"kube-system"}
    for name in sorted(names):
        if parts.store.get("Namespace", name) is None:
            _store(parts, {**boot.namespace(name), "status": {"phase": "Active"}})


# --- what the dump does not hold -------------------------------------------------------------------------------------


def _derive_slices(parts: Parts, coverage: Coverage) -> None:
    """The slices that the controllers would have written, of Services of which the dump holds none.

    A Service with a selector has always one, be it empty; where it is missing, the dump was made without slices.
    """
    zones = {pod.spec.nodeName: "" for pod in parts.store.views(Pod)}
    zones |= {node.metadata.name: (node.metadata.labels or {}).get(ZONE_LABEL, "") for node in parts.store.views(Node)}
    for service in parts.store.views(Service):
        namespace, name = service.metadata.namespace, service.metadata.name
        if service.spec.type == "ExternalName" or parts.store.list("EndpointSlice", namespace, {SERVICE_NAME: name}):
            continue
        legacy = parts.store.get("Endpoints", name, namespace)
        pieces: list[Wire] = []
        if legacy is not None:
            pieces = mirrors(legacy)
        elif service.spec.selector and coverage.holds("Pod", namespace):
            selected = [EndpointPod.of(pod) for pod in parts.store.list("Pod", namespace, service.spec.selector)]
            pieces = plan_slices(service, selected, [], zones).create
        for number, piece in enumerate(pieces):
            metadata = {**piece["metadata"], "name": f"{name}-derived-{number}", "namespace": namespace}
            _store(parts, {**piece, "metadata": metadata})
        if pieces:
            coverage.derived.add((namespace, name))


def _add_nodes(parts: Parts, facts: Facts) -> None:
    """The dump's nodes, and those that its Pods name, each with a route to each of its Pods."""
    known: dict[str, list[str]] = {node.name: [] for node in facts.nodes}
    for pod in parts.store.views(Pod):
        if _answers(pod) and not pod.spec.hostNetwork and pod.spec.nodeName in known:
            known[pod.spec.nodeName].append(pod.status.podIP)
    for node in facts.nodes:
        if parts.store.get("Node", node.name) is None:
            _store(parts, _node(node.name, node.address))
        parts.network.add_routed_node(node.name, node.address, dict.fromkeys(known[node.name]))
        add_node_machine(parts, node.name, "127.0.0.1 localhost\n")


def _node(name: str, address: str) -> Wire:
    """As much of a node as its Pods tell."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {},
        "status": {
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


# --- the DNS server --------------------------------------------------------------------------------------------------


def _add_dns(parts: Parts, coverage: Coverage, facts: Facts) -> None:
    """A DNS server where the dump does not hold the cluster's own: its configuration, its Service, its Pod."""
    documents = {wire["kind"]: wire for wire in boot.addon_objects(parts.configuration)}
    if parts.store.get("ConfigMap", "coredns", SYSTEM) is None:
        corefile = documents["ConfigMap"]["data"]["Corefile"].replace(
            parts.configuration.networks.domain, facts.addressing.domain
        )
        _store(parts, {**documents["ConfigMap"], "data": {"Corefile": corefile, "NodeHosts": ""}})
    else:
        coverage.corefile = True
    if coverage.holds("Pod", SYSTEM) and dns_services(parts.store.list("Service", SYSTEM)):
        return
    services = dns_services(parts.store.list("Service", SYSTEM))
    if not services:
        if coverage.everywhere("Service"):
            return  # the cluster has no DNS server, or one of another name: the look-ups will tell
        address = facts.addressing.dns
        spec = {**documents["Service"]["spec"], "clusterIP": address, "clusterIPs": [address], "type": "ClusterIP"}
        services = [_store(parts, {**documents["Service"], "spec": spec})]
        coverage.stand_ins.add(f"service/{SYSTEM}/{services[0]['metadata']['name']}")
    if not facts.nodes:
        return
    service = view(services[0], Service)
    meta = service.metadata
    pieces = [
        view(each, EndpointSlice) for each in parts.store.list("EndpointSlice", SYSTEM, {SERVICE_NAME: meta.name})
    ]
    ready = [e.addresses[0] for piece in pieces for e in piece.endpoints or [] if e.conditions.ready is not False]
    if not ready:
        ready = [DNS_ADDRESS]
        _store(parts, _dns_slice(service, facts.nodes[0].name))
    template = documents["Deployment"]["spec"]["template"]
    for number, address in enumerate(dict.fromkeys(ready)):
        _store(parts, _dns_pod(template, f"coredns-{number}", address, facts))
        coverage.stand_ins.add(pod_name(SYSTEM, f"coredns-{number}"))


def _dns_slice(service: Service, node: str) -> Wire:
    ports = [
        {"name": each.name, "port": 53, "protocol": each.protocol or "TCP"}
        for each in service.spec.ports or []
        if each.port == 53
    ]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "kube-dns-stand-in", "namespace": SYSTEM, "labels": {SERVICE_NAME: service.metadata.name}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [DNS_ADDRESS], "conditions": {"ready": True}, "nodeName": node}],
        "ports": ports,
    }


def _dns_pod(template: Wire, name: str, address: str, facts: Facts) -> Wire:
    node = facts.nodes[0]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**template["metadata"], "name": name, "namespace": SYSTEM},
        "spec": {**template["spec"], "nodeName": node.name},
        "status": {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "hostIP": node.address,
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def _dns_servers(parts: Parts) -> set[tuple[str, str]]:
    """The Pods behind the cluster's DNS Service."""
    found = set()
    for wire in dns_services(parts.store.list("Service")):
        service = view(wire, Service)
        namespace = service.metadata.namespace
        for pod in parts.store.list("Pod", namespace, service.spec.selector) if service.spec.selector else ():
            found.add((namespace, pod["metadata"]["name"]))
    return found


# --- what runs -------------------------------------------------------------------------------------------------------


def _run(parts: Parts, pod: Pod, coverage: Coverage, *, serves_names: bool) -> None:
    """Give a Pod its address and let its containers' programs listen."""
    meta, node = pod.metadata, pod.spec.nodeName
    try:
        machine = parts.network.add_pod(meta.namespace, meta.name, pod.status.podIP, node, pod.spec.hostNetwork)
    except (KeyError, ValueError):
        return  # a node or an address that the rest of the dump contradicts
    for container in pod.spec.containers or []:
        known = _dns_container(parts, pod, container) if serves_names and "dns" in container.image else container
        asked = pod if known is container else msgspec.structs.replace(pod, spec=_dns_spec(parts, pod, known))
        outcome = parts.containers.start(asked, known, 0) if parts.containers.knows(known.image) else None
        listeners = dict(outcome.listeners) if isinstance(outcome, Running) else {}
        if not isinstance(outcome, Running) or not _is_known(parts, asked, known):
            coverage.programs.setdefault(machine, []).append(container.image)
            listeners = dict.fromkeys(declared(container), Unknown(meta.name)) | listeners
        for (protocol, port), server in listeners.items():
            if parts.network.server(machine, protocol, port, "0.0.0.0") is None:
                parts.network.listen(machine, protocol, port, server)


def _is_known(parts: Parts, pod: Pod, container: Container) -> bool:
    """Whether what a container does can be known: its image is in the catalogue, the dump holds what it mounts."""
    image = parts.containers.images.find(container.image)
    if image is None or image.stand_in:
        return False
    namespace = pod.metadata.namespace
    mounted = [name for kind, name in mounted_objects(pod, container) if kind == "ConfigMap"]
    return all(parts.store.get("ConfigMap", name, namespace) is not None for name in mounted)


def declared(container: Container) -> Iterator[tuple[str, int]]:
    """The protocol and number of each port that a container declares, or is probed on."""
    numbers = {port.name: port.containerPort for port in container.ports or [] if port.name}
    for port in container.ports or []:
        yield port.protocol or "TCP", port.containerPort
    for probe in (container.readinessProbe, container.livenessProbe, container.startupProbe):
        asked = _probed(probe)
        number = numbers.get(asked, 0) if isinstance(asked, str) else asked
        if number:
            yield "TCP", number


def _probed(probe: Probe | None) -> int | str:
    action = None if probe is None else probe.httpGet or probe.tcpSocket or probe.grpc
    return 0 if action is None else action.port


def _dns_spec(parts: Parts, pod: Pod, container: Container) -> Any:
    # What it forwards to is the nodes' business; itself, by ClusterFirst, it never asks.
    volumes = _dns_volumes(parts, pod)
    return msgspec.structs.replace(pod.spec, volumes=volumes, containers=[container], dnsPolicy="Default")


def _dns_volumes(parts: Parts, pod: Pod) -> list[Wire]:
    """The Pod's volumes, if they bring a Corefile that the dump holds; else those of the add-on's Pod."""
    own = pod.spec.volumes or []
    maps = [name for each in own if (name := (each.get("configMap") or {}).get("name"))]
    if any(parts.store.get("ConfigMap", name, pod.metadata.namespace) is not None for name in maps):
        return own
    return [{"name": "config-volume", "configMap": {"name": "coredns"}}]


def _dns_container(parts: Parts, pod: Pod, container: Container) -> Container:
    """CoreDNS as the catalogue has it, with the Corefile where it looks for it."""
    if pod.spec.volumes and _dns_volumes(parts, pod) is pod.spec.volumes:
        return msgspec.structs.replace(container, image=DNS_IMAGE, command=None)
    template = next(wire for wire in boot.addon_objects(parts.configuration) if wire["kind"] == "Deployment")
    stand_in = view({"containers": template["spec"]["template"]["spec"]["containers"]}, type(pod.spec))
    found = (stand_in.containers or [container])[0]
    return msgspec.structs.replace(found, name=container.name, image=DNS_IMAGE)
