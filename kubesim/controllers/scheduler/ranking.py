"""The nodes for one demand, best first: scores of 0 to 100 a plugin, weighted as upstream's defaults.

A node is looked at again only when it has changed. What a score is compared with (the most disliked node, the one that
meets most preferences) is that of the nodes that can run the Pod; where that changes, all are put in order anew.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from kubesim.api.objects import Node
from kubesim.controllers.scheduler.demand import Demand
from kubesim.controllers.scheduler.filters import preference, refusal, shortages, soft_taints
from kubesim.controllers.scheduler.nodes import NodeRecord, Nodes

WEIGHT_TAINT, WEIGHT_AFFINITY, WEIGHT_SPREAD, WEIGHT_FIT, WEIGHT_BALANCE = 3, 2, 2, 1, 1
"""Weights of TaintToleration, NodeAffinity, PodTopologySpread, NodeResourcesFit and NodeResourcesBalancedAllocation."""

Place = tuple[int, int, str]
"""Where a node stands: its score, negated; its number of Pods; its name. The least is the best."""


class _Standing(NamedTuple):
    """What of a node does not change with its Pods."""

    node: Node
    refusal: str
    soft_taints: int
    preference: int


class Ranking:
    """The nodes that can run a Pod of one demand, and why the others cannot."""

    def __init__(self, demand: Demand, nodes: Nodes) -> None:
        self._demand = demand
        self._spec = demand.spec
        self._nodes = nodes
        self._standings: dict[str, _Standing] = {}
        self._refused: dict[str, tuple[str, ...]] = {}
        self._places: dict[str, Place] = {}
        self._heap: list[Place] = []
        self._soft_taints: Counter[int] = Counter()
        self._preferences: Counter[int] = Counter()
        self._most = 0, 0
        """The most soft taints, and the greatest preference, of a node that can run the Pod."""
        self._seen = nodes.now
        for name in nodes.records:
            self._judge(name)
        self._order()

    def refresh(self) -> None:
        """Look again at the nodes that have changed."""
        changed = self._nodes.changed_since(self._seen)
        self._seen = self._nodes.now
        for name in {**self._standings, **self._nodes.records} if changed is None else changed:
            self._judge(name)
            if name in self._places:
                heapq.heappush(self._heap, self._places[name])
        if self._most != self._most_of_all() or len(self._heap) > 100 + 2 * len(self._places):
            self._order()

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    @property
    def refusals(self) -> Counter[str]:
        """How many nodes refuse the Pod, by the reason; one may give several."""
        return Counter(reason for reasons in self._refused.values() for reason in reasons)

    def best(self, group: str) -> str:
        """The best node for a Pod; there must be one.

        :param group: the uid of its owner, whose Pods spread over nodes; ``""`` where it has none.
        """
        held = self._nodes.of_group(group)
        crowds = {name: held[name] for name in held if name in self._places}
        if not crowds:
            return self._first({})[2]
        highest = max(crowds.values())
        found = []
        for name, crowd in crowds.items():
            score, pods, _ = self._places[name]
            found.append((score + WEIGHT_SPREAD * (crowd * 100 // highest), pods, name))
        if len(crowds) < len(self._places):
            found.append(self._first(crowds))
        return min(found)[2]

    def _first(self, but: Mapping[str, int]) -> Place:
        """The best place, some nodes aside; the heap holds places of the past too, which are dropped on the way."""
        heap, aside = self._heap, []
        while True:
            place = heap[0]
            if self._places.get(place[2]) is not place:
                heapq.heappop(heap)
            elif place[2] in but:
                aside.append(heapq.heappop(heap))
            else:
                break
        for each in aside:
            heapq.heappush(heap, each)
        return place

    # --- one node ----------------------------------------------------------------------------------------------------

    def _judge(self, name: str) -> None:
        """Take a node as it is now."""
        record, standing = self._nodes.records.get(name), self._standings.get(name)
        if self._places.pop(name, None) is None:
            self._refused.pop(name, None)
        elif standing is not None:
            self._count(standing, -1)
        if record is None:
            self._standings.pop(name, None)
            return
        if standing is None or standing.node is not record.node:
            standing = self._standings[name] = self._stand(record.node)
        refused = (standing.refusal,) if standing.refusal else shortages(self._demand, record)
        if refused:
            self._refused[name] = refused
        else:
            self._count(standing, 1)
            self._places[name] = -self._score(standing, record), record.usage.pods, name

    def _count(self, standing: _Standing, sign: int) -> None:
        """Count a node in, or out, among those that can run the Pod."""
        for counter, value in ((self._soft_taints, standing.soft_taints), (self._preferences, standing.preference)):
            if value:
                counter[value] += sign
                if not counter[value]:
                    del counter[value]

    def _stand(self, node: Node) -> _Standing:
        spec = self._spec
        return _Standing(node, refusal(spec, node), soft_taints(spec, node), preference(spec, node))

    def _score(self, standing: _Standing, record: NodeRecord) -> int:
        most_disliked, most_preferred = self._most
        disliked = standing.soft_taints * 100 // most_disliked if most_disliked else 0
        preferred = standing.preference * 100 // most_preferred if most_preferred else 0
        return (
            WEIGHT_FIT * least_allocated(record, self._demand)
            + WEIGHT_BALANCE * balanced_allocation(record, self._demand)
            + WEIGHT_TAINT * (100 - disliked)
            + WEIGHT_AFFINITY * preferred
        )

    # --- all nodes ---------------------------------------------------------------------------------------------------

    def _most_of_all(self) -> tuple[int, int]:
        return max(self._soft_taints, default=0), max(self._preferences, default=0)

    def _order(self) -> None:
        """Score the nodes that can run the Pod, and put them in order."""
        self._most = self._most_of_all()
        for name in self._places:
            record = self._nodes.records[name]
            self._places[name] = -self._score(self._standings[name], record), record.usage.pods, name
        self._heap = list(self._places.values())
        heapq.heapify(self._heap)


# --- scores ----------------------------------------------------------------------------------------------------------


def least_allocated(record: NodeRecord, demand: Demand) -> int:
    """More free CPU and memory after placing the Pod is better."""
    usage = record.usage
    cpu = _free(record.cpu, usage.scored_cpu + demand.scored_cpu)
    return (cpu + _free(record.memory, usage.scored_memory + demand.scored_memory)) // 2


def _free(capacity: int, used: int) -> int:
    return (capacity - used) * 100 // capacity if capacity and used <= capacity else 0


def balanced_allocation(record: NodeRecord, demand: Demand) -> int:
    """CPU and memory used in like proportion is better: 100 less half the difference of the two shares, in percent."""
    cpu, memory = record.cpu or 1, record.memory or 1
    cpu_used = min(record.usage.cpu + demand.cpu, cpu) if record.cpu else 1
    memory_used = min(record.usage.memory + demand.memory, memory) if record.memory else 1
    both = cpu * memory
    return (100 * both - 50 * abs(cpu_used * memory - memory_used * cpu)) // both
