"""Questions about a whole cluster: who reaches what, what a change changed, why a request fails.

The answers come from pure functions over the rules and objects (:mod:`kubesim.cluster.reachability`,
:mod:`kubesim.cluster.diagnosis`); nothing is sent and no time passes, but for the look-up of names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from kubesim.api.objects import EndpointSlice, NetworkPolicy, Node, Pod, Service
from kubesim.api.store import Store
from kubesim.cluster.diagnosis import RULES, Diagnosis, Evidence, Finding, Objects, Question, diagnose
from kubesim.cluster.diagnosis.pairs import Pairs, Sight, pairs_of
from kubesim.cluster.dump import Coverage
from kubesim.cluster.places import machine_name, target_of
from kubesim.cluster.reachability import Change, Destination, Reach, reachability, service_destinations
from kubesim.network.addresses import is_ipv4
from kubesim.network.dns.getaddrinfo import Failure
from kubesim.network.network import Network
from kubesim.network.proxy.endpoints import SERVICE_NAME_LABEL
from kubesim.network.trace import Outcome

if TYPE_CHECKING:
    import pandas

Row = TypeVar("Row", Reach, Change)


@dataclass(frozen=True)
class _Answer(Generic[Row]):
    """Rows that a person reads as a table."""

    rows: tuple[Row, ...]

    columns: ClassVar[tuple[str, ...]]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def table(self) -> pandas.DataFrame:
        """One row a flow."""
        from kubesim.views.tables import records_frame

        return records_frame(
            [dict(zip(self.columns, self._cells(row), strict=True)) for row in self.rows], self.columns
        )

    def _cells(self, row: Row) -> tuple[str, ...]:
        raise NotImplementedError

    def __str__(self) -> str:
        return str(self.table().to_string(index=False))


class Reachability(_Answer[Reach]):
    """Every source against every destination; no failure is a proof that all is reached."""

    columns = ("source", "destination", "outcome", "endpoints", "seen as", "why")

    @property
    def failures(self) -> Reachability:
        """Only what is not surely reached."""
        return Reachability(tuple(reach for reach in self.rows if not reach.reached))

    def matrix(self) -> pandas.DataFrame:
        """Sources down, destinations across, the likeliest outcome in each cell."""
        frame = self.table()
        order = list(dict.fromkeys(frame["destination"]))
        return frame.pivot(index="source", columns="destination", values="outcome")[order].rename_axis(None, axis=1)

    def _cells(self, row: Reach) -> tuple[str, ...]:
        endpoints = ", ".join(f"{machine} ({share:.0%})" for machine, _, share in row.endpoints)
        return row.source, str(row.destination), str(row.outcome), endpoints, ", ".join(row.clients), row.reason


class Difference(_Answer[Change]):
    """The flows that a change of the cluster changed; none is a proof that nothing did."""

    columns = ("source", "destination", "before", "after", "why")

    def _cells(self, row: Change) -> tuple[str, ...]:
        before, after = ("" if reach is None else str(reach.outcome) for reach in (row.before, row.after))
        return row.source, str(row.destination), before, after, row.why


Resolver = Callable[[str, str], tuple[str, str]]
"""(machine, name) → its first IPv4 address, and the resolver's error; one of the two is empty."""


def all_pairs(
    network: Network, store: Store, sources: Iterable[str] | None, destinations: Iterable[str] | None, resolve: Resolver
) -> Reachability:
    """Who reaches what.

    :param sources: as a person names machines; None takes all of them.
    :param destinations: URLs or ``host:port``; None takes every address of every Service.
    :raises LookupError: if there is no such machine, or a destination's name has no address.
    :raises ValueError: if a destination cannot be read.
    """
    machines = [machine_name(each, network) for each in sources] if sources is not None else _everyone(network)
    if destinations is None:
        wanted = list(service_destinations(store.views(Service), store.views(Node)))
    else:
        wanted = [_destination(each, machines[:1], resolve) for each in destinations]
    return Reachability(reachability(network.state, [network.machine(each) for each in machines], wanted))


def _everyone(network: Network) -> list[str]:
    """Pods, nodes and machines outside; not what only passes packets on, nor the Internet."""
    hosts = (host for host in network.topology.hosts if not host.name.startswith("internet/"))
    return [host.name for host in hosts if not host.forwards or host.bridge]


def _destination(text: str, machines: Sequence[str], resolve: Resolver) -> Destination:
    target = target_of(text)
    if is_ipv4(target.host):
        return Destination(target.host, target.port, target.protocol)
    address, error = resolve(machines[0], target.host) if machines else ("", "nobody asks")
    if not address:
        raise LookupError(f"a destination's name must have an address, got {target.host!r}: {error}")
    return Destination(address, target.port, target.protocol, target.host)


