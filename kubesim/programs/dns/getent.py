"""``getent``: what the C library knows of a host, a user or a service; glibc's and musl's (Alpine's musl-utils 1.2.5).

``getent hosts`` is the older ``gethostbyname``: the whole search list with AAAA, then with A. ``getent ahosts`` is
``getaddrinfo``, what programs like curl use: A and AAAA side by side, sorted as they would be tried.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kubesim.network.dns import hosts_file, names
from kubesim.network.dns.exchange import Asker
from kubesim.network.dns.getaddrinfo import Failure, Found, in_order
from kubesim.network.dns.glibc import Glibc
from kubesim.network.dns.musl import Musl
from kubesim.programs.machine import Invocation, Machine
from kubesim.programs.name_lookup import START_SECONDS, known_hosts, local_networks, resolver_settings, text_of
from kubesim.userland.process import Completed

NOT_FOUND = 2
_OPTIONS = re.compile(r"--(no-addrconfig|no-idn|service(=.*)?|help|usage|version)?")
USAGE = "Try `getent --help' or `getent --usage' for more information.\n"
_TYPES = {4: "A", 6: "AAAA"}
_FIRST_BUFFER = 127
"""musl's ``gethostbyname`` starts with a buffer of so many bytes, and resolves anew with twice that until it fits."""
_HOSTENT_BYTES, _POINTER_BYTES = 32, 8


@dataclass(slots=True)
class _Library:
    """A machine's C library during one run: its look-ups share the clock and the record of queries."""

    machine: Machine
    asker: Asker
    kind: type[Glibc] | type[Musl]

    def stub(self) -> Glibc | Musl:
        """Its stub resolver."""
        return self.kind(self.asker, resolver_settings(self.machine))

    def find(self, name: str, versions: tuple[int, ...]) -> Found | None:
        """Addresses of some versions: from ``/etc/hosts``, else by queries that are sent side by side."""
        found = hosts_file.find(known_hosts(self.machine), name, versions)
        if found is None:
            asked = self.stub().search(name, [_TYPES[version] for version in sorted(versions)])
            return None if isinstance(asked, Failure) else asked
        return found

    def by_name(self, name: str) -> Found | None:
        """``gethostbyname2``: IPv6 addresses, or else IPv4 ones."""
        return self.find(name, (6,)) or self.find(name, (4,))

    def by_address(self, address: str) -> Found | None:
        """``gethostbyaddr``."""
        for line in known_hosts(self.machine):
            if line.address == str(ipaddress.ip_address(address)):
                return Found(line.names[0], (line.address,), line.names[1:])
        found = self.stub().reverse(address)
        return None if isinstance(found, Failure) else Found(found[0], (address,))

    def in_order(self, found: Found | None) -> Found | None:
        """The addresses as ``getaddrinfo`` sorts them."""
        return found and Found(found.name, tuple(in_order(found.addresses, local_networks(self.machine))))

    def addresses(self, name: str, versions: tuple[int, ...]) -> Found | None:
        """glibc's ``getaddrinfo``."""
        if names.is_address(name):
            literal = ipaddress.ip_address(name)
            if versions == (6,) and literal.version == 4:
                return Found(name, (f"::ffff:{name}",))
            return Found(name, (str(literal),)) if literal.version in versions else None
        if versions == (6,):  # without an IPv6 address, getent takes IPv4 ones in IPv6 form
            found = self.find(name, (4,)) if (six := self.find(name, (6,))) is None else None
            return six or (found and Found(found.name, tuple(f"::ffff:{one}" for one in found.addresses)))
        return self.in_order(self.find(name, versions))

    def musl_by_name(self, name: str, version: int) -> Found | None:
        """musl's ``gethostbyname2``, with its growing buffer: a long answer is asked for more than once."""
        size = _FIRST_BUFFER
        while (found := self.find(name, (version,))) is not None:
            needed = 4 * _POINTER_BYTES + (len(found.addresses) + 1) * (_POINTER_BYTES + (16 if version == 6 else 4))
            needed += len(name) + 1 + len(found.name) + 1
            if needed <= size - _HOSTENT_BYTES - _POINTER_BYTES:
                return self.in_order(found)
            size += size + 1
        return None


Read = Callable[[_Library, str], str | None]
"""What a database says of a key; None where it has none."""


def getent(invocation: Invocation) -> Completed:
    """``getent DATABASE [KEY...]`` of glibc."""
    words = [word for word in invocation.argv[1:] if not word.startswith("-")]
    for unknown in (word for word in invocation.argv[1:] if word.startswith("--") and not _OPTIONS.fullmatch(word)):
        return Completed("", f"getent: unrecognized option '{unknown}'\n{USAGE}", 64)
    if not words:
        return Completed(USAGE, "getent: wrong number of arguments\n", 1)
    database, keys = words[0], words[1:]
    library = _Library(invocation.machine, Asker(invocation.machine.sockets, keeps_socket=True), Glibc)
    read = DATABASES.get(database)
    if read is None:
        return Completed(USAGE, f"Unknown database: {database}\n", 1)
    if not keys:
        everything = ENUMERATED.get(database)
        if everything is None:
            return Completed("", f"Enumeration not supported on {database}\n", 3)
        return Completed("".join(everything(library)), seconds=START_SECONDS)
    found = [read(library, key) for key in keys]
    status = NOT_FOUND if None in found else 0
    return Completed("".join(text or "" for text in found), "", status, START_SECONDS + library.asker.elapsed)


