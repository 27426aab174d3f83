"""``ifconfig``, ``route``, ``arp``: what net-tools and busybox tell of interfaces, routes and neighbours."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from kubesim.programs.machine import Run
from kubesim.programs.name_lookup import look_up, name_of
from kubesim.programs.net.iproute import in_routing_order
from kubesim.programs.net.links import Link, links, neighbour_hardware
from kubesim.programs.net.packets import counters
from kubesim.userland.command_line import Complaint, program
from kubesim.userland.process import Completed

_UNITS = ("B", "KiB", "MiB", "GiB")


@program("asv")
def ifconfig(run: Run) -> Completed:
    """The interfaces of this machine, with what they received and sent; they cannot be changed by hand."""
    known = {link.name: link for link in links(run.machine.sockets)}
    if len(run.operands) > 1:
        raise Complaint(f"{run.worded('', 'ifconfig: ')}SIOCSIFFLAGS: Operation not permitted\n", 255)
    if run.on("s"):
        return run.finished(interface_table(run, f"{'Iface':<8} {'MTU':>5}"))
    if run.operands and run.operands[0] not in known:
        problem = f"{run.operands[0]}: error fetching interface information: Device not found\n"
        raise Complaint(run.worded("", "ifconfig: ") + problem)
    chosen = [known[name] for name in run.operands or sorted(known)]
    show = _busybox_block if run.busybox else _block
    return run.finished(line for link in chosen for line in show(run, link))


def _human(number: int) -> str:
    amount, unit = float(number), 0
    while amount >= 1024 and unit + 1 < len(_UNITS):
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.1f} {_UNITS[unit]}"


def _block(run: Run, link: Link) -> Iterator[str]:
    received, sent = counters(run.machine.sockets, link.name)
    flags = "73<UP,LOOPBACK,RUNNING>" if link.loopback else "4163<UP,BROADCAST,RUNNING,MULTICAST>"
    yield f"{link.name}: flags={flags}  mtu {link.mtu}"
    if link.address:
        broadcast = "" if link.loopback else "  broadcast 0.0.0.0"
        yield f"        inet {link.address}  netmask {_mask(link)}{broadcast}"
    scope = "0x10<host>" if link.loopback else "0x20<link>"
    yield f"        inet6 {link.address_6}  prefixlen {link.prefix_6}  scopeid {scope}"
    if link.loopback:
        yield "        loop  txqueuelen 1000  (Local Loopback)"
    else:
        yield f"        ether {link.hardware}  txqueuelen 1000  (Ethernet)"
    yield f"        RX packets {received.packets}  bytes {received.bytes} ({_human(received.bytes)})"
    yield "        RX errors 0  dropped 0  overruns 0  frame 0"
    yield f"        TX packets {sent.packets}  bytes {sent.bytes} ({_human(sent.bytes)})"
    yield "        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0"
    yield ""


def _busybox_block(run: Run, link: Link) -> Iterator[str]:
    received, sent = counters(run.machine.sockets, link.name)
    kind = "Local Loopback  " if link.loopback else f"Ethernet  HWaddr {link.hardware.upper()}  "
    yield f"{link.name:<9} Link encap:{kind}"
    if link.address:
        broadcast = "" if link.loopback else "  Bcast:0.0.0.0"
        yield f"          inet addr:{link.address}{broadcast}  Mask:{_mask(link)}"
    yield f"          inet6 addr: {link.address_6}/{link.prefix_6} Scope:{'Host' if link.loopback else 'Link'}"
    modes = "LOOPBACK RUNNING" if link.loopback else "BROADCAST RUNNING MULTICAST"
    yield f"          UP {modes}  MTU:{link.mtu}  Metric:1"
    yield f"          RX packets:{received.packets} errors:0 dropped:0 overruns:0 frame:0"
    yield f"          TX packets:{sent.packets} errors:0 dropped:0 overruns:0 carrier:0"
    yield "          collisions:0 txqueuelen:1000 "
    both = f"TX bytes:{sent.bytes} ({_human(sent.bytes)})"
    yield f"          RX bytes:{received.bytes} ({_human(received.bytes)})  {both}"
    yield ""


def _mask(link: Link) -> str:
    return str(ipaddress.IPv4Network(f"0.0.0.0/{link.prefix}").netmask)


def interface_table(run: Run, title: str) -> Iterator[str]:
    """The interfaces as ``netstat -i`` lists them.

    :param title: of the first two columns.
    """
    yield f"{title}    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg"
    for link in sorted(links(run.machine.sockets), key=lambda link: link.name):
        received, sent = counters(run.machine.sockets, link.name)
        numbers = f"{received.packets:>8} {0:>6} {0:>6} {0:<6} {sent.packets:>8} {0:>6} {0:>6} {0:>6}"
        yield f"{link.name:<15} {link.mtu:>5} {numbers} {'LRU' if link.loopback else 'BMRU'}"


@program("nev46FC")
def route(run: Run) -> Completed:
    """The routes of this machine; they cannot be changed by hand."""
    if run.operands:
        raise Complaint(f"{run.worded('', 'route: ')}SIOCADDRT: Operation not permitted\n", 7)
    return run.finished(routing_table(run, "Metric Ref    Use Iface", f"{0:<6} {0:<2} {0:>7}"))


def routing_table(run: Run, title: str, numbers: str) -> Iterator[str]:
    """The routes as net-tools print them.

    :param title: of the last columns; ``numbers`` is what stands in them before the interface.
    """
    yield "Kernel IP routing table"
    yield f"{'Destination':<15} {'Gateway':<15} {'Genmask':<15} Flags {title}"
    numeric = run.on("n")
    for each in sorted(run.machine.sockets.host.routes, key=in_routing_order):
        network = ipaddress.ip_network(each.prefix)
        target = "default" if network.prefixlen == 0 and not numeric else str(network.network_address)
        gateway = each.gateway or ("*" if run.busybox and not numeric else "0.0.0.0")
        flags = "UG" if each.gateway else "UH" if network.prefixlen == 32 else "U"
        flags = "!" if each.kind else flags
        yield f"{target:<15} {gateway:<15} {network.netmask!s:<15} {flags:<5} {numbers} {each.interface}"


@program("anveD", "iHdsA")
def arp(run: Run) -> Completed:
    """The neighbours that this machine has asked for their hardware address."""
    if run.on("ds"):
        raise Complaint(f"{run.worded('', 'arp: ')}SIOCSARP: Operation not permitted\n", 255)
    sockets = run.machine.sockets
    rows = [
        (each.address, neighbour_hardware(sockets, each), each.interface, each.permanent)
        for each in sockets.neighbours
        if run.options.get("i", each.interface) == each.interface
    ]
    if run.operands:
        found = look_up(run.machine, run.operands[0])
        if not found.addresses:
            raise Complaint(f"{run.worded('', 'arp: ')}{run.operands[0]}: Unknown host\n", 255)
        rows = [row for row in rows if row[0] in found.addresses]
        if not rows:
            return run.finished([f"{run.operands[0]} ({found.addresses[0]}) -- no entry"])
    if run.busybox or run.on("a"):
        return run.finished(_sentence(run, *row) for row in rows)
    lines = [f"{'Address':<24} {'HWtype':<7} {'HWaddress':<19} {'Flags':<5} {'Mask':<15} Iface"]
    for address, hardware, interface, permanent in rows:
        shown = address if run.on("n") else (name_of(run.machine, address) or address)[:23]
        if hardware:
            flags = "CM" if permanent else "C"
            lines.append(f"{shown:<24} {'ether':<7} {hardware:<19} {flags:<5} {'':<15} {interface}")
        else:
            lines.append(f"{shown:<24} {'':<7} {'(incomplete)':<19} {'':<5} {'':<15} {interface}")
    return run.finished(lines if rows else [])


def _sentence(run: Run, address: str, hardware: str, interface: str, permanent: bool) -> str:
    name = "?" if run.on("n") else name_of(run.machine, address) or "?"
    at = f"{hardware} [ether]{run.worded(' ', '  ')}" if hardware else f"<incomplete>{run.worded(' ', '  ')}"
    return f"{name} ({address}) at {at}{'PERM ' if permanent else ''}on {interface}"
