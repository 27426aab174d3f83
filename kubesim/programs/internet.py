"""The Internet that the simulated cluster can reach: a few hosts, what their web servers say, and a name server.

``data/internet.yaml`` lists the hosts. A web server answers by the Host header that it gets, as real ones do: a name
that it does not serve gets its error page. That is why an ExternalName Service reaches Google's machines and yet not
Google's page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from kubesim.network.dns.message import NOERROR, NXDOMAIN, DnsQuery, DnsRecord, DnsResponse
from kubesim.network.network import Network
from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.programs.http import REASONS, Certificate, ClientHello, byte_length, header, http_date
from kubesim.simulation import Simulation

ROOT = DnsRecord(".", "SOA", "a.root-servers.net. nstld.verisign-grs.com. 2026070100 1800 900 604800 86400", 30)


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
class NameServer:
    """A resolver that knows the Internet's names; everything else does not exist."""

    records: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def add(self, name: str, kind: str, values: tuple[str, ...]) -> None:
        """Add records of one type."""
        key = name.lower().rstrip(".") + "."
        self.records[key, kind] = values
        self.names.add(key)

    def handle(self, request: Any, client: Client) -> object:
        """Answer a query, CNAMEs followed."""
        if not isinstance(request, DnsQuery):
            return None
        name = request.name
        answer: list[DnsRecord] = []
        for _ in range(8):
            target = self.records.get((name.lower(), "CNAME"))
            if target is None or request.type == "CNAME":
                break
            answer.append(DnsRecord(name, "CNAME", target[0], 300))
            name = target[0]
        answer += [
            DnsRecord(name, request.type, each, 300) for each in self.records.get((name.lower(), request.type), ())
        ]
        exists = name.lower() in self.names
        return DnsResponse(
            NOERROR if exists else NXDOMAIN,
            tuple(answer),
            () if answer or exists else (ROOT,),
            recursion_available=True,
            edns=1232 if request.edns is not None else None,
            seconds=0.008,
        )


@dataclass(slots=True)
class Internet:
    """The hosts of a file."""

    document: Mapping[str, Any]

    @classmethod
    def load(cls, path: Path) -> Internet:
        """Read ``internet.yaml``."""
        return cls(yaml.safe_load(path.read_text(encoding="utf-8")))

    def join(self, network: Network) -> None:
        """Put the hosts on a network and let their servers listen."""
        names = NameServer()
        for entry in self.document.get("records", []):
            names.add(entry["name"], entry["type"], tuple(map(str, entry["values"])))
        for entry in self.document["hosts"]:
            machine = f"internet/{entry['names'][0]}"
            addresses = tuple(entry["addresses"])
            network.add_outside(machine, addresses)
            for name in entry["names"]:
                names.add(name, "A", addresses)
                if "ipv6" in entry:
                    names.add(name, "AAAA", tuple(entry["ipv6"]))
            if "reverse" in entry:
                for address in addresses:
                    names.add(
                        ".".join(reversed(address.split("."))) + ".in-addr.arpa", "PTR", (entry["reverse"] + ".",)
                    )
            if "http" in entry:
                network.listen(machine, "TCP", 80, WebHost(entry, network.simulation))
            if "https" in entry:
                network.listen(machine, "TCP", 443, WebHost(entry, network.simulation, tls=True))
            if entry.get("resolver"):
                network.listen(machine, "UDP", 53, names)
                network.listen(machine, "TCP", 53, names)
