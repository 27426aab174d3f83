"""How a program turns a name into addresses: by its machine's C library and its files.

``/etc/hosts`` and ``/etc/resolv.conf`` are those of the machine, so a Pod asks the cluster's DNS and a node does not.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from kubesim.network.dns.resolver import Family, resolve
from kubesim.programs.machine import Machine
from kubesim.programs.resolving import local_networks, text_of

TRY_AGAIN = "Temporary failure in name resolution"


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a name led to.

    :param addresses: in the order in which they are tried; IPv6 addresses have colons.
    :param canonical: the name that the answer belongs to.
    :param error: ``gai_strerror``'s words; empty where there are addresses.
    :param seconds: how long it took; a silent server costs its time-outs.
    """

    addresses: tuple[str, ...]
    canonical: str = ""
    error: str = ""
    seconds: float = 0.0


def numeric_address(text: str) -> str | None:
    """The IPv4 address that ``inet_aton`` reads in a text (``10.42.7`` is 10.42.0.7), or None."""
    parts = text.split(".")
    if not 1 <= len(parts) <= 4 or not all(part and part[0].isdigit() and part.isalnum() for part in parts):
        return None
    try:
        numbers = [int(part, 16 if part[:2].lower() == "0x" else 8 if part.startswith("0") else 10) for part in parts]
    except ValueError:
        return None
    last_limit = 256 ** (5 - len(parts))
    if any(number > 255 for number in numbers[:-1]) or numbers[-1] >= last_limit:
        return None
    value = numbers[-1]
    for position, number in enumerate(numbers[:-1]):
        value += number << (8 * (3 - position))
    return str(ipaddress.IPv4Address(value))


def is_ipv6(text: str) -> bool:
    """Whether a text is an IPv6 address."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def look_up(machine: Machine, name: str, family: int = 0) -> Lookup:
    """Resolve a name as ``getaddrinfo`` does on this machine.

    :param family: ``socket.AF_INET``, ``socket.AF_INET6`` or 0 for either.
    """
    literal = numeric_address(name)
    if literal is not None:
        if family == socket.AF_INET6:
            return Lookup((), name, "Address family for hostname not supported")
        return Lookup((literal,), name)
    if is_ipv6(name):
        return Lookup((name,), name)
    families: dict[int, Family] = {socket.AF_INET: Family.IPV4, socket.AF_INET6: Family.IPV6}
    wanted = families.get(family, Family.ANY)
    resolution = resolve(
        machine.sockets,
        text_of(machine, "/etc/resolv.conf"),
        text_of(machine, "/etc/hosts"),
        name,
        family=wanted,
        libc=machine.libc,
        local=local_networks(machine),
    )
    error = "" if resolution.error is None else str(resolution.error)
    return Lookup(resolution.addresses, resolution.canonical_name or name, error, resolution.seconds)
