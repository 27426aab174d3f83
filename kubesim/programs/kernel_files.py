"""Files below ``/proc`` that a kernel makes when they are read: routes, neighbours, sockets, connections, counters."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping

from kubesim.network.network import EPHEMERAL
from kubesim.network.sockets import Sockets

ROUTE_WIDTH, TCP_WIDTH = 127, 149
"""How wide the kernel pads its lines."""
LISTEN = "0A"


def kernel_file(sockets: Sockets, path: str) -> str | None:
    """The text of a file of this machine's kernel; None where it has no such file."""
    made = _FILES.get(path)
    return None if made is None else made(sockets)


def _padded(lines: Iterable[str], width: int) -> str:
    return "".join(f"{line:<{width}}\n" for line in lines)


def _hexadecimal(address: str) -> str:
    """An address as the kernel writes it: the number that little-endian memory holds."""
    return ipaddress.IPv4Address(address).packed[::-1].hex().upper()


def _routes(sockets: Sockets) -> str:
    from kubesim.programs.net.iproute import in_routing_order

    lines = ["Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"]
    for route in sorted(sockets.host.routes, key=in_routing_order):
        network = ipaddress.IPv4Network(route.prefix)
        gateway = _hexadecimal(route.gateway or "0.0.0.0")
        flags = "0003" if route.gateway else "0001"
        ends = f"{_hexadecimal(str(network.network_address))}\t{gateway}\t{flags}\t0\t0\t0"
        lines.append(f"{route.interface}\t{ends}\t{_hexadecimal(str(network.netmask))}\t0\t0\t0")
    return _padded(lines, ROUTE_WIDTH)


def _neighbours(sockets: Sockets) -> str:
    from kubesim.programs.net.links import neighbour_hardware

    text = "IP address       HW type     Flags       HW address            Mask     Device\n"
    for each in sockets.neighbours:
        hardware = neighbour_hardware(sockets, each)
        flags = "0x6" if each.permanent else "0x2" if hardware else "0x0"
        shown = hardware or "00:00:00:00:00:00"
        text += f"{each.address:<16} 0x1         {flags:<11} {shown:<21} *        {each.interface}\n"
    return text


def _listening(sockets: Sockets) -> str:
    lines = ["  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"]
    for number, (_, address, port, _) in enumerate(each for each in sockets.listeners if each[0] == "TCP"):
        ends = f"{_hexadecimal(address)}:{port:04X} 00000000:0000 {LISTEN}"
        rest = "00000000:00000000 00:00000000 00000000     0        0"
        lines.append(f"{number:4d}: {ends} {rest} {port + 20000} 1 0000000000000000 100 0 0 10 0")
    return _padded(lines, TCP_WIDTH)


def _devices(sockets: Sockets) -> str:
    from kubesim.programs.net.links import links
    from kubesim.programs.net.packets import counters

    text = "Inter-|   Receive                                                |  Transmit\n"
    text += " face |bytes    packets errs drop fifo frame compressed multicast|"
    text += "bytes    packets errs drop fifo colls carrier compressed\n"
    for link in links(sockets):
        received, sent = counters(sockets, link.name)
        there = f"{received.bytes:7d} {received.packets:7d}    0    0    0     0          0         0"
        back = f"{sent.bytes:8d} {sent.packets:7d}    0    0    0     0       0          0"
        text += f"{link.name:>6}: {there} {back}\n"
    return text


def _tracked(sockets: Sockets) -> Iterator[str]:
    from kubesim.programs.net.conntrack import entry_text

    for entry in sockets.connections:
        yield entry_text(entry, sockets.now, extended=True).replace(" use=1", " zone=0 use=2")


def _connections(sockets: Sockets) -> str | None:
    """Only a machine with rules tracks connections."""
    return None if sockets.rules is None else "".join(f"{line}\n" for line in _tracked(sockets))


_FILES: Mapping[str, Callable[[Sockets], str | None]] = {
    "/proc/net/route": _routes,
    "/proc/net/arp": _neighbours,
    "/proc/net/tcp": _listening,
    "/proc/net/dev": _devices,
    "/proc/net/nf_conntrack": _connections,
    "/proc/sys/net/ipv4/ip_forward": lambda sockets: f"{int(sockets.host.forwards)}\n",
    "/proc/sys/net/ipv4/ip_local_port_range": lambda sockets: f"{EPHEMERAL[0]}\t{EPHEMERAL[1]}\n",
}
"""Path → what makes the text."""
