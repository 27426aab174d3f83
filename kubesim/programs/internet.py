"""The Internet that the simulated cluster can reach: a few hosts, what their web servers say, and a name server.

``data/internet.yaml`` lists the hosts. A web server answers by the Host header that it gets, as real ones do: a name
that it does not serve gets its error page. That is why an ExternalName Service reaches Google's machines and yet not
Google's page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kubesim.data_directory import read_yaml
from kubesim.network.dns.message import DnsRecord
from kubesim.network.dns.names import absolute, reverse_name
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


@dataclass(slots=True)
class Internet:
    """The hosts of a file."""

    document: Mapping[str, Any]

    @classmethod
    def load(cls, path: Path) -> Internet:
        """Read ``internet.yaml``."""
        return cls(read_yaml(path))

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
