"""busybox' ``nslookup`` before 1.29: it asks its C library, which goes through the search list for any name.

Each address is printed with the name that it leads back to, the server's too (1.28, ``networking/nslookup.c``). So
``nslookup kubernetes.default`` resolves in ``busybox:1.28`` and in no later one.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.network.dns import resolv_conf
from kubesim.network.dns.resolver import resolve
from kubesim.programs.machine import Invocation, Machine
from kubesim.programs.name_lookup import START_SECONDS, local_networks, look_up, name_of, text_of
from kubesim.userland.process import Completed

USAGE = """BusyBox v1.28.4 (2018-05-22 17:00:17 UTC) multi-call binary.

Usage: nslookup [HOST] [SERVER]

Query the nameserver for the IP address of the given HOST
optionally using a specified DNS server
"""


def small_nslookup(invocation: Invocation) -> Completed:
    """``nslookup HOST [SERVER]``."""
    machine, words = invocation.machine, invocation.argv[1:]
    if not 1 <= len(words) <= 2 or words[0].startswith("-"):
        return Completed("", USAGE, 1)
    settings, seconds = text_of(machine, "/etc/resolv.conf"), START_SECONDS
    if len(words) == 2:
        asked = look_up(machine, words[1])
        seconds += asked.seconds
        if not asked.addresses:
            return Completed("", f"nslookup: bad address '{words[1]}'\n", 1, seconds)
        others = [line for line in settings.splitlines() if not line.startswith("nameserver")]
        settings = "\n".join([f"nameserver {asked.first_ipv4}", *others])
    server = resolv_conf.parse(settings).servers[0]
    output = f"Server:    {server}\n{_numbered(machine, (server,))}\n"
    hosts, local = text_of(machine, "/etc/hosts"), local_networks(machine)
    found = resolve(machine.sockets, settings, hosts, words[0], libc=machine.libc, local=local)
    seconds += found.seconds
    if not found.addresses:
        return Completed(output, f"nslookup: can't resolve '{words[0]}'\n", 1, seconds)
    return Completed(f"{output}Name:      {words[0]}\n{_numbered(machine, found.addresses)}", "", 0, seconds)


def _numbered(machine: Machine, addresses: Sequence[str]) -> str:
    lines = [(number, address, name_of(machine, address)) for number, address in enumerate(addresses, 1)]
    return "".join(f"Address {number}: {address}{' ' * bool(name)}{name}\n" for number, address, name in lines)
