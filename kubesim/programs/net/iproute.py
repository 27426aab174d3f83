"""``ip``: interfaces, addresses, routes, neighbours and rules of this machine, as iproute2 and busybox print them."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubesim.network.topology import TUNNEL, Route
from kubesim.programs.machine import Run
from kubesim.programs.net.links import Link, links, neighbour_hardware
from kubesim.programs.net.packets import counters
from kubesim.userland.command_line import Complaint, program, usage
from kubesim.userland.process import Completed

Wire = dict[str, Any]
_FLAGS = {
    "4": "-4", "6": "-6", "brief": "-br", "oneline": "-o", "json": "-j", "pretty": "-p", "statistics": "-s",
    "details": "-d", "human-readable": "-h", "color": "-c", "resolve": "-r", "numeric": "-N", "Version": "-V",
    "timestamp": "-t", "iec": "-iec", "help": "-help",
}  # fmt: skip
"""The options that are read, by their long names; any beginning will do."""
_CHANGING = frozenset(["add", "del", "delete", "set", "replace", "flush", "change", "append"])
_SHOWING = ("show", "list", "lst", "ls")
_FOREVER = 4294967295
_LIFETIMES = "       valid_lft forever preferred_lft forever"


@dataclass(slots=True)
class Question:
    """What is asked of ``ip``: its flags, and the words after the object."""

    run: Run
    flags: set[str]
    words: list[str]

    def on(self, *names: str) -> bool:
        """Whether one of these options was given."""
        return any(name in self.flags for name in names)

    @property
    def links(self) -> list[Link]:
        """The machine's interfaces."""
        return list(links(self.run.machine.sockets))

    def misunderstood(self, word: str, subject: str) -> Complaint:
        """A word that no command of an object begins with."""
        return Complaint(f'Command "{word}" is unknown, try "ip {subject} help".\n', 255)


@program()
def ip(run: Run) -> Completed:
    """``ip addr``, ``ip link``, ``ip route``, ``ip route get``, ``ip neigh``, ``ip rule``."""
    words = list(run.operands)
    flags: set[str] = set()
    while words and words[0].startswith("-"):
        word = words.pop(0)
        bare = word.lstrip("-").partition("=")[0]
        if word in ("-f", "-family") and words:
            flags |= {"-6"} if words.pop(0) == "inet6" else {"-4"}
            continue
        if run.busybox and bare not in ("4", "6", "o", "oneline", "f", "family"):
            raise Complaint(usage("busybox/ip"))
        found = next((flag for name, flag in _FLAGS.items() if bare and name.startswith(bare)), None)
        found = found or ("-br" if bare == "br" else None)
        if found is None:
            raise Complaint(f'Option "{word}" is unknown, try "ip -help".\n', 255)
        flags.add(found)
    if "-V" in flags:
        return Completed("ip utility, iproute2-6.15.0, libbpf 1.5.0\n")
    if not words or words[0] == "help" or "-help" in flags:
        raise Complaint(usage("busybox/ip") if run.busybox else usage("ip"), 1 if run.busybox else 255)
    subject, rest = words[0], words[1:]
    for full in _OBJECTS:
        if full.startswith(subject):
            break
    else:
        raise Complaint(usage("busybox/ip") if run.busybox else f'Object "{subject}" is unknown, try "ip help".\n')
    if rest and rest[0] in _CHANGING:
        raise Complaint("RTNETLINK answers: Operation not permitted\n", 2)
    question = Question(run, flags, rest)
    if "-j" in flags:
        return Completed(_json(_VALUES[full](question), pretty="-p" in flags))
    return run.finished(_OBJECTS[full](question))


def _json(values: list[Wire], *, pretty: bool) -> str:
    if not pretty:
        return json.dumps(values, separators=(",", ":")) + "\n"
    text = json.dumps(values, indent=4).replace("[]", "[ ]")
    return text.replace("[\n    {", "[ {").replace("},\n    {", "},{").replace("}\n]", "} ]") + "\n"


# --- interfaces and addresses -------------------------------------------------------------------------------------


