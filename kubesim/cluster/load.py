"""Requests at a steady rate while time passes: what a rollout, scaling or a lost node costs those who ask.

A :class:`Load` is a program that runs beside everything else, as a load generator in another window does. Each request
is due at its moment whatever became of those before it (an open loop), so one that waits delays no other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from kubesim.cluster.places import AGENT, DEFAULT_PORTS, Target
from kubesim.network.dns.resolver import Resolution
from kubesim.network.network import Network
from kubesim.network.service import HttpRequest, HttpResponse, Server
from kubesim.network.sockets import Connection, Sockets
from kubesim.network.trace import Outcome
from kubesim.simulation import Simulation
from kubesim.views.load_chart import Sent

MOST_REQUESTS = 100_000
"""Requests of one load."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How requests are made.

    :param rate: requests in a second.
    :param keep_alive: whether connections stay open and are used again.
    :param connections: how many a client that keeps them has; it takes them in turn.
    :param timeout: seconds after which a request is given up.
    """

    rate: float
    keep_alive: bool = False
    connections: int = 1
    timeout: float = 2.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rate) and 0 < self.rate <= 10_000):
            raise ValueError(f"a rate must be more than 0 and at most 10000 requests a second, got {self.rate!r}")
        if not 1 <= self.connections <= 1000:
            raise ValueError(f"connections must be between 1 and 1000, got {self.connections!r}")
        if not (math.isfinite(self.timeout) and self.timeout > 0):
            raise ValueError(f"a timeout must be a number of seconds above 0, got {self.timeout!r}")


@dataclass(slots=True, eq=False)
class _Kept:
    """A connection that stays open.

    :param server: what answers at its other end.
    :param number: of the connections of this load, counted from 1.
    :param busy: whether a request waits for its answer on it.
    """

    connection: Connection
    server: Server | None
    number: int
    busy: bool = False


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What became of a request, as far as it is decided by now."""

    endpoint: str
    outcome: str
    seconds: float
    connection: int
    status: int = 0


