"""One attempt to connect, in the words that most programs share."""

from __future__ import annotations

from dataclasses import dataclass

from kubesim.network.sockets import Connection
from kubesim.network.trace import Outcome
from kubesim.programs.dial import dial
from kubesim.programs.machine import Machine

KERNEL_GIVES_UP = 134.0
"""Seconds until Linux stops sending SYNs."""


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


def attempt(machine: Machine, address: str, port: int, limit: float | None = None, protocol: str = "TCP") -> Attempt:
    """Connect, for so many seconds at most."""
    connection = dial(machine, address, port, protocol)
    if connection.outcome is Outcome.DELIVERED:
        return Attempt(connection, "", 0.0)
    waits = min(connection.seconds, KERNEL_GIVES_UP)
    if limit is not None and waits > limit:
        return Attempt(connection, "Connection timed out", limit, True)
    if connection.outcome in (Outcome.REFUSED, Outcome.REJECTED):
        problem = "Connection refused"
    elif connection.outcome is Outcome.UNREACHABLE:
        problem = unreachable(machine, connection)
    else:
        problem = "Connection timed out"
    return Attempt(connection, problem, waits)


def unreachable(machine: Machine, connection: Connection) -> str:
    """Words for a router's or the own stack's "no way there"."""
    if connection.seconds:
        return "Host is unreachable" if machine.libc == "musl" else "No route to host"
    return "Network unreachable" if machine.libc == "musl" else "Network is unreachable"


SERVICES = {
    20: "ftp-data", 21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 53: "domain", 80: "http", 110: "pop3",
    111: "sunrpc", 123: "ntp", 143: "imap2", 179: "bgp", 389: "ldap", 443: "https", 445: "microsoft-ds",
    587: "submission", 636: "ldaps", 993: "imaps", 995: "pop3s", 1433: "ms-sql-s", 3306: "mysql",
    5432: "postgresql", 5672: "amqp", 6379: "redis", 8080: "http-alt", 11211: "memcache",
}  # fmt: skip
"""Names of ports, as Debian's ``/etc/services`` has them."""
