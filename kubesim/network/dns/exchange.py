"""One question put to one server: a packet, and what came back.

A :class:`Asker` is the part that every resolver shares: it sends a query through the machine's sockets (so it meets
kube-proxy's rules like any packet), lets simulated time pass and keeps the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from kubesim.network.dns.message import DnsQuery, DnsResponse
from kubesim.network.trace import Outcome, Trace

DNS_PORT = 53

TIMED_OUT = "timed out"
REFUSED = "connection refused"
UNREACHABLE = "host unreachable"


class Connection(Protocol):
    """What a resolver needs of a socket that is connected to a server."""

    @property
    def outcome(self) -> Outcome:
        """How the packet ended."""

    @property
    def seconds(self) -> float:
        """How long until that was known; infinite where nothing answers."""

    @property
    def trace(self) -> Trace:
        """The packet's way."""

    def request(self, message: Any) -> Any:
        """Send a query; the response, or None where none comes."""


class Sockets(Protocol):
    """What a resolver needs of a machine's network."""

    def connect(self, address: str, port: int, protocol: str = "TCP") -> Connection:
        """Open a socket to a server."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One query and what came of it.

    :param started: seconds after the resolution began.
    :param seconds: until the answer, the error or the end of patience.
    :param failure: ``timed out``, ``connection refused``, ``host unreachable``; empty where an answer came.
    """

    server: str
    query: DnsQuery
    response: DnsResponse | None
    started: float
    seconds: float
    failure: str = ""
    trace: Trace | None = None
    port: int = DNS_PORT

    def __str__(self) -> str:
        came = self.response.rcode if self.response is not None else self.failure
        return f"{self.started:.3f} s  {self.query} → {self.server}: {came}"


@dataclass(slots=True)
class Asker:
    """Sends queries, one after another or several at once, and keeps count of the time.

    :param keeps_socket: queries to one server leave from one socket, as a C library's do: all take the same way, and
        an answer that comes after its time-out is the answer to the same question asked again.
    :ivar elapsed: simulated seconds since the resolution began.
    """

    sockets: Sockets
    keeps_socket: bool = False
    elapsed: float = 0.0
    exchanges: list[Exchange] = field(default_factory=list)
    _open: dict[tuple[str, int, str], Connection] = field(default_factory=dict)
    _late: dict[tuple[str, DnsQuery], tuple[float, DnsResponse]] = field(default_factory=dict)

    def ask(self, server: str, query: DnsQuery, patience: float, port: int = DNS_PORT) -> Exchange:
        """Send one query and wait for it, at most ``patience`` seconds."""
        return self.ask_together([(server, query)], patience, port)[0]

    def ask_together(
        self, asked: Sequence[tuple[str, DnsQuery]], patience: float, port: int = DNS_PORT
    ) -> list[Exchange]:
        """Send several queries at the same moment and wait until each has ended."""
        done = [self.send(server, query, patience, port) for server, query in asked]
        self.elapsed += max((exchange.seconds for exchange in done), default=0.0)
        return done

    def send(self, server: str, query: DnsQuery, patience: float, port: int = DNS_PORT) -> Exchange:
        """Send one query and note what comes of it, without letting time pass."""
        exchange = replace(self._exchange(server, query, patience, port), started=self.elapsed)
        self.exchanges.append(exchange)
        return exchange

    def _exchange(self, server: str, query: DnsQuery, patience: float, port: int) -> Exchange:
        connection = self._connection(server, port, query.transport)
        trace = getattr(connection, "trace", None)
        if connection.outcome is Outcome.DELIVERED:
            response = connection.request(query)
            if not isinstance(response, DnsResponse):
                return Exchange(server, query, None, 0.0, patience, TIMED_OUT, trace, port)
            took = connection.seconds + response.seconds
            arrived, earlier = self._late.get((server, query), (float("inf"), response))
            if arrived - self.elapsed < took:
                took, response = max(0.0, arrived - self.elapsed), earlier
            if took <= patience:
                return Exchange(server, query, response, 0.0, took, trace=trace, port=port)
            if self.keeps_socket:
                self._late[server, query] = (self.elapsed + took, response)
            return Exchange(server, query, None, 0.0, patience, TIMED_OUT, trace, port)
        if connection.seconds > patience or connection.outcome in (Outcome.DROPPED, Outcome.LOST):
            return Exchange(server, query, None, 0.0, patience, TIMED_OUT, trace, port)
        failure = UNREACHABLE if connection.outcome is Outcome.UNREACHABLE else REFUSED
        return Exchange(server, query, None, 0.0, connection.seconds, failure, trace, port)

    def _connection(self, server: str, port: int, transport: str) -> Connection:
        key = (server, port, transport)
        connection = self._open.get(key) if self.keeps_socket else None
        if connection is None:
            connection = self.sockets.connect(server, port, transport)
            if self.keeps_socket and connection.outcome is Outcome.DELIVERED:
                self._open[key] = connection
        return connection
