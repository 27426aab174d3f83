"""``ip``, ``route`` and ``arp``: interfaces, addresses, routes and neighbours of this machine."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from kubesim.network.topology import Host, Interface, Route
from kubesim.programs.machine import Run
from kubesim.userland.command_line import Complaint, program
from kubesim.userland.process import Completed


def hardware_address(host: Host, name: str) -> str:
    """The hardware address of a machine's interface, or of its neighbour with an address: always the same one."""
    digest = hashlib.sha256(f"{host.name}/{name}".encode()).hexdigest()
    return ":".join(["0a", *(digest[start : start + 2] for start in range(0, 10, 2))])


@dataclass(frozen=True, slots=True)
class _Link:
    """An interface as ``ip`` sees it.

    :param number: its place among all of the machine's.
    :param shown: its name, followed in a Pod by the number of its other end, on the node.
    """

    number: int
    name: str
    shown: str
    flags: str
    mtu: int
    state: str
    hardware: str
    address: str


_LOOPBACK = _Link(
    1, "lo", "lo", "LOOPBACK,UP,LOWER_UP", 65536, "UNKNOWN", "loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00",
    "127.0.0.1/8",
)  # fmt: skip


def _links(host: Host) -> Iterator[_Link]:
    """Every interface: the loopback, the bridge of the Pods, the others by name."""
    yield _LOOPBACK
    pod = host.name.startswith("pod/")
    others = [each for each in host.interfaces if each.name != "lo"]
    for number, each in enumerate(sorted(others, key=lambda each: (each.name != "cni0", each.name)), 2):
        yield _Link(
            number,
            each.name,
            f"{each.name}@if{number + 10}" if pod else each.name,
            "BROADCAST,MULTICAST,UP,LOWER_UP",
            1450 if pod or each.name == "cni0" else 1500,
            "UNKNOWN" if each.name == "flannel.1" else "UP",  # a VXLAN device has no carrier to speak of
            f"ether {hardware_address(host, each.name)} brd ff:ff:ff:ff:ff:ff",
            f"{each.address}/{_prefix(host, each)}",
        )


def _prefix(host: Host, interface: Interface) -> int:
    if interface.name == "flannel.1":
        return 32
    for route in host.routes:
        direct = route.interface == interface.name and not route.gateway
        if direct and ipaddress.ip_address(interface.address) in ipaddress.ip_network(route.prefix):
            return ipaddress.ip_network(route.prefix).prefixlen
    return 24


_READ = frozenset(["-4", "-br", "-brief", "-o", "-oneline", "-c", "-color", "-c=never", "-c=auto"])
_CHANGING = frozenset(["add", "del", "delete", "set", "replace", "flush", "change"])


@program()
def ip(run: Run) -> Completed:
    """``ip addr``, ``ip link``, ``ip route``, ``ip route get``, ``ip neigh``, ``ip rule``."""
    words = run.operands
    flags = set()
    while words and words[0].startswith("-"):
        flags.add(words.pop(0))
    for unknown in sorted(flags - _READ):
        raise Complaint(f"ip: {unknown}: this option is not simulated\n")
    if not words:
        raise Complaint("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n", 255)
    subject, rest = words[0], words[1:]
    for full, show in _OBJECTS.items():
        if full.startswith(subject):
            if rest and rest[0] in _CHANGING:
                raise Complaint("RTNETLINK answers: Operation not permitted\n", 2)
            return run.finished(show(run, run.machine.sockets.host, flags, rest))
    raise Complaint(f'Object "{subject}" is unknown, try "ip help".\n')


def _chosen(host: Host, rest: list[str]) -> list[_Link]:
    names = [word for word in rest if word not in ("show", "dev", "list", "ls")]
    found = [link for link in _links(host) if not names or link.name == names[-1]]
    if not found:
        raise Complaint(f'Device "{names[-1]}" does not exist.\n')
    return found


_LIFETIMES = "       valid_lft forever preferred_lft forever"


def _head(link: _Link, mode: str = "") -> str:
    state = f"state {link.state}{mode} group default"
    return f"{link.number}: {link.shown}: <{link.flags}> mtu {link.mtu} qdisc noqueue {state} qlen 1000"


def _addresses(run: Run, host: Host, flags: set[str], rest: list[str]) -> list[str]:
    only_4 = "-4" in flags
    out = []
    for link in _chosen(host, rest):
        loopback = link is _LOOPBACK
        scope = f"inet {link.address} scope {'host' if loopback else 'global'} {link.name}"
        if {"-br", "-brief"} & flags:
            out.append(f"{link.shown:<16} {link.state:<14} {link.address} {'::1/128 ' if loopback else ''}")
            continue
        if {"-o", "-oneline"} & flags:
            out.append(f"{link.number}: {link.name}    {scope}\\{_LIFETIMES}")
            continue
        head = _head(link)
        if run.busybox:  # it shows that the other end is in another network namespace as if that end were down
            head = head.replace(f" state {link.state} group default", "")
            head = head.replace("LOWER_UP", "LOWER_UP,M-DOWN") if link.shown != link.name else head
        out.append(head)
        if not only_4:
            out.append(f"    link/{link.hardware}")
        out += [f"    {scope}", _LIFETIMES]
        if loopback and not only_4:
            out += [f"    inet6 ::1/128 scope host {'' if run.busybox else 'proto kernel_lo '}", _LIFETIMES]
    return out


