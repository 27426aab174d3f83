"""Pod addresses, as the ``host-local`` plugin gives them out: in turn, so that a freed one is not used at once."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping


class NodeAddresses:
    """The Pod addresses of one node.

    The network address and the bridge's own (``.1``) are never given, nor the broadcast address. The search starts
    behind the address given last and wraps round.

    :param pins: addresses that a Pod (``namespace/name``) gets, the first time one of that name asks.
    """

    def __init__(self, cidr: str, pins: Mapping[str, str] | None = None) -> None:
        network = ipaddress.IPv4Network(cidr)
        self._first = int(network.network_address) + 2
        self._last = int(network.broadcast_address) - 1
        self._next = self._first
        self._taken: set[int] = set()
        self._pins = {
            pod: int(ipaddress.IPv4Address(address))
            for pod, address in (pins or {}).items()
            if ipaddress.IPv4Address(address) in network
        }

    def allocate(self, pod: str) -> str | None:
        """An address for a Pod (``namespace/name``), or None when all are in use."""
        pinned = self._pins.pop(pod, None)
        if pinned is not None and pinned not in self._taken:
            return self._take(pinned)
        held = self._taken | set(self._pins.values())
        size = self._last - self._first + 1
        for step in range(size):
            candidate = self._first + (self._next - self._first + step) % size
            if candidate not in held:
                return self._take(candidate)
        return None

    def _take(self, address: int) -> str:
        self._taken.add(address)
        self._next = address + 1 if address < self._last else self._first
        return str(ipaddress.IPv4Address(address))

    def release(self, address: str) -> None:
        """Give an address back; one that was not taken is no error."""
        self._taken.discard(int(ipaddress.IPv4Address(address)))
