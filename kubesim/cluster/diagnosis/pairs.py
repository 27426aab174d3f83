"""Every Pod against every port of every Service, in time that grows with what there is and not with the pairs.

Verdicts are found for clients that are alike together (:mod:`~kubesim.cluster.diagnosis.ways`); the findings of one
pair are found when somebody reads them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeVar, overload

from kubesim.api.objects import Pod, Service
from kubesim.cluster.diagnosis.diagnose import diagnose, judged, party, policed
from kubesim.cluster.diagnosis.finding import Diagnosis, Finding, Verdict, verdict_of
from kubesim.cluster.diagnosis.policy_evaluation import Closures, Party
from kubesim.cluster.diagnosis.question import Objects, Question
from kubesim.cluster.diagnosis.ways import Client, UnalikeError, Way, ways
from kubesim.network.addresses import is_ipv4, within
from kubesim.network.flight import NetworkState
from kubesim.network.network import EPHEMERAL, Network
from kubesim.network.packet import Packet
from kubesim.network.proxy.names import ServicePortName
from kubesim.network.trace import Outcome, Trace
from kubesim.network.walker import walk

if TYPE_CHECKING:
    import pandas

Item = TypeVar("Item")
COLUMNS = ("target", "clients", "verdict", "why")
SHOWN = 3
"""How many clients that meet the same a row names."""
Sight = Callable[[str, ServicePortName], Hashable]
"""(node's machine, Service port) → the same for nodes whose rules for the port differ in nothing."""


@dataclass(frozen=True, slots=True)
class Target:
    """A port of a Service at its cluster IP.

    :param label: ``NAME.NAMESPACE:PORT``, for another protocol than TCP with ``/PROTOCOL``.
    """

    service: Service
    label: str
    name: ServicePortName
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Judged:
    """What clients that are alike meet."""

    outcome: Outcome | None
    missing: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """Whether requests get there, as far as it can be told."""
        return verdict_of(self.outcome, self.missing)


class Later(Sequence[Item]):
    """A sequence that is found when somebody first looks into it."""

    def __init__(self, find: Callable[[], Sequence[Item]]) -> None:
        self._find = find

    @cached_property
    def _found(self) -> Sequence[Item]:
        return self._find()

    @overload
    def __getitem__(self, at: int) -> Item: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Item]: ...
    def __getitem__(self, at: int | slice) -> Item | Sequence[Item]:
        return self._found[at]

    def __len__(self) -> int:
        return len(self._found)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._found)


