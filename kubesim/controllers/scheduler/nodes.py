"""What each node has to give and what its Pods have been promised, kept up to date from the watch: never counted anew.

A log of the nodes that changed lets whoever ranks nodes look again at those alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kubesim.api.objects import Node
from kubesim.api.store import Key
from kubesim.controllers.scheduler.demand import Demand, HostPort, nano


@dataclass(slots=True)
class Usage:
    """What the Pods of one node take together, in the units of :class:`Demand`."""

    pods: int = 0
    cpu: int = 0
    memory: int = 0
    scored_cpu: int = 0
    scored_memory: int = 0
    ports: Counter[HostPort] = field(default_factory=Counter)

    def add(self, demand: Demand, sign: int = 1) -> None:
        """Count a Pod in, or with ``sign=-1`` out."""
        self.pods += sign
        self.cpu += sign * demand.cpu
        self.memory += sign * demand.memory
        self.scored_cpu += sign * demand.scored_cpu
        self.scored_memory += sign * demand.scored_memory
        for port in demand.ports:
            self.ports[port] += sign

    def conflicts(self, demand: Demand) -> bool:
        """Whether a host port that the Pod wants is taken; 0.0.0.0 collides with every address."""
        return any(
            count > 0
            and (protocol, port) == (wanted[0], wanted[2])
            and (address == wanted[1] or "0.0.0.0" in (address, wanted[1]))
            for wanted in demand.ports
            for (protocol, address, port), count in self.ports.items()
        )


class NodeRecord:
    """A node, what it can give (in billionths), and what its Pods take."""

    __slots__ = ("cpu", "memory", "node", "pods", "usage")

    def __init__(self, node: Node, usage: Usage) -> None:
        allocatable = node.status.allocatable or {}
        self.node = node
        self.usage = usage
        self.cpu, self.memory, self.pods = (nano(allocatable.get(name)) for name in ("cpu", "memory", "pods"))


class Nodes:
    """All nodes, and which Pods are placed on them."""

    def __init__(self) -> None:
        self.records: dict[str, NodeRecord] = {}
        self._usage: defaultdict[str, Usage] = defaultdict(Usage)
        self._placed: dict[Key, tuple[str, Demand, str]] = {}
        self._groups: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._log: list[str] = []
        self._forgotten = 0

    def put(self, name: str, node: Node | None) -> None:
        """A node came or changed, or (None) went; what is placed on it stays known."""
        if node is None:
            self.records.pop(name, None)
        else:
            self.records[name] = NodeRecord(node, self._usage[name])
        self._note(name)

    def holds(self, pod: Key) -> bool:
        """Whether a Pod is counted on a node."""
        return pod in self._placed

    def occupy(self, pod: Key, node: str, demand: Demand, group: str) -> None:
        """A Pod that is not yet counted is placed on a node.

        :param group: the uid of the controller that owns the Pod, or ``""``.
        """
        self._placed[pod] = node, demand, group
        self._count(node, demand, group, 1)

    def release(self, pod: Key) -> bool:
        """A Pod takes nothing any more; returns whether it took anything."""
        placed = self._placed.pop(pod, None)
        if placed is not None:
            self._count(*placed, -1)
        return placed is not None

    def _count(self, node: str, demand: Demand, group: str, sign: int) -> None:
        self._usage[node].add(demand, sign)
        if group:
            members = self._groups[group]
            members[node] += sign
            if not members[node]:
                del members[node]
            if not members:
                del self._groups[group]
        self._note(node)

    def of_group(self, group: str) -> Mapping[str, int]:
        """How many Pods of a group there are on each node that has any."""
        return self._groups.get(group, {})

    # --- what has changed ------------------------------------------------------------------------------------------

    def _note(self, name: str) -> None:
        if len(self._log) > 1000 + 4 * len(self.records):
            self._forgotten += len(self._log)
            self._log.clear()
        self._log.append(name)

    @property
    def now(self) -> int:
        """The present, for :meth:`changed_since`."""
        return self._forgotten + len(self._log)

    def changed_since(self, then: int) -> Iterable[str] | None:
        """The nodes that changed, came or went since; None where that is too long ago to tell."""
        return None if then < self._forgotten else dict.fromkeys(self._log[then - self._forgotten :])
