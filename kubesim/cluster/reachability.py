"""Who reaches what: every source against every destination, and what a change of rules changed. Pure.

A :class:`Reach` is one cell of the table: how the attempt can end, with which endpoints, seen as whom, and the step
that decided it. No row that fails is a proof that everything is reached, because all branches were followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kubesim.api.objects import Node, Service
from kubesim.network.flight import NetworkState
from kubesim.network.packet import Packet
from kubesim.network.proxy.service_ports import service_ports
from kubesim.network.trace import Applied, Outcome, Step, Trace
from kubesim.network.walker import walk
from kubesim.views.reasons import cited, reason

SOURCE_PORT = 60999
"""The source port of the packets that are followed; no rule looks at it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Something to reach.

    :param name: for people: ``service/default/web cluster IP``.
    """

    address: str
    port: int
    protocol: str = "TCP"
    name: str = ""

    def __str__(self) -> str:
        where = (
            f"{self.address}:{self.port}" if self.protocol == "TCP" else f"{self.address}:{self.port}/{self.protocol}"
        )
        return f"{self.name} ({where})" if self.name else where


@dataclass(frozen=True, slots=True)
class Reach:
    """How attempts of one source at one destination can end.

    :param outcomes: each possible outcome with its probability, the likeliest first.
    :param endpoints: (machine, address:port) that may take the connection, with their probabilities.
    :param clients: the addresses as which the endpoints may see the source.
    :param decided_at: the machine that decided it: for a failure where it failed, else where it was delivered.
    :param decision: the step that decided it there.
    :param last_rule: the last rule that acted on the way; None where none did.
    """

    source: str
    destination: Destination
    outcomes: tuple[tuple[Outcome, float], ...]
    endpoints: tuple[tuple[str, str, float], ...]
    clients: tuple[str, ...]
    decided_at: str
    decision: Step
    last_rule: Applied | None = None

    @property
    def reason(self) -> str:
        """The machine and the step that decided it, in words."""
        return f"{self.decided_at}: {reason(self.decision)}"

    @property
    def rule(self) -> str:
        """The last rule that acted on the way, as text; empty where none did."""
        return cited(self.last_rule) if self.last_rule else ""

    @property
    def outcome(self) -> Outcome:
        """The likeliest outcome."""
        return self.outcomes[0][0]

    @property
    def reached(self) -> bool:
        """Whether every attempt is delivered."""
        return all(outcome is Outcome.DELIVERED for outcome, _ in self.outcomes)

    @property
    def uncertain(self) -> bool:
        """Whether chance decides if an attempt is delivered."""
        return len(self.outcomes) > 1


@dataclass(frozen=True, slots=True)
class Change:
    """One flow that a change of the cluster changed.

    :param before: None where source or destination were not there before; likewise ``after``.
    """

    source: str
    destination: Destination
    before: Reach | None
    after: Reach | None

    @property
    def why(self) -> str:
        """What is different, and the step that makes it so."""
        if self.before is None or self.after is None:
            return "There is no such source or destination any more." if self.after is None else self.after.reason
        before, after = self.before, self.after
        if before.outcomes == after.outcomes and before.endpoints != after.endpoints:
            gone = _listed(before.endpoints, after.endpoints)
            new = _listed(after.endpoints, before.endpoints)
            parts = [f"no longer reaches {gone}" if gone else "", f"now reaches {new}" if new else ""]
            words = (
                " and ".join(part for part in parts if part) or "reaches the same endpoints with other probabilities"
            )
            return f"It {words}."
        return f"It was {before.outcome} and is now {after.outcome}: {after.reason}"


def _listed(of: Iterable[tuple[str, str, float]], without: Iterable[tuple[str, str, float]]) -> str:
    known = {where for _, where, _ in without}
    return ", ".join(f"{machine} ({where})" for machine, where, _ in of if where not in known)


def reachability(state: NetworkState, sources: Sequence[str], destinations: Sequence[Destination]) -> tuple[Reach, ...]:
    """Every source against every destination, in the order given.

    :param sources: machine names.
    :raises KeyError: if there is no such machine.
    """
    return tuple(reach(state, source, destination) for source in sources for destination in destinations)


def reach(state: NetworkState, source: str, destination: Destination) -> Reach:
    """One source against one destination.

    :raises KeyError: if there is no such machine.
    """
    host = state.topology.host(source)
    own = host.source_for(destination.address) or next(iter(host.addresses), "0.0.0.0")
    packet = Packet(destination.protocol, own, SOURCE_PORT, destination.address, destination.port)
    return summary(walk(state, source, packet), destination)


def summary(traces: Sequence[Trace], destination: Destination) -> Reach:
    """What all possible ways of a packet come to."""
    outcomes: dict[Outcome, float] = {}
    endpoints: dict[tuple[str, str], float] = {}
    clients: dict[str, None] = {}
    for trace in traces:
        outcomes[trace.outcome] = outcomes.get(trace.outcome, 0.0) + trace.probability
        if trace.delivered is not None and trace.outcome is Outcome.DELIVERED:
            key = (trace.destination, f"{trace.delivered.destination}:{trace.delivered.destination_port}")
            endpoints[key] = endpoints.get(key, 0.0) + trace.probability
            clients[trace.delivered.source] = None
    decisive = next((trace for trace in traces if trace.outcome is not Outcome.DELIVERED), traces[0])
    ordered = sorted(outcomes.items(), key=lambda item: -item[1])
    return Reach(
        source=decisive.source,
        destination=destination,
        outcomes=tuple((outcome, round(share, 9)) for outcome, share in ordered),
        endpoints=tuple((machine, where, round(share, 9)) for (machine, where), share in endpoints.items()),
        clients=tuple(clients),
        decided_at=decisive.destination,
        decision=decisive.steps[-1],
        last_rule=next((step for step in reversed(decisive.steps) if isinstance(step, Applied)), None),
    )


def diff(before: Iterable[Reach], after: Iterable[Reach]) -> tuple[Change, ...]:
    """The flows whose outcomes or endpoints changed; an empty result is a proof that none did."""
    old = {(reach.source, reach.destination): reach for reach in before}
    new = {(reach.source, reach.destination): reach for reach in after}
    return tuple(
        Change(source, destination, old.get((source, destination)), new.get((source, destination)))
        for source, destination in dict.fromkeys((*old, *new))
        if _facts(old.get((source, destination))) != _facts(new.get((source, destination)))
    )


def _facts(reach: Reach | None) -> object:
    return None if reach is None else (reach.outcomes, sorted(reach.endpoints))


def service_destinations(services: Iterable[Service], nodes: Iterable[Node] = ()) -> Iterator[Destination]:
    """Every address and port at which Services say that they can be reached.

    :param nodes: on whose addresses node ports are.
    """
    addresses = [
        (node.metadata.name, entry.address)
        for node in nodes
        for entry in node.status.addresses or []
        if entry.type == "InternalIP"
    ]
    for service in services:
        own = f"service/{service.metadata.namespace}/{service.metadata.name}"
        for port in service_ports(service).values():
            yield Destination(port.cluster_ip, port.port, port.protocol, f"{own} cluster IP")
            for address in port.external_ips:
                yield Destination(address, port.port, port.protocol, f"{own} external IP")
            for ingress in service.status.loadBalancer.ingress or []:
                if ingress.ip:
                    yield Destination(ingress.ip, port.port, port.protocol, f"{own} load balancer")
            for node, address in addresses if port.node_port else ():
                yield Destination(address, port.node_port, port.protocol, f"{own} node port on {node}")
