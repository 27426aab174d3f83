"""``dig`` of BIND 9.20: one question to one server, and the whole message that came back.

It does not use the search list (``+search`` makes it), asks over UDP with EDNS and a cookie, and ANY over TCP.
"""

from __future__ import annotations

from kubesim.network.dns import names, resolv_conf
from kubesim.network.dns.exchange import Asker, Exchange
from kubesim.network.dns.message import DnsQuery, DnsResponse
from kubesim.programs.dns.bind import NO_SERVERS, VERSION, Bind, illegal
from kubesim.programs.dns.dig_options import EDNS_SIZE, USAGE, DigUsageError, Lookup, parse_arguments
from kubesim.programs.dns.message_text import (
    header_text,
    message_size,
    question_line,
    record_line,
    section_text,
    sections,
)
from kubesim.programs.machine import Invocation
from kubesim.programs.name_lookup import START_SECONDS, look_up, resolver_settings
from kubesim.userland.filesystem import FileError
from kubesim.userland.process import Completed

NO_BATCH_FILE, NO_REPLY, INTERNAL_ERROR = 8, 9, 10


COOKIE_BYTES = 12


def dig(invocation: Invocation) -> Completed:
    """``dig [@SERVER] [NAME] [TYPE] [CLASS] [-x ADDRESS] [-p PORT] [+OPTION...]``."""
    if invocation.argv[1:2] in (("-v",), ("-V",)):
        return Completed(f"DiG {VERSION}\n", seconds=START_SECONDS)
    if invocation.argv[1:2] == ("-h",):
        return Completed(USAGE)
    try:
        lookups = parse_arguments(_with_file(invocation))
    except BatchFileError as error:
        return Completed("", str(error), NO_BATCH_FILE, START_SECONDS)
    except DigUsageError as error:
        return Completed("", f"{error}\n{USAGE}", 1, START_SECONDS)
    return _Run(invocation).result(lookups)


def _with_file(invocation: Invocation) -> list[str]:
    """The words, those of each line of ``-f FILE`` as a question of its own after the others.

    :raises DigUsageError: where the file cannot be read.
    """
    words = list(invocation.argv[1:])
    for position, word in enumerate(words):
        if word == "-f" and position + 1 < len(words):
            path = words[position + 1]
            try:
                text = invocation.read(path)
            except FileError as error:
                raise BatchFileError(f"{path}: {error.reason}\ndig: couldn't open specified batch file\n") from None
            common = words[:position] + words[position + 2 :]
            lines = [line.split() for line in text.splitlines() if line.strip() and line[0] not in "#;"]
            return [each for line in lines for each in (*common, *line)]
    return words


class BatchFileError(Exception):
    """A file of questions that cannot be read."""


