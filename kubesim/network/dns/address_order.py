"""The order in which a program tries addresses: RFC 6724, as far as a single-stack cluster meets it.

An address that the machine has no way to comes last (there is no IPv6 route here, apart from the loopback); among IPv4
addresses, glibc prefers those that share the longest prefix with the machine's own, but only inside its own subnet.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence


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
