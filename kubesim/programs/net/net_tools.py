"""``netstat``, ``route`` and ``arp``: what net-tools and busybox print of what ``ss`` and ``ip`` show."""

from __future__ import annotations

import ipaddress

from kubesim.network.topology import Route
from kubesim.programs.connecting import SERVICES
from kubesim.programs.machine import Invocation
from kubesim.programs.net.iproute import host_of, in_routing_order, neighbours
from kubesim.programs.net.listening import listening
from kubesim.userland.command_line import guarded, is_busybox, joined, split_options
from kubesim.userland.process import Completed

PROGRAM_WIDTH = 19
"""How much of ``PID/Program name`` is shown."""


@guarded
def netstat(invocation: Invocation) -> Completed:
    """Listening sockets (``-l``, ``-a``) with their processes (``-p``), or the routes (``-r``)."""
    long = "listening=l tcp=t udp=u numeric=n programs=p route=r all=a"
    options, _ = split_options(invocation, "ltunpaWer46", long=long)
    if "r" in options:
        return Completed(joined(_routes(invocation, numeric="n" in options, windows=True)))
    which = "only servers" if "l" in options else "servers and established" if "a" in options else "w/o servers"
    kinds = [kind for letter, kind in (("t", "tcp"), ("u", "udp")) if letter in options] or ["tcp", "udp"]
    title = f"{'Proto'} {'Recv-Q'} {'Send-Q'} {'Local Address':<23} {'Foreign Address':<23} {'State':<11}"
    lines = [f"Active Internet connections ({which})", title + (" PID/Program name    " if "p" in options else "")]
    for each in listening(invocation.machine, kinds) if {"l", "a"} & options.keys() else ():
        port = each.port if "n" in options else SERVICES.get(each.port, each.port)
        first = min(each.processes, key=lambda process: process.pid, default=None)
        program = f"{first.pid}/{first.command}" if first else "-"
        sixth = each.kind if is_busybox(invocation) else f"{each.kind}6"
        ends = [(each.kind, each.address, "0.0.0.0:*"), (sixth, "::", ":::*")]
        for kind, local, far in ends[: 2 if each.is_nginx else 1]:
            state = "LISTEN" if each.kind == "tcp" else ""
            line = f"{kind:<4}  {0:>6} {0:>6} {f'{local}:{port}':<23} {far:<23} {state:<11}"
            lines.append(line + (f" {program[:PROGRAM_WIDTH]:<20}" if "p" in options else ""))
    return Completed(joined(lines))


@guarded
def route(invocation: Invocation) -> Completed:
    """The routes of this machine; they cannot be changed by hand."""
    options, words = split_options(invocation, "nev46")
    if words:
        return Completed("", "SIOCADDRT: Operation not permitted\n", 7)
    return Completed(joined(_routes(invocation, numeric="n" in options, windows=False)))


def _routes(invocation: Invocation, *, numeric: bool, windows: bool) -> list[str]:
    last = "  MSS Window  irtt Iface" if windows else "Metric Ref    Use Iface"
    lines = ["Kernel IP routing table", f"{'Destination':<15} {'Gateway':<15} {'Genmask':<15} Flags {last}"]
    host = host_of(invocation)
    for each in sorted(host.routes, key=in_routing_order):
        lines.append(_route_line(invocation, each, numeric=numeric, windows=windows))
    return lines


def _route_line(invocation: Invocation, each: Route, *, numeric: bool, windows: bool) -> str:
    network = ipaddress.ip_network(each.prefix)
    target = str(network.network_address)
    if network.prefixlen == 0 and not numeric:
        target = "default"
    nowhere = "*" if is_busybox(invocation) and not numeric else "0.0.0.0"
    flags = "UG" if each.gateway else "UH" if network.prefixlen == 32 else "U"
    numbers = f"{0:>5} {0:<6} {0:>5}" if windows else f"{0:<6} {0:<2} {0:>7}"
    return f"{target:<15} {each.gateway or nowhere:<15} {network.netmask!s:<15} {flags:<5} {numbers} {each.interface}"


@guarded
def arp(invocation: Invocation) -> Completed:
    """The neighbours whose hardware address is known: the gateways that this machine's routes use."""
    options, _ = split_options(invocation, "anve")
    host = host_of(invocation)
    known = list(neighbours(host))
    if is_busybox(invocation) or "a" in options:
        gap = "  " if is_busybox(invocation) else " "
        return Completed(joined([f"? ({ip}) at {mac} [ether]{gap}on {name}" for ip, mac, name in known]))
    if not known:
        return Completed()
    lines = [f"{'Address':<24} {'HWtype':<7} {'HWaddress':<19} {'Flags':<5} {'Mask':<15} Iface"]
    lines += [f"{ip:<24} {'ether':<7} {mac:<19} {'C':<5} {'':<15} {name}" for ip, mac, name in known]
    return Completed(joined(lines))