class Load:
    """Requests at a steady rate, from :meth:`start` to :meth:`stop`.

    :param machine: who asks.
    :param resolve: looks a name up as that machine does.
    :param most: how many requests there are; None where somebody stops it.
    :ivar sent: the requests whose end is known, by their moments.
    """

    def __init__(
        self,
        simulation: Simulation,
        network: Network,
        machine: str,
        target: Target,
        resolve: Callable[[], Resolution | None],
        manner: Manner,
        most: int | None = None,
    ) -> None:
        if target.protocol != "TCP":
            raise ValueError(f"a load's URL must be of http, https or tcp, got one of {target.scheme}")
        self.machine = machine
        self.target = target
        self.manner = manner
        self.began = simulation.now
        self.ended_after = 0.0
        """Seconds until it was stopped."""
        self.running = True
        self.sent: list[Sent] = []
        self._simulation = simulation
        self._network = network
        self._resolve = resolve
        self._most = MOST_REQUESTS if most is None else most
        self._count = 0
        self._connections = 0
        self._kept: list[_Kept] = []
        self._waiting = 0
        self._next()

    @property
    def title(self) -> str:
        """What is asked, in words."""
        manner = self.manner
        kept = f", by {manner.connections} kept connection{'' if manner.connections == 1 else 's'}"
        words = f"{self.machine} → {self._url}, {manner.rate:g} a second{kept if manner.keep_alive else ''}"
        return f"{words}, for {self.ended_after:g} s"

    @property
    def _url(self) -> str:
        target = self.target
        port = "" if DEFAULT_PORTS[target.scheme] == target.port else f":{target.port}"
        return f"{target.scheme}://{target.host}{port}{target.path.rstrip('/')}"

    @property
    def done(self) -> bool:
        """Whether it is over, and the end of each request is known."""
        return not self.running and not self._waiting

    def stop(self) -> None:
        """Ask no more, and close what is open. Those that wait for an answer still get it."""
        self.running = False
        for kept in self._kept:
            kept.connection.close(self._simulation.now - kept.connection.exchange.opened)
        self._kept.clear()

    def _next(self) -> None:
        due = self.began + self._count / self.manner.rate
        self._simulation.after(max(0.0, due - self._simulation.now), self._ask, progress=False)

    def _ask(self) -> None:
        if not self.running or self._count >= self._most:
            return
        self._count += 1
        self._next()
        began = self._simulation.now
        try:
            kept, attempt = self._attempt()
        except KeyError:  # whoever asks is no more
            self._note(began, _Attempt("", "not sent", 0.0, 0))
            return
        if attempt.seconds == 0.0:
            self._note(began, attempt)
            return
        if kept is not None:
            kept.busy = True
        self._waiting += 1
        ended = self._ended(began, kept, attempt)
        self._simulation.after(min(attempt.seconds, self.manner.timeout), ended, progress=False)

    def _ended(self, began: float, kept: _Kept | None, attempt: _Attempt) -> Callable[[], None]:
        """What is to be done when an answer is due, or the client's patience over."""

        def end() -> None:
            self._waiting -= 1
            found = attempt
            if attempt.seconds > self.manner.timeout:
                found = _Attempt(attempt.endpoint, "timeout", self.manner.timeout, attempt.connection)
                self._drop(kept)
            elif kept is not None and attempt.outcome == Outcome.DELIVERED and not self._answers(kept):
                found = _Attempt(attempt.endpoint, "reset", attempt.seconds, attempt.connection)
                self._drop(kept)
            if kept is not None:
                kept.busy = False
            self._note(began, found)

        return end

    def _note(self, began: float, found: _Attempt) -> None:
        moment = round(began - self.began, 6)
        latency = round(found.seconds, 6)
        self.sent.append(Sent(moment, found.endpoint, found.outcome, latency, found.status, found.connection))

    # --- one request -----------------------------------------------------------------------------------------------

    def _attempt(self) -> tuple[_Kept | None, _Attempt]:
        """Send a request now.

        :raises KeyError: if the machine that asks is no more.
        """
        kept = self._idle() if self.manner.keep_alive else None
        if kept is not None:
            return kept, self._on(kept, 0.0)
        address, seconds = self.target.host, 0.0
        resolution = self._resolve()
        if resolution is not None:
            found = [each for each in resolution.addresses if ":" not in each]
            if not found:
                return None, _Attempt("", "unresolved", resolution.seconds, 0)
            address, seconds = found[0], resolution.seconds
        connection = Sockets(self._network, self.machine).connect(address, self.target.port)
        self._connections += 1
        if connection.outcome is not Outcome.DELIVERED:
            waited = seconds + connection.seconds
            return None, _Attempt(self._endpoint(connection), str(connection.outcome), waited, self._connections)
        kept = _Kept(connection, self._server(connection), self._connections)
        attempt = self._on(kept, seconds)
        if self.manner.keep_alive:
            self._kept.append(kept)
        elif attempt.seconds == 0.0:
            connection.close()
        return kept, attempt

    def _on(self, kept: _Kept, seconds: float) -> _Attempt:
        """A request on an open connection.

        :param seconds: that went by until it was open.
        """
        endpoint, number = self._endpoint(kept.connection), kept.number
        if self.target.scheme == "tcp":
            return _Attempt(endpoint, str(Outcome.DELIVERED), seconds, number)
        host = self.target.host if self.target.port in (80, 443) else f"{self.target.host}:{self.target.port}"
        headers = (("Host", host), ("User-Agent", AGENT), ("Accept", "*/*"))
        asked = HttpRequest("GET", self.target.path, headers, tls=self.target.scheme == "https")
        answer = kept.connection.request(asked) if self._gets_there(kept) else None
        if not isinstance(answer, HttpResponse):
            return _Attempt(endpoint, "timeout", math.inf, number)
        size, pause = answer.pace
        sending = pause * (len(answer.body) // size) if size else 0.0
        return _Attempt(endpoint, str(Outcome.DELIVERED), seconds + answer.seconds + sending, number, answer.status)

    def _idle(self) -> _Kept | None:
        """A connection that is open and waits for nothing, in turn; None where a new one has to be opened.

        A server that ends closes its connections, and so does the kernel of a process that is killed: the client is
        told. A node that is off tells nobody anything.
        """
        for kept in [each for each in self._kept if not self._answers(each) and self._is_told(each)]:
            self._drop(kept)
        idle = [kept for kept in self._kept if not kept.busy]
        if len(self._kept) < self.manner.connections or not idle:
            return None
        self._kept.remove(idle[0])
        self._kept.append(idle[0])
        return idle[0]

    def _answers(self, kept: _Kept) -> bool:
        """Whether the process at the other end still runs."""
        return kept.server is not None and self._server(kept.connection) is kept.server

    def _is_told(self, kept: _Kept) -> bool:
        """Whether the end of a server came to the client's ears: the node on which it was still runs."""
        machines = [hop.machine for hop in kept.connection.trace.hops if hop.machine.startswith("node/")]
        return all(machine in self._network.topology for machine in machines)

    def _gets_there(self, kept: _Kept) -> bool:
        """Whether a packet on an open connection still reaches its other end; at the moment of its opening it does."""
        if kept.connection.exchange.opened == self._simulation.now:
            return True
        local, remote = kept.connection.local, kept.connection.remote
        packet = self._network.packet(self.machine, remote[0], remote[1], "TCP", local[1])
        way, _ = self._network.send(self._network.machine(self.machine), packet, f"load/{self.machine}")
        trace = way.trace
        return trace.outcome is Outcome.DELIVERED and trace.destination == kept.connection.trace.destination

    def _drop(self, kept: _Kept | None) -> None:
        if kept is not None:
            kept.connection.close(self._simulation.now - kept.connection.exchange.opened)
            if kept in self._kept:
                self._kept.remove(kept)

    def _server(self, connection: Connection) -> Server | None:
        seen, trace = connection.trace.delivered, connection.trace
        if seen is None:
            return None
        return self._network.server(trace.destination, "TCP", seen.destination_port, seen.destination)

    def _endpoint(self, connection: Connection) -> str:
        """What the rules picked: a machine by its name, or an address that no machine has; empty where they did not."""
        steps = connection.trace.steps
        picked = steps[-1].after.destination if steps else connection.remote[0]
        owner = self._network.topology.owner(picked)
        if owner is not None:
            return owner.name
        return picked if picked != connection.remote[0] else ""
