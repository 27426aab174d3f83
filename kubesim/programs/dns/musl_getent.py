"""``getent`` of Alpine (musl-utils 1.2.5): the same databases with musl's habits.

``getent hosts`` asks for AAAA, then for A, and prints one address. musl's ``gethostbyname`` starts with a buffer of 127
bytes and resolves anew with twice that until the answer fits, so a long name is asked for more than once.
"""

from __future__ import annotations

import ipaddress

from kubesim.network.dns import hosts_file, names, resolv_conf
from kubesim.network.dns.address_order import in_order
from kubesim.network.dns.exchange import Asker
from kubesim.network.dns.lookup import Failure, Found
from kubesim.network.dns.musl import Musl
from kubesim.programs.machine import Invocation, Machine
from kubesim.programs.resolving import START_SECONDS, local_networks, text_of
from kubesim.userland.process import Completed

NOT_FOUND = 2
_FIRST_BUFFER = 127
_HOSTENT_BYTES, _POINTER_BYTES = 32, 8


def musl_getent(invocation: Invocation) -> Completed:
    """``getent DATABASE KEY...``."""
    words = list(invocation.argv[1:])
    if not words:
        return Completed("", "usage: getent database [key ...]\n", 1)
    database, keys = words[0], words[1:]
    machine, asker = invocation.machine, Asker(invocation.machine.sockets, keeps_socket=True)
    if database not in ("hosts", "ahosts", "ahostsv4", "ahostsv6", "passwd", "group"):
        return Completed("", f"Unknown database: {database}\n", 1)
    output: list[str] = []
    for key in keys:
        if database == "hosts":
            text = _hosts(machine, asker, key)
        elif database in ("passwd", "group"):
            text = _line_of(machine, f"/etc/{database}", key)
        else:
            text = _addresses(machine, asker, key, database)
        if text is None:
            return Completed("".join(output), "", NOT_FOUND, START_SECONDS + asker.elapsed)
        output.append(text)
    return Completed("".join(output), seconds=START_SECONDS + asker.elapsed)


def _line_of(machine: Machine, path: str, key: str) -> str | None:
    for line in text_of(machine, path).splitlines():
        if key in line.split(":")[:1] or key in line.split(":")[2:3]:
            return f"{line}\n"
    return None


def _hosts(machine: Machine, asker: Asker, key: str) -> str | None:
    if names.is_address(key):
        found = Musl(asker, _settings(machine)).reverse(key)
        name = key if isinstance(found, Failure) else found[0]
        return f"{key:<16}  {name}  {name}\n"
    for record_type in ("AAAA", "A"):
        host = _by_name(machine, asker, key, record_type)
        if host is not None:
            aliases = [host.name] if names.same(host.name, key) else [host.name, key]
            return f"{host.addresses[0]:<16}  {host.name}  {' '.join(aliases)}\n"
    return None


def _by_name(machine: Machine, asker: Asker, name: str, record_type: str) -> Found | None:
    """``gethostbyname2``, with its growing buffer."""
    size = _FIRST_BUFFER
    while True:
        found = _find(machine, asker, name, (record_type,))
        if isinstance(found, Failure):
            return None
        bytes_each = 16 if record_type == "AAAA" else 4
        needed = 4 * _POINTER_BYTES + (len(found.addresses) + 1) * (_POINTER_BYTES + bytes_each)
        needed += len(name) + 1 + len(found.name) + 1
        if needed <= size - _HOSTENT_BYTES - _POINTER_BYTES:
            return Found(found.name, tuple(in_order(found.addresses, local_networks(machine))))
        size += size + 1


def _addresses(machine: Machine, asker: Asker, key: str, database: str) -> str | None:
    types = {"ahostsv4": ("A",), "ahostsv6": ("AAAA",)}.get(database, ("A", "AAAA"))
    if names.is_address(key):
        found: Found | Failure = Found(key, (str(ipaddress.ip_address(key)),))
    else:
        found = _find(machine, asker, key, types)
    if isinstance(found, Failure):
        return None
    addresses = in_order(found.addresses, local_networks(machine))
    return "".join(f"{address:<15} {sort:<6} {found.name}\n" for address in addresses for sort in ("STREAM", "DGRAM"))


def _find(machine: Machine, asker: Asker, name: str, types: tuple[str, ...]) -> Found | Failure:
    versions = {"A": 4, "AAAA": 6}
    lines = [
        line
        for line in hosts_file.parse(text_of(machine, "/etc/hosts"))
        if line.version in (versions[one] for one in types) and line.has(name)
    ]
    if lines:
        return Found(lines[0].names[0], tuple(dict.fromkeys(line.address for line in lines)))
    return Musl(asker, _settings(machine)).search(name, types)


def _settings(machine: Machine) -> resolv_conf.ResolvConf:
    return resolv_conf.parse(text_of(machine, "/etc/resolv.conf"))
