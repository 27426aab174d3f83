"""What a value of a cluster file must be: an address, a range, a name, an amount. Each says so where it is not."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from decimal import Decimal

from kubesim.api import names, quantities
from kubesim.api.durations import parse_duration
from kubesim.cluster.arguments import LONGEST, shown

WIDEST, NARROWEST = 8, 28
"""Bits that the prefix of an address range may fix."""


def refuse(field: str, what: str, given: object) -> ValueError:
    """The error of a field that is not what it must be."""
    return ValueError(f"{field} must be {what}, got {shown(given)}")


def address(field: str, given: str) -> ipaddress.IPv4Address:
    """An IPv4 address.

    :raises ValueError: where it is none.
    """
    try:
        return ipaddress.IPv4Address(given)
    except ValueError:
        raise refuse(field, "an IPv4 address", given) from None


def network(field: str, given: str) -> ipaddress.IPv4Network:
    """A range of IPv4 addresses, by its first address and the bits that all share.

    :raises ValueError: where it is none.
    """
    try:
        found = ipaddress.IPv4Network(given)
    except ValueError:
        found = None
    if found is None or "/" not in given or not WIDEST <= found.prefixlen <= NARROWEST:
        what = f"an IPv4 range such as 10.42.0.0/16, whose prefix has {WIDEST} to {NARROWEST} bits"
        raise refuse(field, what, given)
    return found


def contained(field: str, given: str, range_field: str, within: ipaddress.IPv4Network) -> ipaddress.IPv4Address:
    """An address that something in a range can have.

    :raises ValueError: where it is none, or outside, or the range's first or last.
    """
    found = address(field, given)
    if found not in within or found in (within.network_address, within.broadcast_address):
        raise refuse(field, f"an address of {range_field} ({within})", given)
    return found


def span(field: str, given: str, what: str, read: Callable[[str], int], largest: int) -> tuple[int, int]:
    """``FIRST-LAST``, or one alone.

    :param read: a value as a number; it may raise ValueError.
    :param largest: how many there may be.
    :raises ValueError: where it is none.
    """
    first, _, last = given.partition("-")
    try:
        bounds = read(first), read(last or first)
    except ValueError:
        raise refuse(field, what, given) from None
    if not bounds[0] <= bounds[1] < bounds[0] + largest:
        raise refuse(field, f"{what}, at most {largest} of them in rising order", given)
    return bounds


def port(given: str) -> int:
    """The number of a port.

    :raises ValueError: where it is none.
    """
    if not re.fullmatch(r"\d{1,5}", given, re.ASCII) or not 0 < int(given) < 65536:
        raise ValueError(f"a port must be a number up to 65535, got {shown(given)}")
    return int(given)


def name(field: str, given: str) -> str:
    """A name such as a node's: a DNS subdomain.

    :raises ValueError: where it is none.
    """
    if names.dns1123_subdomain(given):
        raise refuse(field, "a name of lower-case letters, digits, - and .", given)
    return given


def amount(field: str, given: str) -> Decimal:
    """A quantity that a machine may have.

    :raises ValueError: where it is none, or not positive.
    """
    try:
        found = quantities.parse(given)
    except ValueError:
        found = Decimal(0)
    if not 0 < found < 2**63:
        raise refuse(field, "a quantity such as 4, 500m or 8Gi", given)
    return found


def age(field: str, given: str) -> float:
    """The seconds of an age such as ``90s``, ``5m`` or ``1h30m``.

    :raises ValueError: where it is none, or more than may pass at once.
    """
    if not re.fullmatch(r"(?=\d)(\d{1,9}h)?(\d{1,9}m)?(\d{1,9}s)?", given, re.ASCII):
        raise refuse(field, "a duration such as 90s, 5m or 1h30m", given)
    seconds = parse_duration(given)
    if seconds > LONGEST:
        raise refuse(field, f"at most {LONGEST / 3600:g} hours", given)
    return seconds