class _Run:
    """One run: what was printed, and whether any server answered."""

    def __init__(self, invocation: Invocation) -> None:
        self.arguments = " ".join(invocation.argv[1:])
        self.machine = invocation.machine
        self.settings = resolver_settings(self.machine)
        self.asker = Asker(self.machine.sockets)
        self.output: list[str] = []
        self.began = invocation.elapsed
        self.greeted = False

    def result(self, lookups: list[Lookup]) -> Completed:
        """Every lookup in turn."""
        status = 0
        for lookup in lookups:
            name = lookup.name or "."
            if illegal(name):
                return self._fatal(illegal(name))
            server = self._server(lookup)
            if server == "":
                return self._fatal(f"couldn't get address for '{lookup.server}': not found", 1)
            if lookup.on("trace"):
                return self._trace(lookup, server)
            if not self._look_up(lookup, name, server):
                status = NO_REPLY
        return Completed("".join(self.output), "", status, START_SECONDS + self.asker.elapsed)

    def _fatal(self, message: str, status: int = INTERNAL_ERROR) -> Completed:
        elapsed = START_SECONDS + self.asker.elapsed
        return Completed("".join(self.output), f"dig: {message}\n", status, elapsed)

    def _trace(self, lookup: Lookup, server: str | None) -> Completed:
        """``+trace``: ask for the root's name servers, and for the address of each; in a cluster none has one."""
        servers = (server,) if server is not None else self.settings.servers
        bind = Bind(self.asker, servers, self.settings, self.output, lookup.port)
        found = bind.ask(DnsQuery(".", "NS", edns=EDNS_SIZE))
        self._greet(lookup, server)
        if found is None:
            self.output.append(NO_SERVERS)
            return Completed("".join(self.output), "", NO_REPLY, START_SECONDS + self.asker.elapsed)
        answer = found.response.answer
        if not lookup.on("short"):
            self.output += [record_line(record) + "\n" for record in answer]
            size = message_size(found.exchange.query, found.response)
            where = f"{found.exchange.server}#{found.exchange.port}({found.exchange.server})"
            self.output.append(
                f";; Received {size} bytes from {where} in {round(found.exchange.seconds * 1000)} ms\n\n"
            )
        unknown = ""
        for record in answer:
            if record.type != "NS":
                continue
            name = record.data.rstrip(".")
            asked = look_up(self.machine, name)
            self.asker.elapsed += asked.seconds
            if asked.addresses:
                return self._fatal(f"following {name} from the root is not simulated")
            self.output.append(f"couldn't get address for '{name}': not found\n")
            unknown = unknown or name
        if unknown:
            return self._fatal(f"couldn't get address for '{unknown}': not found", 1)
        return Completed("".join(self.output), "", 0, START_SECONDS + self.asker.elapsed)

    def _server(self, lookup: Lookup) -> str | None:
        """The address of ``@server``; None without one, the empty string where it has no address."""
        if lookup.server is None or names.is_address(lookup.server):
            return lookup.server
        found = look_up(self.machine, lookup.server)
        self.asker.elapsed += found.seconds
        return found.addresses[0] if found.addresses else ""

    def _look_up(self, lookup: Lookup, name: str, server: str | None) -> bool:
        servers = (server,) if server is not None else self.settings.servers
        numbers = lookup.numbers
        tries = numbers.get("tries", numbers["retry"] + 1 if "retry" in numbers else 3)
        patience = max(1.0, float(numbers.get("time", 5)))
        bind = Bind(self.asker, servers, self.settings, self.output, lookup.port, patience, max(1, tries))
        if "ndots" in numbers:
            bind.settings = resolv_conf.ResolvConf(self.settings.nameservers, self.settings.search, numbers["ndots"])
        record_type = lookup.type or "A"
        use_tcp = lookup.on("tcp") or record_type == "ANY"
        candidates = list(bind.candidates(name, search=lookup.on("search")))
        for candidate in candidates:
            query = DnsQuery(
                candidate,
                record_type,
                lookup.on("recurse"),
                numbers.get("bufsize", EDNS_SIZE) if lookup.on("edns") else None,
                "TCP" if use_tcp else "UDP",
                lookup.on("adflag"),
                lookup.class_name,
            )
            found = bind.ask(query, servfail_stops=False)
            if found is None:
                self._greet(lookup, server)
                self.output.append(NO_SERVERS)
                return False
            if found.response.rcode == "NOERROR" or candidate == candidates[-1]:
                self._greet(lookup, server)
                self._print(lookup, found.exchange, found.response)
                break
        return True

    def _greet(self, lookup: Lookup, server: str | None) -> None:
        if self.greeted or not lookup.on("cmd"):
            return
        self.greeted = True
        words = f" {self.arguments}" if self.arguments else ""
        self.output.append(f"\n; <<>> DiG {VERSION} <<>>{words}\n")
        if server is not None:
            self.output.append("; (1 server found)\n")
        self.output.append(";; global options: +cmd\n")

    def _print(self, lookup: Lookup, exchange: Exchange, response: DnsResponse) -> None:
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
            self.output.append(header_text(response, chance.randrange(65536)))
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
        for title, records in sections(response):
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