class Pairs(Sequence[Diagnosis]):
    """The verdict on every pair; the findings of a pair are found when somebody reads them.

    :ivar clients: those that ask, in the dump's order.
    :ivar targets: what each of them asks for.
    :ivar left_out: what was not asked, or does not ask, and why; in words.
    """

    def __init__(self, survey: _Survey, left_out: Sequence[str]) -> None:
        self._survey = survey
        self.clients = survey.clients
        self.targets = survey.targets
        self.left_out = tuple(left_out)
        self._judged = [survey.judge(target) for target in survey.targets]
        """By target, then by client."""

    def __len__(self) -> int:
        return len(self.clients) * len(self.targets)

    @overload
    def __getitem__(self, at: int) -> Diagnosis: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Diagnosis]: ...
    def __getitem__(self, at: int | slice) -> Diagnosis | Sequence[Diagnosis]:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(f"a pair must be one of {len(self)}, got {at}")
        client, target = divmod(at % len(self), len(self.targets))
        return self._diagnosis(client, target)

    def __iter__(self) -> Iterator[Diagnosis]:
        for client in range(len(self.clients)):
            for target in range(len(self.targets)):
                yield self._diagnosis(client, target)

    def _diagnosis(self, at: int, of: int) -> Diagnosis:
        client, target, found = self.clients[at], self.targets[of], self._judged[of][at]
        whole = _Once(partial(self._survey.diagnosis, client, target))
        findings: Later[Finding] = Later(lambda: whole().findings)
        checked: Later[str] = Later(lambda: whole().checked)
        unchecked: Later[str] = Later(lambda: whole().unchecked)
        provided: Later[str] = Later(lambda: whole().provided)
        return Diagnosis(
            client.name, target.label, found.outcome, findings, checked, unchecked, found.missing, provided
        )

    def verdicts(self) -> Counter[Verdict]:
        """How many pairs there are of each verdict."""
        return Counter(found.verdict for row in self._judged for found in row)

    def groups(self) -> Iterator[tuple[Target, list[Client], Diagnosis]]:
        """The clients that meet the same at a target, with the diagnosis of the first of them."""
        for number, (target, row) in enumerate(zip(self.targets, self._judged, strict=True)):
            alike: dict[Judged, list[int]] = {}
            for at, found in enumerate(row):
                alike.setdefault(found, []).append(at)
            for members in alike.values():
                yield target, [self.clients[each] for each in members], self._diagnosis(members[0], number)

    def table(self) -> pandas.DataFrame:
        """One row for the clients that meet the same at a target: what does not get there first."""
        from kubesim.views.tables import records_frame

        rank = [Verdict.FAILS, Verdict.UNKNOWN, Verdict.DELIVERED]
        found = sorted(self.groups(), key=lambda group: rank.index(group[2].verdict))
        cells = [
            (target.label, self._named(clients), str(first.verdict), first.why) for target, clients, first in found
        ]
        return records_frame([dict(zip(COLUMNS, row, strict=True)) for row in cells], COLUMNS)

    def _named(self, clients: Sequence[Client]) -> str:
        """Clients by their names, or by how many there are."""
        if len(clients) == len(self.clients) > 1:
            return f"every Pod ({len(clients)})"
        names = ", ".join(each.name.removeprefix("pod/") for each in clients[:SHOWN])
        return names if len(clients) <= SHOWN else f"{names} and {len(clients) - SHOWN} more"

    @property
    def counted(self) -> str:
        """How many pairs there are of each verdict, in words."""
        counts = self.verdicts()
        return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]) or "no pairs"

    def __str__(self) -> str:
        lines = [self.table().to_string(index=False)] if len(self) else []
        return "\n".join([*lines, self.counted, *(f"not asked: {text}" for text in self.left_out)])

    def __repr__(self) -> str:
        return f"{len(self)} pairs: {self.counted}"

    def _repr_html_(self) -> str:
        return str(self.table().to_html(index=False))


class _Once:
    """What a function returns, found once."""

    def __init__(self, find: Callable[[], Diagnosis]) -> None:
        self._find = find

    @cached_property
    def _found(self) -> Diagnosis:
        return self._find()

    def __call__(self) -> Diagnosis:
        return self._found


def pairs_of(network: Network, objects: Objects, sight: Sight) -> Pairs:
    """Judge all pairs of a dump's cluster, as first connections: of what was sent before nothing is remembered."""
    clients, targets, left_out = list[Client](), list[Target](), list[str]()
    stand_ins = objects.coverage.stand_ins if objects.coverage is not None else ()
    for pod in objects.pods:
        name = f"pod/{pod.metadata.namespace}/{pod.metadata.name}"
        if name in stand_ins:
            continue
        try:
            machine = network.machine(name)
        except KeyError:
            if pod.status.phase not in ("Succeeded", "Failed"):
                left_out.append(f"{name}: {_why_silent(pod)}")
            continue
        clients.append(Client(name, machine, f"node/{pod.spec.nodeName}"))
    for service in objects.services:
        meta, spec = service.metadata, service.spec
        if not is_ipv4(spec.clusterIP):
            left_out.append(f"service/{meta.namespace}/{meta.name}: {_why_no_target(service)}")
            continue
        for port in spec.ports or []:
            own = ServicePortName(meta.namespace, meta.name, port.name, port.protocol or "TCP")
            label = f"{meta.name}.{meta.namespace}:{port.port}" + ("" if own.protocol == "TCP" else f"/{own.protocol}")
            targets.append(Target(service, label, own, spec.clusterIP, port.port))
    return Pairs(_Survey(network, objects, sight, clients, targets), left_out)


