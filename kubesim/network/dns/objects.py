"""What CoreDNS knows of a cluster: the cache that its ``kubernetes`` plugin keeps by watching the API server.

Services and endpoints are found by name, and by address for reverse names; nothing here is ever searched through, so
an answer costs the same with ten Services and with ten thousand. As in CoreDNS, an endpoint counts when its slice says
``ready`` (or says nothing), whatever the Pod's own state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kubesim.api.objects import EndpointSlice, Service, Wire, view
from kubesim.api.store import Change

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
NO_PORT = -1
"""The port of a Service or slice that declares none: it has addresses but no SRV record."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port with its name and protocol, as SRV names spell them."""

    name: str
    protocol: str
    number: int


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """A Service, as far as names depend on it."""

    name: str
    namespace: str
    type: str = "ClusterIP"
    cluster_ips: tuple[str, ...] = ()
    external_name: str = ""
    ports: tuple[Port, ...] = ()

    @property
    def headless(self) -> bool:
        """Whether its name stands for its endpoints' addresses."""
        return self.cluster_ips == ("None",)


@dataclass(frozen=True, slots=True)
class Address:
    """One ready endpoint; ``target`` is the name of its Pod."""

    ip: str
    hostname: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Subset:
    """Addresses that serve the same ports."""

    addresses: tuple[Address, ...]
    ports: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class EndpointsEntry:
    """One EndpointSlice of a Service; ``cluster`` is where it was imported from."""

    name: str
    namespace: str
    service: str
    subsets: tuple[Subset, ...]
    cluster: str = ""

    @property
    def addresses(self) -> Iterable[Address]:
        """Every address of every subset."""
        return (address for subset in self.subsets for address in subset.addresses)


def service_entry(service: Service) -> ServiceEntry:
    """A Service as CoreDNS keeps it."""
    spec = service.spec
    addresses = tuple(spec.clusterIPs or ([spec.clusterIP] if spec.clusterIP else []))
    ports = tuple(Port(port.name, port.protocol, port.port) for port in spec.ports or [])
    return ServiceEntry(
        service.metadata.name,
        service.metadata.namespace,
        spec.type,
        addresses,
        spec.externalName,
        ports or (Port("", "", NO_PORT),),
    )


def endpoints_entry(slice_: EndpointSlice) -> EndpointsEntry:
    """An EndpointSlice as CoreDNS keeps it: ready endpoints only."""
    ports = tuple(
        Port(port.name or "", port.protocol or "", port.port if port.port is not None else NO_PORT)
        for port in slice_.ports or []
    )
    addresses = tuple(
        Address(address, endpoint.hostname or "", endpoint.targetRef.name if endpoint.targetRef is not None else "")
        for endpoint in slice_.endpoints or []
        if endpoint.conditions.ready is not False
        for address in endpoint.addresses
    )
    metadata = slice_.metadata
    return EndpointsEntry(
        metadata.name,
        metadata.namespace,
        (metadata.labels or {}).get(SERVICE_NAME_LABEL, ""),
        (Subset(addresses, ports or (Port("", "", NO_PORT),)),),
    )


def _address(pod: Wire) -> str:
    """A Pod's address; empty while it has none."""
    return (pod.get("status") or {}).get("podIP") or ""


