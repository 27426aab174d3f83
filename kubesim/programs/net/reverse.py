"""The name of an address, as ``getnameinfo`` finds it: /etc/hosts, then a PTR query."""

from __future__ import annotations

from kubesim.network.dns.message import DnsQuery, DnsResponse
from kubesim.programs.machine import Machine
from kubesim.userland.filesystem import FileError


def reverse_name(machine: Machine, address: str) -> str:
    """The name, or an empty text."""
    if address == "::1":
        return "localhost"
    try:
        for line in machine.files.read("/etc/hosts").splitlines():
            words = line.partition("#")[0].split()
            if words[:1] == [address] and len(words) > 1:
                return words[1]
        settings = machine.files.read("/etc/resolv.conf")
    except FileError:
        return ""
    servers = [
        line.split()[1] for line in settings.splitlines() if line.startswith("nameserver") and len(line.split()) > 1
    ]
    name = ".".join(reversed(address.split("."))) + ".in-addr.arpa."
    for server in servers[:1]:
        answer = machine.sockets.connect(server, 53, "UDP").request(DnsQuery(name, "PTR"))
        if isinstance(answer, DnsResponse):
            found = [record.data for record in answer.answer if record.type == "PTR"]
            return found[0].rstrip(".") if found else ""
    return ""
