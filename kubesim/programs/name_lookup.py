"""How a program turns a name into addresses, and an address into its name: by its machine's C library and files.

``/etc/hosts`` and ``/etc/resolv.conf`` are those of the machine, so a Pod asks the cluster's DNS and a node does not.
"""

from __future__ import annotations

import socket
from typing import NamedTuple

from kubesim.network.dns import hosts_file, names, resolv_conf
from kubesim.network.dns.exchange import Asker
from kubesim.network.dns.glibc import Glibc
from kubesim.network.dns.resolver import Failure, Family, resolve
from kubesim.programs.machine import Machine
from kubesim.userland.filesystem import FileError

START_SECONDS = 0.005
"""From the shell's fork to a small program's first packet."""


class Lookup(NamedTuple):
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

    @property
    def first_ipv4(self) -> str:
        """The address for programs that prefer IPv4: the first one of it, else the first of all."""
        return next((each for each in self.addresses if ":" not in each), self.addresses[0])


def text_of(machine: Machine, path: str) -> str:
    """A file's text; empty where it cannot be read."""
    try:
        return machine.files.read(path)
    except FileError:
        return ""


def resolver_settings(machine: Machine) -> resolv_conf.ResolvConf:
    """What the machine's ``/etc/resolv.conf`` says."""
    return resolv_conf.parse(text_of(machine, "/etc/resolv.conf"))


def known_hosts(machine: Machine) -> tuple[hosts_file.HostsLine, ...]:
    """What the machine's ``/etc/hosts`` says."""
    return hosts_file.parse(text_of(machine, "/etc/hosts"))


def local_networks(machine: Machine) -> tuple[str, ...]:
    """The machine's own address with its network; Pods and nodes are in networks of 24 bits."""
    address = getattr(machine.sockets, "address", "")
    return (f"{address}/24",) if address else ()


def numeric_address(text: str) -> str | None:
    """The IPv4 address that ``inet_aton`` reads in a text (``10.42.7`` is 10.42.0.7), or None."""
    try:
        return socket.inet_ntoa(socket.inet_aton(text)) if not any(map(str.isspace, text)) else None
    except (OSError, ValueError):
        return None


def is_ipv6(text: str) -> bool:
    """Whether a text is an IPv6 address."""
    return ":" in text and names.is_address(text)


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
    families = {socket.AF_INET: Family.IPV4, socket.AF_INET6: Family.IPV6}
    resolution = resolve(
        machine.sockets,
        text_of(machine, "/etc/resolv.conf"),
        text_of(machine, "/etc/hosts"),
        name,
        family=families.get(socket.AddressFamily(family), Family.ANY),
        libc=machine.libc,
        local=local_networks(machine),
    )
    error = "" if resolution.error is None else str(resolution.error)
    return Lookup(resolution.addresses, resolution.canonical_name or name, error, resolution.seconds)


def name_of(machine: Machine, address: str) -> str:
    """The name of an address, as ``getnameinfo`` finds it: in ``/etc/hosts``, else by a PTR query; empty for none."""
    if address == "::1":
        return "localhost"
    listed = next((line.names[0] for line in known_hosts(machine) if line.address == address), "")
    if listed:
        return listed
    found = Glibc(Asker(machine.sockets), resolver_settings(machine)).reverse(address)
    return "" if isinstance(found, Failure) else found[0]
