"""The records of a Kubernetes cluster: which name stands for what, after the Kubernetes DNS specification.

==========================================  ==========================================================
``SERVICE.NAMESPACE.svc.ZONE``               the ClusterIP; a headless Service's endpoints; an ExternalName's CNAME
``ENDPOINT.SERVICE.NAMESPACE.svc.ZONE``      one endpoint: its hostname, or its address with dashes
``_PORT._PROTOCOL.SERVICE.NAMESPACE.svc…``   SRV records of one port
``A-B-C-D.NAMESPACE.pod.ZONE``               a Pod by its address (``pods insecure`` or ``verified``)
``dns-version.ZONE``                         TXT, the version of the specification
==========================================  ==========================================================

A name that cannot exist is NXDOMAIN; one that exists without a record of the type asked for has an empty answer. Both
carry the zone's SOA. Mechanism and order after CoreDNS 1.13 (``plugin/kubernetes``, ``plugin/backend_lookup.go``).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from kubesim.network.dns import names
from kubesim.network.dns.asked_name import AskedName, NoSuchNameError, parse_name
from kubesim.network.dns.message import NXDOMAIN, REFUSED, SERVFAIL, DnsQuery, DnsRecord, DnsResponse
from kubesim.network.dns.objects import (
    NO_PORT,
    Address,
    EndpointsEntry,
    KubernetesObjects,
    Port,
    ServiceEntry,
)

SPECIFICATION_VERSION = "1.1.0"
SPECIFICATION_TTL = 28800
LONGEST_CHAIN = 7
"""CNAMEs that may stand before another is followed."""

Lookup = Callable[[str, str], DnsResponse]
"""How names outside the zone are found, to complete a CNAME: (name, type) → the answer."""


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
    return asked.port.lower() in ("", port.name.lower()) and asked.protocol.lower() in (
        "",
        port.protocol.lower(),
    )


@dataclass(frozen=True, slots=True)
class KubernetesZone:
    """A cluster's names over a cache of its objects."""

    objects: KubernetesObjects
    settings: ZoneSettings = field(default_factory=ZoneSettings)

    def answer(self, query: DnsQuery, lookup: Lookup) -> DnsResponse | None:
        """Answer a question.

        :returns: None where another plugin is to be asked: the name is in none of the zones, or is missing and falls
            through.
        """
        matched = names.longest_zone(query.name, self.settings.zones)
        if not matched:
            return None
        zone = query.name[len(query.name) - len(matched) :]
        try:
            return self._records(query, zone, lookup)
        except NoSuchNameError:
            falls = self.settings.fallthrough
            if falls is not None and names.longest_zone(query.name, falls):
                return None
            return self._without_records(query, zone, NXDOMAIN if self.objects.synced else SERVFAIL)

    def _records(self, query: DnsQuery, zone: str, lookup: Lookup) -> DnsResponse:
        additional: list[DnsRecord] = []
        outside: list[DnsResponse] = []

        def looked_up(name: str, record_type: str) -> DnsResponse:
            outside.append(lookup(name, record_type))
            return outside[-1]

        name, apex = query.name, names.same(query.name, zone)
        match query.type:
            case "A" | "AAAA":
                answer = self._addresses(name, zone, query.type, (), looked_up)
            case "TXT":
                answer = self._texts(name, zone)
            case "CNAME":
                found = self.find(name, zone, "CNAME")
                is_name = found and found[0].type == "CNAME"
                answer = [self._cname(name, found[0])] if is_name else []
            case "PTR":
                answer = self._pointers(name, zone)
            case "MX":
                self.find(name, zone, "MX")
                answer = []
            case "SRV":
                answer, additional = self._service_records(name, zone)
            case "SOA" if apex:
                answer = [self._start_of_authority(zone)]
            case "SOA":
                answer = []
            case "NS" if apex:
                answer, additional = self._name_servers(zone)
            case "AXFR" | "IXFR":
                return DnsResponse(REFUSED, recursion_desired=query.recursion_desired)
            case _:  # tells a missing name from one without such records
                self._addresses(name, zone, "A", (), looked_up)
                answer = []
        if not answer:
            return self._without_records(query, zone)
        return DnsResponse(
            answer=tuple(answer),
            additional=tuple(additional),
            authoritative=True,
            recursion_desired=query.recursion_desired,
            truncated=any(response.truncated for response in outside),
            seconds=sum(response.seconds for response in outside),
        )

    def _without_records(self, query: DnsQuery, zone: str, rcode: str = "NOERROR") -> DnsResponse:
        authority = (self._start_of_authority(zone),)
        return DnsResponse(rcode, authority=authority, authoritative=True, recursion_desired=query.recursion_desired)

    def _start_of_authority(self, zone: str) -> DnsRecord:
        ttl = self.settings.ttl
        serial = self.objects.modified
        data = f"ns.dns.{zone} hostmaster.{zone} {serial} 7200 1800 86400 {ttl}"
        return DnsRecord(zone, "SOA", data, min(ttl, 300))

    def _cname(self, name: str, found: StandsFor) -> DnsRecord:
        return DnsRecord(name, "CNAME", names.absolute(found.host), found.ttl)

    # --- by type of record ------------------------------------------------------------------------------------

    def _addresses(
        self, name: str, zone: str, record_type: str, chain: tuple[DnsRecord, ...], lookup: Lookup
    ) -> list[DnsRecord]:
        records: list[DnsRecord] = []
        seen = set()
        for found in self.find(name, zone, record_type):
            if found.type == record_type and found.host not in seen:
                seen.add(found.host)
                records.append(DnsRecord(name, record_type, found.host, found.ttl))
            elif found.type == "CNAME":
                records += self._follow(name, found, zone, record_type, chain, lookup)
        return records

    def _follow(
        self,
        name: str,
        found: StandsFor,
        zone: str,
        record_type: str,
        chain: tuple[DnsRecord, ...],
        lookup: Lookup,
    ) -> list[DnsRecord]:
        link = self._cname(name, found)
        looped = any(
            names.same(one.name, link.name) and names.same(one.data, link.data) for one in chain
        ) or names.same(name, link.data)
        if looped or len(chain) > LONGEST_CHAIN:
            return []
        if not names.is_within(link.data, zone):
            return [link, *lookup(link.data, record_type).answer]
        try:
            following = self._addresses(link.data, zone, record_type, (*chain, link), lookup)
        except NoSuchNameError:
            return []
        return [link, *following] if following else []

    def _texts(self, name: str, zone: str) -> list[DnsRecord]:
        if names.labels(names.below(name, zone).lower()) == ["dns-version"]:
            return [DnsRecord(name, "TXT", f'"{SPECIFICATION_VERSION}"', SPECIFICATION_TTL)]
        if not self.find(name, zone, "TXT"):
            raise NoSuchNameError
        return []

    def _pointers(self, name: str, zone: str) -> list[DnsRecord]:
        address = names.address_of_reverse(name)
        if address is None:
            self.find(name, zone, "PTR")
            return []
        targets = self._names_of(address)
        if not targets:
            raise NoSuchNameError
        unique = dict.fromkeys(targets)
        return [DnsRecord(name, "PTR", names.absolute(target), self.settings.ttl) for target in unique]

    def _names_of(self, address: str) -> list[str]:
        zone = self.settings.primary_zone
        for service in self.objects.services_at(address):
            if self._listed(service.namespace):
                return [f"{service.name}.{service.namespace}.svc.{zone}"]
        return [
            f"{self.endpoint_name(endpoint)}.{entry.service}.{entry.namespace}.svc.{zone}"
            for entry in self.objects.endpoints_at(address)
            if self._listed(entry.namespace)
            for endpoint in entry.addresses
            if endpoint.ip == address
        ]

    def _service_records(self, name: str, zone: str) -> tuple[list[DnsRecord], list[DnsRecord]]:
        every = self.find(name, zone, "SRV")
        weight = max(1, 100 // len(every)) if every else 0
        records: dict[str, DnsRecord] = {}
        additional: dict[tuple[str, str], DnsRecord] = {}
        for found in every:
            if found.port != NO_PORT:
                data = f"0 {weight} {found.port} {found.owner}"
                records.setdefault(data, DnsRecord(name, "SRV", data, found.ttl))
                address = DnsRecord(found.owner, found.type, found.host, found.ttl)
                additional.setdefault((found.owner, found.host), address)
        return list(records.values()), list(additional.values())

    def _name_servers(self, zone: str) -> tuple[list[DnsRecord], list[DnsRecord]]:
        records: dict[str, DnsRecord] = {}
        additional = []
        for found in self._own_addresses(zone):
            records.setdefault(found.owner, DnsRecord(zone, "NS", found.owner, found.ttl))
            additional.append(DnsRecord(found.owner, found.type, found.host, found.ttl))
        return list(records.values()), additional

    def _own_addresses(self, zone: str) -> list[StandsFor]:
        """Where this CoreDNS is reached: its Services', else its own addresses under ``ns.dns``."""
        ttl = self.settings.ttl
        entries = [entry for local in self.settings.local_addresses for entry in self.objects.endpoints_at(local)]
        found: list[StandsFor] = []
        for entry in entries:
            service = self.objects.service(entry.service, entry.namespace)
            if service is None:
                continue
            owner = f"{service.name}.{service.namespace}.svc.{zone}"
            if service.headless:
                found += [
                    StandsFor(address.ip, owner=f"{self.endpoint_name(address)}.{owner}", ttl=ttl)
                    for address in entry.addresses
                ]
            else:
                found += [StandsFor(address, owner=owner, ttl=ttl) for address in service.cluster_ips]
        if entries:
            return found
        return [StandsFor(local, owner=f"ns.dns.{zone}", ttl=ttl) for local in self.settings.local_addresses]

    # --- what a name stands for -------------------------------------------------------------------------------

    def find(self, name: str, zone: str, record_type: str) -> list[StandsFor]:
        """What a name of the zone stands for, for a question of that type.

        :raises NoSuchNameError: where it stands for nothing; an empty list is a name without such records.
        """
        lowered = name.lower()
        if names.same(lowered, f"ns.dns.{zone}") and record_type != "TXT":
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
        owner = f"{dashed}.{asked.namespace}.pod.{zone}"
        return [StandsFor(address, 0, owner, self.settings.ttl)]

    def _service(self, asked: AskedName, zone: str, objects: KubernetesObjects | None) -> list[StandsFor]:
        if not asked.service:
            return []
        service = objects.service(asked.service, asked.namespace) if objects is not None else None
        if objects is None or service is None:
            raise NoSuchNameError
        owner = f"{service.name}.{service.namespace}.svc.{zone}"
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
        return address.ip.replace(".", "-").replace(":", "-")


def _endpoints_of(entry: EndpointsEntry) -> Iterator[tuple[Address, Port]]:
    return ((address, port) for subset in entry.subsets for address in subset.addresses for port in subset.ports)


def _of(entry: EndpointsEntry) -> str:
    return f"{entry.cluster}." if entry.cluster else ""


def _any_address(entries: list[EndpointsEntry]) -> bool:
    return any(address for entry in entries for address in entry.addresses)
