"""``ip``: interfaces, addresses, routes and neighbours of this machine."""

from __future__ import annotations

import hashlib
import ipaddress

from kubesim.network.topology import Host, Interface, Route
from kubesim.programs.machine import Invocation
from kubesim.userland.files_text import Complaint, guarded, is_busybox, joined
from kubesim.userland.process import Completed


def host_of(invocation: Invocation) -> Host:
    """The machine on which a program runs, as the network knows it."""
    return invocation.machine.sockets.host


def _interfaces(host: Host) -> list[Interface]:
    return sorted(
        (each for each in host.interfaces if each.name != "lo"), key=lambda each: (each.name != "cni0", each.name)
    )


def hardware_address(host: Host, name: str) -> str:
    """The hardware address of a machine's interface, or of its neighbour with an address: always the same one."""
    digest = hashlib.sha256(f"{host.name}/{name}".encode()).hexdigest()
    return ":".join(["0a", *(digest[start : start + 2] for start in range(0, 10, 2))])


def _state(interface: Interface) -> str:
    """A VXLAN device has no carrier to speak of."""
    return "UNKNOWN" if interface.name == "flannel.1" else "UP"


def _prefix(host: Host, interface: Interface) -> int:
    if interface.name == "flannel.1":
        return 32
    for route in host.routes:
        direct = route.interface == interface.name and not route.gateway
        if direct and ipaddress.ip_address(interface.address) in ipaddress.ip_network(route.prefix):
            return ipaddress.ip_network(route.prefix).prefixlen
    return 24


@guarded
def ip(invocation: Invocation) -> Completed:
    """``ip addr``, ``ip link``, ``ip route``, ``ip route get``, ``ip neigh``, ``ip rule``."""
    words = list(invocation.argv[1:])
    flags = set()
    while words and words[0].startswith("-"):
        flags.add(words.pop(0))
    unknown = sorted(flags - {"-4", "-br", "-brief", "-o", "-oneline", "-c", "-color", "-c=never", "-c=auto"})
    if unknown:
        raise Complaint(f"ip: {unknown[0]}: this option is not simulated\n", 1)
    if not words:
        raise Complaint("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n", 255)
    subject, rest = words[0], words[1:]
    host = host_of(invocation)
    for full, show in (
        ("address", _addresses),
        ("link", _links),
        ("route", _routes),
        ("neighbour", _neighbours),
        ("rule", _rules),
    ):
        if full.startswith(subject) or (full == "neighbour" and "neighbor".startswith(subject)):
            if rest and rest[0] in ("add", "del", "delete", "set", "replace", "flush", "change"):
                raise Complaint("RTNETLINK answers: Operation not permitted\n", 2)
            return Completed(joined(show(invocation, host, flags, rest)))
    raise Complaint(f'Object "{subject}" is unknown, try "ip help".\n', 1)


def _chosen(host: Host, rest: list[str]) -> list[Interface]:
    names = [word for word in rest if word not in ("show", "dev", "list", "ls")]
    known = {each.name for each in host.interfaces} | {"lo"}
    if names and names[-1] not in known:
        raise Complaint(f'Device "{names[-1]}" does not exist.\n', 1)
    return [each for each in _interfaces(host) if not names or each.name == names[-1]]


def _peer(host: Host, number: int) -> str:
    """What follows the name of a Pod's interface: the number of its other end, on the node."""
    return f"@if{number + 10}" if host.name.startswith("pod/") else ""


def _head(host: Host, number: int, interface: Interface, *, link: bool) -> str:
    pod = host.name.startswith("pod/")
    mtu = 1450 if pod or interface.name == "cni0" else 1500
    peer = _peer(host, number)
    mode = " mode DEFAULT" if link else ""
    flags = "<BROADCAST,MULTICAST,UP,LOWER_UP>"
    state = f"state {_state(interface)}{mode} group default qlen 1000"
    return f"{number}: {interface.name}{peer}: {flags} mtu {mtu} qdisc noqueue {state}"


