"""The ReplicaSet controller: as many Pods as asked for, no more and no fewer.

Upstream: ``pkg/controller/replicaset``. Pods that match the selector and belong to nobody are adopted; Pods that no
longer match are let go. Which surplus Pods go first follows upstream's ranking: unassigned, pending and unready ones,
then those on the node with more of them, then the youngest. One reconcile creates or deletes
500 Pods at most, and the next one comes when the API server has taken those requests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.store import Change, key_of
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import condition
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.manager import Manager
from kubesim.controllers.names import RandomSuffix
from kubesim.controllers.ownership import PodClaims
from kubesim.controllers.pods import (
    available_in,
    is_active,
    is_ready,
    is_terminating,
    owned_by,
    pod_from_template,
)
from kubesim.controllers.request_budget import MOST_AT_ONCE, RequestBudget
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

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The set itself, the owner of a Pod, or the sets that might adopt a Pod without one."""
        return self._claims.keys(change)

    def reconcile(self, key: Hashable) -> None:
        """Bring the number of Pods to what is asked for and write the status."""
        assert isinstance(key, tuple)
        wire = self._client.get(self.kind, *key)
        if wire is None:
            return
        pods = self._claims.claim(wire)
        active = [pod for pod in pods if is_active(pod)]
        failure: ApiError | None = None
        busy = self._budget.wait > 0
        if wire["metadata"].get("deletionTimestamp") is None:
            failure = self._scale(wire, active)
            pods = [pod for pod in self._client.store.owned_by("Pod", wire["metadata"]["uid"]) if owned_by(pod, wire)]
        self._write_status(wire, pods, failure.message if failure else _known_failure(wire) if busy else "")
        if failure is not None:
            raise failure  # the manager tries again later, each time after a longer wait

    def _scale(self, wire: Wire, active: list[Wire]) -> ApiError | None:
        """Create or delete Pods, some at a time; returns why Pods could not be created, or None."""
        wanted = _replicas(wire)
        missing = wanted - len(active)
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
        if missing < 0:
            for pod in sorted(active, key=self._ranking(active))[: min(-missing, MOST_AT_ONCE)]:
                self._client.delete(pod)
                self._budget.take()
                message = f"Deleted pod: {pod['metadata']['name']}"
                self._events.record(wire, NORMAL, "SuccessfulDelete", message, component=self.name)
        if abs(missing) > MOST_AT_ONCE:
            self._go_on_later(wire)
        return None

    def _go_on_later(self, wire: Wire) -> None:
        self._manager.enqueue_after(self, key_of(wire), self._budget.wait, progress=True)

    def _new_pod(self, wire: Wire) -> Wire:
        made = pod_from_template(wire, wire["spec"]["template"])
        prefix, namespace = made["metadata"]["generateName"], made["metadata"]["namespace"]
        name = self._suffix.unused(prefix, lambda name: self._client.get("Pod", namespace, name) is not None)
        made["metadata"]["name"] = name
        return made

    @staticmethod
    def _ranking(active: list[Wire]) -> Callable[[Wire], tuple[Any, ...]]:
        crowd = Counter(pod["spec"].get("nodeName", "") for pod in active)
        phases = {"Pending": 0, "Unknown": 1, "Running": 2}

        def rank(pod: Wire) -> tuple[Any, ...]:
            node = pod["spec"].get("nodeName", "")
            status = pod.get("status") or {}
            cost = int((pod["metadata"].get("annotations") or {}).get("controller.kubernetes.io/pod-deletion-cost", 0))
            restarts = max((c.get("restartCount", 0) for c in status.get("containerStatuses") or []), default=0)
            age = int(pod["metadata"]["resourceVersion"])
            created = pod["metadata"].get("creationTimestamp") or ""
            return (
                bool(node),
                phases.get(status.get("phase", "Pending"), 2),
                is_ready(pod),
                cost,
                -crowd[node],
                -restarts,
                _descending(created),
                -age,
            )

        return rank

    def _write_status(self, wire: Wire, pods: list[Wire], failure: str) -> None:
        template = (wire["spec"]["template"].get("metadata") or {}).get("labels") or {}
        minimum = int(wire["spec"].get("minReadySeconds") or 0)
        now = self._simulation.datetime
        active = [pod for pod in pods if is_active(pod)]
        waits = [available_in(pod, minimum, now) for pod in active]
        status: Wire = {
            "observedGeneration": wire["metadata"].get("generation", 1),
            "replicas": len(active),
        }
        if self.counts_terminating:
            status["terminatingReplicas"] = sum(1 for pod in pods if is_terminating(pod))
        counts = {
            "fullyLabeledReplicas": sum(
                template.items() <= (pod["metadata"].get("labels") or {}).items() for pod in active
            ),
            "readyReplicas": sum(is_ready(pod) for pod in active),
            "availableReplicas": sum(wait == 0 for wait in waits),
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
        pending = [wait for wait in waits if wait]
        if pending:
            self._manager.enqueue_after(self, key_of(wire), min(pending), progress=True)


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
