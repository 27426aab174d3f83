"""``ping``: iputils' and busybox'; ``traceroute``: the routers on the way, each found by a packet that it gave up on.

A ClusterIP does not answer ``ping``: kube-proxy's rules match ports only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from kubesim.network.trace import Hop, Outcome
from kubesim.programs.machine import Run
from kubesim.programs.name_lookup import look_up, name_of, numeric_address
from kubesim.userland.command_line import Complaint, joined, program
from kubesim.userland.process import Completed

_FOREVER = 4


_NUMBER = r"\d+\.?\d*"


@program("qnv46AbBdDfhLOrRUV", "ciIlmMpQsStTwW")
def ping(run: Run) -> Completed:
    """Send echo requests."""
    options = run.options
    if not run.operands:
        usage = "BusyBox v1.37.0 multi-call binary.\n\nUsage: ping [OPTIONS] HOST\n"
        text = run.worded("ping: usage error: Destination address required\n", usage)
        raise Complaint(text, 1 if run.busybox or run.on("V") else 2)
    for letter in "cWws":
        value = options.get(letter, "0")
        if not re.fullmatch(_NUMBER, value):
            raise Complaint(f"ping: {run.worded('invalid argument:', 'invalid number')} '{value}'\n")
    name = run.operands[-1]
    lookup = look_up(run.machine, name)
    if not lookup.addresses:
        text = run.worded(f"{name}: {lookup.error}", f"bad address '{name}'")
        return Completed("", f"ping: {text}\n", 1 if run.busybox else 2, lookup.seconds)
    interval = float(options.get("i", "1")) if re.fullmatch(_NUMBER, options.get("i", "1")) else 1.0
    limit = run.invocation.limit
    count = int(float(options["c"])) if run.on("c") else int(min(limit, _FOREVER * interval) / interval) + 1
    shown = name if run.busybox or numeric_address(name) else lookup.canonical
    size = int(float(options.get("s", "56")))
    done = _Session(run, lookup.addresses[0], shown, size, interval, count, lookup.seconds).ended()
    return replace(done, seconds=float("inf")) if not run.on("c") and limit != float("inf") else done


@dataclass(slots=True)
class _Session:
    """One run of ping; ``name`` is what the heading and the replies call the host."""

    run: Run
    address: str
    name: str
    size: int
    interval: float
    count: int
    seconds: float
    out: list[str] = field(default_factory=list)
    received: int = 0
    errors: int = 0

    def ended(self) -> Completed:
        """Send everything; what was printed, and how long it took."""
        six = self.address == "::1"
        usual = f" {self.size} data bytes" if six else f" {self.size}({self.size + 28}) bytes of data."
        self.out.append(f"PING {self.name} ({self.address}){self.run.worded(usual, f': {self.size} data bytes')}")
        times: list[float] = []
        last_wait = 0.0
        chance = self.run.machine.simulation.random(f"ping/{self.run.machine.name}")
        for sequence in range(1, self.count + 1):
            connection = self.run.machine.sockets.ping("127.0.0.1" if six else self.address)
            if connection.outcome is Outcome.DELIVERED:
                self.received += 1
                times.append(0.05 + chance.random() * 0.15 + 0.05 * len(connection.trace.hops))
                last_wait = 0.0
                if not self.run.on("q"):
                    self.out.append(self._reply(sequence, times[-1], connection.trace.hops))
            elif connection.outcome in (Outcome.UNREACHABLE, Outcome.REJECTED) and not self.run.busybox:
                self.errors += 1
                last_wait = connection.seconds
                why = "Destination Host Unreachable" if connection.seconds else "Destination Net Unreachable"
                self.out.append(f"From {connection.ended_at} icmp_seq={sequence} {why}")
            else:
                last_wait = float(self.run.options.get("W", "10"))
        return self._summary(times, last_wait)

    def _reply(self, sequence: int, time: float, hops: tuple[Hop, ...]) -> str:
        ttl = 64 - len([hop for hop in hops if hop.machine.startswith(("node/", "router"))])
        forwarding = [hop for hop in hops if hop.machine.startswith(("node/", "internet/router"))]
        if self.run.machine.name.startswith("node/") or (len(forwarding) == 1 and ttl == 63 and len(hops) == 3):
            ttl = min(64, ttl + 1)
        if self.run.busybox:
            return f"{self.size + 8} bytes from {self.address}: seq={sequence - 1} ttl={ttl} time={time:.3f} ms"
        reverse = "" if numeric_address(self.name) else name_of(self.run.machine, self.address) or self.address
        who = f"{reverse} ({self.address})" if reverse else self.address
        return f"{self.size + 8} bytes from {who}: icmp_seq={sequence} ttl={ttl} time={time:.3f} ms"

    def _summary(self, times: list[float], last_wait: float) -> Completed:
        lost = 100 * (self.count - self.received) // self.count if self.count else 0
        span = (self.count - 1) * self.interval
        self.out.append("")
        self.out.append(f"--- {self.name} ping statistics ---")
        if self.run.busybox:
            self.out.append(f"{self.count} packets transmitted, {self.received} packets received, {lost}% packet loss")
            if times:
                average = sum(times) / len(times)
                self.out.append(f"round-trip min/avg/max = {min(times):.3f}/{average:.3f}/{max(times):.3f} ms")
        else:
            errors = f", +{self.errors} errors" if self.errors else ""
            total = f"{self.count} packets transmitted, {self.received} received{errors}, {lost}% packet loss, "
            total += f"time {int(span * 1000)}ms"
            self.out.append(total)
            if times:
                average = sum(times) / len(times)
                spread = (sum(t * t for t in times) / len(times) - average**2) ** 0.5 if len(times) > 1 else 0.0
                self.out.append(
                    f"rtt min/avg/max/mdev = {min(times):.3f}/{average:.3f}/{max(times):.3f}/{abs(spread):.3f} ms"
                )
            elif self.errors > 1 and last_wait:
                self.out.append(f"pipe {self.errors}")
            else:
                self.out.append("")
        took = max(self.seconds + span + last_wait, 0.0)
        if self.errors and last_wait:
            took = self.seconds + max(span, 0.0) + last_wait - (self.count - 1) * self.interval
        return Completed(joined(self.out), "", int(self.received == 0), took)


@program("nTIUFdrvw46", "qmpwsitgzlf")
def traceroute(run: Run) -> Completed:
    """List the hops to a host."""
    if not run.operands:
        raise Complaint('Specify "host" missing argument.\n', 2)
    name, machine = run.operands[0], run.machine
    lookup = look_up(machine, name)
    if not lookup.addresses:
        if run.busybox:
            return Completed("", f"traceroute: bad address '{name}'\n", 1, lookup.seconds)
        text = f'{name}: {lookup.error}\nCannot handle "host" cmdline arg `{name}\' on position 1\n'
        return Completed("", text, 2, lookup.seconds)
    address = lookup.addresses[0]
    limit, tries, wait, port = (
        int(run.options[letter]) if run.options.get(letter, "").isdigit() else default
        for letter, default in (("m", 30), ("q", 3), ("w", 5), ("p", 80))
    )
    head = f"traceroute to {name} ({address}), {limit} hops max, {46 if run.busybox else 60} byte packets"
    connection = machine.sockets.connect(address, port) if run.on("T") else machine.sockets.ping(address)
    chance = machine.simulation.random(f"traceroute/{machine.name}")

    def times() -> str:
        return "  ".join(f"{0.01 + chance.random() * 0.08:.3f} ms" for _ in range(tries))

    def named(place: str) -> str:
        return place if run.on("n") else f"{name_of(machine, place) or place} ({place})"

    routers = connection.routers
    lines = [head, *(f"{number:2d}  {named(router)}  {times()}" for number, router in enumerate(routers[:limit], 1))]
    seconds = lookup.seconds
    if connection.outcome is Outcome.DELIVERED:
        lines.append(f"{len(routers) + 1:2d}  {named(address)}  {times()}")
    elif connection.outcome is Outcome.UNREACHABLE:
        who = routers[-1] if routers else machine.sockets.address
        mark = "!H" if connection.seconds else "!N"
        if routers:
            lines.pop()
        taken = f"{connection.seconds * 1000 + 0.3:.3f} ms" if connection.seconds else times()
        lines.append(f"{max(1, len(routers)):2d}  {named(who)}  {taken} {mark}")
        seconds += connection.seconds
    else:
        lines += [f"{number:2d}  {' '.join('*' * tries)}" for number in range(len(routers) + 1, limit + 1)]
        seconds += wait
    return Completed(joined(lines), "", 0, seconds)
