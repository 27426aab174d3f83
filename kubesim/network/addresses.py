"""Addresses and prefixes as numbers, so that a rule or a route can compare them.

Everything else in the simulation writes an address as a dotted string; only comparisons need the number behind it.
Parsing is remembered, because a cluster asks about the same few prefixes over and over.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache


@lru_cache(maxsize=65536)
def address_number(address: str) -> int:
    """The 32 bits of a dotted IPv4 address.

    :raises ValueError: if it is not an IPv4 address.
    """
    return int(ipaddress.IPv4Address(address))


@lru_cache(maxsize=16384)
def prefix_bounds(prefix: str) -> tuple[int, int]:
    """The first and last address of ``10.42.0.0/16`` as numbers; a bare address is a prefix of 32 bits.

    :raises ValueError: if it is not an IPv4 prefix.
    """
    network = ipaddress.IPv4Network(prefix, strict=False)
    return int(network.network_address), int(network.broadcast_address)


def within(address: str, prefix: str) -> bool:
    """Whether an address lies in a prefix."""
    first, last = prefix_bounds(prefix)
    return first <= address_number(address) <= last


def prefix_length(prefix: str) -> int:
    """How many bits a prefix fixes: 16 for ``10.42.0.0/16``, 32 for a bare address."""
    return int(prefix.partition("/")[2] or 32)


def nth_address(prefix: str, position: int) -> str:
    """The address at a position inside a prefix: position 1 of ``10.42.1.0/24`` is ``10.42.1.1``."""
    return str(ipaddress.IPv4Address(prefix_bounds(prefix)[0] + position))


@lru_cache(maxsize=16384)
def is_ipv4(text: str) -> bool:
    """Whether the text is a dotted IPv4 address."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def is_prefix(text: str) -> bool:
    """Whether a text is an IPv4 prefix."""
    try:
        prefix_bounds(text)
    except ValueError:
        return False
    return True


def is_loopback(address: str) -> bool:
    """Whether an address is in 127.0.0.0/8."""
    return address.startswith("127.")