def _link_states(run: Run, host: Host, flags: set[str], rest: list[str]) -> list[str]:
    links = _chosen(host, rest)
    if {"-br", "-brief"} & flags:
        return [f"{link.shown:<16} {link.state:<14} {link.hardware.split()[1]} <{link.flags}> " for link in links]
    return [line for link in links for line in (_head(link, " mode DEFAULT"), f"    link/{link.hardware}")]


def _in_routing_order(route: Route) -> tuple[bool, int, int]:
    """The kernel lists the default route first, then by address."""
    default = route.prefix in ("0.0.0.0/0", "default")
    network = ipaddress.ip_network(route.prefix)
    return (not default, int(network.network_address), -network.prefixlen)


def _routes(run: Run, host: Host, flags: set[str], rest: list[str]) -> list[str]:
    if rest[:1] == ["get"]:
        if len(rest) < 2:
            raise Complaint("need at least a destination address\n", 255)
        route = host.route_to(rest[1])
        if route is None:
            raise Complaint("RTNETLINK answers: Network is unreachable\n", 2)
        source = host.source_for(rest[1])
        if host.owns(rest[1]):
            return [f"local {rest[1]} dev lo src {rest[1]} uid 0 ", "    cache <local> "]
        via = f"via {route.gateway} " if route.gateway else ""
        return [f"{rest[1]} {via}dev {route.interface} src {source} uid 0 ", "    cache "]
    out = []
    for route in sorted(host.routes, key=_in_routing_order):
        shown = "default" if route.prefix == "0.0.0.0/0" else route.prefix
        if route.gateway:
            out.append(f"{shown} via {route.gateway} dev {route.interface} ")
            continue
        source = host.interface(route.interface).address
        kinds = run.worded("proto kernel scope link", "scope link ")
        out.append(f"{shown} dev {route.interface} {kinds} src {source} ")
    return out


def _known_neighbours(host: Host) -> Iterator[tuple[str, str, str]]:
    """Who is known on the link: address, hardware address, interface; the gateways that the routes use."""
    for gateway in sorted({each.gateway for each in host.routes if each.gateway}):
        way = host.route_to(gateway)
        if way is not None:
            yield gateway, hardware_address(host, gateway), way.interface


def _neighbours(run: Run, host: Host, flags: set[str], rest: list[str]) -> list[str]:
    return [f"{address} dev {name} lladdr {hardware} REACHABLE " for address, hardware, name in _known_neighbours(host)]


def _rules(run: Run, host: Host, flags: set[str], rest: list[str]) -> list[str]:
    return ["0:\tfrom all lookup local", "32766:\tfrom all lookup main", "32767:\tfrom all lookup default"]


_OBJECTS = {
    "address": _addresses, "link": _link_states, "route": _routes, "neighbour": _neighbours, "neighbor": _neighbours,
    "rule": _rules,
}  # fmt: skip
"""What can be shown; any beginning of a name will do, and the first that fits is meant."""


@program("nev46")
def route(run: Run) -> Completed:
    """The routes of this machine; they cannot be changed by hand."""
    if run.operands:
        raise Complaint("SIOCADDRT: Operation not permitted\n", 7)
    return run.finished(routing_table(run, "Metric Ref    Use Iface", f"{0:<6} {0:<2} {0:>7}"))


def routing_table(run: Run, title: str, numbers: str) -> Iterator[str]:
    """The routes as net-tools print them.

    :param title: of the last columns; ``numbers`` is what stands in them before the interface.
    """
    yield "Kernel IP routing table"
    yield f"{'Destination':<15} {'Gateway':<15} {'Genmask':<15} Flags {title}"
    numeric = run.on("n")
    for each in sorted(run.machine.sockets.host.routes, key=_in_routing_order):
        network = ipaddress.ip_network(each.prefix)
        target = "default" if network.prefixlen == 0 and not numeric else str(network.network_address)
        gateway = each.gateway or ("*" if run.busybox and not numeric else "0.0.0.0")
        flags = "UG" if each.gateway else "UH" if network.prefixlen == 32 else "U"
        yield f"{target:<15} {gateway:<15} {network.netmask!s:<15} {flags:<5} {numbers} {each.interface}"


@program("anve")
def arp(run: Run) -> Completed:
    """The neighbours whose hardware address is known: the gateways that this machine's routes use."""
    known = list(_known_neighbours(run.machine.sockets.host))
    if run.busybox or run.on("a"):
        gap = run.worded(" ", "  ")
        return run.finished(f"? ({ip}) at {mac} [ether]{gap}on {name}" for ip, mac, name in known)
    head = f"{'Address':<24} {'HWtype':<7} {'HWaddress':<19} {'Flags':<5} {'Mask':<15} Iface"
    rows = [f"{ip:<24} {'ether':<7} {mac:<19} {'C':<5} {'':<15} {name}" for ip, mac, name in known]
    return run.finished([head, *rows] if rows else [])
