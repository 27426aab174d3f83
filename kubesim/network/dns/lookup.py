"""What a C library makes of answers: addresses with their names, or a failure in the library's own words."""

from __future__ import annotations

from collections.abc import Iterable
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
