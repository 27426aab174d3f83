"""``nslookup`` of BIND 9.20, with words on its command line or lines on its standard input.

Without ``-type`` it asks for A and, where that answers, for AAAA of the name at the end of the CNAMEs. A server that
does not offer recursion (CoreDNS, for the cluster's own names) is remarked on for every reply.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import dns.rdatatype

from kubesim.network.dns import names
from kubesim.network.dns.exchange import Asker, Exchange
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.programs.dns.bind import NO_SERVERS, VERSION, Answered, Bind, illegal, record_type
from kubesim.programs.dns.message_text import soa_text
from kubesim.programs.machine import Invocation, Machine
from kubesim.programs.name_lookup import START_SECONDS, look_up, resolver_settings
from kubesim.userland.numerals import is_number, whole_number
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
    debug: bool = False
    output: list[str] = field(default_factory=list)

    def look_up(self, word: str) -> None:
        """One name or address."""
        if names.is_address(word) and self.record_type in (None, "PTR"):
            self._search([names.reverse_name(word)], "PTR", word)
            return
        if illegal(word):
            self.output.append(f"nslookup: {illegal(word)}\n")
            self.failed = True
            return
        found = self._search(list(self.bind.candidates(word, search=self.search)), self.record_type or "A", word)
        if self.record_type is None and found is not None and found.response.rcode == "NOERROR":
            self.no_address = not found.response.answer
            self._search([found.end_of_chain()], "AAAA", word)

    def _search(self, candidates: list[str], kind: str, word: str) -> Answered | None:
        """Ask for each candidate until one is no error, and print the last reply."""
        for candidate in candidates:
            found = self.bind.ask(DnsQuery(candidate, kind), servfail_stops=False)
            if found is None:
                self.output.append(NO_SERVERS)
                self.failed = True
                return None
            if found.response.rcode == "SERVFAIL":
                self.output.append(f";; Got SERVFAIL reply from {found.exchange.server}\n")
            elif self.check_recursion and not found.response.recursion_available:
                self.output.append(f";; Got recursion not available from {found.exchange.server}\n")
            last = found.response.rcode == "NOERROR" or candidate == candidates[-1]
            if last or self.debug:
                self._print(found.exchange, found.response, word if last else candidate)
            if last:
                return found
            self.failed = False
        return None

    def _print(self, exchange: Exchange, response: DnsResponse, word: str) -> None:
        by_default = self.record_type is None
        record_type = exchange.query.type
        if not by_default or record_type == "A":
            self.output.append(f"Server:\t\t{exchange.server}\nAddress:\t{exchange.server}#{exchange.port}\n\n")
        name = exchange.query.name.rstrip(".") or "."
        if self.debug:
            self.output += debugged(exchange.query, response)
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
            if record_type(value) is None:
                self.output.append(f"unknown query type: {value}\n")
            else:
                self.record_type = record_type(value)
        elif option in ("timeout", "retry", "port") and is_number(value):
            if option == "timeout":
                self.bind.timeout = float(value)
            elif option == "retry":
                self.bind.tries = max(1, whole_number(value))
            else:
                self.bind.port = whole_number(value)
        elif option in ("search", "nosearch"):
            self.search = option == "search"
        elif option in ("debug", "nodebug"):
            self.debug = option == "debug"
        elif option not in ("recurse", "norecurse", "vc", "novc", "fail", "nofail", "all"):
            self.output.append(f"*** Invalid option: {words}\n")


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
    if len(words) > 1 and not _set_server(session, words[1], invocation.machine):
        told = f"nslookup: couldn't get address for '{words[1]}': not found\n"
        return Completed("".join(session.output), told, 1, START_SECONDS + bind.asker.elapsed)
    if words and words[0] != "-":
        session.look_up(words[0])
    else:
        for line in invocation.stdin.splitlines():
            if not _command(session, line.split(), invocation.machine):
                break
    session.output.append("\n")
    elapsed = START_SECONDS + bind.asker.elapsed
    return Completed("".join(session.output), "", int(session.failed), elapsed)


def _command(session: _Session, words: list[str], machine: Machine) -> bool:
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
            if not _set_server(session, words[1], machine):
                session.output.append(f"nslookup: couldn't get address for '{words[1]}': not found\n")
            else:
                server = session.bind.servers[0]
                session.output.append(f"Default server: {server}\nAddress: {server}#{session.bind.port}\n")
        case _:
            session.look_up(words[0])
    return True


def _set_server(session: _Session, word: str, machine: Machine) -> bool:
    """Ask another server from now on; whether it has an address, which the C library says."""
    found = look_up(machine, word)
    session.bind.asker.elapsed += found.seconds
    if not found.addresses:
        return False
    session.bind.servers = found.addresses
    session.check_recursion = False
    return True


def debugged(query: DnsQuery, response: DnsResponse) -> list[str]:
    """A whole message, as ``-debug`` shows it before the answer."""
    bare = query.name.rstrip(".") or "."
    lines = ["------------\n", "    QUESTIONS:\n", f"\t{bare}, type = {query.type}, class = IN\n"]
    sections = (("ANSWERS", response.answer), ("AUTHORITY RECORDS", response.authority))
    for title, records in (*sections, ("ADDITIONAL RECORDS", response.additional)):
        lines.append(f"    {title}:\n")
        for record in records:
            lines.append(f"    ->  {record.name.rstrip('.') or '.'}\n")
            if record.type == "SOA":
                lines.append(soa_text(record).partition("\n")[2])
            else:
                word = _DEBUG_WORDS.get(record.type) or _WORDS.get(record.type) or f"{record.type} = "
                lines.append(f"\t{word}{record.data}\n")
            lines.append(f"\tttl = {record.ttl}\n")
    return [*lines, "------------\n"]


_DEBUG_WORDS = {"A": "internet address = ", "AAAA": "has AAAA address "}


def _record(record: DnsRecord) -> str:
    name = record.name.rstrip(".") or "."
    if record.type in ("A", "AAAA"):
        return f"Name:\t{name}\nAddress: {record.data}\n"
    if record.type == "SOA":
        return soa_text(record)
    return f"{name}\t{_WORDS.get(record.type, f'rdata_{int(dns.rdatatype.from_text(record.type))} = ')}{record.data}\n"
