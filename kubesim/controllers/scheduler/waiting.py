"""The Pods that fit nowhere, grouped by what they ask of a node.

Pods that ask for the same fit the same nodes. When room comes, one of each group is tried; only when it is placed is
the next one's turn. Two thousand waiting replicas of a Deployment therefore cost one attempt, not two thousand.
"""

from __future__ import annotations

from kubesim.api.store import Key
from kubesim.controllers.scheduler.demand import Demand


class WaitingPods:
    """The groups of waiting Pods, each with what its Pods were last told."""

    def __init__(self) -> None:
        self._groups: dict[Demand, dict[Key, None]] = {}
        self._told: dict[Demand, str] = {}
        self._demands: dict[Key, Demand] = {}
        self._for_room: set[Demand] = set()

    def __contains__(self, key: object) -> bool:
        return key in self._demands

    def add(self, key: Key, demand: Demand, message: str, *, for_room: bool) -> list[Key]:
        """Let a Pod wait that was refused.

        :param for_room: whether a Pod that ends somewhere may change that.
        :returns: those of its group that were told something else and must hear of the change.
        """
        if self._demands.get(key) != demand:
            self.drop(key)
        group = self._groups.setdefault(demand, {})
        stale = [other for other in group if other != key] if self._told.get(demand) != message else []
        group[key] = None
        self._demands[key] = demand
        self._told[demand] = message
        if for_room:
            self._for_room.add(demand)
        else:
            self._for_room.discard(demand)
        return stale

    def drop(self, key: Key) -> Key | None:
        """Take a Pod out.

        :returns: whose turn it is now, where it was the first of its group and others wait.
        """
        demand = self._demands.pop(key, None)
        if demand is None:
            return None
        group = self._groups[demand]
        was_first = next(iter(group)) == key
        del group[key]
        if not group:
            del self._groups[demand], self._told[demand]
            self._for_room.discard(demand)
            return None
        return next(iter(group)) if was_first else None

    def firsts(self, *, for_room: bool = False) -> list[Key]:
        """The first Pod of each group.

        :param for_room: only of the groups that wait for room.
        """
        return [next(iter(group)) for demand, group in self._groups.items() if not for_room or demand in self._for_room]