class KubernetesObjects:
    """The cache, indexed by name and by address.

    :ivar synced: False until the first listing is complete; CoreDNS answers SERVFAIL for missing names until then.
    :ivar modified: the Unix time of the last change, which is the SOA record's serial.
    :ivar imported: Services of other clusters, for the zones that join clusters; None without any.
    :param follow_pods: lets the cache have the Pods; called when somebody first asks for one (``pods verified``).
    """

    def __init__(
        self,
        *,
        synced: bool = True,
        modified: int = 0,
        follow_pods: Callable[[KubernetesObjects], object] | None = None,
    ) -> None:
        self.synced = synced
        self.modified = modified
        self.imported: KubernetesObjects | None = None
        self._services: dict[tuple[str, str], ServiceEntry] = {}
        self._services_by_ip: dict[str, dict[tuple[str, str], ServiceEntry]] = {}
        self._endpoints: dict[tuple[str, str], dict[str, EndpointsEntry]] = {}
        self._endpoints_by_ip: dict[str, dict[tuple[str, str], EndpointsEntry]] = {}
        self._owner_of_slice: dict[tuple[str, str], EndpointsEntry] = {}
        self._follow_pods = follow_pods
        self._pods: dict[tuple[str, str], str] = {}
        self._pods_by_ip: dict[str, dict[tuple[str, str], None]] = {}
        self._namespaces: set[str] = set()
        self._heard: dict[tuple[str, str, str], Wire | None] = {}
        """Changes that no question has needed yet, by kind, name and namespace; None for an object that is gone."""

    @classmethod
    def of(cls, objects: Iterable[Wire], *, modified: int = 0) -> KubernetesObjects:
        """A cache of the given API objects; kinds that names do not depend on are passed over."""
        cache = cls(modified=modified)
        for wire in objects:
            cache.changed(Change.of(None, wire), modified)
        return cache

    def changed(self, change: Change, moment: int) -> None:
        """Take in what happened to one object at a Unix time."""
        kind, old, new = change.kind, change.old, change.new
        if kind == "Pod" and old is not None and new is not None and _address(old) == _address(new):
            return  # of a Pod only its address is a name's answer
        namespace, name = change.key
        self._heard[kind, name, namespace] = new
        if kind in ("Service", "EndpointSlice"):
            self.modified = moment

    def _catch_up(self) -> None:
        """Take in what was heard since the last question: of each object its last state."""
        if not self._heard:
            return
        heard, self._heard = self._heard, {}
        for (kind, name, namespace), wire in heard.items():
            key = (name, namespace)
            if kind == "Service":
                self.put_service(key, None if wire is None else service_entry(view(wire, Service)))
            elif kind == "EndpointSlice":
                self.put_endpoints(key, None if wire is None else endpoints_entry(view(wire, EndpointSlice)))
            elif kind == "Pod":
                self._put_pod(key, "" if wire is None else _address(wire))
            elif kind == "Namespace":
                self.put_namespace(name, exists=wire is not None)

    def put_service(self, key: tuple[str, str], entry: ServiceEntry | None) -> None:
        """Add or replace the Service (name, namespace), or remove it with None."""
        before = self._services.pop(key, None)
        for address in before.cluster_ips if before is not None else ():
            self._services_by_ip[address].pop(key, None)
        if entry is not None:
            self._services[key] = entry
            for address in entry.cluster_ips:
                self._services_by_ip.setdefault(address, {})[key] = entry

    def put_endpoints(self, key: tuple[str, str], entry: EndpointsEntry | None) -> None:
        """Add or replace the slice (name, namespace), or remove it with None."""
        before = self._owner_of_slice.pop(key, None)
        if before is not None:
            self._endpoints[before.service, before.namespace].pop(before.name, None)
            for address in before.addresses:
                self._endpoints_by_ip[address.ip].pop(key, None)
        if entry is not None:
            self._owner_of_slice[key] = entry
            self._endpoints.setdefault((entry.service, entry.namespace), {})[entry.name] = entry
            for address in entry.addresses:
                self._endpoints_by_ip.setdefault(address.ip, {})[key] = entry

    def _put_pod(self, key: tuple[str, str], address: str) -> None:
        before = self._pods.pop(key, "")
        if before:
            self._pods_by_ip[before].pop(key, None)
        if address:
            self._pods[key] = address
            self._pods_by_ip.setdefault(address, {})[key] = None

    def put_pod(self, name: str, namespace: str, address: str) -> None:
        """Add a Pod with its address."""
        self._put_pod((name, namespace), address)

    def put_namespace(self, name: str, *, exists: bool = True) -> None:
        """Add a namespace, or remove it."""
        (self._namespaces.add if exists else self._namespaces.discard)(name)

    def service(self, name: str, namespace: str) -> ServiceEntry | None:
        """The Service of that name."""
        self._catch_up()
        return self._services.get((name, namespace))

    def endpoints(self, service: str, namespace: str) -> list[EndpointsEntry]:
        """The slices of a Service, in the order of their names."""
        self._catch_up()
        return [entry for _, entry in sorted(self._endpoints.get((service, namespace), {}).items())]

    def services_at(self, address: str) -> list[ServiceEntry]:
        """The Services with that cluster address."""
        self._catch_up()
        return [entry for _, entry in sorted(self._services_by_ip.get(address, {}).items())]

    def endpoints_at(self, address: str) -> list[EndpointsEntry]:
        """The slices that hold a ready endpoint with that address."""
        self._catch_up()
        return [entry for _, entry in sorted(self._endpoints_by_ip.get(address, {}).items())]

    def pods_at(self, address: str) -> list[tuple[str, str]]:
        """The Pods (name, namespace) with that address."""
        follow, self._follow_pods = self._follow_pods, None
        if follow is not None:
            follow(self)
        self._catch_up()
        return sorted(self._pods_by_ip.get(address, {}))

    def namespace_exists(self, name: str) -> bool:
        """Whether the namespace exists."""
        self._catch_up()
        return name in self._namespaces
