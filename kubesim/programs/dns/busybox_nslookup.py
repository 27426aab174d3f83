"""``nslookup`` of busybox (1.37): every question at once, and no search for a name with a dot.

A name without a dot is asked for with each suffix of the search list, never as it is, A and AAAA both; one NXDOMAIN
among the answers makes the exit status 1. So ``nslookup myservice`` shows the address *and* fails, and
``nslookup kubernetes.default``, which every C library would complete, does not resolve at all.
"""

from __future__ import annotations

from kubesim.network.dns import names, resolv_conf
from kubesim.network.dns.exchange import REFUSED, Asker
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.programs.dns.message_text import soa_text
from kubesim.programs.machine import Invocation
from kubesim.programs.name_lookup import START_SECONDS, resolver_settings
from kubesim.userland.process import Completed

TIMEOUT, TRIES = 5.0, 2
TYPES = ("SOA", "NS", "A", "AAAA", "CNAME", "MX", "TXT", "PTR", "SRV", "ANY")
USAGE = """BusyBox v1.37.0 (2024-09-26 21:31:42 UTC) multi-call binary.

Usage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]

Query DNS about HOST

QUERY_TYPE: soa,ns,a,aaaa,cname,mx,txt,ptr,srv,any
"""
NO_SERVERS = ";; connection timed out; no servers could be reached\n\n"


def busybox_nslookup(invocation: Invocation) -> Completed:
    """``nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]``."""
    types: list[str] = []
    words: list[str] = []
    for word in invocation.argv[1:]:
        option, equals, value = word.partition("=")
        if option in ("-type", "-querytype", "-t", "-q") and equals:
            if value.upper() not in TYPES:
                return Completed("", f'nslookup: invalid query type "{value}"\n', 1)
            types.append(value.upper())
        elif not word.startswith("-"):
            words.append(word)
    if not 1 <= len(words) <= 2:
        return Completed("", USAGE, 1)
    settings = resolver_settings(invocation.machine)
    servers = (words[1],) if len(words) == 2 else settings.servers
    if not names.is_address(servers[0]):
        return Completed("", f"nslookup: bad address '{servers[0]}'\n", 1)
    queries = _queries(words[0], types, settings)
    return _Run(Asker(invocation.machine.sockets, keeps_socket=True), servers, queries).result()


def _queries(host: str, types: list[str], settings: resolv_conf.ResolvConf) -> list[DnsQuery]:
    if not types and names.is_address(host):
        return [DnsQuery(names.reverse_name(host), "PTR")]
    queries = []
    for record_type in types or ["A", "AAAA"]:
        if record_type == "PTR" and names.is_address(host):
            queries.append(DnsQuery(names.reverse_name(host), "PTR"))
        elif record_type == "PTR" or not settings.search or "." in host:
            queries.append(DnsQuery(names.absolute(host), record_type))
        else:
            queries += [DnsQuery(names.absolute(f"{host}.{one}"), record_type) for one in settings.search]
    return queries


class _Run:
    """One run: what was sent, and what was printed."""

    def __init__(self, asker: Asker, servers: tuple[str, ...], queries: list[DnsQuery]) -> None:
        self.asker, self.servers, self.queries = asker, servers, queries
        self.output: list[str] = []
        self.failed = False

    def result(self) -> Completed:
        """Ask until everything is answered or the time is over."""
        open_queries = list(self.queries)
        any_answer = False
        interval = TIMEOUT / TRIES
        for attempt in range(TRIES):
            began = attempt * interval
            self.asker.elapsed = began
            longest, retries = 0.0, 2 * len(self.queries)
            for query in list(open_queries):
                if names.problem(query.name) is not None:
                    continue
                for server in self.servers:
                    while True:
                        exchange = self.asker.send(server, query, interval)
                        if exchange.failure == REFUSED and len(self.servers) == 1:
                            return self._refused(server)
                        response = exchange.response
                        if response is None or response.rcode != "SERVFAIL" or retries == 0:
                            break
                        retries -= 1
                    if response is not None and query in open_queries:
                        open_queries.remove(query)
                        longest = max(longest, exchange.seconds)
                        if not any_answer:
                            self.output.append(f"Server:\t\t{server}\nAddress:\t{server}:53\n\n")
                        any_answer = True
                        self._print(query, response)
            self.asker.elapsed = began + longest
            if not open_queries:
                break
        else:
            self.asker.elapsed = TIMEOUT
        if not any_answer:
            self.output.append(NO_SERVERS)
        elif open_queries:
            self.output += [f"*** Can't find {query.name.rstrip('.')}: No answer\n" for query in open_queries]
        failed = self.failed or bool(open_queries)
        return Completed("".join(self.output), "", int(failed), START_SECONDS + self.asker.elapsed)

    def _refused(self, server: str) -> Completed:
        error = f"nslookup: write to '{server}': Connection refused\n"
        return Completed("".join([*self.output, NO_SERVERS]), error, 1, START_SECONDS + self.asker.elapsed)

    def _print(self, query: DnsQuery, response: DnsResponse) -> None:
        if response.rcode != "NOERROR":
            self.failed = True
            self.output.append(f"** server can't find {query.name.rstrip('.')}: {response.rcode}\n\n")
            return
        if not response.authoritative:
            self.output.append("Non-authoritative answer:\n")
        self.output += [_record(record) for record in response.answer]
        self.output.append("\n")


_WORDS = {"CNAME": "canonical name", "PTR": "name", "MX": "mail exchanger", "NS": "nameserver", "TXT": "text"}


def _record(record: DnsRecord) -> str:
    name, data = record.name.rstrip("."), record.data
    if record.type in ("A", "AAAA"):
        return f"Name:\t{name}\nAddress: {data}\n"
    if record.type == "SRV":
        return f"{name}\tservice = {data.rstrip('.')}\n"
    if record.type == "SOA":
        return soa_text(record)
    if record.type in _WORDS:
        return f"{name}\t{_WORDS[record.type]} = {data if record.type == 'TXT' else data.rstrip('.')}\n"
    return f"# {name}: type {record.type} is not supported\n"