def _why_silent(pod: Pod) -> str:
    if ":" in pod.status.podIP:
        return f"kubesim follows IPv4 only, and it has the address {pod.status.podIP}"
    return "it has no address" if not pod.status.podIP else "the dump does not say on which node it runs"


def _why_no_target(service: Service) -> str:
    if service.spec.type == "ExternalName":
        return f"an ExternalName, another name of {service.spec.externalName}"
    if service.spec.clusterIP == "None":
        return "headless, so it has no address of its own"
    if ":" in service.spec.clusterIP:
        return f"kubesim follows IPv4 only, and it has the address {service.spec.clusterIP}"
    return "it has no address"


class _Survey:
    """A cluster, and who asks for what in it."""

    def __init__(
        self, network: Network, objects: Objects, sight: Sight, clients: Sequence[Client], targets: Sequence[Target]
    ) -> None:
        self.clients = clients
        self.targets = targets
        self._network = network
        self._objects = objects
        self._sight = sight
        self._closures = Closures(objects.policies, objects.namespaces) if policed(objects) else None
        self._signatures: dict[str, Hashable] = {}
        self._numbers = {client.name: number for number, client in enumerate(clients)}
        self._kinds: dict[tuple[bool, bool], dict[str, list[Client]]] = {}
        """By kind (a node itself? an address of the Pods' range?) and by node."""
        self._places: dict[str, tuple[str, str]] = {}
        """By address, the machine that has it and the node on which that is."""
        for node in objects.nodes:
            machine = f"node/{node.metadata.name}"
            self._places |= {each.address: (machine, machine) for each in node.status.addresses or []}
        for client in clients:
            address = network.address(client.name)
            kind = client.machine == client.node, within(address, network.pod_prefix)
            self._kinds.setdefault(kind, {}).setdefault(client.node, []).append(client)
            self._places.setdefault(address, (client.machine, client.node))
        self._shared: dict[tuple[str, int, str], list[ServicePortName]] = {}
        """By address, port and protocol, the Service ports that have it: one, but in a dump of different moments."""
        for target in targets:
            self._shared.setdefault((target.address, target.port, target.name.protocol), []).append(target.name)

    @property
    def _fresh(self) -> NetworkState:
        """The network as a client finds it that has never sent anything."""
        return replace(
            self._network.state,
            connections=lambda machine: None,
            remembers=lambda machine, name, address, seconds: False,
        )

    def _packet(self, target: Target, client: Client) -> Packet:
        protocol = target.name.protocol
        return self._network.packet(client.machine, target.address, target.port, protocol, EPHEMERAL[1])

    def diagnosis(self, client: Client, target: Target) -> Diagnosis:
        """The whole answer on one pair."""
        traces = walk(self._fresh, client.machine, self._packet(target, client))
        return replace(diagnose(self._question(client, target, traces), self._objects), target=target.label)

    def _question(self, client: Client, target: Target, traces: Sequence[Trace]) -> Question:
        return Question(
            client.name,
            target.address,
            target.port,
            target.address,
            target.name.protocol,
            traces=tuple(traces),
            namespace=client.name.split("/")[1],
        )

    def judge(self, target: Target) -> list[Judged]:
        """What each client meets at a target."""
        found: list[Judged | None] = [None] * len(self.clients)
        for nodes in self._kinds.values():
            for group in self._seeing_alike(nodes, target):
                for client, judgement in self._judged(group, target):
                    found[self._numbers[client.name]] = judgement
        return [each for each in found if each is not None]

    def _seeing_alike(
        self, nodes: Mapping[str, Sequence[Client]], target: Target
    ) -> Iterator[Mapping[str, Sequence[Client]]]:
        """Clients by node, for each set of nodes that make the same of a target."""
        names = self._shared[target.address, target.port, target.name.protocol]
        alike: dict[Hashable, dict[str, Sequence[Client]]] = {}
        for node, clients in nodes.items():
            alike.setdefault(tuple(self._sight(node, each) for each in names), {})[node] = clients
        yield from alike.values()

    def _judged(self, group: Mapping[str, Sequence[Client]], target: Target) -> Iterator[tuple[Client, Judged]]:
        """What clients meet whose nodes see a target alike."""
        if self._objects.coverage is None:  # rules of NetworkPolicies, nodes that are off: no two Pods are alike
            yield from self._each(group, target)
            return
        try:
            found = ways(self._fresh, group, self._places, partial(self._packet, target))
        except UnalikeError:
            yield from self._each(group, target)
            return
        special = self._where_standing_matters(found, target)
        known: dict[Hashable, Judged] = {}
        for node, clients in group.items():
            near = special.get(node, ())
            for client in clients:
                standings = tuple((at, found[at].standing(client)) for at in near) if near else ()
                key = (standings, self._signature(client))
                if key not in known:
                    closed = self._closed(client, found)
                    traces = [way.ends[way.standing(client)] for way in found]
                    known[key] = Judged(*judged(self._question(client, target, traces), self._objects, closed))
                yield client, known[key]

    def _each(self, group: Mapping[str, Sequence[Client]], target: Target) -> Iterator[tuple[Client, Judged]]:
        """What clients meet, each asked for itself."""
        for client in (each for clients in group.values() for each in clients):
            answer = self.diagnosis(client, target)
            yield client, Judged(answer.outcome, tuple(answer.missing))

    def _where_standing_matters(self, found: Sequence[Way], target: Target) -> dict[str, list[int]]:
        """By node, the numbers of the ways to endpoints on it that end otherwise for some clients than for others."""
        special: dict[str, list[int]] = {}
        for number, way in enumerate(found):
            if len({self._end(target, trace) for trace in way.ends.values()}) > 1:
                special.setdefault(way.node, []).append(number)
        return special

    def _end(self, target: Target, trace: Trace) -> Hashable:
        """A way's part in the verdict."""
        question = self._question(Client("pod//", "", ""), target, [trace])
        return judged(question, self._objects, False), None if self._closures is None else _seen(trace)

    def _signature(self, client: Client) -> Hashable:
        """What NetworkPolicies can tell of a client, and of its node, as whom an endpoint may see it."""
        if self._closures is None:
            return None
        known = self._signatures.get(client.name)
        if known is None:
            parties = [self._party(client, own) for own in (True, False)]
            known = self._signatures[client.name] = tuple(map(self._closures.signature, parties))
        return known

    def _party(self, client: Client, own: bool) -> Party:
        """A client by its own address, or by its node's."""
        return party(client.machine, self._network.address(client.machine if own else client.node), self._objects)

    def _closed(self, client: Client, found: Sequence[Way]) -> bool:
        """Whether NetworkPolicies close a way on which the rules deliver."""
        if self._closures is None:
            return False
        for way in found:
            seen = _seen(way.ends[way.standing(client)])
            if seen is not None:
                own, at, port, protocol = seen
                server = Party(at, self._objects.pod_at(at))
                if self._closures.closes(self._party(client, own), server, port, protocol):
                    return True
        return False


def _seen(trace: Trace) -> tuple[bool, str, int, str] | None:
    """Whether an endpoint sees the client itself, or its node, which masqueraded; and where it is asked.

    :returns: None where the packet is not delivered.
    """
    packet = trace.delivered
    if trace.outcome is not Outcome.DELIVERED or packet is None:
        return None
    own = packet.source == trace.packet.source
    return own, packet.destination, packet.destination_port, packet.protocol
