"""The Internet's names: a resolver that knows a small world's records and denies every other name.

It stands where a node's ``/etc/resolv.conf`` points: the upstream that CoreDNS forwards to. Its answers offer recursion
(``ra``) and are not authoritative; a name that it does not have is NXDOMAIN, with the SOA of the zone above it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubesim.network.dns import names
from kubesim.network.dns.message import NOERROR, NXDOMAIN, REFUSED, DnsQuery, DnsRecord, DnsResponse, fitted
from kubesim.network.service import Client

ROOT_SOA = "a.root-servers.net. nstld.verisign-grs.com. 2026010100 1800 900 604800 86400"
DOMAIN_SOA = "a.gtld-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 86400"
ROOT_SOA_TTL, DOMAIN_SOA_TTL = 86400, 900
DEFAULT_TTL = 300
LONGEST_CHAIN = 8
EDNS_SIZE = 1232


@dataclass(slots=True)
class PublicDns:
    """A recursive resolver over a fixed set of records.

    :param records: by name (absolute, lower case).
    :param failing: names that are answered with an error: SERVFAIL, REFUSED…
    :param silent: zones whose names get no answer at all.
    :param seconds: how long an answer takes.
    """

    records: dict[str, list[DnsRecord]] = field(default_factory=dict)
    failing: dict[str, str] = field(default_factory=dict)
    silent: tuple[str, ...] = ()
    seconds: float = 0.001

    @classmethod
    def of(cls, records: Iterable[DnsRecord]) -> PublicDns:
        """A resolver that knows these records, a root name server among them."""
        server = cls()
        for record in (DnsRecord(".", "NS", "a.root-servers.net.", 518400), *records):
            server.add(record)
        return server

    @classmethod
    def from_names(cls, hosts: Mapping[str, Any]) -> PublicDns:
        """A resolver from a table: a name's address, or its records by type.

        ``{"google.com": "142.250.206.14", "www.example.com": {"CNAME": "example.com."}}``

        :raises ValueError: where a name's entry is neither.
        """
        found: list[DnsRecord] = []
        for name, entry in hosts.items():
            by_type = {"A": entry} if isinstance(entry, str) else entry
            if not isinstance(by_type, Mapping):
                raise ValueError(f"records of {name!r} must be an address or a table by type, got {entry!r}")
            for record_type, data in by_type.items():
                values = [data] if isinstance(data, str) else data
                found += [DnsRecord(names.absolute(name), record_type, value, DEFAULT_TTL) for value in values]
        return cls.of(found)

    def add(self, record: DnsRecord) -> None:
        """Add a record."""
        self.records.setdefault(record.name.lower(), []).append(record)

    def handle(self, request: DnsQuery, client: Client) -> DnsResponse | None:
        """Answer a query (:class:`kubesim.network.service.Server`)."""
        if any(names.is_within(request.name, zone) for zone in self.silent):
            return None
        rcode, answer, authority = self._found(request)
        response = DnsResponse(
            rcode,
            tuple(answer),
            tuple(authority),
            recursion_available=True,
            recursion_desired=request.recursion_desired,
            seconds=self.seconds,
            edns=EDNS_SIZE if request.edns is not None else None,
        )
        return fitted(request, response)

    def _found(self, query: DnsQuery) -> tuple[str, list[DnsRecord], list[DnsRecord]]:
        if query.class_name != "IN":
            return REFUSED, [], []
        answer: list[DnsRecord] = []
        name = query.name.lower()
        for _ in range(LONGEST_CHAIN):
            if name in self.failing:
                return self.failing[name], answer, []
            known = self.records.get(name, [])
            matching = [record for record in known if record.type == query.type]
            answer += matching
            alias = next((record for record in known if record.type == "CNAME"), None)
            if matching or alias is None:
                break
            answer.append(alias)
            name = names.absolute(alias.data).lower()
        if answer and answer[-1].type == query.type:
            return NOERROR, answer, []
        exists = name == "." or name in self.records or self._has_below(name)
        return (NOERROR if exists else NXDOMAIN), answer, [self._denial(name)]

    def _has_below(self, name: str) -> bool:
        return any(known.endswith(f".{name}") for known in self.records)

    def _denial(self, name: str) -> DnsRecord:
        domain = f"{names.labels(name)[-1]}." if names.labels(name) else "."
        if domain != "." and self._has_below(domain):
            return DnsRecord(domain, "SOA", DOMAIN_SOA, DOMAIN_SOA_TTL)
        return DnsRecord(".", "SOA", ROOT_SOA, ROOT_SOA_TTL)
