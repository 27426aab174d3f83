"""``ss`` and ``netstat``: the sockets of this machine that listen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubesim.programs.connecting import SERVICES
from kubesim.programs.machine import Machine, Run
from kubesim.programs.net.nettools import interface_table, routing_table
from kubesim.programs.nginx.command import NginxServer
from kubesim.userland.command_line import Complaint, program
from kubesim.userland.machine import Process
from kubesim.userland.process import Completed

PROGRAM_WIDTH = 19
"""How much of netstat's ``PID/Program name`` is shown."""


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


def _listening(machine: Machine, kinds: Sequence[str]) -> Iterator[Listening]:
    """What listens, kind by kind."""
    running = tuple(each for each in machine.processes if each.command.startswith("nginx"))
    for kind in kinds:
        for protocol, address, port, server in machine.sockets.listeners:
            if protocol.lower() == kind:
                is_nginx = isinstance(server, NginxServer)
                yield Listening(kind, address, port, is_nginx, running if is_nginx else ())


def _kinds(run: Run, *known: str) -> list[str]:
    """The protocols that the options name, by their first letters; all of them where none is named."""
    return [kind for kind in known if run.on(kind[0])] or list(known)


def _port(run: Run, number: int) -> int | str:
    return number if run.on("n") else SERVICES.get(number, number)


@program("ltunpa46sioemHr", long="listening=l tcp=t udp=u numeric=n")
def ss(run: Run) -> Completed:
    """Listening sockets (``-l``), with their processes (``-p``)."""
    if run.on("s"):
        raise Complaint("ss: -s: this option is not simulated\n")
    if not run.on("la"):
        return Completed("State Recv-Q Send-Q Local Address:Port Peer Address:Port\n")
    kinds = _kinds(run, "udp", "tcp")
    rows: list[list[str]] = []
    for each in _listening(run.machine, kinds):
        backlog = "511" if each.is_nginx else "4096"
        state = ["LISTEN", "0", backlog] if each.kind == "tcp" else ["UNCONN", "0", "0"]
        ends = [(each.address, "0.0.0.0:*"), ("[::]", "[::]:*")]
        for descriptor, (local, peer) in enumerate(ends[: 2 if each.is_nginx else 1], 6):
            pids = sorted((process.pid for process in each.processes), reverse=True) if run.on("p") else []
            users = ",".join(f'("nginx",pid={pid},fd={descriptor})' for pid in pids)
            own = f"{local}:{_port(run, each.port)}"
            rows.append([each.kind, *state, own, peer, f" users:({users})" if users else ""])
    return run.finished(_socket_table(rows, netid=len(kinds) > 1, process=run.on("p")))


@program("ltunpaWeri46x", long="listening=l tcp=t udp=u numeric=n programs=p route=r all=a interfaces=i unix=x")
def netstat(run: Run) -> Completed:
    """Listening sockets (``-l``, ``-a``) with their processes (``-p``), or the routes (``-r``)."""
    if run.on("r"):
        return run.finished(routing_table(run, "  MSS Window  irtt Iface", f"{0:>5} {0:<6} {0:>5}"))
    if run.on("i"):
        return run.finished(["Kernel Interface table", *interface_table(run, f"{'Iface':<13} {'MTU':>7}")])
    which = "only servers" if run.on("l") else "servers and established" if run.on("a") else "w/o servers"
    title = f"{'Proto'} {'Recv-Q'} {'Send-Q'} {'Local Address':<23} {'Foreign Address':<23} {'State':<11}"
    lines = [f"Active Internet connections ({which})", title + (" PID/Program name    " if run.on("p") else "")]
    for each in _listening(run.machine, _kinds(run, "tcp", "udp")) if run.on("la") else ():
        first = min(each.processes, key=lambda process: process.pid, default=None)
        program_name = f"{first.pid}/{first.command}" if first else "-"
        sixth = run.worded(f"{each.kind}6", each.kind)
        state = "LISTEN" if each.kind == "tcp" else ""
        ends = [(each.kind, each.address, "0.0.0.0:*"), (sixth, "::", ":::*")]
        for kind, local, far in ends[: 2 if each.is_nginx else 1]:
            line = f"{kind:<4}  {0:>6} {0:>6} {f'{local}:{_port(run, each.port)}':<23} {far:<23} {state:<11}"
            lines.append(line + (f" {program_name[:PROGRAM_WIDTH]:<20}" if run.on("p") else ""))
    return run.finished(lines)


def _socket_table(rows: list[list[str]], *, netid: bool, process: bool) -> list[str]:
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
    return lines