def _chosen(question: Question, subject: str) -> list[Link]:
    """The interfaces that the words choose: by name, bridge, kind, or that they are up."""
    words = list(question.words)
    if words and words[0] not in _SHOWING and words[0] not in ("dev", "up", "master", "type", "scope", "to"):
        known = any(link.name == words[0] for link in question.links)
        if not known and not question.run.busybox:
            raise question.misunderstood(words[0], subject)
    if words and words[0] in _SHOWING:
        words.pop(0)
    found = question.links
    while words:
        word = words.pop(0)
        if word == "up":
            continue
        if word in ("dev", "master", "type", "scope", "to") and not words:
            raise Complaint('Command line is not complete. Try option "help"\n', 255)
        if word == "master":
            bridge = words.pop(0)
            found = [link for link in found if link.master == bridge]
        elif word == "type":
            kind = words.pop(0)
            found = [link for link in found if link.type == kind]
        elif word == "scope":
            scope = words.pop(0)
            found = [link for link in found if ("host" if link.loopback else "global") == scope and link.address]
        elif word == "to":
            network = ipaddress.ip_network(words.pop(0), strict=False)
            found = [link for link in found if link.address and ipaddress.ip_address(link.address) in network]
        else:
            name = words.pop(0) if word == "dev" else word
            found = [link for link in found if link.name == name]
            if not found:
                missing = f"ip: can't find device '{name}'\n"
                raise Complaint(question.run.worded(f'Device "{name}" does not exist.\n', missing))
    return found


def _head(question: Question, link: Link, mode: str = "", *, short: bool = False) -> str:
    bridge = f" master {link.master}" if link.master else ""
    flags = ",".join(link.flags)
    if question.run.busybox:  # it shows that the other end is in another network namespace as if that end were down
        flags += ",M-DOWN" if link.peer else ""
        return f"{link.number}: {link.shown}: <{flags}> mtu {link.mtu} qdisc noqueue{bridge} qlen 1000"
    if short:  # of IPv6 alone, the kernel tells less
        return f"{link.number}: {link.shown}: <{flags}> mtu {link.mtu} state {link.state} qlen 1000"
    state = f"state {link.state}{mode} group default"
    return f"{link.number}: {link.shown}: <{flags}> mtu {link.mtu} qdisc noqueue{bridge} {state} qlen 1000"


def _hardware(question: Question, link: Link) -> str:
    other = f" link-netnsid {link.namespace}" if link.peer and not question.run.busybox else ""
    return f"    link/{link.kind} {link.hardware} brd {link.broadcast}{other}"


def _inet(link: Link) -> str:
    return f"inet {link.address}/{link.prefix} scope {'host' if link.loopback else 'global'} {link.name}"


def _inet6(question: Question, link: Link) -> str:
    origin = question.run.worded(f"proto kernel_{'lo' if link.loopback else 'll'} ", "")
    return f"inet6 {link.address_6}/{link.prefix_6} scope {'host' if link.loopback else 'link'} {origin}"


def _addresses(question: Question) -> list[str]:
    only_4, only_6 = question.on("-4"), question.on("-6")
    out = []
    for link in _chosen(question, "address"):
        families = [_inet(link)] if link.address and not only_6 else []
        families += [] if only_4 or "global" in question.words else [_inet6(question, link)]
        if not families and (only_4 or only_6):
            continue
        if question.on("-br"):
            shown = [f"{link.address}/{link.prefix} "] if link.address and not only_6 else []
            shown += [] if only_4 else [f"{link.address_6}/{link.prefix_6} "]
            out.append(f"{link.shown:<16} {link.state:<14} {''.join(shown)}")
            continue
        if question.on("-o"):
            out += [f"{link.number}: {link.name}    {family}\\{_LIFETIMES}" for family in families]
            continue
        head = _head(question, link, short=only_6)
        if only_4 or only_6:
            other = f" link-netnsid {link.namespace}" if link.peer and only_4 and not question.run.busybox else ""
            out.append(head + other)
        else:
            out += [head, _hardware(question, link)]
        for family in families:
            out += [f"    {family}", _LIFETIMES]
    return out


def _link_states(question: Question) -> list[str]:
    out = []
    for link in _chosen(question, "link"):
        if question.on("-br"):
            out.append(f"{link.shown:<16} {link.state:<14} {link.hardware} <{','.join(link.flags)}> ")
            continue
        lines = [_head(question, link, " mode DEFAULT"), _hardware(question, link)]
        if question.on("-s"):
            received, sent = counters(question.run.machine.sockets, link.name)
            lines += ["    RX:  bytes packets errors dropped  missed   mcast           "]
            lines += [f"    {received.bytes:>10} {received.packets:>7}" + f" {0:>7}" * 4 + " "]
            lines += ["    TX:  bytes packets errors dropped carrier collsns           "]
            lines += [f"    {sent.bytes:>10} {sent.packets:>7}" + f" {0:>7}" * 4 + " "]
        out += ["\\".join(lines)] if question.on("-o") else lines
    return out


