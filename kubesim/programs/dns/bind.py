"""What ``dig``, ``nslookup`` and ``host`` of BIND 9.20 share: they ask DNS themselves and know nothing of glibc.

They read ``/etc/resolv.conf`` but not ``/etc/hosts``. A lookup tries each server in turn, as often as ``tries`` says,
and tells of every failure as it comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import dns.exception
import dns.rdatatype

from kubesim.network.dns import names
from kubesim.network.dns.exchange import DNS_PORT, Asker, Exchange
from kubesim.network.dns.message import DnsQuery, DnsResponse
from kubesim.network.dns.resolv_conf import ResolvConf

VERSION = "9.20.30-1~deb13u1-Debian"
NO_SERVERS = ";; no servers could be reached\n"


@dataclass(frozen=True, slots=True)
class Answered:
    """An exchange that had a response."""

    exchange: Exchange
    response: DnsResponse

    def end_of_chain(self) -> str:
        """The name at the end of the answer's CNAMEs."""
        current = self.exchange.query.name
        for record in self.response.answer:
            if record.type == "CNAME" and names.same(record.name, current):
                current = record.data
        return current


@dataclass(slots=True)
class Bind:
    """One run of a BIND program: its servers, its patience, and the record of its queries.

    :param output: where the failures are told as they come.
    """

    asker: Asker
    servers: tuple[str, ...]
    settings: ResolvConf
    output: list[str] = field(default_factory=list)
    port: int = DNS_PORT
    timeout: float = 5.0
    tries: int = 3

    def ask(self, query: DnsQuery, *, servfail_stops: bool = True) -> Answered | None:
        """Put one question to the servers; None where none answers, which is told.

        :param servfail_stops: a SERVFAIL is an answer; else the next server is asked.
        """
        for _ in range(self.tries):
            for index, server in enumerate(self.servers):
                exchange = self.asker.ask(server, query, self.timeout, self.port)
                if exchange.response is None:
                    self.output.append(f";; communications error to {server}#{self.port}: {exchange.failure}\n")
                    continue
                if exchange.response.truncated and query.transport == "UDP":
                    self.output.append(";; Truncated, retrying in TCP mode.\n")
                    over_tcp = DnsQuery(query.name, query.type, edns=query.edns, transport="TCP")
                    exchange = self.asker.ask(server, over_tcp, self.timeout, self.port)
                response = exchange.response
                if response is None:
                    continue
                if response.rcode == "SERVFAIL" and not servfail_stops and index < len(self.servers) - 1:
                    self.output.append(f";; Got SERVFAIL reply from {server}, trying next server\n")
                    continue
                return Answered(exchange, response)
        return None

    def candidates(self, name: str, *, search: bool = True) -> Iterator[str]:
        """The absolute names to try in turn until one exists."""
        if name.endswith(".") or not search or not self.settings.search or name.count(".") >= self.settings.ndots:
            yield names.absolute(name)
        else:
            yield from (names.absolute(f"{name}.{suffix}") for suffix in self.settings.search)
            yield names.absolute(name)


def record_type(word: str) -> str | None:
    """The type of record that a word names, or None."""
    try:
        return dns.rdatatype.to_text(dns.rdatatype.from_text(word.upper()))
    except (dns.exception.DNSException, ValueError):
        return None


def illegal(word: str) -> str:
    """Why a word is no name that can be asked for; empty where it is one."""
    problem = (names.problem(word) or "").replace("name too long", "ran out of space")
    return f"'{word}' is not a legal name ({problem})" if problem else ""
