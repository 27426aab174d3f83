"""``ping``: iputils' and busybox'.

A ClusterIP does not answer: kube-proxy's rules match ports only.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, field, replace
from math import inf

from kubesim.network.kernel import NEIGHBOUR_SECONDS
from kubesim.network.sockets import Connection
from kubesim.network.topology import Host
from kubesim.network.trace import Outcome
from kubesim.programs.machine import Run
from kubesim.programs.name_lookup import look_up, name_of, numeric_address
from kubesim.programs.net.packets import HEADERS, routed
from kubesim.programs.usages import read_options
from kubesim.userland.bounds import LONGEST_RUN
from kubesim.userland.command_line import Complaint, joined, program, usage
from kubesim.userland.process import Completed

TTL = 64
"""What Linux puts on every packet."""
PATIENCE = 10.0
"""Seconds that ping waits for an answer where none has come yet."""
STAMP = 16
"""The bytes of a payload that hold the time stamp by which iputils measures; busybox needs four."""
_FOREVER = 4
MOST_PROBES = 5_000
"""Requests after which a ping that goes on is taken to be stopped."""
_VERSION = (
    "ping from iputils 20240905\nlibcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes\n"
)
_RANGES = {"c": (1, 9223372036854775807), "s": (0, 2147483647), "t": (0, 255), "w": (0, 2147483647), "l": (1, 65536)}
"""The numbers that iputils takes, from the least to the most."""
_REASONS = {
    "net": "Destination Net Unreachable",
    "host": "Destination Host Unreachable",
    "port": "Destination Port Unreachable",
    "admin": "Packet filtered",
}
"""What is printed for an ICMP error."""


@program()
def ping(run: Run) -> Completed:
    """Send echo requests."""
    if run.busybox:
        read_options(run, "46qA", "csiItwWp")
    else:
        read_options(run, "346aAbBCdDfhHLnOqrRUvV", "ceFiIlmMNpQsStTwW", status=2)
    if run.on("V"):
        return Completed(_VERSION)
    if run.on("h"):
        raise Complaint(usage("ping"), 2)
    if run.on("fR"):
        raise Complaint(f"ping: -{'f' if run.on('f') else 'R'}: this option is not simulated\n", 2)
    if not run.operands:
        text = "ping: usage error: Destination address required\n"
        raise Complaint(usage("busybox/ping") if run.busybox else text, 1 if run.busybox else 2)
    _check(run)
    name = run.operands[-1]
    family = socket.AF_INET if run.on("4") else socket.AF_INET6 if run.on("6") else 0
    lookup = look_up(run.machine, name, family)
    if not lookup.addresses:
        why = lookup.error
        if family and "associated" in why:  # the name has addresses, of the other family
            why = "Address family for hostname not supported"
        text = run.worded(f"{name}: {why}", f"bad address '{name}'")
        return Completed("", f"ping: {text}\n", 1 if run.busybox else 2, lookup.seconds)
    address = "127.0.0.1" if lookup.addresses[0] == "0.0.0.0" else lookup.addresses[0]
    shown = name if run.busybox or numeric_address(name) else lookup.canonical
    session = _Session(run, address, shown, lookup.seconds)
    return session.ended()


def _check(run: Run) -> None:
    """Whether the numbers are ones that ping takes."""
    for letter, value in run.options.items():
        if run.busybox:
            if letter in "cstwW" and not value.isdecimal():
                raise Complaint(f"ping: invalid number '{value}'\n")
            continue
        if letter in _RANGES:
            least, most = _RANGES[letter]
            if not re.fullmatch(r"-?\d+", value):
                raise Complaint(f"ping: invalid argument: '{value}'\n")
            if not least <= int(value) <= most:
                raise Complaint(f"ping: invalid argument: '{value}': out of range: {least} <= value <= {most}\n")
            if letter == "s" and int(value) > 65507:
                raise Complaint(f"ping: invalid -s value: '{value}': out of range: 0 <= value <= 65507\n")
        if letter == "M" and value not in ("do", "dont", "want", "probe"):
            raise Complaint(f"ping: invalid -M argument: {value}\n", 2)


def _seconds(text: str, default: float) -> float:
    return float(text) if re.fullmatch(r"\d+\.?\d*|\.\d+", text) else default


@dataclass(slots=True)
class _Session:
    """One run of ping.

    :param name: what the heading calls the host.
    :param seconds: what was spent on looking the name up.
    :ivar clock: seconds since the first request.
    :ivar pipe: how many requests were on their way at once, at most.
    :ivar sender: who tells of their failure.
    :ivar until: when the requests that wait for the neighbour's hardware address will have failed.
    """

    run: Run
    address: str
    name: str
    seconds: float
    out: list[str] = field(default_factory=list)
    error: str = ""
    sent: int = 0
    received: int = 0
    errors: int = 0
    times: list[float] = field(default_factory=list)
    clock: float = 0.0
    last: float = 0.0
    until: float = -1.0
    waiting: list[int] = field(default_factory=list)
    sender: str = ""
    pipe: int = 0

    @property
    def six(self) -> bool:
        """Whether the address is IPv6, of which only the loopback works."""
        return ":" in self.address

    def _number(self, letter: str, default: float) -> float:
        return _seconds(self.run.options.get(letter, ""), default)

    def ended(self) -> Completed:
        """Send everything; what was printed, and how long it took."""
        run = self.run
        size = int(self._number("s", 56))
        heading = self._heading(size)
        first = None if self.six and self.address != "::1" else self._send(size, 0.0)
        if first is None or (not first.trace.hops[1:] and first.trace.problem in ("net", "admin")):
            if run.busybox:
                return Completed(f"{heading}\n", "ping: sendto: Network is unreachable\n", 1, self.seconds)
            return Completed("", "ping: connect: Network is unreachable\n", 2, self.seconds)
        interface = run.options.get("I", "")
        host = run.machine.sockets.host
        if interface and not numeric_address(interface) and all(each.name != interface for each in host.interfaces):
            raise Complaint(f"ping: SO_BINDTODEVICE {interface}: No such device\n", 2)
        self.out.append(heading)
        forever = not run.on("c") and not run.on("w")
        interval = 0.0 if run.on("A") else self._number("i", 1.0)
        deadline = min(self._number("w", 0.0) or inf, run.invocation.limit)
        if forever and deadline == inf:
            deadline = _FOREVER * max(interval, 0.2) - 1e-6
        count = int(self._number("c", 0)) or inf
        connection: Connection | None = first
        while self.clock < deadline and not self._cut and (self.sent < count or self._goes_on(count)):
            connection = connection or self._send(size, self.clock)
            self.sent, self.last = self.sent + 1, self.clock
            answered = self._result(connection, size)
            connection = None
            if self.received + (self.errors if run.on("w") else 0) >= count:
                break
            if run.on("O") and not answered and not run.on("q") and self.sent < count:
                self.out.append(f"no answer yet for icmp_seq={self.sent}")
            if self.sent >= count and not run.on("w"):
                break
            self._pass(self.clock + interval, deadline)
            if run.on("w") and self.errors and not run.busybox and self.clock >= self.until >= 0:
                break
        self._linger(deadline, count)
        done = self._summary(size)
        return replace(done, seconds=inf) if self._cut or (forever and run.invocation.limit == inf) else done

    @property
    def _cut(self) -> bool:
        """Whether it has gone on for so long that somebody stops it."""
        return self.sent >= MOST_PROBES or self.clock >= LONGEST_RUN

    def _goes_on(self, count: float) -> bool:
        """With a deadline, iputils sends until enough was answered."""
        return self.run.on("w") and not self.run.busybox and self.received + self.errors < count

    def _heading(self, size: int) -> str:
        run, interface = self.run, self.run.options.get("I", "")
        sender = ""
        if interface:
            own = interface if numeric_address(interface) else run.machine.sockets.host.source_for(self.address)
            sender = f" from {own} {'' if numeric_address(interface) else interface}:"
            sender = f" from {own}" if run.busybox else sender
        if run.busybox:
            return f"PING {self.name} ({self.address}){sender}: {size} data bytes"
        amount = f"{size} data bytes" if self.six else f"{size}({size + HEADERS['ICMP']}) bytes of data."
        return f"PING {self.name} ({self.address}){sender} {amount}"

    def _send(self, size: int, later: float) -> Connection:
        target = "127.0.0.1" if self.six else self.address
        start = self.run.invocation.elapsed + self.seconds
        return self.run.machine.sockets.ping(target, size, later=start + later)

    def _result(self, connection: Connection, size: int) -> bool:
        """What becomes of one request; whether it was answered at once."""
        run, sequence = self.run, self.sent
        limit, packet = run.options.get("M", ""), size + HEADERS["ICMP"]
        narrow = next(((place, mtu) for place, mtu in _mtus(connection, run) if mtu < packet), None)
        if limit in ("do", "probe") and narrow is not None:
            place, mtu = narrow
            self.errors += 1
            if place is None:
                self.error += "ping: sendmsg: Message too long\n"
            else:
                self._told(f"From {place} icmp_seq={sequence} Frag needed and DF set (mtu = {mtu})")
            return False
        hops = int(self._number("t", TTL))
        if hops <= len(connection.routers):
            if not run.busybox:
                self.errors += 1
                self._told(f"From {connection.routers[hops - 1]} icmp_seq={sequence} Time to live exceeded")
            return False
        if connection.outcome is Outcome.DELIVERED:
            self.received += 1
            self._reply(sequence, size, connection)
            return True
        if run.busybox or not connection.trace.problem:
            return False
        if connection.seconds:  # the neighbour's address is asked for; all requests until then fail together
            if self.clock >= self.until:
                self.until = self.clock + NEIGHBOUR_SECONDS
                self.waiting.clear()
            self.waiting.append(sequence)
            self.sender = connection.ended_at
            return False
        self.errors += 1
        self._told(f"From {connection.ended_at} icmp_seq={sequence} {_REASONS[connection.trace.problem]}")
        return False

    def _pass(self, moment: float, deadline: float) -> None:
        """Let time pass; requests that waited for a neighbour fail meanwhile."""
        if self.waiting and self.until <= min(moment, deadline):
            self._fail()
        self.clock = min(moment, deadline)

    def _fail(self) -> None:
        for sequence in self.waiting:
            self.errors += 1
            self._told(f"From {self.sender} icmp_seq={sequence} {_REASONS['host']}")
        self.pipe = max(self.pipe, len(self.waiting))
        self.waiting.clear()

    def _told(self, text: str) -> None:
        if not self.run.on("q"):
            self.out.append(text)

    def _linger(self, deadline: float, count: float) -> None:
        """Wait for what has not been answered yet."""
        if self.received + self.errors >= self.sent and not self.run.on("w") and not self.error:
            return
        if self.received + (self.errors if not self.run.busybox else 0) >= count:
            return
        if self.run.on("w"):
            self._pass(deadline, deadline)
            return
        patience = self._number("W", 0.0 if self.received and not self.run.busybox else PATIENCE)
        end = min(self.clock + patience, deadline)
        if self.waiting and self.until <= end:
            end = self.until
        self._pass(end, end)

    def _reply(self, sequence: int, size: int, connection: Connection) -> None:
        run, chance = self.run, self.run.machine.simulation.random(f"ping/{self.run.machine.name}")
        time = 0.05 + chance.random() * 0.15 + 0.05 * len(connection.trace.hops)
        self.times.append(time)
        if run.on("q"):
            return
        # Of the machines on the way back, those between the sender and us have passed the packet on.
        ttl = TTL - len([hop for hop in connection.trace.reply[1:-1] if routed(hop)])
        measured = f" time={time:.3f} ms" if size >= (4 if run.busybox else STAMP) else ""
        if run.busybox:
            self.out.append(f"{size + 8} bytes from {self.address}: seq={sequence - 1} ttl={ttl}{measured}")
            return
        named = not run.on("n") and not numeric_address(self.name) and self.name != self.address
        name = name_of(run.machine, self.address) if named else ""
        who = f"{name} ({self.address})" if name else self.address
        stamp = f"[{run.machine.datetime(self.clock).timestamp():.6f}] " if run.on("D") else ""
        bell = "\a" if run.on("a") else ""
        self.out.append(f"{stamp}{size + 8} bytes from {who}: icmp_seq={sequence} ttl={ttl}{measured}{bell}")

    def _summary(self, size: int) -> Completed:
        run = self.run
        if run.invocation.limit <= self.clock and run.invocation.ending != "INT":
            return Completed(joined(self.out), self.error, 0, self.seconds + self.clock)
        lost = 100 * (self.sent - self.received) // self.sent if self.sent else 0
        self.out += ["", f"--- {self.name} ping statistics ---"]
        measured = self.times if size >= (4 if run.busybox else STAMP) else []
        average = sum(measured) / len(measured) if measured else 0.0
        if run.busybox:
            self.out.append(f"{self.sent} packets transmitted, {self.received} packets received, {lost}% packet loss")
            if measured:
                self.out.append(f"round-trip min/avg/max = {min(measured):.3f}/{average:.3f}/{max(measured):.3f} ms")
        else:
            errors = f", +{self.errors} errors" if self.errors else ""
            span = int(self.last * 1000)
            told = f"{self.sent} packets transmitted, {self.received} received{errors}, {lost}% packet loss"
            self.out.append(f"{told}, time {span}ms")
            spread = abs(sum(t * t for t in measured) / len(measured) - average**2) ** 0.5 if measured else 0.0
            if measured:
                shown = f"{min(measured):.3f}/{average:.3f}/{max(measured):.3f}/{spread:.3f}"
                self.out.append(f"rtt min/avg/max/mdev = {shown} ms")
            else:
                self.out.append(f"pipe {self.pipe}" if self.pipe > 1 else "")
        wanted = int(self._number("c", 0))
        failed = self.received == 0 or (run.on("w") and self.received < wanted)
        return Completed(joined(self.out), self.error, int(failed), self.seconds + self.clock)


def _mtus(connection: Connection, run: Run) -> list[tuple[str | None, int]]:
    """The largest packet of each machine on the way, and the address by which it tells of it; None for this one."""
    found: list[tuple[str | None, int]] = []
    hosts: list[tuple[Host, str]] = connection.senders
    for number, (host, name) in enumerate(hosts):
        interface = host.interface(name)
        found.append((connection.routers[number - 1] if 0 < number <= len(connection.routers) else None, interface.mtu))
    return found