def _link_value(link: Link, mode: Wire) -> Wire:
    value: Wire = {"ifindex": link.number}
    value |= {"link_index": link.peer} if link.peer else {}
    value |= {"ifname": link.name, "flags": list(link.flags), "mtu": link.mtu, "qdisc": "noqueue"}
    value |= {"master": link.master} if link.master else {}
    value |= {"operstate": link.state, **mode, "group": "default", "txqlen": 1000, "link_type": link.kind}
    value |= {"address": link.hardware, "broadcast": link.broadcast}
    return value | ({"link_netnsid": link.namespace} if link.peer else {})


def _link_values(question: Question) -> list[Wire]:
    return [_link_value(link, {"linkmode": "DEFAULT"}) for link in _chosen(question, "link")]


def _address_values(question: Question) -> list[Wire]:
    forever = {"valid_life_time": _FOREVER, "preferred_life_time": _FOREVER}
    values = []
    for link in _chosen(question, "address"):
        found: list[Wire] = []
        if link.address and not question.on("-6"):
            scope = "host" if link.loopback else "global"
            one = {"family": "inet", "local": link.address, "prefixlen": link.prefix, "scope": scope}
            found.append({**one, "label": link.name, **forever})
        if not question.on("-4"):
            scope, origin = ("host", "kernel_lo") if link.loopback else ("link", "kernel_ll")
            one = {"family": "inet6", "local": link.address_6, "prefixlen": link.prefix_6, "scope": scope}
            found.append({**one, "protocol": origin, **forever})
        values.append({**_link_value(link, {}), "addr_info": found})
    return values


# --- routes ---------------------------------------------------------------------------------------------------------


def in_routing_order(route: Route) -> tuple[bool, int, int]:
    """The kernel lists the default route first, then by address."""
    default = route.prefix in ("0.0.0.0/0", "default")
    network = ipaddress.ip_network(route.prefix)
    return (not default, int(network.network_address), -network.prefixlen)


def _listed(question: Question) -> list[Route]:
    """The routes that the words choose."""
    words = [word for word in question.words if word not in (*_SHOWING, "to", "exact", "root")]
    found = sorted(question.run.machine.sockets.host.routes, key=in_routing_order)
    while words:
        word = words.pop(0)
        if word == "dev" and words:
            name = words.pop(0)
            if all(link.name != name for link in question.links):
                raise Complaint(f'Cannot find device "{name}"\n')
            found = [route for route in found if route.interface == name]
        elif word == "via" and words:
            gateway = words.pop(0)
            found = [route for route in found if route.gateway == gateway]
        elif word == "table" and words:
            if words.pop(0) not in ("main", "254", "all"):
                found = []
        elif word == "match" and words:
            wanted = ipaddress.IPv4Network(words.pop(0), strict=False)
            found = [route for route in found if ipaddress.IPv4Network(route.prefix).supernet_of(wanted)]
        elif word == "default":
            found = [route for route in found if route.prefix == "0.0.0.0/0"]
        else:
            prefix = _network(word)
            found = [route for route in found if route.prefix == prefix]
    return found


def _network(word: str) -> str:
    try:
        return str(ipaddress.IPv4Network(word))
    except ValueError:
        raise Complaint(f'Error: any valid prefix is expected rather than "{word}".\n') from None


def _routes(question: Question) -> list[str]:
    run, host = question.run, question.run.machine.sockets.host
    if question.words[:1] == ["get"]:
        return _way(question)
    if question.on("-6"):
        local = [link for link in question.links if not link.loopback]
        return [f"fe80::/64 dev {link.name} proto kernel metric 256 pref medium" for link in local]
    out = []
    named = "dev" in question.words
    for route in _listed(question):
        shown = "default" if route.prefix == "0.0.0.0/0" else route.prefix
        device = "" if named else f"dev {route.interface} "
        if route.kind:
            out.append(f"{route.kind} {shown} ")
        elif route.gateway:
            tunnelled = host.interface(route.interface).link == TUNNEL
            out.append(f"{shown} via {route.gateway} {device}{'onlink ' if tunnelled else ''}")
        else:
            source = host.interface(route.interface).address
            kinds = run.worded("proto kernel scope link", "scope link ")
            out.append(f"{shown} {device}{kinds} src {source} ")
    return out


