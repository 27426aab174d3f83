"""``ss``: the sockets of this machine that listen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubesim.programs.connecting import SERVICES
from kubesim.programs.machine import Invocation, Machine
from kubesim.programs.nginx.server import NginxServer
from kubesim.userland.command_line import Complaint, guarded, joined, split_options
from kubesim.userland.machine import Process
from kubesim.userland.process import Completed


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that listens.

    :param kind: ``tcp`` or ``udp``.
    :param processes: those that hold it, where the machine's process table has them; nginx' listen on IPv6 too.
    """

    kind: str
    address: str
    port: int
    is_nginx: bool
    processes: tuple[Process, ...]


def listening(machine: Machine, kinds: Sequence[str]) -> Iterator[Listening]:
    """What listens, kind by kind."""
    running = tuple(each for each in machine.processes if each.command.startswith("nginx"))
    for kind in kinds:
        for protocol, address, port, server in machine.sockets.listeners:
            if protocol.lower() == kind:
                is_nginx = isinstance(server, NginxServer)
                yield Listening(kind, address, port, is_nginx, running if is_nginx else ())


@guarded
def ss(invocation: Invocation) -> Completed:
    """Listening sockets (``-l``), with their processes (``-p``)."""
    long = "listening=l tcp=t udp=u numeric=n"
    options, _ = split_options(invocation, "ltunpa46sioemHr", long=long)
    if "s" in options:
        raise Complaint("ss: -s: this option is not simulated\n", 1)
    if "l" not in options and "a" not in options:
        return Completed("State Recv-Q Send-Q Local Address:Port Peer Address:Port\n")
    kinds = [kind for letter, kind in (("u", "udp"), ("t", "tcp")) if letter in options] or ["udp", "tcp"]
    rows: list[list[str]] = []
    for each in listening(invocation.machine, kinds):
        port = each.port if "n" in options else SERVICES.get(each.port, each.port)
        backlog = "511" if each.is_nginx else "4096"
        state = ["LISTEN", "0", backlog] if each.kind == "tcp" else ["UNCONN", "0", "0"]
        ends = [(each.address, "0.0.0.0:*"), ("[::]", "[::]:*")]
        for descriptor, (local, peer) in enumerate(ends[: 2 if each.is_nginx else 1], 6):
            pids = sorted((process.pid for process in each.processes), reverse=True) if "p" in options else []
            users = ",".join(f'("nginx",pid={pid},fd={descriptor})' for pid in pids)
            rows.append([each.kind, *state, f"{local}:{port}", peer, f" users:({users})" if users else ""])
    return Completed(_socket_table(rows, netid=len(kinds) > 1, process="p" in options))


def _socket_table(rows: list[list[str]], *, netid: bool, process: bool) -> str:
    """Each column is as wide as its widest entry, local and peer around their colons."""
    title = ["Netid", "State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port", "Process" * process]
    ends = [[row[column].rpartition(":") for row in (title, *rows)] for column in (4, 5)]
    hosts = [max(len(each[0]) for each in column) for column in ends]
    ports = [max(len(each[2]) for each in column) for column in ends]
    users = max(len(row[6]) for row in (title, *rows))
    lines = []
    for number, row in enumerate((title, *rows)):
        line = (f"{row[0]:<5} " if netid else "") + f"{row[1]:<6} {row[2]:<6} {row[3]:<6} "
        line += " ".join(
            f"{column[number][0]:>{host}}:{column[number][2]:<{port}}"
            for column, host, port in zip(ends, hosts, ports, strict=True)
        )
        lines.append(line + (f"{row[6]:<{users}}" if process else ""))
    return joined(lines)
