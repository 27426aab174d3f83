"""Connecting, in the words that most programs share; and the names of ports.

The simulated network is IPv4. ``::1`` is the one IPv6 address that works, because programs try it first for
``localhost``: it reaches what listens on this machine, which then sees ``::1`` as its client.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kubesim.network.service import Client
from kubesim.network.sockets import Connection
from kubesim.network.trace import Outcome
from kubesim.programs.machine import Machine

LOOPBACK_6 = "::1"
KERNEL_GIVES_UP = 134.0
"""Seconds until Linux stops sending SYNs: retries at 1, 2, 3, 4, 5, 7, 11, 19, 35 and 69 s."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How connecting ended.

    :param problem: ``strerror``'s words; empty where it succeeded.
    :param seconds: how long it took.
    :param timed_out: whether the program's own limit ended it.
    """

    connection: Connection
    problem: str
    seconds: float
    timed_out: bool = False


def attempt(
    machine: Machine,
    address: str,
    port: int,
    limit: float | None = None,
    protocol: str = "TCP",
    *,
    later: float = 0.0,
) -> Attempt:
    """Connect, for so many seconds at most.

    :param later: seconds from now at which the program does so: what it did before took them.
    """
    connection = _open(machine, address, port, protocol, later)
    if connection.outcome is Outcome.DELIVERED:
        return Attempt(connection, "", 0.0)
    waits = min(connection.seconds, KERNEL_GIVES_UP)
    connection.exchange.held = connection.exchange.opened + (waits if limit is None else min(waits, limit))
    silence = "Operation timed out" if machine.libc == "musl" else "Connection timed out"
    if limit is not None and waits > limit:
        return Attempt(connection, silence, limit, True)
    if connection.outcome is Outcome.REJECTED and connection.trace.problem in ("host", "admin", "net"):
        problem = unreachable(machine, connection)
    elif connection.outcome in (Outcome.REFUSED, Outcome.REJECTED):
        problem = "Connection refused"
    elif connection.outcome is Outcome.UNREACHABLE:
        problem = unreachable(machine, connection)
    else:
        problem = silence
    return Attempt(connection, problem, waits)


def _open(machine: Machine, address: str, port: int, protocol: str, later: float) -> Connection:
    if address != LOOPBACK_6:
        return machine.sockets.connect(address, port, protocol, later=later)
    connection = machine.sockets.connect("127.0.0.1", port, protocol, later=later)
    seen = Client(LOOPBACK_6, connection.client.port)
    return replace(connection, client=seen, local=(LOOPBACK_6, connection.local[1]))


def unreachable(machine: Machine, connection: Connection) -> str:
    """Words for a router's or the own stack's "no way there"."""
    if connection.trace.problem in ("host", "admin"):
        return "Host is unreachable" if machine.libc == "musl" else "No route to host"
    return "Network unreachable" if machine.libc == "musl" else "Network is unreachable"


SERVICES = {
    20: "ftp-data", 21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 53: "domain", 80: "http", 110: "pop3",
    111: "sunrpc", 123: "ntp", 143: "imap2", 179: "bgp", 389: "ldap", 443: "https", 445: "microsoft-ds",
    587: "submission", 636: "ldaps", 993: "imaps", 995: "pop3s", 1433: "ms-sql-s", 3306: "mysql",
    5432: "postgresql", 5672: "amqp", 6379: "redis", 8080: "http-alt", 11211: "memcache",
}  # fmt: skip
"""Names of ports, as Debian's ``/etc/services`` has them."""
