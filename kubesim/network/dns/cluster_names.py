"""What a name of a Kubernetes cluster stands for: Services, endpoints, Pods.

What stands before the Service in a name is ambiguous: one label is an endpoint, two are a port and a protocol. More
cannot be.

Mechanism and order after CoreDNS 1.13 (``plugin/kubernetes``); :mod:`kubesim.network.dns.zone` makes records of it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field

from kubesim.network.dns import names
from kubesim.network.dns.objects import NO_PORT, Address, EndpointsEntry, KubernetesObjects, Port, ServiceEntry


class NoSuchNameError(Exception):
    """The name cannot exist in the zone."""


@dataclass(frozen=True, slots=True)
class AskedName:
    """The parts of a name below the zone."""

    kind: str = ""
    namespace: str = ""
    service: str = ""
    endpoint: str = ""
    port: str = ""
    protocol: str = ""
    cluster: str = ""


def parse_name(name: str, zone: str, *, of_several_clusters: bool = False) -> AskedName:
    """Take a name (in lower case) of a zone apart.

    :param of_several_clusters: the zone joins clusters: an endpoint's name has its cluster's after it.
    :raises NoSuchNameError: where no Service and no Pod can have the name.
    """
    relative = names.below(name, zone)
    if relative in ("", "svc", "pod"):
        return AskedName()
    segments = names.labels(relative)
    kind = segments.pop()
    if kind not in ("svc", "pod"):
        raise NoSuchNameError
    namespace = segments.pop() if segments else ""
    service = segments.pop() if segments else ""
    if len(segments) > 2:
        raise NoSuchNameError
    underscored = any(segment.startswith("_") for segment in segments)
    if len(segments) == 2 and of_several_clusters and not underscored:
        return AskedName(kind, namespace, service, segments[0], cluster=segments[1])
    if len(segments) == 2:
        return AskedName(kind, namespace, service, "", segments[0].removeprefix("_"), segments[1].removeprefix("_"))
    return AskedName(kind, namespace, service, segments[0] if segments else "")


@dataclass(frozen=True, slots=True)
class ZoneSettings:
    """The options of the ``kubernetes`` plugin that decide on records.

    :param pods: ``disabled``, ``insecure`` (any address-shaped name exists) or ``verified``.
    :param namespaces: the only namespaces that are served; empty for all.
    :param multicluster_zones: zones whose names stand for Services imported from other clusters.
    :param local_addresses: CoreDNS's own addresses, for NS records.
    :param fallthrough: zones whose missing names the next plugin is asked for; None for none.
    """

    zones: tuple[str, ...] = ("cluster.local.",)
    pods: str = "disabled"
    ttl: int = 5
    namespaces: frozenset[str] = frozenset()
    endpoint_pod_names: bool = False
    ignore_empty_service: bool = False
    fallthrough: tuple[str, ...] | None = None
    local_addresses: tuple[str, ...] = ()
    multicluster_zones: tuple[str, ...] = ()

    @property
    def primary_zone(self) -> str:
        """The first zone that is not one of reverse names: the zone of PTR targets."""
        return next((zone for zone in self.zones if not names.is_reverse(zone)), self.zones[0])


@dataclass(frozen=True, slots=True)
class StandsFor:
    """One thing a name stands for: an address, or another name (``host``), under its own name (``owner``)."""

    host: str
    port: int = NO_PORT
    owner: str = ""
    ttl: int = 5

    @property
    def type(self) -> str:
        """The type of its record: ``A``, ``AAAA`` or ``CNAME``."""
        try:
            return "AAAA" if ipaddress.ip_address(self.host).version == 6 else "A"
        except ValueError:
            return "CNAME"


def _matches(asked: AskedName, port: Port) -> bool:
    return asked.port.lower() in ("", port.name.lower()) and asked.protocol.lower() in ("", port.protocol.lower())


@dataclass(frozen=True, slots=True)
class ClusterNames:
    """The names of a cluster, over a cache of its objects."""

    objects: KubernetesObjects
    settings: ZoneSettings = field(default_factory=ZoneSettings)

    def _own_addresses(self, zone: str) -> list[StandsFor]:
        """Where this CoreDNS is reached: its Services', else its own addresses under ``ns.dns``."""
        ttl = self.settings.ttl
        entries = [entry for local in self.settings.local_addresses for entry in self.objects.endpoints_at(local)]
        found: list[StandsFor] = []
        for entry in entries:
            service = self.objects.service(entry.service, entry.namespace)
            if service is None:
                continue
            owner = names.under(f"{service.name}.{service.namespace}.svc", zone)
            if service.headless:
                found += [
                    StandsFor(address.ip, owner=f"{self.endpoint_name(address)}.{owner}", ttl=ttl)
                    for address in entry.addresses
                ]
            else:
                found += [StandsFor(address, owner=owner, ttl=ttl) for address in service.cluster_ips]
        if entries:
            return found
        return [StandsFor(local, owner=names.under("ns.dns", zone), ttl=ttl) for local in self.settings.local_addresses]

    def find(self, name: str, zone: str, record_type: str) -> list[StandsFor]:
        """What a name of the zone stands for, for a question of that type.

        :raises NoSuchNameError: where it stands for nothing; an empty list is a name without such records.
        """
        lowered = name.lower()
        if names.same(lowered, names.under("ns.dns", zone)) and record_type != "TXT":
            return [found for found in self._own_addresses(zone) if record_type in (found.type, "NS")]
        several = zone.lower() in self.settings.multicluster_zones
        asked = parse_name(lowered, zone.lower(), of_several_clusters=several)
        if not asked.kind:
            return []
        if names.is_reverse(lowered) or not self._exposed(asked.namespace):
            raise NoSuchNameError
        if asked.kind == "pod":
            found = self._pod(asked, zone)
        else:
            found = self._service(asked, zone, self.objects.imported if several else self.objects)
        if record_type == "SRV":
            return [one for one in found if one.type != "CNAME"]
        return found

    def _listed(self, namespace: str) -> bool:
        return not self.settings.namespaces or self._exposed(namespace)

    def _exposed(self, namespace: str) -> bool:
        allowed = self.settings.namespaces
        return (not allowed or namespace in allowed) and self.objects.namespace_exists(namespace)

    def _pod(self, asked: AskedName, zone: str) -> list[StandsFor]:
        if self.settings.pods == "disabled":
            raise NoSuchNameError
        if not asked.service:
            return []
        dashed = asked.service
        is_v4 = dashed.count("-") == 3 and "--" not in dashed
        address = dashed.replace("-", "." if is_v4 else ":")
        if not names.is_address(address):
            raise NoSuchNameError
        if self.settings.pods == "verified" and not any(
            namespace == asked.namespace for _, namespace in self.objects.pods_at(address)
        ):
            raise NoSuchNameError
        owner = names.under(f"{dashed}.{asked.namespace}.pod", zone)
        return [StandsFor(address, 0, owner, self.settings.ttl)]

    def _service(self, asked: AskedName, zone: str, objects: KubernetesObjects | None) -> list[StandsFor]:
        if not asked.service:
            return []
        service = objects.service(asked.service, asked.namespace) if objects is not None else None
        if objects is None or service is None:
            raise NoSuchNameError
        owner = names.under(f"{service.name}.{service.namespace}.svc", zone)
        endpoints = objects.endpoints(service.name, service.namespace)
        found = self._behind(service, endpoints, asked, owner)
        if not found:
            raise NoSuchNameError
        return found

    def _behind(
        self, service: ServiceEntry, endpoints: list[EndpointsEntry], asked: AskedName, owner: str
    ) -> list[StandsFor]:
        ttl = self.settings.ttl
        if service.type == "ExternalName":
            named = StandsFor(service.external_name, 0, owner, ttl)
            below = asked.endpoint or asked.port or asked.protocol
            return [] if below or named.type != "CNAME" else [named]
        if self.settings.ignore_empty_service and not service.headless and not _any_address(endpoints):
            return []
        if service.headless or asked.endpoint:
            found: dict[tuple[Address, Port], StandsFor] = {}  # one that moves may be in two slices at once
            for entry in endpoints:
                if asked.endpoint and asked.cluster != entry.cluster:
                    continue
                for address, port in _endpoints_of(entry):
                    label = self.endpoint_name(address)
                    if asked.endpoint in ("", label.lower()) and _matches(asked, port):
                        name = f"{label}.{_of(entry)}{owner}"
                        found[address, port] = StandsFor(address.ip, port.number, name, ttl)
            return list(found.values())
        return [
            StandsFor(address, port.number, owner, ttl)
            for port in service.ports
            if _matches(asked, port)
            for address in service.cluster_ips
        ]

    def endpoint_name(self, address: Address) -> str:
        """The label of an endpoint: its hostname, its Pod's name where so configured, or its address with dashes."""
        if address.hostname:
            return address.hostname
        if self.settings.endpoint_pod_names and address.target:
            return address.target
        label = address.ip.replace(".", "-").replace(":", "-")
        return f"{label}0" if label.endswith("-") else label


def _endpoints_of(entry: EndpointsEntry) -> Iterator[tuple[Address, Port]]:
    return ((address, port) for subset in entry.subsets for address in subset.addresses for port in subset.ports)


def _of(entry: EndpointsEntry) -> str:
    return f"{entry.cluster}." if entry.cluster else ""


def _any_address(entries: list[EndpointsEntry]) -> bool:
    return any(address for entry in entries for address in entry.addresses)
