"""``ping``: iputils' and busybox'. A ClusterIP does not answer it: kube-proxy's rules match ports only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from kubesim.network.trace import Hop, Outcome
from kubesim.programs.machine import Invocation, Machine
from kubesim.programs.name_lookup import look_up, name_of, numeric_address
from kubesim.userland.command_line import Complaint, guarded, is_busybox, split_options
from kubesim.userland.process import Completed

_FOREVER = 4


@guarded
def ping(invocation: Invocation) -> Completed:
    """Send echo requests."""
    busybox = is_busybox(invocation)
    options, names = split_options(invocation, "qnv46AbBdDfhLOrRUV", "ciIlmMpQsStTwW")
    if not names:
        if busybox:
            raise Complaint("BusyBox v1.37.0 multi-call binary.\n\nUsage: ping [OPTIONS] HOST\n", 1)
        raise Complaint("ping: usage error: Destination address required\n", 1 if "V" in options else 2)
    for letter in "cWws":
        if letter in options and not re.fullmatch(r"\d+\.?\d*", options[letter]):
            if busybox:
                raise Complaint(f"ping: invalid number '{options[letter]}'\n")
            raise Complaint(f"ping: invalid argument: '{options[letter]}'\n", 1)
    name = names[-1]
    lookup = look_up(invocation.machine, name)
    if not lookup.addresses:
        if busybox:
            return Completed("", f"ping: bad address '{name}'\n", 1, lookup.seconds)
        return Completed("", f"ping: {name}: {lookup.error}\n", 2, lookup.seconds)
    address = lookup.addresses[0]
    size = int(float(options.get("s", "56")))
    interval = float(options.get("i", "1")) if re.fullmatch(r"\d+\.?\d*", options.get("i", "1")) else 1.0
    count = (
        int(float(options["c"])) if "c" in options else int(min(invocation.limit, _FOREVER * interval) / interval) + 1
    )
    shown = lookup.canonical if not numeric_address(name) else name
    session = _Session(invocation, address, name if busybox else shown, size, interval, count, options, lookup.seconds)
    done = session.run()
    endless = "c" not in options and invocation.limit != float("inf")
    return replace(done, seconds=float("inf")) if endless else done


@dataclass(slots=True)
class _Session:
    """One run; ``name`` is what the heading and the replies call the host."""

    invocation: Invocation
    address: str
    name: str
    size: int
    interval: float
    count: int
    options: dict[str, str]
    seconds: float
    out: list[str] = field(default_factory=list)
    received: int = 0
    errors: int = 0

    @property
    def machine(self) -> Machine:
        """Where ping runs."""
        return self.invocation.machine

    @property
    def busybox(self) -> bool:
        """Whether it is busybox'."""
        return is_busybox(self.invocation)

    def run(self) -> Completed:
        six = self.address == "::1"
        if self.busybox:
            self.out.append(f"PING {self.name} ({self.address}): {self.size} data bytes")
        elif six:
            self.out.append(f"PING {self.name} ({self.address}) {self.size} data bytes")
        else:
            self.out.append(f"PING {self.name} ({self.address}) {self.size}({self.size + 28}) bytes of data.")
        times: list[float] = []
        last_wait = 0.0
        chance = self.machine.simulation.random(f"ping/{self.machine.name}")
        for sequence in range(1, self.count + 1):
            connection = self.machine.sockets.ping("127.0.0.1" if six else self.address)
            if connection.outcome is Outcome.DELIVERED:
                self.received += 1
                times.append(0.05 + chance.random() * 0.15 + 0.05 * len(connection.trace.hops))
                last_wait = 0.0
                if "q" not in self.options:
                    self.out.append(self._reply(sequence, times[-1], connection.trace.hops))
            elif connection.outcome in (Outcome.UNREACHABLE, Outcome.REJECTED) and not self.busybox:
                self.errors += 1
                last_wait = connection.seconds
                why = "Destination Host Unreachable" if connection.seconds else "Destination Net Unreachable"
                self.out.append(f"From {connection.ended_at} icmp_seq={sequence} {why}")
            else:
                last_wait = float(self.options.get("W", "10"))
        return self._summary(times, last_wait)

    def _reply(self, sequence: int, time: float, hops: tuple[Hop, ...]) -> str:
        ttl = 64 - len([hop for hop in hops if hop.machine.startswith(("node/", "router"))])
        forwarding = [hop for hop in hops if hop.machine.startswith(("node/", "internet/router"))]
        if self.machine.name.startswith("node/") or (len(forwarding) == 1 and ttl == 63 and len(hops) == 3):
            ttl = min(64, ttl + 1)
        if self.busybox:
            return f"{self.size + 8} bytes from {self.address}: seq={sequence - 1} ttl={ttl} time={time:.3f} ms"
        reverse = "" if numeric_address(self.name) else name_of(self.machine, self.address) or self.address
        who = f"{reverse} ({self.address})" if reverse else self.address
        return f"{self.size + 8} bytes from {who}: icmp_seq={sequence} ttl={ttl} time={time:.3f} ms"

    def _summary(self, times: list[float], last_wait: float) -> Completed:
        lost = 100 * (self.count - self.received) // self.count if self.count else 0
        span = (self.count - 1) * self.interval
        self.out.append("")
        self.out.append(f"--- {self.name} ping statistics ---")
        if self.busybox:
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
        text = "".join(f"{line}\n" for line in self.out)
        took = max(self.seconds + span + last_wait, 0.0)
        if self.errors and last_wait:
            took = self.seconds + max(span, 0.0) + last_wait - (self.count - 1) * self.interval
        return Completed(text, "", int(self.received == 0), took)