def musl_getent(invocation: Invocation) -> Completed:
    """``getent DATABASE KEY...`` of musl: the first key that is not found ends it."""
    if len(invocation.argv) < 2:
        return Completed("", "usage: getent database [key ...]\n", 1)
    database, *keys = invocation.argv[1:]
    read = MUSL_DATABASES.get(database)
    if read is None:
        return Completed("", f"Unknown database: {database}\n", 1)
    library = _Library(invocation.machine, Asker(invocation.machine.sockets, keeps_socket=True), Musl)
    output, status = "", 0
    for key in keys:
        text = read(library, key)
        if text is None:
            status = NOT_FOUND
            break
        output += text
    return Completed(output, "", status, START_SECONDS + library.asker.elapsed)


def _hosts(library: _Library, key: str) -> str | None:
    found = library.by_address(key) if names.is_address(key) else library.by_name(key)
    if found is None:
        return None
    known = "".join(f" {alias}" for alias in found.aliases if not names.same(alias, found.name))
    return "".join(f"{address:<15} {found.name}{known}\n" for address in found.addresses)


def _musl_hosts(library: _Library, key: str) -> str | None:
    if names.is_address(key):
        asked = library.stub().reverse(key)
        name = key if isinstance(asked, Failure) else asked[0]
        return f"{key:<16}  {name}  {name}\n"
    found = library.musl_by_name(key, 6) or library.musl_by_name(key, 4)
    if found is None:
        return None
    aliases = [found.name] if names.same(found.name, key) else [found.name, key]
    return f"{found.addresses[0]:<16}  {found.name}  {' '.join(aliases)}\n"


def _addresses_of(*versions: int) -> Read:
    def read(library: _Library, key: str) -> str | None:
        found = library.addresses(key, versions)
        if found is None:
            return None
        lines, name = "", found.name
        for address in found.addresses:
            for sort in ("STREAM", "DGRAM", "RAW"):
                lines += f"{address:<15} {sort:<6} {name}\n"
                name = ""
        return lines

    return read


def _musl_addresses_of(*versions: int) -> Read:
    def read(library: _Library, key: str) -> str | None:
        literal = Found(key, (str(ipaddress.ip_address(key)),)) if names.is_address(key) else None
        found = library.in_order(literal or library.find(key, versions))
        if found is None:
            return None
        each = ((address, sort) for address in found.addresses for sort in ("STREAM", "DGRAM"))
        return "".join(f"{address:<15} {sort:<6} {found.name}\n" for address, sort in each)

    return read


def _colon_file(path: str) -> Read:
    """A database of lines like ``name:password:number:…``: found by name or number."""

    def read(library: _Library, key: str) -> str | None:
        for line in text_of(library.machine, path).splitlines():
            fields = line.split(":")
            if len(fields) > 2 and key in (fields[0], fields[2]):
                return f"{line}\n"
        return None

    return read


def _words_of(path: str, width: int) -> Read:
    """A database of lines like ``name number aliases``: found by any of them (``name/protocol`` for services)."""

    def read(library: _Library, key: str) -> str | None:
        wanted, _, protocol = key.partition("/")
        for line in text_of(library.machine, path).splitlines():
            words = line.split("#", 1)[0].split()
            if len(words) < 2:
                continue
            number, _, kind = words[1].partition("/")
            if wanted in (words[0], number, *words[2:]) and (not protocol or protocol == kind):
                aliases = "".join(f" {alias}" for alias in words[2:])
                return f"{words[0]:<{width}} {words[1]}{aliases}\n"
        return None

    return read


def _all_of(path: str) -> Callable[[_Library], Iterator[str]]:
    return lambda library: (f"{line}\n" for line in text_of(library.machine, path).splitlines() if line)


def _all_hosts(library: _Library) -> Iterator[str]:
    for line in known_hosts(library.machine):
        address = "127.0.0.1" if line.address == "::1" else line.address
        if ":" not in address:  # an enumeration is of IPv4
            yield f"{address:<15} {' '.join(line.names)}\n"


DATABASES: dict[str, Read] = {
    "hosts": _hosts,
    "ahosts": _addresses_of(6, 4),
    "ahostsv4": _addresses_of(4),
    "ahostsv6": _addresses_of(6),
    "passwd": _colon_file("/etc/passwd"),
    "group": _colon_file("/etc/group"),
    "services": _words_of("/etc/services", 21),
    "protocols": _words_of("/etc/protocols", 21),
    "networks": _words_of("/etc/networks", 21),
}
"""The databases that glibc's can be asked for a key."""

MUSL_DATABASES: dict[str, Read] = {
    "hosts": _musl_hosts,
    "ahosts": _musl_addresses_of(6, 4),
    "ahostsv4": _musl_addresses_of(4),
    "ahostsv6": _musl_addresses_of(6),
    "passwd": _colon_file("/etc/passwd"),
    "group": _colon_file("/etc/group"),
}
"""Those of musl's."""

ENUMERATED: dict[str, Callable[[_Library], Iterator[str]]] = {
    "hosts": _all_hosts,
    "ahosts": _all_hosts,
    "passwd": _all_of("/etc/passwd"),
    "group": _all_of("/etc/group"),
    "services": _all_of("/etc/services"),
    "protocols": _all_of("/etc/protocols"),
}
"""The databases that can be listed whole."""