def _way(question: Question) -> list[str]:
    """``ip route get``: the route to one address."""
    run, host, words = question.run, question.run.machine.sockets.host, question.words
    if len(words) < 2:
        raise Complaint("need at least a destination address\n")
    target = words[2] if words[1] == "to" and len(words) > 2 else words[1]
    address = _network(target).removesuffix("/32") if "/" not in target else target.partition("/")[0]
    if host.owns(address):
        if run.busybox:
            return [f"local {address} dev lo  src {address} "]
        return [f"local {address} dev lo src {address} uid 0 ", "    cache <local> "]
    route = host.route_to(address)
    if route is None or route.kind:
        raise Complaint("RTNETLINK answers: Network is unreachable\n", 2)
    via = f"via {route.gateway} " if route.gateway else ""
    if "from" in words[:-1]:
        sender = words[words.index("from") + 1]
        return [f"{address} from {sender} {via}dev {route.interface} uid 0 ", "    cache "]
    source = host.source_for(address)
    if run.busybox:
        return [f"{address} {via}dev {route.interface}  src {source} "]
    return [f"{address} {via}dev {route.interface} src {source} uid 0 ", "    cache "]


def _route_values(question: Question) -> list[Wire]:
    host = question.run.machine.sockets.host
    if question.words[:1] == ["get"]:
        address, *rest = _way(question)[0].split()
        named = dict(zip(rest[::2], rest[1::2], strict=False))
        value = {"dst": address} | ({"gateway": named["via"]} if "via" in named else {})
        return [value | {"dev": named["dev"], "prefsrc": named["src"], "flags": [], "uid": 0, "cache": []}]
    values = []
    for route in _listed(question):
        value = {"dst": "default" if route.prefix == "0.0.0.0/0" else route.prefix}
        flags = ["onlink"] if route.gateway and host.interface(route.interface).link == TUNNEL else []
        if route.gateway:
            value |= {"gateway": route.gateway, "dev": route.interface}
        else:
            own = host.interface(route.interface).address
            value |= {"dev": route.interface, "protocol": "kernel", "scope": "link", "prefsrc": own}
        values.append(value | {"flags": flags})
    return values


# --- neighbours and rules -------------------------------------------------------------------------------------------


def _known(question: Question) -> Iterator[tuple[str, str, str, str]]:
    """(address, interface, hardware address, state) of the neighbours that the words choose."""
    sockets, words = question.run.machine.sockets, question.words
    words = [word for word in words if word not in (*_SHOWING, "to")]
    device = words[words.index("dev") + 1] if "dev" in words[:-1] else ""
    state = words[words.index("nud") + 1].upper() if "nud" in words[:-1] else ""
    addresses = [word for word in words if word[:1].isdigit()]
    for each in sockets.neighbours if not question.on("-6") else ():
        if device not in ("", each.interface) or (addresses and each.address not in addresses):
            continue
        shown = each.state(sockets.now)
        if state in ("", "ALL", shown):
            yield each.address, each.interface, neighbour_hardware(sockets, each), shown


def _neighbours(question: Question) -> list[str]:
    out = []
    named = "dev" in question.words
    for address, interface, hardware, state in _known(question):
        told = f"lladdr {hardware} " if hardware else ""
        where = "" if named else f"dev {interface} "
        if question.on("-br"):
            out.append(f"{address:<39} {interface:<16} {hardware}")
        elif question.run.busybox:
            used = "ref 1 " if state in ("REACHABLE", "DELAY") else "" if hardware else " "
            probes = 1 if hardware else 6
            out.append(f"{address} {where}{told}{used}used 0/0/0 probes {probes} {state}")
        else:
            out.append(f"{address} {where}{told}{state} ")
    return out


def _neighbour_values(question: Question) -> list[Wire]:
    values = []
    for address, interface, hardware, state in _known(question):
        told = {"lladdr": hardware} if hardware else {}
        values.append({"dst": address, "dev": interface, **told, "state": [state]})
    return values


_TABLES = ((0, "local"), (32766, "main"), (32767, "default"))
"""The kernel's own rules: priority, table."""


def _rules(question: Question) -> list[str]:
    return [f"{number}:\tfrom all lookup {table}{question.run.worded('', ' ')}" for number, table in _TABLES]


def _rule_values(question: Question) -> list[Wire]:
    return [{"priority": number, "src": "all", "table": table} for number, table in _TABLES]


_OBJECTS: Mapping[str, Callable[[Question], list[str]]] = {
    "address": _addresses, "link": _link_states, "route": _routes, "neighbour": _neighbours, "neighbor": _neighbours,
    "rule": _rules, "netns": lambda question: [], "tunnel": lambda question: [],
}  # fmt: skip
"""What can be shown; any beginning of a name will do, and the first that fits is meant."""

_VALUES: Mapping[str, Callable[[Question], list[Wire]]] = {
    "address": _address_values, "link": _link_values, "route": _route_values, "neighbour": _neighbour_values,
    "neighbor": _neighbour_values, "rule": _rule_values, "netns": lambda question: [], "tunnel": lambda question: [],
}  # fmt: skip
"""The same as JSON."""