def _addresses(invocation: Invocation, host: Host, flags: set[str], rest: list[str]) -> list[str]:
    busybox = is_busybox(invocation)
    state = "" if busybox else " state UNKNOWN group default"
    loopback = f"1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue{state} qlen 1000"
    chosen = _chosen(host, rest)
    shows_loopback = not [word for word in rest if word not in ("show", "dev", "list", "ls")] or rest[-1] == "lo"
    lasts = "       valid_lft forever preferred_lft forever"
    if {"-br", "-brief"} & flags:
        lines = [f"{'lo':<16} {'UNKNOWN':<14} 127.0.0.1/8 ::1/128 "] if shows_loopback else []
        return lines + [
            f"{each.name + _peer(host, number):<16} {_state(each):<14} {each.address}/{_prefix(host, each)} "
            for number, each in enumerate(chosen, 2)
        ]
    if {"-o", "-oneline"} & flags:
        lines = (
            ["1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever"]
            if shows_loopback
            else []
        )
        return lines + [
            f"{number}: {each.name}    inet {each.address}/{_prefix(host, each)} scope global {each.name}\\{lasts}"
            for number, each in enumerate(chosen, 2)
        ]
    out = [loopback] if shows_loopback else []
    if shows_loopback:
        if "-4" not in flags:
            out.append("    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00")
        out += ["    inet 127.0.0.1/8 scope host lo", lasts]
        if "-4" not in flags:
            out += [f"    inet6 ::1/128 scope host {'' if busybox else 'proto kernel_lo '}", lasts]
    for number, each in enumerate(chosen, 2):
        head = _head(host, number, each, link=False)
        if busybox:  # it shows that the other end is in another network namespace as if that end were down
            flag = "LOWER_UP,M-DOWN" if _peer(host, number) else "LOWER_UP"
            head = head.replace(" state UP group default", "").replace("LOWER_UP", flag)
        out.append(head)
        if "-4" not in flags:
            out.append(f"    link/ether {hardware_address(host, each.name)} brd ff:ff:ff:ff:ff:ff")
        out += [f"    inet {each.address}/{_prefix(host, each)} scope global {each.name}", lasts]
    return out


def _links(invocation: Invocation, host: Host, flags: set[str], rest: list[str]) -> list[str]:
    chosen = _chosen(host, rest)
    if {"-br", "-brief"} & flags:
        lines = [f"{'lo':<16} {'UNKNOWN':<14} 00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> "]
        return lines + [
            f"{e.name + _peer(host, number):<16} {'UP':<14} {hardware_address(host, e.name)} "
            "<BROADCAST,MULTICAST,UP,LOWER_UP> "
            for number, e in enumerate(chosen, 2)
        ]
    out = [
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000",
        "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00",
    ]
    for number, each in enumerate(chosen, 2):
        out += [
            _head(host, number, each, link=True),
            f"    link/ether {hardware_address(host, each.name)} brd ff:ff:ff:ff:ff:ff",
        ]
    return out


def in_routing_order(route: Route) -> tuple[bool, int, int]:
    """The kernel lists the default route first, then by address."""
    default = route.prefix in ("0.0.0.0/0", "default")
    network = ipaddress.ip_network(route.prefix)
    return (not default, int(network.network_address), -network.prefixlen)


def _routes(invocation: Invocation, host: Host, flags: set[str], rest: list[str]) -> list[str]:
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
    for route in sorted(host.routes, key=in_routing_order):
        shown = "default" if route.prefix == "0.0.0.0/0" else route.prefix
        if route.gateway:
            out.append(f"{shown} via {route.gateway} dev {route.interface} ")
            continue
        source = host.interface(route.interface).address
        if is_busybox(invocation):
            out.append(f"{shown} dev {route.interface} scope link  src {source} ")
        else:
            out.append(f"{shown} dev {route.interface} proto kernel scope link src {source} ")
    return out


def _neighbours(invocation: Invocation, host: Host, flags: set[str], rest: list[str]) -> list[str]:
    gateways = sorted({route.gateway for route in host.routes if route.gateway})
    lines = []
    for gateway in gateways:
        route = host.route_to(gateway)
        if route is not None:
            lines.append(f"{gateway} dev {route.interface} lladdr {hardware_address(host, gateway)} REACHABLE ")
    return lines


def _rules(invocation: Invocation, host: Host, flags: set[str], rest: list[str]) -> list[str]:
    return ["0:\tfrom all lookup local", "32766:\tfrom all lookup main", "32767:\tfrom all lookup default"]
