"""What a program sees of the network: connect, ask, get an answer or an error after some time.

:meth:`Sockets.connect` sends the first packet of a connection. Where the rules leave several ways open, one is taken by
seeded chance; the others stay visible as :attr:`Connection.alternatives`. Nothing here waits: a program adds
:attr:`Connection.seconds` to the time it says it took.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubesim.network.flight import Way
from kubesim.network.service import Client
from kubesim.network.trace import Outcome, Trace

if TYPE_CHECKING:
    from kubesim.network.network import Network


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection, or the attempt at one.

    :param trace: the way its first packet took.
    :param alternatives: every way it could have taken, this one among them; probabilities add up to 1.
    :param client: the client as the server sees it; where nothing was delivered, as it was sent.
    :param local: the client's own address and port.
    :param remote: the address and port it was opened to.
    """

    network: Network
    way: Way
    alternatives: tuple[Trace, ...]
    client: Client
    local: tuple[str, int]
    remote: tuple[str, int]
    protocol: str

    @property
    def trace(self) -> Trace:
        """The way its first packet took."""
        return self.way.trace

    @property
    def outcome(self) -> Outcome:
        """How its first packet ended."""
        return self.trace.outcome

    @property
    def seconds(self) -> float:
        """Until the program knows: 0 for an answer, 3 for a dead neighbour, infinity for silence."""
        return self.trace.seconds

    @property
    def server(self) -> tuple[str, int] | None:
        """The machine and port that took the connection, or None."""
        if self.outcome is not Outcome.DELIVERED or self.trace.delivered is None:
            return None
        return self.trace.destination, self.trace.delivered.destination_port

    def request(self, message: Any) -> Any:
        """Send a request and wait for its answer.

        :returns: what the server answered; None where no answer comes (nothing was delivered, or the server is gone).
        """
        delivered = self.trace.delivered
        if self.outcome is not Outcome.DELIVERED or delivered is None:
            return None
        server = self.network.server(
            self.trace.destination, self.protocol, delivered.destination_port, delivered.destination
        )
        return None if server is None else server.handle(message, self.client)

    def close(self) -> None:
        """Close the connection; conntrack remembers a closed TCP connection for two more minutes."""
        self.network.close_connection(self.way)


class Sockets:
    """The sockets of one machine.

    :param machine: its name; for a Pod of the host's network, the Pod's.
    """

    def __init__(self, network: Network, machine: str) -> None:
        self.network = network
        self.machine = machine

    @property
    def address(self) -> str:
        """The machine's first address."""
        return self.network.address(self.machine)

    def connect(self, address: str, port: int, protocol: str = "TCP", source_port: int = 0) -> Connection:
        """Open a connection, or for UDP send the first packet.

        :param source_port: 0 takes a free one; a UDP client that keeps its port keeps its conntrack entry.
        """
        chosen = source_port or self.network.source_port(self.machine)
        return self._open(address, port, protocol, chosen)

    def ping(self, address: str) -> Connection:
        """Send an ICMP echo request; DELIVERED means that a reply came."""
        return self._open(address, 0, "ICMP", 0)

    def _open(self, address: str, port: int, protocol: str, source_port: int) -> Connection:
        network = self.network
        packet = network.packet(self.machine, address, port, protocol, source_port)
        ways = network.ways(self.machine, packet)
        way = self._choose(ways, f"network/{self.machine}/{protocol}/{address}:{port}")
        network.commit(way)
        seen = way.trace.delivered or packet
        return Connection(
            network=network,
            way=way,
            alternatives=tuple(each.trace for each in ways),
            client=Client(seen.source, seen.source_port),
            local=(packet.source, packet.source_port),
            remote=(address, port),
            protocol=protocol,
        )

    def _choose(self, ways: Sequence[Way], stream: str) -> Way:
        if len(ways) == 1:
            return ways[0]
        throw = self.network.simulation.random(stream).random()
        for way in ways:
            throw -= way.trace.probability
            if throw < 0:
                return way
        return ways[-1]
