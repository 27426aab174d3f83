"""The ReplicaSet controller: as many Pods as asked for, no more and no fewer.

Upstream: ``pkg/controller/replicaset``. Pods that match the selector and belong to nobody are adopted; Pods that no
longer match are let go. Which surplus Pods go first follows upstream's ranking: unassigned, pending and unready ones,
then those on the node with more of them, then the youngest. One reconcile creates or deletes
500 Pods at most, and the next one comes when the API server has taken those requests.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.store import Change, Key, key_of
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import condition
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.manager import Manager
from kubesim.controllers.names import RandomSuffix
from kubesim.controllers.ownership import PodClaims
from kubesim.controllers.pods import is_ready, is_terminating, owned_by, pod_from_template
from kubesim.controllers.request_budget import MOST_AT_ONCE, RequestBudget
from kubesim.controllers.tally import Tally
from kubesim.simulation import Simulation


class ReplicaSetController:
    """Creates and deletes the Pods of ReplicaSets."""

    name = "replicaset-controller"
    kind = "ReplicaSet"
    kinds: Sequence[str] = ("ReplicaSet", "Pod")
    counts_terminating = True
    """Whether the status tells how many Pods are going."""

    def __init__(self, simulation: Simulation, manager: Manager, client: Client, events: EventRecorder) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._events = events
        self._budget = RequestBudget(simulation)
        self._suffix = RandomSuffix(simulation.random(f"names/{self.kind.lower()}"))
        self._claims = PodClaims(client, self.kind)
        self._tallies: dict[Key, Tally] = {}

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The set itself, the owner of a Pod, or the sets that might adopt a Pod without one."""
        return self._claims.keys(change)

    def reconcile(self, key: Hashable) -> None:
        """Bring the number of Pods to what is asked for and write the status."""
        assert isinstance(key, tuple)
        wire = self._client.get(self.kind, *key)
        if wire is None:
            self._tallies.pop(key, None)
            return
        tally = self._tally(wire)
        failure: ApiError | None = None
        busy = self._budget.wait > 0
        if not is_terminating(wire):
            failure = self._scale(wire, tally)
            tally = self._tally(wire)
        self._write_status(wire, tally, failure.message if failure else _known_failure(wire) if busy else "")
        if failure is not None:
            raise failure  # the manager tries again later, each time after a longer wait

    def _tally(self, wire: Wire) -> Tally:
        """What the set's Pods add up to now, after it has adopted and released what has changed."""
        key, uid = key_of(wire), wire["metadata"]["uid"]
        tally = self._tallies.get(key)
        if tally is None or tally.uid != uid:
            tally = self._tallies[key] = Tally(uid)
        for each in self._claims.sort_out(wire):
            pod = self._client.get("Pod", *each)
            tally.note(each, pod if pod is not None and owned_by(pod, wire) else None)
        return tally

    def _scale(self, wire: Wire, tally: Tally) -> ApiError | None:
        """Create or delete Pods, some at a time; returns why Pods could not be created, or None."""
        missing = _replicas(wire) - tally.active
        if missing and self._budget.wait:
            self._go_on_later(wire)
            return None
        for _ in range(min(missing, MOST_AT_ONCE)):
            pod = self._new_pod(wire)
            self._budget.take()
            try:
                created = self._client.create(pod)
            except ApiError as error:
                # A server knows such a Pod by the prefix of its name only; a new name each time would be a new message.
                metadata = pod["metadata"]
                error.message = error.message.replace(f'"{metadata["name"]}"', f'"{metadata["generateName"]}"')
                said = f"Error creating: {error.message}"
                self._events.record(wire, WARNING, "FailedCreate", said, component=self.name)
                return error
            message = f"Created pod: {created['metadata']['name']}"
            self._events.record(wire, NORMAL, "SuccessfulCreate", message, component=self.name)
        for pod in self._surplus(tally, min(-missing, MOST_AT_ONCE)):
            self._client.delete(pod)
            self._budget.take()
            message = f"Deleted pod: {pod['metadata']['name']}"
            self._events.record(wire, NORMAL, "SuccessfulDelete", message, component=self.name)
        if abs(missing) > MOST_AT_ONCE:
            self._go_on_later(wire)
        return None

    def _surplus(self, tally: Tally, count: int) -> list[Wire]:
        """So many Pods, those that go first."""
        if count <= 0:
            return []
        waiting = tally.first_unassigned(count, lambda key: self._rank(self._pod(key)))
        first = [self._pod(key) for key in waiting]
        if len(first) < count:
            placed = [self._pod(key) for key in tally.assigned]
            crowd = Counter(pod["spec"]["nodeName"] for pod in placed)
            rank = partial(self._rank, crowd=crowd)
            first += heapq.nsmallest(count - len(first), placed, key=rank)
        return first

    def _pod(self, key: Key) -> Wire:
        pod = self._client.get("Pod", *key)
        assert pod is not None, f"the tally must know what is gone: {key}"
        return pod

    def _go_on_later(self, wire: Wire) -> None:
        self._manager.enqueue_after(self, key_of(wire), self._budget.wait, progress=True)

    def _new_pod(self, wire: Wire) -> Wire:
        made = pod_from_template(wire, wire["spec"]["template"])
        prefix, namespace = made["metadata"]["generateName"], made["metadata"]["namespace"]
        name = self._suffix.unused(prefix, lambda name: self._client.get("Pod", namespace, name) is not None)
        made["metadata"]["name"] = name
        return made

    @staticmethod
    def _rank(pod: Wire, crowd: Mapping[str, int] = MappingProxyType({})) -> tuple[Any, ...]:
        """What goes first among Pods that all have a node, or all have none.

        :param crowd: how many of the Pods each node has.
        """
        status = pod.get("status") or {}
        cost = int((pod["metadata"].get("annotations") or {}).get("controller.kubernetes.io/pod-deletion-cost", 0))
        restarts = max((c.get("restartCount", 0) for c in status.get("containerStatuses") or []), default=0)
        return (
            _PHASES.get(status.get("phase", "Pending"), 2),
            is_ready(pod),
            cost,
            -crowd.get(pod["spec"].get("nodeName", ""), 0),
            -restarts,
            _descending(pod["metadata"].get("creationTimestamp") or ""),
            -int(pod["metadata"]["resourceVersion"]),
        )

    def _write_status(self, wire: Wire, tally: Tally, failure: str) -> None:
        template = (wire["spec"]["template"].get("metadata") or {}).get("labels") or {}
        minimum = int(wire["spec"].get("minReadySeconds") or 0)
        available, wait = tally.available(minimum, self._simulation.datetime)
        status: Wire = {
            "observedGeneration": wire["metadata"].get("generation", 1),
            "replicas": tally.active,
        }
        if self.counts_terminating:
            status["terminatingReplicas"] = tally.terminating
        counts = {
            "fullyLabeledReplicas": tally.labelled(template),
            "readyReplicas": tally.ready,
            "availableReplicas": available,
        }
        status |= {name: count for name, count in counts.items() if count}
        if failure:
            known = (wire.get("status") or {}).get("conditions") or []
            since = next((c["lastTransitionTime"] for c in known if c["type"] == "ReplicaFailure"), None)
            status["conditions"] = [
                {
                    "type": "ReplicaFailure",
                    "status": "True",
                    "reason": "FailedCreate",
                    "message": failure,
                    "lastTransitionTime": since or self._simulation.timestamp(),
                }
            ]
        self._client.update_status(wire, status)
        if wait is not None:
            self._manager.enqueue_after(self, key_of(wire), wait, progress=True)


_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


def _known_failure(wire: Wire) -> str:
    """What the status tells of the last attempt to create Pods."""
    failure = condition(wire, "ReplicaFailure")
    return "" if failure is None else str(failure["message"])


def _replicas(wire: Wire) -> int:
    replicas = wire["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def _descending(timestamp: str) -> tuple[int, ...]:
    return tuple(-ord(character) for character in timestamp)


class ReplicationManager(ReplicaSetController):
    """Creates and deletes the Pods of ReplicationControllers: the same rules under an older name."""

    name = "replication-controller"
    kind = "ReplicationController"
    kinds = ("ReplicationController", "Pod")
    counts_terminating = False
