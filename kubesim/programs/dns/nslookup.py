"""``nslookup`` of BIND 9.20, with words on its command line or lines on its standard input.

Without ``-type`` it asks for A and, where that answers, for AAAA of the name at the end of the CNAMEs. A server that
does not offer recursion (CoreDNS, for the cluster's own names) is remarked on for every reply.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import dns.exception
import dns.rdatatype

from kubesim.network.dns import names
from kubesim.network.dns.exchange import Asker, Exchange
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.programs.dns.bind import NO_SERVERS, VERSION, Bind, end_of_chain
from kubesim.programs.machine import Invocation
from kubesim.programs.name_lookup import START_SECONDS, resolver_settings
from kubesim.userland.process import Completed

_WORDS = {
    "CNAME": "canonical name = ",
    "PTR": "name = ",
    "MX": "mail exchanger = ",
    "NS": "nameserver = ",
    "TXT": "text = ",
    "SRV": "service = ",
    "HINFO": "hinfo = ",
}


@dataclass(slots=True)
class _Session:
    """What ``set`` changes, and what was printed."""

    bind: Bind
    record_type: str | None = None
    search: bool = True
    check_recursion: bool = True
    failed: bool = False
    no_address: bool = False
    output: list[str] = field(default_factory=list)

    def look_up(self, word: str) -> None:
        """One name or address."""
        if names.is_address(word) and self.record_type in (None, "PTR"):
            self._search([names.reverse_name(word)], "PTR", word)
            return
        if names.problem(word) is not None:
            self.output.append(f"nslookup: '{word}' is not a legal name ({_reason(word)})\n")
            self.failed = True
            return
        record_type = self.record_type or "A"
        exchange = self._search(list(self.bind.candidates(word, search=self.search)), record_type, word)
        response = exchange.response if exchange is not None else None
        if self.record_type is None and exchange is not None and response is not None:
            if response.rcode != "NOERROR":
                return
            self.no_address = not response.answer
            self._search([end_of_chain(exchange)], "AAAA", word)

    def _search(self, candidates: list[str], record_type: str, word: str) -> Exchange | None:
        """Ask for each candidate until one is no error, and print the last reply."""
        for number, candidate in enumerate(candidates):
            query = DnsQuery(candidate, record_type)
            exchange = self.bind.ask(query, servfail_stops=False)
            if exchange is None or exchange.response is None:
                self.output.append(NO_SERVERS)
                self.failed = True
                return None
            response = exchange.response
            if response.rcode == "SERVFAIL":
                self.output.append(f";; Got SERVFAIL reply from {exchange.server}\n")
            elif self.check_recursion and not response.recursion_available:
                self.output.append(f";; Got recursion not available from {exchange.server}\n")
            if response.rcode == "NOERROR" or number == len(candidates) - 1:
                self._print(exchange, response, word)
                return exchange
        return None

    def _print(self, exchange: Exchange, response: DnsResponse, word: str) -> None:
        by_default = self.record_type is None
        record_type = exchange.query.type
        if not by_default or record_type == "A":
            self.output.append(f"Server:\t\t{exchange.server}\nAddress:\t{exchange.server}#{exchange.port}\n\n")
        name = exchange.query.name.rstrip(".") or "."
        if response.rcode != "NOERROR":
            shown = word.rstrip(".") if record_type == "A" and by_default else name
            self.output.append(f"** server can't find {shown or '.'}: {response.rcode}\n")
            self.failed = True
            return
        if not response.authoritative and (not by_default or record_type == "A"):
            self.output.append("Non-authoritative answer:\n")
        self.output += [_record(record) for record in response.answer]
        asked_for_nothing = not by_default or record_type == "PTR" or (record_type == "AAAA" and self.no_address)
        if not response.answer and asked_for_nothing:
            self.output.append(f"*** Can't find {word}: No answer\n")
        if not response.authoritative and record_type not in ("A", "AAAA"):
            self.output.append("\nAuthoritative answers can be found from:\n")
            self.output += [_record(record) for record in (*response.authority, *response.additional)]

    def set_option(self, words: str) -> None:
        """``set KEYWORD[=VALUE]``, or an option of the command line."""
        option, _, value = words.partition("=")
        option = option.lower()
        if option in ("type", "querytype", "query", "q", "ty", "t") and value:
            try:
                self.record_type = dns.rdatatype.to_text(dns.rdatatype.from_text(value.upper()))
            except dns.exception.DNSException:
                self.output.append(f"unknown query type: {value}\n")
        elif option in ("timeout", "retry", "port") and value.isdecimal():
            if option == "timeout":
                self.bind.timeout = float(value)
            elif option == "retry":
                self.bind.tries = max(1, int(value))
            else:
                self.bind.port = int(value)
        elif option in ("search", "nosearch"):
            self.search = option == "search"
        elif option not in ("debug", "nodebug", "recurse", "norecurse", "vc", "novc", "fail", "nofail", "all"):
            self.output.append(f"*** Invalid option: {words}\n")


def _reason(word: str) -> str:
    return (names.problem(word) or "").replace("name too long", "ran out of space")


def nslookup(invocation: Invocation) -> Completed:
    """``nslookup [-OPTION...] [NAME [SERVER]]``."""
    settings = resolver_settings(invocation.machine)
    bind = Bind(Asker(invocation.machine.sockets), settings.servers, settings)
    session = _Session(bind)
    session.output = bind.output  # failures and answers in the order in which they come
    words = []
    for word in invocation.argv[1:]:
        if word in ("-version", "-V"):
            return Completed(f"nslookup {VERSION}\n")
        if word.startswith("-") and len(word) > 1:
            session.set_option(word[1:])
        else:
            words.append(word)
    if len(words) > 1 and not _set_server(session, words[1]):
        return Completed("".join(session.output), "", 1, START_SECONDS)
    if words and words[0] != "-":
        session.look_up(words[0])
    else:
        for line in invocation.stdin.splitlines():
            if not _command(session, line.split()):
                break
    session.output.append("\n")
    elapsed = START_SECONDS + bind.asker.elapsed
    return Completed("".join(session.output), "", int(session.failed), elapsed)


def _command(session: _Session, words: list[str]) -> bool:
    """One line of standard input; False ends the session."""
    if not words:
        return True
    match words[0].lower():
        case "exit":
            return False
        case "set":
            for word in words[1:]:
                session.set_option(word)
        case "server" | "lserver" if len(words) > 1:
            if _set_server(session, words[1]):
                server = session.bind.servers[0]
                session.output.append(f"Default server: {server}\nAddress: {server}#{session.bind.port}\n")
        case _:
            session.look_up(words[0])
    return True


def _set_server(session: _Session, word: str) -> bool:
    if not names.is_address(word):
        found = session.bind.ask(DnsQuery(names.absolute(word), "A"))
        addresses = found.response.addresses() if found is not None and found.response is not None else ()
        if not addresses:
            session.output.append(f"nslookup: couldn't get address for '{word}': not found\n")
            return False
        word = addresses[0]
    session.bind.servers = (word,)
    session.check_recursion = False
    return True


def _record(record: DnsRecord) -> str:
    name = record.name.rstrip(".") or "."
    if record.type in ("A", "AAAA"):
        return f"Name:\t{name}\nAddress: {record.data}\n"
    if record.type == "SOA":
        origin, mail, *numbers = record.data.split()
        words = ("serial", "refresh", "retry", "expire", "minimum")
        rest = "".join(f"\t{word} = {number}\n" for word, number in zip(words, numbers, strict=False))
        return f"{name}\n\torigin = {_bare(origin)}\n\tmail addr = {_bare(mail)}\n{rest}"
    return f"{name}\t{_WORDS.get(record.type, f'rdata_{int(dns.rdatatype.from_text(record.type))} = ')}{record.data}\n"


def _bare(name: str) -> str:
    return re.sub(r"(?<=.)\.$", "", name)
