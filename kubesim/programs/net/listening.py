"""``ss`` and ``netstat``: the sockets of this machine, those that listen and those that are connected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubesim.network.network import ANY
from kubesim.network.service import is_dual_stack
from kubesim.network.trace import Outcome
from kubesim.programs.connecting import SERVICES
from kubesim.programs.machine import Machine, Run
from kubesim.programs.net.nettools import interface_table, routing_table
from kubesim.programs.nginx.command import NginxServer
from kubesim.programs.usages import read_options
from kubesim.userland.command_line import Complaint, program, usage
from kubesim.userland.machine import Process
from kubesim.userland.process import Completed

NGINX_BACKLOG, GO_BACKLOG = 511, 4096
"""How many connections may wait to be accepted."""
PROGRAM_WIDTH = 19
"""How much of netstat's ``PID/Program name`` is shown."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that listens.

    :param kind: ``tcp`` or ``udp``.
    :param dual_stack: whether it takes IPv4 and IPv6 alike.
    :param backlog: how many connections may wait to be accepted.
    :param processes: those that hold it, where the machine's process table has them; nginx' listen on IPv6 too.
    """

    kind: str
    address: str
    port: int
    is_nginx: bool
    processes: tuple[Process, ...]
    backlog: int = 4096
    dual_stack: bool = False


def _listening(machine: Machine, kinds: Sequence[str]) -> Iterator[Listening]:
    """What listens, kind by kind. In a container it is the first process, where it is not nginx."""
    main = tuple(each for each in machine.processes if each.pid == 1)
    running = tuple(each for each in machine.processes if each.command.startswith("nginx"))
    for kind in kinds:
        for protocol, address, port, server in machine.sockets.listeners:
            if protocol.lower() == kind:
                is_nginx = isinstance(server, NginxServer)
                backlog = NGINX_BACKLOG if is_nginx else getattr(server, "backlog", GO_BACKLOG)
                own = running if is_nginx else main
                yield Listening(kind, address, port, is_nginx, own, backlog, is_dual_stack(server))


@dataclass(frozen=True, slots=True)
class Connected:
    """A socket with another end, at one moment.

    :param state: as ``ss`` names it.
    :param unacknowledged: how much it has sent that is not answered yet.
    """

    state: str
    local: tuple[str, int]
    remote: tuple[str, int]
    unacknowledged: int = 0


TIME_WAIT_SECONDS = 60.0
NETSTAT_STATES = {"ESTAB": "ESTABLISHED", "SYN-SENT": "SYN_SENT", "TIME-WAIT": "TIME_WAIT"}


def _connected(run: Run) -> Iterator[Connected]:
    """The TCP sockets that a program of this machine opened, or one of its servers accepted, as they are now."""
    sockets = run.machine.sockets
    me, now = sockets.host.name, sockets.now + run.invocation.elapsed
    for exchange in sockets.exchanges:
        trace = exchange.trace
        if exchange.protocol != "TCP" or not exchange.opened <= now < exchange.held + TIME_WAIT_SECONDS:
            continue
        reached = trace.outcome is Outcome.DELIVERED
        if trace.source == me:
            if reached and now < exchange.held:
                yield Connected("ESTAB", exchange.local, exchange.remote)
            elif reached and exchange.closed:  # who closes first waits
                yield Connected("TIME-WAIT", exchange.local, exchange.remote)
            elif not reached and trace.seconds and now < min(exchange.held, exchange.opened + trace.seconds):
                yield Connected("SYN-SENT", exchange.local, exchange.remote, 1)
        if reached and trace.destination == me and trace.delivered is not None and now < exchange.held:
            seen = trace.delivered
            ends = (seen.destination, seen.destination_port), (seen.source, seen.source_port)
            yield Connected("ESTAB", *ends)


def _program_name(process: Process) -> str:
    """What a process is called: its program's name without its directory, which nginx' titles follow."""
    return process.command.split()[0].rsplit("/", 1)[-1].rstrip(":")


def _kinds(run: Run, *known: str) -> list[str]:
    """The protocols that the options name, by their first letters; all of them where none is named."""
    return [kind for kind in known if run.on(kind[0])] or list(known)


def _port(run: Run, number: int) -> int | str:
    return number if run.on("n") else SERVICES.get(number, number)


_SS_FLAGS, _SS_UNTOLD = "ltunpa46sioemHrhVO", "xwdSMEZzbKTBQ0"
_SS_LONG = {
    "listening": "l", "tcp": "t", "udp": "u", "numeric": "n", "processes": "p", "all": "a", "ipv4": "4", "ipv6": "6",
    "summary": "s", "info": "i", "options": "o", "extended": "e", "memory": "m", "no-header": "H", "resolve": "r",
    "help": "h", "version": "V", "oneline": "O", "unix": "x", "raw": "w", "packet": "0", "events": "E", "kill": "K",
}  # fmt: skip


@program()
def ss(run: Run) -> Completed:
    """Sockets: connected ones, with ``-l`` those that listen, with ``-a`` both; with their processes (``-p``)."""
    read_options(run, _SS_FLAGS + _SS_UNTOLD, "fADFN", _SS_LONG, 255)
    if run.on("h"):
        return Completed(usage("ss"))
    if run.on("V"):
        return Completed("ss utility, iproute2-6.15.0\n")
    for letter in _SS_UNTOLD + "fADFN":
        if letter in run.options:
            raise Complaint(f"ss: -{letter}: this option is not simulated\n", 255)
    wanted = _states(run)
    kinds = _kinds(run, "udp", "tcp")
    connected = [each for each in _connected(run) if wanted is None or each.state in wanted]
    if run.on("s"):
        return Completed(_summary(run, connected))
    rows: list[list[str]] = []
    if "tcp" in kinds and not run.on("l"):
        shown = [each for each in connected if wanted is not None or run.on("a") or each.state != "TIME-WAIT"]
        for one in shown:
            near, far = (f"{address}:{_port(run, port)}" for address, port in (one.local, one.remote))
            rows.append(["tcp", one.state, "0", str(one.unacknowledged), near, far, ""])
    listening = _listening(run.machine, kinds) if run.on("la") and wanted is None else ()
    for each in listening:
        backlog = str(each.backlog)
        state = ["LISTEN", "0", backlog] if each.kind == "tcp" else ["UNCONN", "0", "0"]
        ends = [(each.address, "0.0.0.0:*"), ("[::]", "[::]:*")]
        if each.dual_stack and each.address == ANY:
            ends = [("*", "*:*")]
        for descriptor, (local, peer) in enumerate(ends[: 2 if each.is_nginx else 1], 6):
            holders = sorted(each.processes, key=lambda process: -process.pid) if run.on("p") else []
            pids = [(_program_name(process), process.pid) for process in holders]
            users = ",".join(f'("{name}",pid={pid},fd={descriptor})' for name, pid in pids)
            own = f"{local}:{_port(run, each.port)}"
            rows.append([each.kind, *state, own, peer, f" users:({users})" if users else ""])
    many = wanted is None or len(wanted) > 1
    table = _socket_table(rows, netid=len(kinds) > 1, process=run.on("p"), state=many, head=not run.on("H"))
    return run.finished(table)


_STATES = {
    "established": ["ESTAB"], "syn-sent": ["SYN-SENT"], "time-wait": ["TIME-WAIT"], "listening": ["LISTEN"],
    "connected": ["ESTAB", "SYN-SENT", "TIME-WAIT"], "synchronized": ["ESTAB", "TIME-WAIT"], "all": None,
    "syn-recv": [], "fin-wait-1": [], "fin-wait-2": [], "close-wait": [], "last-ack": [], "closing": [], "closed": [],
}  # fmt: skip
"""The names by which ``ss state`` asks, each with the states that it means."""


def _states(run: Run) -> list[str] | None:
    """The states that ``state NAME`` chooses; None where it chooses none.

    :raises Complaint: where there is no such state.
    """
    words = run.operands
    if words[:1] != ["state"]:
        return None
    name = (*words, "")[1]
    if name not in _STATES:
        raise Complaint(f"ss: wrong state name: {name}\n", 255)
    return _STATES[name]


def _summary(run: Run, connected: Sequence[Connected]) -> str:
    """``ss -s``: how many sockets there are."""
    listening = list(_listening(run.machine, ("tcp", "udp")))
    tcp = sum(2 if each.is_nginx else 1 for each in listening if each.kind == "tcp")
    six = sum(each.is_nginx for each in listening if each.kind == "tcp")
    udp = sum(each.kind == "udp" for each in listening)
    estab = sum(each.state == "ESTAB" for each in connected)
    waiting = sum(each.state == "TIME-WAIT" for each in connected)
    ip, alive = tcp - six + estab, tcp + estab
    head = f"Total: {alive + udp + 4}\n"
    head += f"TCP:   {alive + waiting} (estab {estab}, closed {waiting}, orphaned 0, timewait {waiting})\n\n"
    rows = [("RAW", 0, 0, 0), ("UDP", udp, udp, 0), ("TCP", alive, ip, six), ("INET", alive + udp, ip + udp, six)]
    rows.append(("FRAG", 0, 0, 0))
    lines = [f"{name}\t  {total:<9} {four:<9} {other:<9}\n" for name, total, four, other in rows]
    return f"{head}Transport Total     IP        IPv6\n{''.join(lines)}\n"


@program("ltunpaWeri46x", long="listening=l tcp=t udp=u numeric=n programs=p route=r all=a interfaces=i unix=x")
def netstat(run: Run) -> Completed:
    """Listening sockets (``-l``, ``-a``) with their processes (``-p``), or the routes (``-r``)."""
    if run.on("r"):
        return run.finished(routing_table(run, "  MSS Window  irtt Iface", f"{0:>5} {0:<6} {0:>5}"))
    if run.on("i"):
        return run.finished(["Kernel Interface table", *interface_table(run, f"{'Iface':<13} {'MTU':>7}")])
    width = 12 if run.busybox else 11
    which = "only servers" if run.on("l") else "servers and established" if run.on("a") else "w/o servers"
    title = f"{'Proto'} {'Recv-Q'} {'Send-Q'} {'Local Address':<23} {'Foreign Address':<23} {'State':<{width}}"
    unix_only = run.on("x") and not run.on("tu")
    lines = (
        []
        if unix_only
        else [f"Active Internet connections ({which})", title + (" PID/Program name    " if run.on("p") else "")]
    )
    kinds = [] if unix_only else _kinds(run, "tcp", "udp")
    for one in _connected(run) if not run.on("l") and "tcp" in kinds else ():
        near, far = (f"{address}:{_port(run, port)}" for address, port in (one.local, one.remote))
        line = f"{'tcp':<4}  {0:>6} {one.unacknowledged:>6} {near:<23} {far:<23} {NETSTAT_STATES[one.state]:<{width}}"
        lines.append(line + (f" {'-':<20}" if run.on("p") else ""))
    for each in _listening(run.machine, kinds) if kinds and run.on("la") else ():
        first = min(each.processes, key=lambda process: process.pid, default=None)
        program_name = f"{first.pid}/{first.command}" if first else "-"
        sixth = run.worded(f"{each.kind}6", each.kind)
        state = "LISTEN" if each.kind == "tcp" else ""
        ends = [(each.kind, each.address, "0.0.0.0:*"), (sixth, "::", ":::*")]
        if each.dual_stack and each.address == ANY:
            ends = [(sixth, "::", ":::*")]
        for kind, local, far in ends[: 2 if each.is_nginx else 1]:
            own = f"{local}:{_port(run, each.port)}"
            line = f"{kind:<4}  {0:>6} {0:>6} {own:<23} {far:<23} {state:<{width}}"
            lines.append(line + (f" {program_name[:PROGRAM_WIDTH]:<20}" if run.on("p") else ""))
    if not run.on("tu"):
        lines.append(f"Active UNIX domain sockets ({which})")
        lines.append(f"Proto RefCnt Flags       Type       State         I-Node {run.worded('  ', '')}Path")
    return run.finished(lines)


def _socket_table(
    rows: list[list[str]], *, netid: bool, process: bool, state: bool = True, head: bool = True
) -> list[str]:
    """Each column is as wide as its widest entry, local and peer around their colons; ``head``: with titles."""
    title = ["Netid", "State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port", "Process" * process]
    shown = [title, *rows] if head else rows
    ends = [[row[column].rpartition(":") for row in shown] for column in (4, 5)]
    hosts = [max((len(each[0]) for each in column), default=0) for column in ends]
    ports = [max((len(each[2]) for each in column), default=0) for column in ends]
    users = max((len(row[6]) for row in shown), default=0)
    states = max((len(row[1]) for row in shown), default=0)
    netids = 5 if head else 3
    lines = []
    for number, row in enumerate(shown):
        line = (f"{row[0]:<{netids}} " if netid else "") + (f"{row[1]:<{states}} " if state else "")
        line += f"{row[2]:<6} {row[3]:<6} "
        line += " ".join(
            f"{column[number][0]:>{host}}:{column[number][2]:<{port}}"
            for column, host, port in zip(ends, hosts, ports, strict=True)
        )
        lines.append(line + (f"{row[6]:<{users}}" if process else ""))
    return lines
