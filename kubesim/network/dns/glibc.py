"""glibc's stub resolver (2.41): the search list, time-outs and retries of ``res_search`` and ``res_send``.

A short name is tried with each suffix of the search list, then as it is; with ``ndots`` dots or more it is tried as it
is first. A and AAAA go out together. A server that says nothing is given five seconds, then asked once more; SERVFAIL
and REFUSED are asked again at once; an ICMP rejection ends everything at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubesim.network.dns import names
from kubesim.network.dns.exchange import REFUSED, Asker, Exchange
from kubesim.network.dns.getaddrinfo import Failure, Found, found_in, may_be_asked
from kubesim.network.dns.message import DnsQuery, DnsResponse
from kubesim.network.dns.resolv_conf import ResolvConf

EDNS_SIZE = 1232
_UNUSABLE = ("SERVFAIL", "NOTIMP", "REFUSED")


@dataclass(frozen=True, slots=True)
class _Missed:
    """A name was asked for and gave no address.

    :param aliased: an answer came, with an alias alone: to ``res_search`` that is a success, and the search ends.
    """

    failure: Failure
    rcode: str = ""
    refused: bool = False
    aliased: bool = False


@dataclass(slots=True)
class Glibc:
    """One resolution by glibc."""

    asker: Asker
    settings: ResolvConf

    def search(self, name: str, types: Sequence[str] = ("A", "AAAA")) -> Found | Failure:
        """Walk the search list with questions of these types, sent side by side."""
        if not may_be_asked(name):
            return Failure.NO_NAME
        if "no-aaaa" in self.settings.options:
            types = [one for one in types if one != "AAAA"]
            if not types:
                return Failure.NO_DATA
        is_absolute, dots = name.endswith("."), name.count(".")
        as_it_is: _Missed | None = None
        if is_absolute or dots >= self.settings.ndots:
            result = self._query(name, types)
            if isinstance(result, Found):
                return result
            as_it_is = result
            if is_absolute or result.aliased:
                return result.failure
        no_data = server_failed = False
        for suffix in self.settings.search:
            candidate = name if suffix == "." else f"{name}.{suffix}"
            result = self._query(candidate, types)
            if isinstance(result, Found):
                return result
            if result.refused:
                return Failure.TRY_AGAIN
            if result.aliased:
                return result.failure
            if result.failure is Failure.NO_DATA:
                no_data = True
            elif result.rcode == "SERVFAIL":
                server_failed = True
            elif result.failure is not Failure.NO_NAME:
                break
            if suffix == ".":
                as_it_is = result
        last = as_it_is
        if as_it_is is None:
            result = self._query(name, types)
            if isinstance(result, Found):
                return result
            last = result
        if as_it_is is not None:
            return as_it_is.failure
        if no_data:
            return Failure.NO_DATA
        if server_failed:
            return Failure.TRY_AGAIN
        return last.failure if last is not None else Failure.NO_NAME

    def reverse(self, address: str) -> list[str] | Failure:
        """The names of an address, without final dots."""
        name = names.reverse_name(address)
        responses = self._send(name, ("PTR",))
        if isinstance(responses, _Missed):
            return responses.failure
        targets = [record.data.rstrip(".") for record in responses[0].answer if record.type == "PTR"]
        return targets or Failure.NO_NAME

    def _query(self, name: str, types: Sequence[str]) -> Found | _Missed:
        if names.problem(name) is not None:
            return _Missed(Failure.NO_NAME)
        responses = self._send(names.absolute(name), types)
        if isinstance(responses, _Missed):
            return responses
        found = found_in(name, responses)
        if found is not None:
            return found
        rcode = next((one.rcode for one in responses if one.rcode != "NOERROR"), "NOERROR")
        failures = {"NOERROR": Failure.NO_DATA, "NXDOMAIN": Failure.NO_NAME, "SERVFAIL": Failure.TRY_AGAIN}
        aliased = rcode == "NOERROR" and any(one.answer for one in responses)
        return _Missed(failures.get(rcode, Failure.FAIL), rcode, aliased=aliased)

    def _send(self, name: str, types: Sequence[str]) -> list[DnsResponse] | _Missed:
        """Ask the servers in turn, as often as ``attempts`` says."""
        servers, options = self.settings.servers, self.settings.options
        one_by_one = bool(options & {"single-request", "single-request-reopen"})
        all_refused, rcode = True, ""
        for _ in range(self.settings.attempts):
            for index, server in enumerate(servers):
                done = self._ask(server, name, types, self._patience(index), one_by_one)
                all_refused = all_refused and all(exchange.failure == REFUSED for exchange in done)
                responses = [exchange.response for exchange in done if exchange.response is not None]
                rcode = responses[-1].rcode if responses else rcode
                usable = [response for response in responses if response.rcode not in _UNUSABLE]
                if usable and len(responses) == len(types):
                    return usable
                if usable:  # one of two answers was lost: some servers cannot take two questions at once
                    one_by_one = True
        return _Missed(Failure.TRY_AGAIN, rcode, all_refused)

    def _patience(self, index: int) -> int:
        seconds = self.settings.timeout << index
        return max(1, seconds // len(self.settings.servers) if index else seconds)

    def _ask(self, server: str, name: str, types: Sequence[str], patience: float, one_by_one: bool) -> list[Exchange]:
        options = self.settings.options
        queries = [
            DnsQuery(
                name,
                record_type,
                edns=EDNS_SIZE if "edns0" in options else None,
                transport="TCP" if "use-vc" in options else "UDP",
                authentic_data="trust-ad" in options,
            )
            for record_type in types
        ]
        if one_by_one:
            done = []
            for query in queries:
                done.append(self.asker.ask(server, query, patience))
                if done[-1].response is None:
                    break
        else:
            done = self.asker.ask_together([(server, query) for query in queries], patience)
        return [self._in_full(exchange, patience) for exchange in done]

    def _in_full(self, exchange: Exchange, patience: float) -> Exchange:
        """Ask again over TCP where the answer was cut."""
        if exchange.response is None or not exchange.response.truncated:
            return exchange
        query = DnsQuery(exchange.query.name, exchange.query.type, transport="TCP")
        return self.asker.ask(exchange.server, query, patience)
