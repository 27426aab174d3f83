"""``host`` of BIND 9.20: one line a record, in words.

Without ``-t`` it asks for A, then for AAAA, MX and HTTPS of the name at the end of the CNAMEs.
"""

from __future__ import annotations

import dns.rcode

from kubesim.network.dns import names
from kubesim.network.dns.exchange import Asker, Exchange
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.programs.dns.bind import NO_SERVERS, VERSION, Answered, Bind, illegal, record_type
from kubesim.programs.dns.message_text import message_size, message_text
from kubesim.programs.machine import Invocation
from kubesim.programs.name_lookup import START_SECONDS, look_up, resolver_settings
from kubesim.userland.numerals import is_number, whole_number
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
        if illegal(word):
            self.output.append(f"host: {illegal(word)}\n")
            self.failed = True
            return
        found = self._search(list(self.bind.candidates(word)), self.record_type or "A", word)
        if self.record_type is None and found is not None and found.response.rcode == "NOERROR":
            for kind in AFTER_ADDRESS:
                if self._search([found.end_of_chain()], kind, word) is None:
                    return

    def _search(self, candidates: list[str], kind: str, word: str) -> Answered | None:
        for candidate in candidates:
            if self.verbose:
                self.output.append(f'Trying "{candidate.rstrip(".")}"\n')
            found = self.bind.ask(DnsQuery(candidate, kind, transport=self.transport))
            if found is None:
                self.output.append(NO_SERVERS)
                self.failed = True
                return None
            if found.response.rcode == "NOERROR" or candidate == candidates[-1]:
                self._print(found.exchange, found.response, word)
                return found
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
        found = look_up(invocation.machine, words[1])
        run.bind.asker.elapsed += found.seconds
        if not found.addresses:
            told = f"host: couldn't get address for '{words[1]}': not found\n"
            return Completed("", told, 1, START_SECONDS + run.bind.asker.elapsed)
        server, run.bind.servers = found.addresses[0], found.addresses
        run.output.append(f"Using domain server:\nName: {words[1]}\nAddress: {server}#{run.bind.port}\nAliases: \n\n")
    run.look_up(words[0])
    elapsed = START_SECONDS + run.bind.asker.elapsed
    return Completed("".join(run.output), "", int(run.failed), elapsed)


def _option(run: _Run, letter: str, value: str) -> Completed | None:
    match letter:
        case "t":
            run.record_type = record_type(value)
            if run.record_type is None:
                return Completed("", f"host: invalid type: {value}\n", 1)
        case "a":
            run.record_type, run.verbose = "ANY", True
        case "v" | "d":
            run.verbose = True
        case "T":
            run.transport = "TCP"
        case "V":
            return Completed("", f"host {VERSION}\n")
        case "W" | "R" | "p" | "N" if not is_number(value):
            return Completed("", f"host: invalid number: {value}\n", 1)
        case "W":
            run.bind.timeout = max(1.0, float(value))
        case "R":
            run.bind.tries = whole_number(value) + 1
        case "p":
            run.bind.port = whole_number(value)
        case "4" | "6" | "r" | "w" | "s" | "c" | "N" | "m" | "U":
            pass
        case _:
            return Completed("", f"host: invalid option -- '{letter}'\n{USAGE}", 1)
    return None


def _line(record: DnsRecord) -> str:
    words = _WORDS.get(record.type, f"has {record.type} record")
    return f"{record.name.rstrip('.')} {words} {record.data}\n"
