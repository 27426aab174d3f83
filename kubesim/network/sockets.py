"""What a program sees of the network: connect, ask, get an answer or an error after some time.

:meth:`Sockets.connect` sends the first packet of a connection. Where the rules leave several ways open, one is taken by
seeded chance; the others stay visible as :attr:`Connection.alternatives`. Nothing here waits: a program adds
:attr:`Connection.seconds` to the time it says it took.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kubesim.network.conntrack import Entry
from kubesim.network.flight import Way
from kubesim.network.network import Alternatives, Network
from kubesim.network.rules import Ruleset
from kubesim.network.service import Client, Server
from kubesim.network.topology import Host
from kubesim.network.trace import Outcome, Trace


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection, or the attempt at one.

    :param trace: the way its first packet took.
    :param client: the client as the server sees it; where nothing was delivered, as it was sent.
    :param local: the client's own address and port.
    :param remote: the address and port it was opened to.
    """

    _network: Network
    way: Way
    _alternatives: Alternatives
    client: Client
    local: tuple[str, int]
    remote: tuple[str, int]
    protocol: str

    @property
    def trace(self) -> Trace:
        """The way its first packet took."""
        return self.way.trace

    @property
    def alternatives(self) -> tuple[Trace, ...]:
        """Every way that it could have taken, this one among them; probabilities add up to 1."""
        return self._alternatives.traces()

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
        server = self._network.server(
            self.trace.destination, self.protocol, delivered.destination_port, delivered.destination
        )
        return None if server is None else server.handle(message, self.client)

    def close(self) -> None:
        """Close the connection; conntrack remembers a closed TCP connection for two more minutes."""
        self._network.close_connection(self.way)

    @property
    def ended_at(self) -> str:
        """The first address of the machine where the first packet ended, which tells the sender of a failure."""
        return self._network.address(self.trace.destination)

    @property
    def routers(self) -> tuple[str, ...]:
        """The address by which each router on the way there is known to the sender: where the packet came in."""
        found: list[str] = []
        for hop in self.trace.hops[1:]:
            host = self._network.topology.host(hop.machine)
            bridged = hop.interface_out == hop.interface_in
            if host.forwards and hop.interface_in and not bridged and not host.owns(self.remote[0]):
                found.append(host.interface(hop.interface_in).address or host.addresses[0])
        return tuple(found)


class Sockets:
    """The sockets of one machine, and what else its kernel tells a program: all that a program holds of the network.

    :param machine: its name; for a Pod of the host's network, the Pod's.
    :raises KeyError: if there is no such machine.
    """

    def __init__(self, network: Network, machine: str) -> None:
        network.machine(machine)
        self._network = network
        self.machine = machine

    @property
    def host(self) -> Host:
        """The machine's interfaces and routes."""
        return self._network.topology.host(self._network.machine(self.machine))

    @property
    def address(self) -> str:
        """The machine's first address."""
        return self._network.address(self.machine)

    @property
    def rules(self) -> Ruleset | None:
        """The machine's netfilter rules by now, or None where it has none."""
        return self._network.ruleset(self._network.machine(self.machine))

    @property
    def listeners(self) -> tuple[tuple[str, str, int, Server], ...]:
        """What listens: (protocol, address, port, server), as ``ss -l`` lists it."""
        return self._network.listeners(self.machine)

    @property
    def connections(self) -> tuple[Entry, ...]:
        """The machine's conntrack entries, as ``conntrack -L`` lists them."""
        return self._network.connections(self.machine)

    def forget(self, stale: Callable[[Entry], bool]) -> int:
        """Delete conntrack entries, as ``conntrack -D`` does.

        :returns: how many.
        """
        return self._network.forget_connections(self.machine, stale)

    def listen(self, protocol: str, port: int, server: Server) -> None:
        """Let a server take connections to any address of the machine.

        :raises OSError: if another server has the port (``Address already in use``).
        """
        self._network.listen(self.machine, protocol, port, server)

    def close(self, protocol: str, port: int) -> None:
        """Let a server stop listening; a no-op where none does."""
        self._network.close(self.machine, protocol, port)

    def connect(
        self, address: str, port: int, protocol: str = "TCP", source_port: int = 0, *, ruled: bool = True
    ) -> Connection:
        """Open a connection, or for UDP send the first packet.

        :param source_port: 0 takes a free one; a UDP client that keeps its port keeps its conntrack entry.
        :param ruled: False where the sender knows that none of its machine's rules concerns the connection: they need
            not be written for its sake then.
        """
        chosen = source_port or self._network.source_port(self.machine)
        return self._open(address, port, protocol, chosen, ruled)

    def ping(self, address: str) -> Connection:
        """Send an ICMP echo request; DELIVERED means that a reply came."""
        return self._open(address, 0, "ICMP", 0)

    def _open(self, address: str, port: int, protocol: str, source_port: int, ruled: bool = True) -> Connection:
        network = self._network
        packet = network.packet(self.machine, address, port, protocol, source_port)
        stream = f"network/{self.machine}/{protocol}/{address}:{port}"
        way, alternatives = network.send(self.machine, packet, stream, ruled=ruled)
        seen = way.trace.delivered or packet
        return Connection(
            _network=network,
            way=way,
            _alternatives=alternatives,
            client=Client(seen.source, seen.source_port),
            local=(packet.source, packet.source_port),
            remote=(address, port),
            protocol=protocol,
        )