def explain(
    network: Network,
    store: Store,
    source: str,
    url: str,
    resolve: Resolver,
    coverage: Coverage | None = None,
    enforced: bool = True,
) -> Diagnosis:
    """Why a request of a machine does (not) get there.

    :param enforced: whether somebody enforces NetworkPolicies; of a dump's cluster the coverage says it.
    :param coverage: what the dump holds that the cluster was made of; None where it was made of none.
    :raises LookupError: if there is no such machine.
    :raises ValueError: if the URL cannot be read.
    """
    target = target_of(url)
    if coverage is not None:
        silent = _silent_source(source, f"{target.host}:{target.port}", store, network)
        if silent is not None:
            return silent
    machine = machine_name(source, network)
    address, error = (target.host, "") if is_ipv4(target.host) else resolve(machine, target.host)
    parts = machine.split("/")
    asker = _asking_pod(source) if coverage is not None else None
    question = Question(
        source=machine if asker is None else f"pod/{asker[0]}/{asker[1]}",
        host=target.host,
        port=target.port,
        address=address,
        protocol=target.protocol,
        lookup_error=_lookup_error(error, machine, network, coverage),
        traces=network.trace(machine, address, target.port, target.protocol) if is_ipv4(address) else (),
        outside=parts[0] not in ("pod", "node"),
        namespace=asker[0] if asker is not None else parts[1] if parts[0] == "pod" else "default",
        scheme=target.scheme,
    )
    return diagnose(question, _objects(network, store, coverage, enforced))


def explain_all(network: Network, store: Store, sight: Sight, coverage: Coverage | None, enforced: bool) -> Pairs:
    """Why a request of each Pod does (not) get to each port of each Service, by its cluster IP.

    :param sight: what a node makes of a Service port.
    """
    return pairs_of(network, _objects(network, store, coverage, enforced), sight)


def _lookup_error(error: str, machine: str, network: Network, coverage: Coverage | None) -> str:
    """What the look-up came to: silence, or that nobody has the name.

    What a dump's DNS server forwards to is outside, and silent here; so its silence is only that of the cluster's own
    server where nothing gets to that one.
    """
    if error not in (Failure.TRY_AGAIN, Failure.FAIL):
        return error
    if coverage is not None:
        ways = network.trace(machine, coverage.addressing.dns, 53, "UDP")
        if all(way.outcome is Outcome.DELIVERED for way in ways):
            return str(Failure.NO_NAME)
    return "dns-silent"


def _asking_pod(source: str) -> tuple[str, str] | None:
    """Namespace and name of a Pod as a person names it; None where the source is something else."""
    parts = source.split("/")
    if parts[0] not in ("pod", "pods", "po") or len(parts) not in (2, 3):
        return None
    return ("default", parts[1]) if len(parts) == 2 else (parts[1], parts[2])


def _silent_source(source: str, target: str, store: Store, network: Network) -> Diagnosis | None:
    """The answer where the Pod that asks is not in the dump, or does not run."""
    asker = _asking_pod(source)
    if asker is None:
        return None
    name, pod = f"pod/{asker[0]}/{asker[1]}", store.view(Pod, asker[1], asker[0])
    if pod is None:
        missing = f"the dump holds no Pod {asker[0]}/{asker[1]}"
        return Diagnosis(name, target, None, (), (), (), (missing,))
    try:
        network.machine(name)
    except KeyError:
        if pod.status.phase == "Running":
            missing = f"the dump does not say on which node Pod {asker[0]}/{asker[1]} runs, and at which IPv4 address"
            return Diagnosis(name, target, None, (), (), (), (missing,))
        evidence = (Evidence(f"Pod {asker[0]}/{asker[1]}", "status.phase", pod.status.phase or "not set"),)
        summary = f"Pod {asker[0]}/{asker[1]} does not run, so it sends nothing."
        look = RULES["source-not-running"].look.format(asker=asker[1], asking=asker[0])
        finding = Finding("source-not-running", summary, evidence, look=look)
        return Diagnosis(name, target, None, (finding,), ())
    return None


def _objects(network: Network, store: Store, coverage: Coverage | None, enforced: bool) -> Objects:
    unknown = {} if coverage is None else coverage.programs
    listening = {
        host.name: frozenset((protocol, port) for protocol, _, port, _ in network.listeners(host.name))
        for host in network.topology.hosts
        if host.name not in unknown and (coverage is None or not host.name.startswith("node/"))
    }
    namespaces = {wire["metadata"]["name"]: wire["metadata"].get("labels") or {} for wire in store.list("Namespace")}
    found = Objects(
        store.views(Service),
        store.views(EndpointSlice),
        store.views(Pod),
        store.views(Node),
        pod_prefix=network.pod_prefix,
        listening=listening,
        policies=store.views(NetworkPolicy),
        enforces_policies=enforced if coverage is None else coverage.enforces_policies is not False,
        namespaces=namespaces,
        coverage=coverage,
    )
    if coverage is None:
        return found
    stand_ins = coverage.stand_ins
    if stand_ins:  # nobody is told of what the dump does not hold
        found = replace(
            found,
            services=[each for each in found.services if _named("service", each) not in stand_ins],
            slices=[each for each in found.slices if _of_service(each) not in stand_ins],
            pods=[each for each in found.pods if _named("pod", each) not in stand_ins],
        )
    return replace(found, service_prefix=coverage.addressing.services, domain=coverage.addressing.domain)


def _named(kind: str, found: Service | Pod) -> str:
    return f"{kind}/{found.metadata.namespace}/{found.metadata.name}"


def _of_service(piece: EndpointSlice) -> str:
    return f"service/{piece.metadata.namespace}/{(piece.metadata.labels or {}).get(SERVICE_NAME_LABEL)}"
