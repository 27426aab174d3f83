"""musl's stub resolver (1.2.5): every server at once, and no second look once a name exists.

A name with fewer than ``ndots`` dots is tried with each suffix, then as it is; a name with more is tried as it is and
nothing else. Unlike glibc, a name that exists without an address ends the search. All servers get every question at the
same moment; what is unanswered is sent again after half of the time-out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from kubesim.network.dns import names
from kubesim.network.dns.exchange import Asker
from kubesim.network.dns.getaddrinfo import Failure, Found, found_in, may_be_asked
from kubesim.network.dns.message import DnsQuery, DnsResponse
from kubesim.network.dns.resolv_conf import ResolvConf


@dataclass(slots=True)
class Musl:
    """One resolution by musl."""

    asker: Asker
    settings: ResolvConf

    def search(self, name: str, types: Sequence[str] = ("A", "AAAA")) -> Found | Failure:
        """Walk the search list with questions of these types, sent side by side."""
        if not may_be_asked(name) or name == ".":
            return Failure.NO_NAME
        bare = name.removesuffix(".")
        if not bare or bare.endswith("."):
            return Failure.NO_NAME
        searched = () if name.endswith(".") or name.count(".") >= self.settings.ndots else self.settings.search
        for suffix in searched:
            result = self._query(f"{bare}.{suffix}", types)
            if result is not None:
                return result
        return self._query(bare, types) or Failure.NO_NAME

    def reverse(self, address: str) -> list[str] | Failure:
        """The names of an address, without final dots; musl itself gives the address where there is none."""
        responses = self._send(names.reverse_name(address), ("PTR",))
        response = responses[0]
        if response is None:
            return Failure.TRY_AGAIN
        return [record.data.rstrip(".") for record in response.answer if record.type == "PTR"] or Failure.NO_NAME

    def _query(self, name: str, types: Sequence[str]) -> Found | Failure | None:
        """Ask for one name; None where it does not exist and the search goes on."""
        if names.problem(name) is not None:
            return None
        complete = []
        for response in self._send(names.absolute(name), types):
            if response is None or response.rcode == "SERVFAIL":
                return Failure.TRY_AGAIN
            if response.rcode == "NXDOMAIN":
                return None
            if response.rcode != "NOERROR":
                return Failure.FAIL
            complete.append(response)
        return found_in(name, complete) or Failure.NO_DATA

    def _send(self, name: str, types: Sequence[str]) -> list[DnsResponse | None]:
        """Ask all servers, and again after each part of the time-out, until every question is answered."""
        answers: dict[str, DnsResponse] = {}
        began, interval = self.asker.elapsed, self.settings.timeout / self.settings.attempts
        for attempt in range(self.settings.attempts):
            self.asker.elapsed = began + attempt * interval
            retries, longest = 2 * len(types), 0.0
            # Answers come in the order of the questions; one that is asked again because of a SERVFAIL comes last.
            waiting = deque((each, server) for each in types if each not in answers for server in self.settings.servers)
            while waiting:
                record_type, server = waiting.popleft()
                exchange = self.asker.send(server, DnsQuery(name, record_type), interval)
                response = exchange.response
                if response is None:
                    continue
                if response.rcode in ("NOERROR", "NXDOMAIN"):
                    answers.setdefault(record_type, response)
                    longest = max(longest, exchange.seconds)
                elif response.rcode == "SERVFAIL" and retries:
                    retries -= 1
                    waiting.append((record_type, server))
            if len(answers) == len(types):
                self.asker.elapsed = began + attempt * interval + longest
                break
        else:
            self.asker.elapsed = began + self.settings.timeout
        return [answers.get(one) for one in types]
