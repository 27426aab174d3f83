"""Handing out cluster addresses and node ports.

A range is cut into two bands. Numbers that the system chooses come from the upper, *dynamic* band while it has any, so
that the lower, *static* band stays free for those that a person asks for by number. Addresses: the static band has
min(max(16, size / 16), 256) of them; node ports: min(max(16, size / 32), 128). Upstream:
``pkg/registry/core/service/{ipallocator,portallocator}`` and KEP-3070, KEP-3668.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random

RANGE_FULL = "range is full"


class AllocationError(Exception):
    """A number that cannot be handed out; the message is upstream's."""


class NumberPool:
    """Numbers from 0 to ``size`` - 1, each given to one owner at a time.

    :param size: how many there are.
    :param offset: where the dynamic band begins; 0 when there is only one band.
    :param random: chooses where in a band to begin looking.
    """

    def __init__(self, size: int, offset: int, random: Random) -> None:
        if size < 0 or not 0 <= offset <= size:
            raise ValueError(f"0 <= offset <= size must hold, got offset {offset} and size {size}")
        self.size = size
        self.offset = offset
        self._random = random
        self._used: set[int] = set()
        self._reserved: set[int] = set()

    @property
    def free(self) -> int:
        """How many numbers are not given away."""
        return self.size - len(self._used)

    def reserve(self, number: int) -> None:
        """Keep a number from being chosen; it can still be taken by name."""
        self._reserved.add(number)

    def take(self, number: int) -> bool:
        """Take a number; False if someone has it."""
        if number in self._used:
            return False
        self._used.add(number)
        return True

    def has(self, number: int) -> bool:
        """Whether a number is given away."""
        return number in self._used

    def release(self, number: int) -> None:
        """Give a number back; a no-op if nobody has it."""
        self._used.discard(number)

    def choose(self, random: Random | None = None) -> int | None:
        """Take a number of the dynamic band, or of the static one once that is full; None if all are taken."""
        chosen = self._search(self.offset, self.size, random or self._random)
        if chosen is None:
            chosen = self._search(0, self.offset, random or self._random)
        return chosen

    def _search(self, start: int, end: int, random: Random) -> int | None:
        span = end - start
        if span <= 0:
            return None
        first = random.randrange(span)
        for step in range(span):
            number = start + (first + step) % span
            if number not in self._used and number not in self._reserved:
                self._used.add(number)
                return number
        return None


@lru_cache(1024)
def _read(address: str) -> tuple[int, int]:
    """The version and the number of an address.

    :raises ValueError: where it is none.
    """
    parsed = ipaddress.ip_address(address)
    return parsed.version, int(parsed)


class AddressAllocator:
    """The addresses of a Service range, all but the network's own and (IPv4) the broadcast address.

    :param cidr: the range, such as ``10.43.0.0/16``.
    :param pins: key (``namespace/name``) → the address it gets when it first asks for any.
    """

    def __init__(self, cidr: str, random: Random, pins: Mapping[str, str] | None = None) -> None:
        self.network = ipaddress.ip_network(cidr, strict=False)
        self.family = f"IPv{self.network.version}"
        self.size = hosts_per_network(cidr)
        self.first = self.network.network_address + 1
        self._first = int(self.first)
        self.offset = address_band(cidr)
        self._pool = NumberPool(self.size, min(self.offset, self.size), random)
        self._pins = {key: address for key, address in (pins or {}).items() if self.contains(address)}
        for address in self._pins.values():
            self._pool.reserve(self._number(address))

    @property
    def free(self) -> int:
        """How many addresses are left."""
        return self._pool.free

    def contains(self, address: str) -> bool:
        """Whether the range has this address for Services."""
        try:
            number = self._number(address)
        except (ValueError, TypeError):
            return False
        return 0 <= number < self.size

    def has(self, address: str) -> bool:
        """Whether an address is given away."""
        return self.contains(address) and self._pool.has(self._number(address))

    def allocate(self, address: str) -> None:
        """Take a given address.

        :raises AllocationError: if it is outside the range or taken.
        """
        if not self.contains(address):
            raise AllocationError(
                f"the provided IP ({address}) is not in the valid range. The range of valid IPs is {self.network}"
            )
        if not self._pool.take(self._number(address)):
            raise AllocationError("provided IP is already allocated")

    def allocate_next(self, random: Random | None = None) -> str:
        """Take an address that the allocator chooses.

        :param random: chooses instead of the allocator's own generator: a dry run must not shift later choices.
        :raises AllocationError: if the range is full.
        """
        number = self._pool.choose(random)
        if number is None:
            raise AllocationError(RANGE_FULL)
        return self._text(self._first + number)

    def allocate_named(self, key: str, random: Random | None = None, *, keep_pin: bool = False) -> str:
        """Take the address pinned to a key, the first time it asks and if it is free; else any address.

        :param keep_pin: leave the pin for a later time (a dry run).
        :raises AllocationError: if the range is full.
        """
        pinned = self._pins.get(key)
        if pinned is None or self._pool.has(self._number(pinned)):
            return self.allocate_next(random)
        if not keep_pin:
            del self._pins[key]
        self.allocate(pinned)
        return pinned

    def release(self, address: str) -> None:
        """Give an address back."""
        if self.contains(address):
            self._pool.release(self._number(address))

    def _number(self, address: str) -> int:
        version, number = _read(address)
        if version != self.network.version:
            raise ValueError(f"the address must be {self.family}, got {address}")
        return number - self._first

    def _text(self, number: int) -> str:
        if self.network.version == 4:
            return ".".join(map(str, number.to_bytes(4)))
        return str(ipaddress.IPv6Address(number))


