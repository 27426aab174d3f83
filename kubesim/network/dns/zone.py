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

from collections.abc import Callable
from dataclasses import dataclass

from kubesim.network.dns import names
from kubesim.network.dns.cluster_names import ClusterNames, NoSuchNameError, StandsFor
from kubesim.network.dns.message import NXDOMAIN, REFUSED, SERVFAIL, DnsQuery, DnsRecord, DnsResponse
from kubesim.network.dns.objects import NO_PORT

SPECIFICATION_VERSION = "1.1.0"


SPECIFICATION_TTL = 28800


LONGEST_CHAIN = 7
"""CNAMEs that may stand before another is followed."""


Lookup = Callable[[str, str], DnsResponse]
"""How names outside the zone are found, to complete a CNAME: (name, type) → the answer."""


@dataclass(frozen=True, slots=True)
class KubernetesZone(ClusterNames):
    """A cluster's names as DNS records."""

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
        server, person = (names.under(first, zone) for first in ("ns.dns", "hostmaster"))
        data = f"{server} {person} {serial} 7200 1800 86400 {ttl}"
        return DnsRecord(zone, "SOA", data, min(ttl, 300))

    def _cname(self, name: str, found: StandsFor) -> DnsRecord:
        return DnsRecord(name, "CNAME", names.absolute(found.host), found.ttl)

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
        self, name: str, found: StandsFor, zone: str, record_type: str, chain: tuple[DnsRecord, ...], lookup: Lookup
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
                return [names.under(f"{service.name}.{service.namespace}.svc", zone)]
        return [
            names.under(f"{self.endpoint_name(endpoint)}.{entry.service}.{entry.namespace}.svc", zone)
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
