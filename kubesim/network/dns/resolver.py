"""A program asks its C library for a name: ``/etc/hosts`` first, then the servers of ``/etc/resolv.conf``.

The libraries differ in what they send: glibc walks the search list with A and AAAA side by side, its older
``gethostbyname`` walks it once with AAAA and once with A, musl asks every server at once and stops at the first name
that exists. :func:`resolve` chooses; a :class:`Resolution` keeps every query that was sent.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from kubesim.network.dns import hosts_file, resolv_conf
from kubesim.network.dns.exchange import Asker, Exchange, Sockets
from kubesim.network.dns.getaddrinfo import Failure, Found, in_order
from kubesim.network.dns.glibc import Glibc
from kubesim.network.dns.musl import Musl
from kubesim.network.dns.uclibc import Uclibc

LIBRARIES: Mapping[str, type[Glibc] | type[Musl] | type[Uclibc]] = MappingProxyType(
    {"glibc": Glibc, "musl": Musl, "uclibc": Uclibc}
)
"""The C libraries by name."""

__all__ = ["Failure", "Family", "Resolution", "resolve"]


class Family(StrEnum):
    """Which addresses a program wants."""

    ANY = "any"
    IPV4 = "IPv4"
    IPV6 = "IPv6"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a name resolved to, and how.

    :param addresses: in the order in which a program tries them.
    :param canonical_name: the name at the end of a chain of CNAMEs, without a final dot.
    :param aliases: the names on the way there.
    :param queries: every query that was sent, in order.
    :param error: why there is no address; None where there is one.
    """

    name: str
    addresses: tuple[str, ...] = ()
    canonical_name: str = ""
    aliases: tuple[str, ...] = ()
    queries: tuple[Exchange, ...] = ()
    error: Failure | None = None
    seconds: float = 0.0

    def __str__(self) -> str:
        found = ", ".join(self.addresses) if self.error is None else str(self.error)
        return "\n".join([*(str(query) for query in self.queries), f"{self.name}: {found}"])


def resolve(
    sockets: Sockets,
    resolv_conf_text: str,
    hosts: str,
    name: str,
    *,
    family: Family = Family.ANY,
    libc: str = "glibc",
    local: Sequence[str] = (),
) -> Resolution:
    """Resolve a name as ``getaddrinfo`` does.

    :param resolv_conf_text: the text of ``/etc/resolv.conf``.
    :param hosts: the text of ``/etc/hosts``.
    :param libc: ``glibc``, ``musl`` or ``uclibc``.
    :param local: the machine's own addresses with their networks (``10.42.1.5/24``): they decide on the order.
    """
    try:
        literal = ipaddress.ip_address(name)
    except ValueError:
        literal = None
    if literal is not None:
        wanted = {Family.ANY: (4, 6), Family.IPV4: (4,), Family.IPV6: (6,)}[family]
        if literal.version in wanted:
            return Resolution(name, (str(literal),), name)
        return Resolution(name, error=Failure.NO_NAME)
    asker = Asker(sockets, keeps_socket=True)
    versions = {Family.ANY: (6, 4), Family.IPV4: (4,), Family.IPV6: (6,)}[family]
    found: Found | Failure | None = hosts_file.find(hosts_file.parse(hosts), name, versions)
    if found is None:
        settings = resolv_conf.parse(resolv_conf_text)
        types = {Family.ANY: ("A", "AAAA"), Family.IPV4: ("A",), Family.IPV6: ("AAAA",)}[family]
        found = LIBRARIES.get(libc, Glibc)(asker, settings).search(name, types)
    queries = tuple(asker.exchanges)
    if isinstance(found, Failure):
        return Resolution(name, queries=queries, error=found, seconds=asker.elapsed)
    addresses = tuple(in_order(found.addresses, local))
    return Resolution(name, addresses, found.name, found.aliases, queries, None, asker.elapsed)