class PortAllocator:
    """The node ports of a range, both ends included."""

    def __init__(self, port_range: tuple[int, int], random: Random) -> None:
        self.base, self.last = port_range
        self.size = self.last - self.base + 1
        self.offset = port_band(self.size)
        self._pool = NumberPool(self.size, self.offset, random)

    @property
    def free(self) -> int:
        """How many ports are left."""
        return self._pool.free

    def allocate(self, port: int) -> None:
        """Take a given port.

        :raises AllocationError: if it is outside the range or taken.
        """
        if not self.base <= port <= self.last:
            raise AllocationError(
                f"provided port is not in the valid range. The range of valid ports is {self.base}-{self.last}"
            )
        if not self._pool.take(port - self.base):
            raise AllocationError("provided port is already allocated")

    def allocate_next(self) -> int:
        """Take a port that the allocator chooses.

        :raises AllocationError: if the range is full.
        """
        number = self._pool.choose()
        if number is None:
            raise AllocationError(RANGE_FULL)
        return self.base + number

    def has(self, port: int) -> bool:
        """Whether a port is given away."""
        return self._pool.has(port - self.base)

    def release(self, port: int) -> None:
        """Give a port back."""
        self._pool.release(port - self.base)


class DryRunPorts:
    """What a request that only tries takes of the node ports: nothing is given away, and a range is not looked at.

    Upstream: ``pkg/registry/core/service/portallocator/operation.go``.
    """

    ABOVE_ALL = 32768

    def __init__(self, ports: PortAllocator) -> None:
        self._ports = ports
        self._taken: list[int] = []

    def allocate(self, port: int) -> None:
        """Take a given port.

        :raises AllocationError: if it is taken.
        """
        if port in self._taken or self._ports.has(port):
            raise AllocationError("provided port is already allocated")
        self._taken.append(port)

    def allocate_next(self) -> int:
        """A port that stands for the one that would be chosen: the next after those taken, else one above them all."""
        port = max(self._taken, default=self.ABOVE_ALL) + 1
        self._taken.append(port)
        return port

    def release(self, port: int) -> None:
        """Give a port back."""
        self._taken.remove(port)


def hosts_per_network(cidr: str) -> int:
    """How many addresses of a range Services can have."""
    network = ipaddress.ip_network(cidr, strict=False)
    host_bits = min(network.max_prefixlen - network.prefixlen, 64)
    total = 1 << host_bits
    return max(total - (2 if network.version == 4 else 1), 0)


def range_size(cidr: str) -> int:
    """How many addresses a range has, as far as Go's signed 64 bits can tell."""
    network = ipaddress.ip_network(cidr, strict=False)
    host_bits = network.max_prefixlen - network.prefixlen
    return 2**63 - 1 if host_bits >= 63 else 1 << host_bits


def address_band(cidr: str) -> int:
    """The size of the static band of an address range."""
    return _band(range_size(cidr), least=16, most=256, step=16)


def port_band(size: int) -> int:
    """The size of the static band of a range of ports."""
    return _band(size, least=16, most=128, step=32)


def _band(size: int, least: int, most: int, step: int) -> int:
    return 0 if size <= least else min(max(size // step, least), most)


def offset_address(address: str, offset: int) -> str:
    """The address ``offset`` after another."""
    return str(ipaddress.ip_address(address) + offset)


def broadcast_address(cidr: str) -> str:
    """The last address of a range."""
    return str(ipaddress.ip_network(cidr, strict=False).broadcast_address)


@dataclass(frozen=True, slots=True)
class PortRange:
    """A range of ports as the command line of the API server gives it."""

    base: int
    size: int


def parse_port_range(text: str) -> PortRange:
    """Parse ``30000-32767``, ``30000+2767`` or ``80``.

    :raises ValueError: with upstream's sentence.
    """
    trimmed = text.strip()
    if not trimmed:
        return PortRange(0, 0)
    if "+" in trimmed:
        start, _, span = trimmed.partition("+")
        low = _atoi(start)
        high = low + _atoi(span)
    elif "-" in trimmed:
        start, _, end = trimmed.partition("-")
        low, high = _atoi(start), _atoi(end)
    else:
        low = high = _atoi(trimmed)
    if low > 65535 or high > 65535:
        raise ValueError(f"the port range cannot be greater than 65535: {text}")
    if high < low:
        raise ValueError(f"end port cannot be less than start port: {text}")
    return PortRange(low, 1 + high - low)


def _atoi(text: str) -> int:
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f'strconv.Atoi: parsing "{text}": invalid syntax')
    return int(text)
