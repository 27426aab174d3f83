"""The interfaces of a machine as its kernel lists them: numbers, hardware addresses, and a node's veths to its Pods."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from kubesim.network.neighbours import Neighbour
from kubesim.network.sockets import Sockets
from kubesim.network.topology import Host, Interface

LOOPBACK_MTU = 65536
POD_INTERFACE = 2
"""The number of a Pod's ``eth0``: only ``lo`` is there before."""


@dataclass(frozen=True, slots=True)
class Link:
    """An interface.

    :param number: its index, by which its other end names it.
    :param peer: the index of its other end in another network namespace; 0 where it has none.
    :param namespace: the number that this machine gives that network namespace.
    :param master: the bridge that it is plugged into.
    :param hardware: its hardware address.
    :param address: its IPv4 address; empty where it has none.
    :param prefix: the length of that address's network.
    """

    number: int
    name: str
    mtu: int
    hardware: str
    address: str = ""
    prefix: int = 0
    peer: int = 0
    namespace: int = 0
    master: str = ""
    state: str = "UP"

    @property
    def loopback(self) -> bool:
        """Whether it is the loopback."""
        return self.name == "lo"

    @property
    def shown(self) -> str:
        """Its name, followed by the number of its other end."""
        return f"{self.name}@if{self.peer}" if self.peer else self.name

    @property
    def flags(self) -> tuple[str, ...]:
        """What it is and how it is."""
        return ("LOOPBACK", "UP", "LOWER_UP") if self.loopback else ("BROADCAST", "MULTICAST", "UP", "LOWER_UP")

    @property
    def kind(self) -> str:
        """``loopback`` or ``ether``."""
        return "loopback" if self.loopback else "ether"

    @property
    def type(self) -> str:
        """The kind of device, as ``ip link show type`` asks for it."""
        return {"cni0": "bridge", "flannel.1": "vxlan"}.get(self.name, "veth" if self.peer else "")

    @property
    def broadcast(self) -> str:
        """The hardware address of all its neighbours."""
        return self.hardware if self.loopback else "ff:ff:ff:ff:ff:ff"

    @property
    def address_6(self) -> str:
        """Its IPv6 address: the loopback's, or the link-local one that its hardware address makes."""
        if self.loopback:
            return "::1"
        octets = [int(each, 16) for each in self.hardware.split(":")]
        full = [octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]]
        groups = ":".join(f"{high:02x}{low:02x}" for high, low in zip(full[::2], full[1::2], strict=True))
        return str(ipaddress.IPv6Address(f"fe80::{groups}"))

    @property
    def prefix_6(self) -> int:
        """The length of the IPv6 address's network."""
        return 128 if self.loopback else 64


_LOOPBACK = Link(1, "lo", LOOPBACK_MTU, "00:00:00:00:00:00", "127.0.0.1", 8, state="UNKNOWN")


def hardware_address(machine: str, name: str) -> str:
    """The hardware address of a machine's interface: always the same one."""
    digest = hashlib.sha256(f"{machine}/{name}".encode()).hexdigest()
    return ":".join(["0a", *(digest[start : start + 2] for start in range(0, 10, 2))])


def links(sockets: Sockets) -> Iterator[Link]:
    """Every interface of a machine, in the order of their numbers."""
    host = sockets.host
    yield _LOOPBACK
    for number, each in enumerate((one for one in host.interfaces if one.name != "lo"), 2):
        yield Link(
            number,
            each.name,
            each.mtu,
            hardware_address(host.name, each.name),
            each.address,
            _prefix(host, each),
            each.peer,
            state="UNKNOWN" if each.name == "flannel.1" else "UP",  # a VXLAN device has no carrier to speak of
        )
    for namespace, pod in enumerate(sockets.plugged):
        end = pod.interfaces[0]
        name = _veth(pod.name, end)
        hardware = hardware_address(host.name, name)
        yield Link(end.peer, name, end.mtu, hardware, "", 0, POD_INTERFACE, namespace, "cni0")


def _veth(pod: str, end: Interface) -> str:
    """The name of the node's end of a Pod's cable: the CNI plugin draws it, and it is that Pod's alone."""
    return "veth" + hashlib.sha256(f"{pod}/{end.peer}".encode()).hexdigest()[:8]


def _prefix(host: Host, interface: Interface) -> int:
    if interface.name == "flannel.1":
        return 32
    for route in host.routes:
        direct = route.interface == interface.name and not route.gateway
        if direct and ipaddress.ip_address(interface.address) in ipaddress.ip_network(route.prefix):
            return ipaddress.ip_network(route.prefix).prefixlen
    return 24


def neighbour_hardware(sockets: Sockets, neighbour: Neighbour) -> str:
    """The hardware address that a neighbour told; empty where nobody answered."""
    if not neighbour.owner:
        return ""
    names = sockets.interfaces_of(neighbour.owner, neighbour.address)
    return hardware_address(neighbour.owner, next(iter(names), ""))
