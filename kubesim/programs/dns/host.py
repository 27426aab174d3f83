"""``host`` of BIND 9.20: one line a record, in words.

Without ``-t`` it asks for A, then for AAAA, MX and HTTPS of the name at the end of the CNAMEs.
"""

from __future__ import annotations

import dns.exception
import dns.rcode
import dns.rdatatype

from kubesim.network.dns import names
from kubesim.network.dns.exchange import Asker, Exchange
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.programs.dns.bind import NO_SERVERS, VERSION, Bind, end_of_chain
from kubesim.programs.dns.message_text import message_size, message_text
from kubesim.programs.machine import Invocation
from kubesim.programs.name_lookup import START_SECONDS, resolver_settings
from kubesim.userland.process import Completed

AFTER_ADDRESS = ("AAAA", "MX", "HTTPS")
TRIES = 2
USAGE = """Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]
            [-R number] [-m flag] [-p port] hostname [server]
"""
_WORDS = {
    "A": "has address",
    "NS": "name server",
    "CNAME": "is an alias for",
    "PTR": "domain name pointer",
    "HINFO": "host information",
    "MX": "mail is handled by",
    "TXT": "descriptive text",
    "AAAA": "has IPv6 address",
    "HTTPS": "has HTTP service bindings",
}
_TAKES_VALUE = frozenset("cNtWRmpk")


class _Run:
    """One run: its options, and what was printed."""

    def __init__(self, invocation: Invocation) -> None:
        self.machine = invocation.machine
        settings = resolver_settings(self.machine)
        self.bind = Bind(Asker(self.machine.sockets), settings.servers, settings, tries=TRIES)
        self.output = self.bind.output
        self.record_type: str | None = None
        self.verbose = False
        self.transport = "UDP"
        self.failed = False

    def look_up(self, word: str) -> None:
        """One name or address."""
        if names.is_address(word) and self.record_type in (None, "PTR"):
            self._search([names.reverse_name(word)], "PTR", word)
            return
        if names.problem(word) is not None:
            self.output.append(f"host: '{word}' is not a legal name ({names.problem(word)})\n")
            self.failed = True
            return
        candidates = list(self.bind.candidates(word))
        exchange = self._search(candidates, self.record_type or "A", word)
        if self.record_type is not None or exchange is None or exchange.response is None:
            return
        if exchange.response.rcode == "NOERROR":
            for record_type in AFTER_ADDRESS:
                if self._search([end_of_chain(exchange)], record_type, word) is None:
                    return

    def _search(self, candidates: list[str], record_type: str, word: str) -> Exchange | None:
        for number, candidate in enumerate(candidates):
            if self.verbose:
                self.output.append(f'Trying "{candidate.rstrip(".")}"\n')
            exchange = self.bind.ask(DnsQuery(candidate, record_type, transport=self.transport))
            if exchange is None or exchange.response is None:
                self.output.append(NO_SERVERS)
                self.failed = True
                return None
            is_last = number == len(candidates) - 1
            if exchange.response.rcode == "NOERROR" or is_last:
                self._print(exchange, exchange.response, word)
                return exchange
        return None

    def _print(self, exchange: Exchange, response: DnsResponse, word: str) -> None:
        query = exchange.query
        if response.rcode != "NOERROR":
            self.failed = True
            number = int(dns.rcode.from_text(response.rcode))
            shown = query.name if query.type == "PTR" else word
            self.output.append(f"Host {shown} not found: {number}({response.rcode})\n")
            return
        if self.verbose:
            number = self.machine.simulation.random(f"dns/{self.machine.name}").randrange(65536)
            self.output.append(message_text(query, response, number))
            size, milliseconds = message_size(query, response), round(exchange.seconds * 1000)
            self.output.append(f"Received {size} bytes from {exchange.server}#{exchange.port} in {milliseconds} ms\n")
            return
        for record in response.answer:
            if self.record_type is not None or record.type in (query.type, "CNAME"):
                if record.type == "CNAME" and query.type in AFTER_ADDRESS and self.record_type is None:
                    continue
                self.output.append(_line(record))
        if self.record_type is not None and not response.answer:
            self.output.append(f"{query.name.rstrip('.')} has no {query.type} record\n")


def host(invocation: Invocation) -> Completed:
    """``host [-t TYPE] [-a] [-v] [-T] [-W SECONDS] [-R TRIES] [-p PORT] NAME [SERVER]``."""
    run = _Run(invocation)
    words, rest = [], list(invocation.argv[1:])
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or len(word) == 1:
            words.append(word)
            continue
        letter, value = word[1], word[2:]
        if letter in _TAKES_VALUE and not value:
            if not rest:
                return Completed("", f"host: option requires an argument -- '{letter}'\n{USAGE}", 1)
            value = rest.pop(0)
        problem = _option(run, letter, value)
        if problem is not None:
            return problem
    if not 1 <= len(words) <= 2:
        return Completed("", USAGE, 1)
    if len(words) == 2:
        server = words[1]
        if not names.is_address(server):
            found = run.bind.ask(DnsQuery(names.absolute(server), "A"))
            addresses = found.response.addresses() if found is not None and found.response is not None else ()
            if not addresses:
                return Completed("", f"host: couldn't get address for '{server}': not found\n", 1)
            server = addresses[0]
        run.bind.servers = (server,)
        run.output.append(f"Using domain server:\nName: {words[1]}\nAddress: {server}#{run.bind.port}\nAliases: \n\n")
    run.look_up(words[0])
    elapsed = START_SECONDS + run.bind.asker.elapsed
    return Completed("".join(run.output), "", int(run.failed), elapsed)


def _option(run: _Run, letter: str, value: str) -> Completed | None:
    match letter:
        case "t":
            try:
                run.record_type = dns.rdatatype.to_text(dns.rdatatype.from_text(value.upper()))
            except dns.exception.DNSException:
                return Completed("", f"host: invalid type: {value}\n", 1)
        case "a":
            run.record_type, run.verbose = "ANY", True
        case "v" | "d":
            run.verbose = True
        case "T":
            run.transport = "TCP"
        case "V":
            return Completed("", f"host {VERSION}\n")
        case "W" | "R" | "p" | "N" if not value.isdecimal():
            return Completed("", f"host: invalid number: {value}\n", 1)
        case "W":
            run.bind.timeout = max(1.0, float(value))
        case "R":
            run.bind.tries = int(value) + 1
        case "p":
            run.bind.port = int(value)
        case "4" | "6" | "r" | "w" | "s" | "c" | "N" | "m" | "U":
            pass
        case _:
            return Completed("", f"host: invalid option -- '{letter}'\n{USAGE}", 1)
    return None


def _line(record: DnsRecord) -> str:
    words = _WORDS.get(record.type, f"has {record.type} record")
    return f"{record.name.rstrip('.')} {words} {record.data}\n"
