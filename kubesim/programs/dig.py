"""``dig`` of BIND 9.20: one question to one server, and the whole message that came back.

It does not use the search list (``+search`` makes it), asks over UDP with EDNS and a cookie, and ANY over TCP.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

import dns.exception
import dns.rdataclass
import dns.rdatatype

from kubesim.network.dns import names, resolv_conf
from kubesim.network.dns.exchange import DNS_PORT, Asker, Exchange
from kubesim.network.dns.message import DnsQuery, DnsResponse
from kubesim.programs.bind import NO_SERVERS, VERSION, Bind
from kubesim.programs.dig_text import header_text, message_size, question_line, record_line, section_text
from kubesim.programs.lookup import look_up
from kubesim.programs.process import Completed, Invocation
from kubesim.programs.resolving import START_SECONDS, text_of

EDNS_SIZE = 1232
NO_REPLY, INTERNAL_ERROR = 9, 10
COOKIE_BYTES = 12
USAGE = """Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}
            {global-d-opt} host [@local-server] {local-d-opt}
            [ host [@local-server] {local-d-opt} [...]]

Use "dig -h" (or "dig -h | more") for complete list of options
"""
_SHOWN = ("cmd", "comments", "question", "answer", "authority", "additional", "stats")
_SWITCHES = frozenset(
    {*_SHOWN, "short", "tcp", "search", "recurse", "edns", "cookie", "ttlid", "class", "dnssec", "adflag", "cdflag"}
    | {"aaflag", "ignore", "fail", "identify", "multiline", "qr", "onesoa", "showsearch", "nssearch", "rrcomments"}
    | {"besteffort", "keepopen", "unknownformat", "crypto", "expire", "nsid", "idnin", "idnout", "zflag", "split"}
)
_OTHER_NAMES = {
    "vc": "tcp",
    "defname": "search",
    "rdflag": "recurse",
    "rec": "recurse",
    "cl": "class",
    "ttl": "ttlid",
    "do": "dnssec",
    "multi": "multiline",
    "aa": "aaflag",
    "ad": "adflag",
    "cd": "cdflag",
    "sho": "short",
    "comm": "comments",
}
_NUMBERS = {
    "time": "time",
    "timeout": "time",
    "tries": "tries",
    "retry": "retry",
    "ndots": "ndots",
    "bufsize": "bufsize",
}
_DEFAULTS_ON = (*_SHOWN, "recurse", "edns", "cookie", "ttlid", "class", "adflag")


class _UsageError(Exception):
    """An option that ``dig`` does not know."""


@dataclass(slots=True)
class _Lookup:
    """One question, with the options that hold for it."""

    name: str | None = None
    type: str | None = None
    class_name: str = "IN"
    server: str | None = None
    port: int = DNS_PORT
    switches: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(_DEFAULTS_ON, True))
    numbers: dict[str, int] = field(default_factory=dict)

    def on(self, switch: str) -> bool:
        """Whether a ``+switch`` is set."""
        return self.switches.get(switch, False)


def dig(invocation: Invocation) -> Completed:
    """``dig [@SERVER] [NAME] [TYPE] [CLASS] [-x ADDRESS] [-p PORT] [+OPTION...]``."""
    if invocation.argv[1:2] in (("-v",), ("-V",)):
        return Completed(f"DiG {VERSION}\n", seconds=START_SECONDS)
    if invocation.argv[1:2] == ("-h",):
        return Completed(USAGE)
    try:
        lookups = _parse(list(invocation.argv[1:]))
    except _UsageError as error:
        return Completed("", f"{error}\n{USAGE}", 1, START_SECONDS)
    return _Run(invocation).result(lookups)


def _parse(words: list[str]) -> list[_Lookup]:
    common = _Lookup()
    lookups: list[_Lookup] = []

    def current() -> _Lookup:
        return lookups[-1] if lookups else common

    def begin(name: str) -> None:
        fresh = copy.deepcopy(common)
        fresh.name = name
        if lookups and fresh.server is None:
            fresh.server = lookups[-1].server
        lookups.append(fresh)

    while words:
        word = words.pop(0)
        if word.startswith("@"):
            current().server = word[1:]
            if not lookups:
                common.server = word[1:]
        elif word.startswith("+"):
            _plus(current(), word)
        elif word.startswith("-") and len(word) > 1:
            letter, value = word[1], word[2:]
            if letter in "46mur" and not value:
                continue
            if letter not in "xtcqpbkyf":
                raise _UsageError(f"Invalid option: {word}")
            if not value:
                if not words:
                    raise _UsageError(f"Invalid option: {word}")
                value = words.pop(0)
            _dash(letter, value, current, begin)
        elif (record_type := _type_of(word)) is not None and current().type is None:
            current().type = record_type
        elif word.upper() in ("IN", "CH", "HS", "ANY"):
            current().class_name = word.upper()
        else:
            begin(word)
            if common.type is not None and len(lookups) == 1:
                lookups[-1].type, common.type = common.type, None
            if common.class_name != "IN" and len(lookups) == 1:
                lookups[-1].class_name, common.class_name = common.class_name, "IN"
    if not lookups:
        begin(".")
        lookups[-1].type = common.type or "NS"
    return lookups


def _dash(letter: str, value: str, current: Callable[[], _Lookup], begin: Callable[[str], None]) -> None:
    match letter:
        case "x":
            if not names.is_address(value):
                raise _UsageError(f"Invalid IP address {value}")
            begin(names.reverse_name(value))
            current().type = "PTR"
        case "q":
            begin(value)
        case "t":
            record_type = _type_of(value)
            if record_type is None:
                raise _UsageError(f";; Warning, ignoring invalid type {value}")
            current().type = record_type
        case "c":
            current().class_name = value.upper()
        case "p":
            if not value.isdecimal() or not 0 < int(value) < 65536:
                raise _UsageError("Couldn't parse port number")
            current().port = int(value)
        case _:
            raise _UsageError(f"Invalid option: -{letter}")


def _type_of(word: str) -> str | None:
    try:
        found = dns.rdatatype.from_text(word.upper())
    except (dns.exception.DNSException, ValueError):
        return None
    return dns.rdatatype.to_text(found)


def _plus(lookup: _Lookup, word: str) -> None:
    option, equals, value = word[1:].partition("=")
    option = option.lower()
    state = not option.startswith("no") or option in _SWITCHES
    bare = option if state else option[2:]
    bare = _OTHER_NAMES.get(bare, bare)
    if bare == "all":
        lookup.switches |= dict.fromkeys(_SHOWN, state)
    elif bare in _NUMBERS and equals:
        if not value.isdecimal():
            raise _UsageError(f"Couldn't parse {bare}")
        lookup.numbers[_NUMBERS[bare]] = int(value)
    elif bare == "domain":
        lookup.switches["search"] = True
    elif bare in _SWITCHES:
        lookup.switches[bare] = state
        if bare == "short" and state:
            lookup.switches |= {"cmd": False, "comments": False, "stats": False}
    else:
        raise _UsageError(f"Invalid option: {word}")


class _Run:
    """One run: what was printed, and whether any server answered."""

    def __init__(self, invocation: Invocation) -> None:
        self.arguments = " ".join(invocation.argv[1:])
        self.machine = invocation.machine
        self.settings = resolv_conf.parse(text_of(self.machine, "/etc/resolv.conf"))
        self.asker = Asker(self.machine.sockets)
        self.output: list[str] = []
        self.began = invocation.elapsed
        self.greeted = False

    def result(self, lookups: list[_Lookup]) -> Completed:
        """Every lookup in turn."""
        status = 0
        for lookup in lookups:
            name = lookup.name or "."
            trouble = names.problem(name)
            if trouble is not None:
                words = "ran out of space" if trouble == "name too long" else trouble
                return self._fatal(f"'{name}' is not a legal name ({words})")
            server = self._server(lookup)
            if server == "":
                return self._fatal(f"couldn't get address for '{lookup.server}': not found")
            if not self._look_up(lookup, name, server):
                status = NO_REPLY
        return Completed("".join(self.output), "", status, START_SECONDS + self.asker.elapsed)

    def _fatal(self, message: str) -> Completed:
        elapsed = START_SECONDS + self.asker.elapsed
        return Completed("".join(self.output), f"dig: {message}\n", INTERNAL_ERROR, elapsed)

    def _server(self, lookup: _Lookup) -> str | None:
        """The address of ``@server``; None without one, the empty string where it has no address."""
        if lookup.server is None or names.is_address(lookup.server):
            return lookup.server
        found = look_up(self.machine, lookup.server)
        self.asker.elapsed += found.seconds
        return found.addresses[0] if found.addresses else ""

    def _look_up(self, lookup: _Lookup, name: str, server: str | None) -> bool:
        servers = (server,) if server is not None else self.settings.servers
        numbers = lookup.numbers
        tries = numbers.get("tries", numbers["retry"] + 1 if "retry" in numbers else 3)
        bind = Bind(
            self.asker,
            servers,
            self.settings,
            self.output,
            lookup.port,
            max(1.0, float(numbers.get("time", 5))),
            max(1, tries),
        )
        if "ndots" in numbers:
            bind.settings = resolv_conf.ResolvConf(self.settings.nameservers, self.settings.search, numbers["ndots"])
        record_type = lookup.type or "A"
        use_tcp = lookup.on("tcp") or record_type == "ANY"
        candidates = list(bind.candidates(name, search=lookup.on("search")))
        for number, candidate in enumerate(candidates):
            query = DnsQuery(
                candidate,
                record_type,
                lookup.on("recurse"),
                numbers.get("bufsize", EDNS_SIZE) if lookup.on("edns") else None,
                "TCP" if use_tcp else "UDP",
                lookup.on("adflag"),
                lookup.class_name,
            )
            exchange = bind.ask(query, servfail_stops=False)
            if exchange is None or exchange.response is None:
                self._greet(lookup, server)
                self.output.append(NO_SERVERS)
                return False
            is_last = number == len(candidates) - 1
            if exchange.response.rcode == "NOERROR" or is_last:
                self._greet(lookup, server)
                self._print(lookup, exchange, exchange.response)
                break
        return True

    def _greet(self, lookup: _Lookup, server: str | None) -> None:
        if self.greeted or not lookup.on("cmd"):
            return
        self.greeted = True
        words = f" {self.arguments}" if self.arguments else ""
        self.output.append(f"\n; <<>> DiG {VERSION} <<>>{words}\n")
        if server is not None:
            self.output.append("; (1 server found)\n")
        self.output.append(";; global options: +cmd\n")

    def _print(self, lookup: _Lookup, exchange: Exchange, response: DnsResponse) -> None:
        if lookup.on("short"):
            self.output += [f"{record.data}\n" for record in response.answer]
            return
        query, comments = exchange.query, lookup.on("comments")
        chance = self.machine.simulation.random(f"dns/{self.machine.name}")
        if comments:
            self.output.append(";; Got answer:\n")
            if query.name.lower().endswith(".local."):
                self.output.append(
                    ";; WARNING: .local is reserved for Multicast DNS\n"
                    ";; You are currently testing what happens when an mDNS query is leaked to DNS\n"
                )
            self.output.append(header_text(query, response, chance.randrange(65536)))
            if query.recursion_desired and not response.recursion_available:
                self.output.append(";; WARNING: recursion requested but not available\n")
            self.output.append("\n")
        has_cookie = response.edns is not None and lookup.on("cookie")
        if comments and response.edns is not None:
            self.output.append(f";; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: {response.edns}\n")
            if has_cookie:
                self.output.append(f"; COOKIE: {chance.randrange(2**64):016x} (echoed)\n")
        if lookup.on("question"):
            lines = [question_line(query)]
            self.output.append(section_text("QUESTION", lines, comments=comments))
        elif comments and response.edns is not None:
            self.output.append("\n")
        for title, records in (
            ("ANSWER", response.answer),
            ("AUTHORITY", response.authority),
            ("ADDITIONAL", response.additional),
        ):
            if lookup.on(title.lower()):
                lines = [
                    record_line(record, ttl=lookup.on("ttlid"), class_name=lookup.on("class")) for record in records
                ]
                self.output.append(section_text(title, lines, comments=comments))
        if lookup.on("stats"):
            self._stats(exchange, response, COOKIE_BYTES if has_cookie else 0)

    def _stats(self, exchange: Exchange, response: DnsResponse, cookie_bytes: int) -> None:
        server, port = exchange.server, exchange.port
        when = self.machine.datetime(self.began + START_SECONDS + self.asker.elapsed)
        self.output.append(
            f";; Query time: {round(exchange.seconds * 1000)} msec\n"
            f";; SERVER: {server}#{port}({server}) ({exchange.query.transport})\n"
            f";; WHEN: {when:%a %b %d %H:%M:%S UTC %Y}\n"
            f";; MSG SIZE  rcvd: {message_size(exchange.query, response, cookie_bytes)}\n\n"
        )
