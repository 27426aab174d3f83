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
from kubesim.network.exchanges import Exchange, Exchanges
from kubesim.network.flight import Way
from kubesim.network.neighbours import Neighbour
from kubesim.network.network import Alternatives, Network
from kubesim.network.rules import Ruleset
from kubesim.network.service import Client, Server, bound_address
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
    exchange: Exchange

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
        answer = None if server is None else server.handle(message, self.client)
        self.exchange.said.append((message, answer))
        return answer

    def close(self, held: float = 0.0) -> None:
        """Close the connection; conntrack remembers a closed TCP connection for two more minutes.

        :param held: how many seconds after it was opened.
        """
        self.exchange.held, self.exchange.closed = self.exchange.opened + held, True
        self._network.close_connection(self.way)

    @property
    def ended_at(self) -> str:
        """The first address of the machine where the first packet ended, which tells the sender of a failure."""
        return self._network.address(self.trace.destination)

    @property
    def senders(self) -> list[tuple[Host, str]]:
        """The machines that sent its first packet on, each with the interface by which it did."""
        topology = self._network.topology
        known = [hop for hop in self.trace.hops if hop.interface_out not in ("", "lo", hop.interface_in)]
        return [(topology.host(hop.machine), hop.interface_out) for hop in known]

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
        return self._network.listed_ruleset(self._network.machine(self.machine))

    def write_rules(self, rules: Ruleset) -> None:
        """Give the machine netfilter rules of its own in place of those that it has."""
        self._network.write_rules(self.machine, rules)

    @property
    def listeners(self) -> tuple[tuple[str, str, int, Server], ...]:
        """What listens: (protocol, address, port, server), as ``ss -l`` lists it."""
        return self._network.listeners(self.machine)

    @property
    def plugged(self) -> tuple[Host, ...]:
        """The machines that have a cable to this one's bridge, in the order in which they were plugged in."""
        return self._network.topology.plugged_into(self.host.bridge)

    @property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """Whom the machine knows on its links, as ``ip neigh`` lists them."""
        return self._network.neighbours(self.machine)

    @property
    def exchanges(self) -> Exchanges:
        """What was said on the network lately; a program tells of what its machine saw of it."""
        return self._network.exchanges

    def interfaces_of(self, machine: str, address: str) -> tuple[str, ...]:
        """The interfaces by which a machine has an address; empty where it is gone."""
        topology = self._network.topology
        found = topology.host(machine).interfaces if machine in topology else ()
        return tuple(each.name for each in found if each.address == address)

    @property
    def now(self) -> float:
        """Simulated seconds, by which neighbours and connections age."""
        return self._network.simulation.now

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
        """Let a server take connections to any address of the machine, or to the one that it names as its own.

        :raises OSError: if another server has the port (``Address already in use``).
        """
        self._network.listen(self.machine, protocol, port, server, bound_address(server))

    def close(self, protocol: str, port: int) -> None:
        """Let a server stop listening; a no-op where none does."""
        for known, address, number, _ in self.listeners:
            if (known, number) == (protocol, port):
                self._network.close(self.machine, protocol, port, address)

    def connect(
        self,
        address: str,
        port: int,
        protocol: str = "TCP",
        source_port: int = 0,
        *,
        ruled: bool = True,
        later: float = 0.0,
    ) -> Connection:
        """Open a connection, or for UDP send the first packet.

        :param source_port: 0 takes a free one; a UDP client that keeps its port keeps its conntrack entry.
        :param ruled: False where the sender knows that none of its machine's rules concerns the connection: they need
            not be written for its sake then.
        :param later: seconds from now at which the program opens it: what it did before took them.
        """
        chosen = source_port or self._network.source_port(self.machine)
        return self._open(address, port, protocol, chosen, ruled, later)

    def ping(self, address: str, size: int = 56, *, later: float = 0.0) -> Connection:
        """Send an ICMP echo request; DELIVERED means that a reply came.

        :param size: of its payload, in bytes.
        :param later: seconds from now at which it is sent.
        """
        made = self._open(address, 0, "ICMP", 0, True, later)
        made.exchange.size = size
        return made

    def _open(self, address: str, port: int, protocol: str, source_port: int, ruled: bool, later: float) -> Connection:
        network = self._network
        packet = network.packet(self.machine, address, port, protocol, source_port)
        stream = f"network/{self.machine}/{protocol}/{address}:{port}"
        way, alternatives = network.send(self.machine, packet, stream, ruled=ruled)
        seen = way.trace.delivered or packet
        local, remote = (packet.source, packet.source_port), (address, port)
        exchange = Exchange(way, protocol, local, remote, network.simulation.now + later)
        network.exchanges.add(exchange)
        return Connection(
            _network=network,
            way=way,
            _alternatives=alternatives,
            client=Client(seen.source, seen.source_port),
            local=local,
            remote=remote,
            protocol=protocol,
            exchange=exchange,
        )
