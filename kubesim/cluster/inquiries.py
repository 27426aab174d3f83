"""Questions about a whole cluster: who reaches what, what a change changed, why a request fails.

The answers come from pure functions over the rules and objects (:mod:`kubesim.cluster.reachability`,
:mod:`kubesim.cluster.diagnosis`); nothing is sent and no time passes, but for the look-up of names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from kubesim.api.network_policies import NetworkPolicy
from kubesim.api.objects import EndpointSlice, Node, Pod, Service
from kubesim.api.store import Store
from kubesim.cluster.diagnosis import Diagnosis, Objects, Question, diagnose
from kubesim.cluster.places import machine_name, target_of
from kubesim.cluster.reachability import Change, Destination, Reach, reachability, service_destinations
from kubesim.network.addresses import is_ipv4
from kubesim.network.dns.getaddrinfo import Failure
from kubesim.network.network import Network

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
        from kubesim.views.tables import records_frame  # pandas, slow to load

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
    network: Network, store: Store, source: str, url: str, resolve: Resolver, enforced: bool = True
) -> Diagnosis:
    """Why a request of a machine does (not) get there.

    :param enforced: whether somebody enforces NetworkPolicies.
    :raises LookupError: if there is no such machine.
    :raises ValueError: if the URL cannot be read.
    """
    machine, target = machine_name(source, network), target_of(url)
    address, error = (target.host, "") if is_ipv4(target.host) else resolve(machine, target.host)
    parts = machine.split("/")
    question = Question(
        source=machine,
        host=target.host,
        port=target.port,
        address=address,
        protocol=target.protocol,
        lookup_error="dns-silent" if error in (Failure.TRY_AGAIN, Failure.FAIL) else error,
        traces=network.trace(machine, address, target.port, target.protocol) if address else (),
        outside=parts[0] not in ("pod", "node"),
        namespace=parts[1] if parts[0] == "pod" else "default",
    )
    return diagnose(question, _objects(network, store, enforced))


def _objects(network: Network, store: Store, enforced: bool) -> Objects:
    listening = {
        host.name: frozenset((protocol, port) for protocol, _, port, _ in network.listeners(host.name))
        for host in network.topology.hosts
    }
    return Objects(
        store.views(Service),
        store.views(EndpointSlice),
        store.views(Pod),
        store.views(Node),
        pod_prefix=network.pod_prefix,
        listening=listening,
        policies=store.views(NetworkPolicy),
        enforces_policies=enforced,
    )
