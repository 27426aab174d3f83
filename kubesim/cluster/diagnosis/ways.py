"""What becomes of packets to one destination, found for all clients together. Pure.

A packet from a Pod to a cluster IP meets the same whoever sends it, but for three things: what the sender's node makes
of the Service (which endpoints it may use), what kind of sender it is (a Pod of the cluster's range or not, or the
node itself), and where it stands to the endpoint that the rules pick: on another node, on the same, or the very same
Pod. So each way is walked once for each of these, by a client that exists, instead of once for each client; the work
grows with the number of endpoints, not with the number of pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain

from kubesim.network.dice import Dice, Told, every_told
from kubesim.network.flight import NetworkState
from kubesim.network.packet import Packet
from kubesim.network.trace import Trace
from kubesim.network.walker import follow


@dataclass(frozen=True, slots=True)
class Client:
    """One that asks.

    :param name: ``pod/NAMESPACE/NAME``.
    :param machine: whose network it uses: its own, or its node's.
    :param node: the machine name of its node.
    """

    name: str
    machine: str
    node: str


class Standing(Enum):
    """Where a client stands to an endpoint."""

    ELSEWHERE = "on another node"
    NEIGHBOUR = "on the same node"
    ITSELF = "the endpoint itself"


@dataclass(frozen=True, slots=True)
class Way:
    """One way that the rules may choose.

    :param machine: that of the endpoint; empty where the way leads to none, and so is the same for all.
    :param node: on which it is.
    :param ends: what a packet meets, by where its sender stands. A standing that no client has is not there.
    """

    machine: str
    node: str
    ends: Mapping[Standing, Trace]

    def standing(self, client: Client) -> Standing:
        """Where a client stands to its endpoint."""
        if client.machine == self.machine:
            return Standing.ITSELF
        return Standing.NEIGHBOUR if client.node == self.node else Standing.ELSEWHERE


class UnalikeError(Exception):
    """Clients that should meet the same did not: each has to be asked for itself."""


def ways(
    state: NetworkState,
    clients: Mapping[str, Sequence[Client]],
    places: Mapping[str, tuple[str, str]],
    packet: Callable[[Client], Packet],
) -> list[Way]:
    """The ways from clients whose nodes see a destination alike, and who are all of one kind.

    :param clients: by node; none of the lists is empty.
    :param places: by an endpoint's address, its machine and the node on which that is.
    :param packet: what a client sends.
    :raises UnalikeError: where what one client meets tells nothing of the others.
    """

    def walk(client: Client, dice: Dice) -> Trace:
        return follow(state, client.machine, packet(client), dice).trace

    first, found = next(iter(clients.values()))[0], []
    for told, trace in every_told(lambda dice: walk(first, dice)):
        end, ends = _end(trace), dict[Standing, Trace]()
        way = Way(*places.get(end, ("", "")), ends)
        ends[way.standing(first)] = trace
        for standing, client in _others(way, clients):
            if standing not in ends:
                dice = Told(told)
                ends[standing] = walk(client, dice)
                if dice.told != told or _end(ends[standing]) != end:
                    raise UnalikeError(first.name, client.name)
        found.append(way)
    return found


def _others(way: Way, clients: Mapping[str, Sequence[Client]]) -> Iterator[tuple[Standing, Client]]:
    """A client for each standing that some client has."""
    elsewhere = next((each for node, each in clients.items() if node != way.node), ())
    for client in chain(elsewhere[:1], clients.get(way.node, ())):
        yield way.standing(client), client


def _end(trace: Trace) -> str:
    """The address that the packet had at the end of its way: the endpoint's, once the rules picked one."""
    return trace.steps[-1].after.destination if trace.steps else trace.packet.destination
