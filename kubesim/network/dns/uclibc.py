"""uClibc's stub resolver: AAAA through all candidates, then A; ``ndots`` counts for nothing.

A name with a dot is tried as it is first and with the suffixes after, one without in the other order. SERVFAIL is an
answer like NXDOMAIN and is not asked again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubesim.network.dns import names
from kubesim.network.dns.exchange import Asker
from kubesim.network.dns.getaddrinfo import Failure, Found, found_in, may_be_asked
from kubesim.network.dns.message import DnsQuery, DnsResponse
from kubesim.network.dns.resolv_conf import ResolvConf

TRIES, SECONDS = 3, 5
"""How often it asks and how long it waits, whatever ``resolv.conf`` says; a rejection is only the end of one try."""


@dataclass(slots=True)
class Uclibc:
    """One resolution by uClibc."""

    asker: Asker
    settings: ResolvConf

    def search(self, name: str, types: Sequence[str] = ("A", "AAAA")) -> Found | Failure:
        """Walk the candidates once for each type, IPv6 first."""
        if not may_be_asked(name):
            return Failure.NO_NAME
        found: list[Found] = []
        failure = Failure.NO_NAME
        for record_type in sorted(types, reverse=True):
            result = self._of_type(name, record_type)
            if isinstance(result, Found):
                found.append(result)
            else:
                failure = result
        if not found:
            return failure
        addresses = tuple(address for one in found for address in one.addresses)
        return Found(found[-1].name, addresses, found[-1].aliases)

    def _of_type(self, name: str, record_type: str) -> Found | Failure:
        for candidate in self._candidates(name):
            if names.problem(candidate) is not None:
                continue
            response = self._ask(DnsQuery(names.absolute(candidate), record_type))
            if response is None:
                return Failure.TRY_AGAIN
            found = found_in(candidate, [response])
            if found is not None:
                return found
            if response.rcode == "NOERROR":
                return Failure.NO_DATA
        return Failure.NO_NAME

    def _candidates(self, name: str) -> Iterator[str]:
        suffixed = () if name.endswith(".") else tuple(f"{name}.{one}" for one in self.settings.search)
        yield from (name, *suffixed) if "." in name else (*suffixed, name)

    def _ask(self, query: DnsQuery) -> DnsResponse | None:
        for _ in range(TRIES):
            for server in self.settings.servers:
                exchange = self.asker.ask(server, query, SECONDS)
                if exchange.response is not None:
                    return exchange.response
        return None
