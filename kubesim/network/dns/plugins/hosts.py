"""``hosts``: names from a file like ``/etc/hosts``, or from lines in the Corefile itself.

k3s keeps the nodes' names in such a file. A name that the file does not have is the next plugin's only with
``fallthrough``; without, it is a failure (the file has no SOA record to deny it with).
"""

from __future__ import annotations

from dataclasses import dataclass

from kubesim.network.dns import hosts_file, names
from kubesim.network.dns.corefile_words import CorefileError, Directive, duration, normalised_zones
from kubesim.network.dns.hosts_file import HostsLine
from kubesim.network.dns.message import SERVFAIL, DnsRecord, DnsResponse
from kubesim.network.dns.plugins.base import Configuration, Handler, Link, Reply, Request
from kubesim.userland.numerals import is_number, whole_number

DEFAULT_TTL = 3600
DEFAULT_RELOAD = 5.0


@dataclass(slots=True)
class _Table:
    """The file's names, read again when they are older than the reload interval."""

    configuration: Configuration
    path: str
    inline: tuple[HostsLine, ...]
    interval: float
    read_at: float = -1.0
    text: str | None = None
    by_name: dict[str, list[HostsLine]] | None = None
    by_address: dict[str, list[HostsLine]] | None = None

    def fresh(self) -> None:
        """Read the file where that is due."""
        surroundings = self.configuration.surroundings
        now = surroundings.simulation.now
        known = self.by_name is not None
        if known and (self.interval <= 0 or now - self.read_at < self.interval):
            return
        self.read_at = now
        text = surroundings.files.text(self.path)
        if known and text == self.text:
            return
        self.text = text
        lines = [*self.inline, *hosts_file.parse(text or "")]
        self.by_name, self.by_address = {}, {}
        for line in lines:
            self.by_address.setdefault(line.address, []).append(line)
            for name in line.names:
                self.by_name.setdefault(names.absolute(name.lower()), []).append(line)

    def lines_of(self, name: str) -> list[HostsLine]:
        """The lines with that name."""
        self.fresh()
        return (self.by_name or {}).get(name, [])

    def names_of(self, address: str) -> list[str]:
        """The names of an address."""
        self.fresh()
        return [name for line in (self.by_address or {}).get(address, []) for name in line.names]


def hosts(line: Directive, configuration: Configuration) -> Link:
    """Read ``hosts [FILE [ZONES...]] { [INLINE], ttl SECONDS, no_reverse, reload DURATION, fallthrough }``."""
    arguments = line.arguments
    path = arguments[0] if arguments else "/etc/hosts"
    zones = normalised_zones(arguments[1:], configuration.block.zones)
    ttl, interval, reverse = DEFAULT_TTL, DEFAULT_RELOAD, True
    falls: tuple[str, ...] | None = None
    inline: list[HostsLine] = []
    for option in line.block:
        words = option.arguments
        match option.name:
            case "fallthrough":
                falls = normalised_zones(words, (".",))
            case "no_reverse":
                reverse = False
            case "ttl":
                if not words:
                    raise option.error("ttl needs a time in second")
                if not is_number(words[0].removeprefix("-")):
                    raise option.error("ttl needs a number of second")
                ttl = whole_number(words[0])
                if not 0 < ttl <= 65535:
                    raise option.error("ttl provided is invalid")
            case "reload":
                if len(words) != 1:
                    raise option.error("reload needs a duration (zero seconds to disable)")
                try:
                    interval = duration(words[0])
                except CorefileError:
                    raise option.error(f"invalid duration for reload '{words[0]}'") from None
                if interval < 0:
                    raise option.error(f"invalid negative duration for reload '{words[0]}'")
            case _ if falls is None:  # before ``fallthrough`` every other line is one of the file's own
                inline += hosts_file.parse(" ".join(token.text for token in option.tokens))
            case _:
                raise option.tokens[0].error(f"unknown property '{option.name}'")
    table = _Table(configuration, path, tuple(inline), interval)

    def handle(request: Request, following: Handler) -> Reply:
        query, name = request.query, request.name
        inside = names.longest_zone(name, zones)
        if query.type == "PTR":
            address = names.address_of_reverse(name)
            targets = table.names_of(address) if address is not None and reverse else []
            if not targets:
                return following(request)
            return _answer(request, [DnsRecord(name, "PTR", names.absolute(target), ttl) for target in targets])
        if not inside:
            return following(request)
        lines = table.lines_of(name)
        version = {"A": 4, "AAAA": 6}.get(query.type)
        records = [DnsRecord(name, query.type, one.address, ttl) for one in lines if one.version == version]
        passes = falls is not None and bool(names.longest_zone(name, falls))
        if passes and version is None and configuration.surroundings.build.hosts_passes_on:
            return following(request)
        if not records and not lines:
            return following(request) if passes else Reply(rcode=SERVFAIL)
        return _answer(request, records)

    return handle


def _answer(request: Request, records: list[DnsRecord]) -> Reply:
    unique = tuple(dict.fromkeys(records))
    return Reply(DnsResponse(answer=unique, authoritative=True, recursion_desired=request.query.recursion_desired))
