"""Whom each machine knows on its links: the ARP tables, made of the packets that went by.

A machine that sends a packet over a link asks for the next hop's hardware address first; the one that is asked learns
the asker's. Nothing is worked out while packets go: the ways that they took are kept until somebody lists neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubesim.network.topology import TUNNEL, Host, Topology
from kubesim.network.trace import Hop, NoNeighbour, Routed, Trace

REACHABLE_SECONDS = 30.0
"""How long a confirmed neighbour counts as reachable (``base_reachable_time``)."""
DELAY_SECONDS = 5.0
"""How long the kernel waits for a sign of life of one that it spoke to after that, before it asks again."""
WAYS_KEPT = 1_000
"""How many ways wait to be read; more are read at once."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One entry.

    :param owner: the machine that has the address; empty where nobody answered.
    :param confirmed: when it last answered.
    :param used: when a packet was last sent to it.
    """

    interface: str
    address: str
    owner: str
    confirmed: float = 0.0
    used: float = 0.0
    permanent: bool = False

    def state(self, now: float) -> str:
        """Its state as ``ip neigh`` names it."""
        if self.permanent:
            return "PERMANENT"
        if not self.owner:
            return "FAILED"
        if now - self.confirmed < REACHABLE_SECONDS:
            return "REACHABLE"
        return "DELAY" if now - self.used < DELAY_SECONDS else "STALE"


class Neighbours:
    """The tables of all machines.

    :param topology: who owns which address.
    """

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._tables: dict[str, dict[tuple[str, str], Neighbour]] = {}
        self._ways: list[tuple[Trace, float]] = []

    def note(self, trace: Trace, now: float) -> None:
        """A packet took a way."""
        self._ways.append((trace, now))
        if len(self._ways) >= WAYS_KEPT:
            self._read()

    def forget(self, machine: str) -> None:
        """A machine is gone, with its table."""
        self._read()
        self._tables.pop(machine, None)

    def of(self, host: Host) -> tuple[Neighbour, ...]:
        """The table of a machine, in the order in which its neighbours became known.

        The other ends of flannel's tunnel are in it from the start: flannel writes them.
        """
        self._read()
        found = list(self._tables.get(host.name, {}).values())
        for interface in host.interfaces:
            if interface.link == TUNNEL:
                found += [
                    Neighbour(interface.name, route.gateway, far.name, permanent=True)
                    for route in host.routes
                    if route.interface == interface.name
                    and (far := self._topology.neighbour(TUNNEL, route.gateway)) is not None
                ]
        return tuple(found)

    def _read(self) -> None:
        ways, self._ways = self._ways, []
        for trace, moment in ways:
            self._pass(trace.hops, moment + (trace.seconds if trace.problem == "host" else 0.0))
            self._pass(trace.reply, moment)

    def _pass(self, hops: Iterable[Hop], moment: float) -> None:
        for hop in hops:
            if hop.machine not in self._topology:
                continue
            for step in hop.steps:
                if isinstance(step, NoNeighbour):
                    self._learn(hop.machine, Neighbour(step.interface, step.address, "", moment, moment))
                elif isinstance(step, Routed) and not step.bridged:
                    self._spoke(hop.machine, step, moment)

    def _spoke(self, machine: str, step: Routed, moment: float) -> None:
        route = step.route
        interface = self._topology.host(machine).interface(route.interface)
        address = route.gateway or step.after.destination
        owner = self._topology.neighbour(interface.link, address)
        if interface.link == TUNNEL or owner is None or owner.name == machine:
            return
        self._learn(machine, Neighbour(interface.name, address, owner.name, moment, moment))
        back = next(each.name for each in owner.interfaces if each.link == interface.link)
        self._learn(owner.name, Neighbour(back, interface.address, machine, moment, moment))

    def _learn(self, machine: str, entry: Neighbour) -> None:
        table = self._tables.setdefault(machine, {})
        key = (entry.interface, entry.address)
        known = table.get(key)
        if known is not None and entry.owner and known.owner == entry.owner:
            stale = entry.used - known.confirmed >= REACHABLE_SECONDS
            # One that is stale is asked again only after the delay, and counts as reachable then.
            confirmed = known.confirmed if stale and entry.used - known.used >= DELAY_SECONDS else entry.confirmed
            entry = Neighbour(entry.interface, entry.address, entry.owner, confirmed, entry.used)
        table[key] = entry
