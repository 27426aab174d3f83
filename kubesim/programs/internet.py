"""The Internet that the simulated cluster can reach: a few hosts, what their web servers say, and a name server.

``data/internet.yaml`` lists the hosts. A web server answers by the Host header that it gets, as real ones do: a name
that it does not serve gets its error page. That is why an ExternalName Service reaches Google's machines and yet not
Google's page.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, cast

import msgspec

from kubesim.network.dns.message import DnsRecord
from kubesim.network.dns.names import absolute, problem, reverse_name
from kubesim.network.dns.public import PublicDns
from kubesim.network.network import Network
from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.programs.http import REASONS, Certificate, ClientHello, byte_length, header, http_date
from kubesim.simulation import Simulation

ANSWER_SECONDS = 0.008
"""How long the Internet's name servers take."""
NAME_SECONDS = 300
"""The TTL of their records."""


@dataclass(slots=True)
class WebHost:
    """A web server on the Internet."""

    document: Mapping[str, Any]
    simulation: Simulation
    tls: bool = False

    def handle(self, request: Any, client: Client) -> object:
        """Answer by Host header and path."""
        if isinstance(request, ClientHello):
            if not self.tls:
                return "HTTP/1.1 400 Bad Request"
            names = tuple(self.document["names"])
            return Certificate(names[0], names, self.document.get("issuer", "WR2"), trusted=True)
        if not isinstance(request, HttpRequest):
            return None
        host = (header(request.headers, "Host") or "").partition(":")[0].lower().rstrip(".")
        pages = self.document.get("https" if self.tls else "http", {})
        page = pages.get(host) or pages.get("*")
        if page is None:
            return HttpResponse(404, REASONS[404], (("Content-Length", "0"),))
        path = request.target.partition("?")[0]
        if "paths" in page:
            page = page["paths"].get(path) or page["paths"]["*"]
        return self._response(request, host, page)

    def _response(self, request: HttpRequest, host: str, page: Mapping[str, Any]) -> HttpResponse:
        moment: datetime = self.simulation.datetime
        filled = {"host": host, "target": request.target, "date": http_date(moment)}
        body = str(page.get("body", ""))
        for name, value in filled.items():
            body = body.replace(f"{{{name}}}", value)
        headers = []
        for name, value in page.get("headers", {}).items():
            text = str(value)
            for key, filling in filled.items():
                text = text.replace(f"{{{key}}}", filling)
            headers.append((name, text.replace("{length}", str(byte_length(body)))))
        status = int(page.get("status", 200))
        shown = "" if request.method == "HEAD" else body
        return HttpResponse(status, REASONS.get(status, ""), tuple(headers), shown, 0.02)


class _Page(msgspec.Struct, forbid_unknown_fields=True):
    """What a web server answers."""

    status: Annotated[int, msgspec.Meta(ge=100, le=599)] = 200
    headers: dict[str, str | int | float] = {}
    body: str | int | float = ""
    paths: dict[str, _Page] = {}


class _HostFacts(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A host as the file describes it."""

    names: Annotated[list[str], msgspec.Meta(min_length=1)]
    addresses: Annotated[list[str], msgspec.Meta(min_length=1)]
    ipv6: list[str] = []
    reverse: str | None = None
    issuer: str = ""
    resolver: bool = False
    http: dict[str, _Page] | None = None
    https: dict[str, _Page] | None = None

    def __post_init__(self) -> None:
        for each in (*self.names, *([self.reverse] if self.reverse is not None else [])):
            if problem(each) is not None:
                raise ValueError(f"the name of a host must be a domain, got {each!r}")
        for each in self.addresses:
            ipaddress.IPv4Address(each)
        for each in self.ipv6:
            ipaddress.IPv6Address(each)
        for page in [*(self.http or {}).values(), *(self.https or {}).values()]:
            if page.paths and "*" not in page.paths:
                raise ValueError("the paths of a page must say what is at every other path (*)")


class _RecordFacts(msgspec.Struct, forbid_unknown_fields=True):
    """A DNS record as the file describes it."""

    name: str
    type: Literal["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"]
    values: list[str | int]


class _InternetFile(msgspec.Struct, forbid_unknown_fields=True):
    """The file of the Internet."""

    hosts: list[_HostFacts]
    records: list[_RecordFacts] = []

    def __post_init__(self) -> None:
        addresses = [address for host in self.hosts for address in host.addresses]
        if len(set(addresses)) < len(addresses):
            raise ValueError("the addresses of hosts must be all different")


@dataclass(slots=True)
class Internet:
    """The hosts of a file."""

    document: Mapping[str, Any]

    @classmethod
    def of(cls, document: object) -> Internet:
        """The Internet that a file's document describes.

        :raises ValueError: where it does not describe one.
        """
        msgspec.convert(document, _InternetFile)
        return cls(cast("Mapping[str, Any]", document))

    def join(self, network: Network) -> None:
        """Put the hosts on a network and let their servers listen."""
        names = PublicDns.of(
            record
            for entry in self.document.get("records", [])
            for record in _records(entry["name"], entry["type"], tuple(map(str, entry["values"])))
        )
        names.seconds = ANSWER_SECONDS
        for entry in self.document["hosts"]:
            machine = f"internet/{entry['names'][0]}"
            addresses = tuple(entry["addresses"])
            network.add_outside(machine, addresses)
            for name in entry["names"]:
                for record in (*_records(name, "A", addresses), *_records(name, "AAAA", entry.get("ipv6", ()))):
                    names.add(record)
            if "reverse" in entry:
                for address in addresses:
                    for record in _records(reverse_name(address), "PTR", [absolute(entry["reverse"])]):
                        names.add(record)
            if "http" in entry:
                network.listen(machine, "TCP", 80, WebHost(entry, network.simulation))
            if "https" in entry:
                network.listen(machine, "TCP", 443, WebHost(entry, network.simulation, tls=True))
            if entry.get("resolver"):
                network.listen(machine, "UDP", 53, names)
                network.listen(machine, "TCP", 53, names)


def _records(name: str, kind: str, values: Iterable[str]) -> list[DnsRecord]:
    return [DnsRecord(absolute(name), kind, value, NAME_SECONDS) for value in values]
