"""What every C library's ``getaddrinfo`` makes of answers: addresses in the order in which a program tries them, with
their names, or a failure in the library's own words.

The order is RFC 6724's, as far as a single-stack cluster meets it. An address that the machine has no way to comes last
(there is no IPv6 route here, apart from the loopback); among IPv4 addresses, glibc prefers those that share the longest
prefix with the machine's own, but only inside its own subnet.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kubesim.network.dns import names
from kubesim.network.dns.message import DnsResponse


class Failure(StrEnum):
    """Why a name has no address: glibc's texts of ``getaddrinfo`` errors."""

    NO_NAME = "Name or service not known"
    TRY_AGAIN = "Temporary failure in name resolution"
    NO_DATA = "No address associated with hostname"
    FAIL = "Non-recoverable failure in name resolution"


@dataclass(frozen=True, slots=True)
class Found:
    """Addresses, the name they belong to and the names that led there; names are without a final dot."""

    name: str
    addresses: tuple[str, ...]
    aliases: tuple[str, ...] = ()


def found_in(asked: str, responses: Iterable[DnsResponse]) -> Found | None:
    """Follow the CNAMEs of the answers from the name asked for to its addresses; None where there is none."""
    addresses: list[str] = []
    chain = [names.absolute(asked)]
    for response in responses:
        current, way = names.absolute(asked), [names.absolute(asked)]
        for record in response.answer:
            if not names.same(record.name, current):
                continue
            if record.type == "CNAME":
                current = record.data
                way.append(current)
            elif record.type in ("A", "AAAA"):
                addresses.append(record.data)
        if len(way) > len(chain):
            chain = way
    if not addresses:
        return None
    bare = [name.rstrip(".") for name in chain]
    return Found(bare[-1], tuple(addresses), tuple(bare[:-1]))


def may_be_asked(name: str) -> bool:
    """Whether a library sends queries for a name at all: host names of letters, digits, ``-``, ``_`` and dots."""
    if name == ".":
        return True
    if not name or names.problem(name) is not None or name.startswith("-"):
        return False
    return all(character.isascii() and (character.isalnum() or character in "-_.") for character in name)


def in_order(addresses: Iterable[str], local: Sequence[str] = ()) -> list[str]:
    """Sort addresses; equals keep the order of the answer.

    :param local: the machine's own addresses with their networks: ``10.42.1.5/24``.
    """
    interfaces = [ipaddress.ip_interface(one) for one in local]

    def key(address: str) -> tuple[int, int, int]:
        ip = ipaddress.ip_address(address)
        if ip.version == 6:
            return (0, 0, 0) if ip.is_loopback else (1, 0, 0)
        if ip.is_loopback:
            return (0, 1, 0)
        shared = max(
            (
                _shared_bits(int(ip), int(interface.ip))
                for interface in interfaces
                if interface.version == 4 and ip in interface.network
            ),
            default=0,
        )
        return (0, 1, -shared)

    return sorted(addresses, key=key)


def _shared_bits(one: int, other: int) -> int:
    return 32 - (one ^ other).bit_length()
