"""``getent`` of glibc: what the C library knows of a host, a user or a service.

``getent hosts`` is the older ``gethostbyname``: the whole search list with AAAA, then with A. ``getent ahosts`` is
``getaddrinfo``, what programs like curl use: A and AAAA side by side, sorted as they would be tried.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kubesim.network.dns import hosts_file, names, resolv_conf
from kubesim.network.dns.address_order import in_order
from kubesim.network.dns.exchange import Asker
from kubesim.network.dns.glibc import Glibc
from kubesim.network.dns.lookup import Failure, Found
from kubesim.programs.machine import Invocation, Machine
from kubesim.programs.resolving import START_SECONDS, local_networks, text_of
from kubesim.userland.process import Completed

NOT_FOUND = 2
USAGE = "Try `getent --help' or `getent --usage' for more information.\n"


@dataclass(slots=True)
class _Lookups:
    """The lookups of one run: they share the clock and the record of queries."""

    machine: Machine
    asker: Asker

    def library(self) -> Glibc:
        return Glibc(self.asker, resolv_conf.parse(text_of(self.machine, "/etc/resolv.conf")))

    def hosts(self) -> tuple[hosts_file.HostsLine, ...]:
        return hosts_file.parse(text_of(self.machine, "/etc/hosts"))

    def by_name(self, name: str, version: int) -> Found | None:
        """``gethostbyname2``: addresses of one family."""
        lines = [line for line in self.hosts() if line.version == version and line.has(name)]
        if lines:
            addresses = tuple(dict.fromkeys(line.address for line in lines))
            return Found(lines[0].names[0], addresses, lines[0].names[1:])
        found = self.library().search(name, ("AAAA",) if version == 6 else ("A",))
        return found if isinstance(found, Found) else None

    def by_address(self, address: str) -> Found | None:
        """``gethostbyaddr``."""
        for line in self.hosts():
            if line.address == str(ipaddress.ip_address(address)):
                return Found(line.names[0], (line.address,), line.names[1:])
        found = self.library().reverse(address)
        return None if isinstance(found, Failure) else Found(found[0], (address,), tuple(found[1:]))

    def addresses(self, name: str, version: int) -> Found | None:
        """``getaddrinfo``; version 0 for both families."""
        if names.is_address(name):
            literal = ipaddress.ip_address(name)
            if version == 6 and literal.version == 4:
                return Found(name, (f"::ffff:{name}",))
            return Found(name, (str(literal),)) if version in (0, literal.version) else None
        if version == 6:  # without an IPv6 address, getent takes IPv4 ones in IPv6 form
            found = self.by_name(name, 6)
            if found is None:
                found = self.by_name(name, 4)
                return found and Found(found.name, tuple(f"::ffff:{one}" for one in found.addresses))
            return found
        wanted = (6, 4) if version == 0 else (version,)
        lines = [one for family in wanted for one in self.hosts() if one.version == family and one.has(name)]
        result: Found | Failure
        if lines:
            result = Found(lines[0].names[0], tuple(dict.fromkeys(line.address for line in lines)))
        else:
            result = self.library().search(name, ("A", "AAAA") if version == 0 else ("A",))
        if isinstance(result, Failure):
            return None
        return Found(result.name, tuple(in_order(result.addresses, local_networks(self.machine))))


def getent(invocation: Invocation) -> Completed:
    """``getent DATABASE [KEY...]``."""
    words = [word for word in invocation.argv[1:] if not word.startswith("-")]
    if not words:
        return Completed("", f"getent: wrong number of arguments\n{USAGE}", 1)
    database, keys = words[0], words[1:]
    lookups = _Lookups(invocation.machine, Asker(invocation.machine.sockets, keeps_socket=True))
    read = DATABASES.get(database)
    if read is None:
        return Completed("", f"Unknown database: {database}\n{USAGE}", 1)
    if not keys:
        everything = ENUMERATED.get(database)
        if everything is None:
            return Completed("", f"Enumeration not supported on {database}\n", 3)
        return Completed("".join(everything(lookups)), seconds=START_SECONDS)
    output, missing = [], False
    for key in keys:
        text = read(lookups, key)
        missing = missing or text is None
        output.append(text or "")
    return Completed("".join(output), "", NOT_FOUND if missing else 0, START_SECONDS + lookups.asker.elapsed)


def _hosts(lookups: _Lookups, key: str) -> str | None:
    found: Found | None
    if names.is_address(key):
        found = lookups.by_address(key)
    else:
        found = lookups.by_name(key, 6) or lookups.by_name(key, 4)
    if found is None:
        return None
    known = "".join(f" {alias}" for alias in found.aliases if not names.same(alias, found.name))
    return "".join(f"{address:<15} {found.name}{known}\n" for address in found.addresses)


def _addresses_of(version: int) -> Callable[[_Lookups, str], str | None]:
    def read(lookups: _Lookups, key: str) -> str | None:
        found = lookups.addresses(key, version)
        if found is None:
            return None
        lines, name = [], found.name
        for address in found.addresses:
            for sort in ("STREAM", "DGRAM", "RAW"):
                lines.append(f"{address:<15} {sort:<6} {name}\n")
                name = ""
        return "".join(lines)

    return read


def _colon_file(path: str) -> Callable[[_Lookups, str], str | None]:
    """A database of lines like ``name:password:number:…``: found by name or number."""

    def read(lookups: _Lookups, key: str) -> str | None:
        for line in text_of(lookups.machine, path).splitlines():
            fields = line.split(":")
            if len(fields) > 2 and key in (fields[0], fields[2]):
                return f"{line}\n"
        return None

    return read


def _all_of(path: str) -> Callable[[_Lookups], Iterator[str]]:
    def everything(lookups: _Lookups) -> Iterator[str]:
        return (f"{line}\n" for line in text_of(lookups.machine, path).splitlines() if line)

    return everything


def _words_of(path: str, width: int) -> Callable[[_Lookups, str], str | None]:
    """A database of lines like ``name number aliases``: found by any of them (``name/protocol`` for services)."""

    def read(lookups: _Lookups, key: str) -> str | None:
        wanted, _, protocol = key.partition("/")
        for line in text_of(lookups.machine, path).splitlines():
            words = line.split("#", 1)[0].split()
            if len(words) < 2:
                continue
            number, _, kind = words[1].partition("/")
            if wanted in (words[0], number, *words[2:]) and (not protocol or protocol == kind):
                aliases = "".join(f" {alias}" for alias in words[2:])
                return f"{words[0]:<{width}} {words[1]}{aliases}\n"
        return None

    return read


def _all_hosts(lookups: _Lookups) -> Iterator[str]:
    for line in lookups.hosts():
        address = "127.0.0.1" if line.address == "::1" else line.address
        if ":" not in address:  # an enumeration is of IPv4
            yield f"{address:<15} {' '.join(line.names)}\n"


DATABASES: dict[str, Callable[[_Lookups, str], str | None]] = {
    "hosts": _hosts,
    "ahosts": _addresses_of(0),
    "ahostsv4": _addresses_of(4),
    "ahostsv6": _addresses_of(6),
    "passwd": _colon_file("/etc/passwd"),
    "group": _colon_file("/etc/group"),
    "services": _words_of("/etc/services", 21),
    "protocols": _words_of("/etc/protocols", 21),
    "networks": _words_of("/etc/networks", 21),
}
"""The databases that can be asked for a key."""

ENUMERATED: dict[str, Callable[[_Lookups], Iterator[str]]] = {
    "hosts": _all_hosts,
    "ahosts": _all_hosts,
    "passwd": _all_of("/etc/passwd"),
    "group": _all_of("/etc/group"),
    "services": _all_of("/etc/services"),
    "protocols": _all_of("/etc/protocols"),
}
"""The databases that can be listed whole."""
