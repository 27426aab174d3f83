"""What the Pods of a workload add up to: kept up to date Pod by Pod, never counted anew.

A workload of twenty thousand Pods of which one becomes ready looks at that one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from kubesim.api.objects import Wire
from kubesim.api.store import Key
from kubesim.controllers.conditions import condition, moment
from kubesim.controllers.pods import is_finished, is_terminating


class _Standing(NamedTuple):
    """For what a Pod counts.

    :param since: when it became ready; None while it is not, ``""`` where nothing says when.
    """

    active: bool
    terminating: bool
    assigned: bool
    since: str | None
    labels: frozenset[tuple[str, str]]


class Tally:
    """The counts of the Pods of one workload.

    :param uid: the workload's.
    """

    def __init__(self, uid: str) -> None:
        self.uid = uid
        self.active = 0
        """Pods that are neither finished nor being deleted."""
        self.terminating = 0
        """Pods that are being deleted."""
        self.ready = 0
        """Active Pods that are ready."""
        self._unassigned: dict[Key, None] = {}
        """Active Pods without a node."""
        self._order: list[Key] | None = None
        """Those that were unassigned when somebody asked, the last to go first; None since one came or changed."""
        self._standings: dict[Key, _Standing] = {}
        self._ready_since: Counter[str] = Counter()
        self._labels: Counter[frozenset[tuple[str, str]]] = Counter()
        """How many active Pods carry exactly these labels."""

    def note(self, key: Key, pod: Wire | None) -> None:
        """Count a Pod for what it is now; None: it is no Pod of the workload, or no longer."""
        was, now = self._standings.pop(key, None), None if pod is None else _standing(pod)
        if now is not None:
            self._standings[key] = now
        if now is not None and now.active and not now.assigned:
            self._unassigned[key] = self._order = None
        else:
            self._unassigned.pop(key, None)
        if now != was:
            self._count(was, -1)
            self._count(now, 1)

    def _count(self, standing: _Standing | None, by: int) -> None:
        if standing is None:
            return
        self.terminating += by * standing.terminating
        if not standing.active:
            return
        self.active += by
        self._labels[standing.labels] += by
        if not self._labels[standing.labels]:
            del self._labels[standing.labels]
        if standing.since is not None:
            self.ready += by
            self._ready_since[standing.since] += by
            if not self._ready_since[standing.since]:
                del self._ready_since[standing.since]

    def first_unassigned(self, count: int, rank: Callable[[Key], tuple[Any, ...]]) -> list[Key]:
        """Active Pods without a node, so many at most, by rank; ranked once, as long as none comes and none changes."""
        if self._order is None:
            self._order = sorted(self._unassigned, key=rank, reverse=True)
        first: list[Key] = []
        while self._order and len(first) < count:
            key = self._order.pop()
            if key in self._unassigned:
                first.append(key)
        self._order += reversed(first)
        return first

    @property
    def assigned(self) -> list[Key]:
        """Active Pods on a node."""
        return [key for key, standing in self._standings.items() if standing.active and standing.assigned]

    def labelled(self, labels: Mapping[str, str]) -> int:
        """Active Pods that carry these labels, among others."""
        return sum(count for carried, count in self._labels.items() if labels.items() <= carried)

    def available(self, min_ready_seconds: int, now: datetime) -> tuple[int, float | None]:
        """Active Pods that have been ready for so long, and the seconds until one more has; None where none waits."""
        if not min_ready_seconds:
            return self.ready, None
        waits = {
            since: min_ready_seconds - (now - moment(since)).total_seconds() if since else 0.0
            for since in self._ready_since
        }
        count = sum(number for since, number in self._ready_since.items() if waits[since] <= 0)
        return count, min((wait for wait in waits.values() if wait > 0), default=None)


def _standing(pod: Wire) -> _Standing:
    terminating = is_terminating(pod)
    active = not terminating and not is_finished(pod)
    ready = condition(pod, "Ready") if active else None
    since = (ready.get("lastTransitionTime") or "") if ready is not None and ready.get("status") == "True" else None
    labels = (pod["metadata"].get("labels") or {}).items() if active else ()
    return _Standing(active, terminating, bool(pod["spec"].get("nodeName")), since, frozenset(labels))
