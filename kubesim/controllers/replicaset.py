"""The ReplicaSet controller: as many Pods as asked for, no more and no fewer.

Upstream: ``pkg/controller/replicaset``. Pods that match the selector and belong to nobody are adopted; Pods that no
longer match are let go. Which surplus Pods go first follows upstream's ranking: unassigned, pending and unready ones,
then those on the node with more of them, then the youngest. One reconcile creates or deletes
500 Pods at most, and the next one comes when the API server has taken those requests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from kubesim.api.errors import ApiError
from kubesim.api.objects import LabelSelector, Wire, view
from kubesim.api.selectors import Selector, selector_of
from kubesim.api.store import Change, Key, key_of
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import condition
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.index import SelectorIndex
from kubesim.controllers.manager import Manager
from kubesim.controllers.names import RandomSuffix
from kubesim.controllers.pods import (
    available_in,
    controller_of,
    is_active,
    is_ready,
    is_terminating,
    owned_by,
    owner_reference,
    without_owner,
)
from kubesim.controllers.request_budget import MOST_AT_ONCE, RequestBudget
from kubesim.simulation import Simulation

NAME = "replicaset-controller"


class ReplicaSetController:
    """Creates and deletes the Pods of ReplicaSets."""

    name = NAME
    kinds = ("ReplicaSet", "Pod")

    def __init__(self, simulation: Simulation, manager: Manager, client: Client, events: EventRecorder) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._events = events
        self._budget = RequestBudget(simulation)
        self._suffix = RandomSuffix(simulation.random("names/replicaset"))
        self._selectors: dict[Key, Selector] = {}
        self._index: SelectorIndex[Key] = SelectorIndex()
        self._any_labels: dict[Key, None] = {}
        """The sets whose selectors fix no label: the index cannot find those."""
        self._orphans: dict[Key, dict[Key, None]] = {}
        """Pods without an owner that each set may adopt, until it has looked at them."""

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The set itself, the owner of a Pod, or the sets that might adopt a Pod without one."""
        key = change.key
        if change.kind == "ReplicaSet":
            self._note_set(key, change)
            return (key,)
        if change.old is not None and change.new is not None and _belongs_as_before(change.old, change.new):
            return ()
        owners = [controller_of(pod) for pod in (change.old, change.new) if pod is not None]
        found = dict.fromkeys([(key[0], o["name"]) for o in owners if o is not None and o["kind"] == "ReplicaSet"])
        if change.new is not None and owners[-1] is None:
            labels = change.new["metadata"].get("labels") or {}
            if change.old is None or owners[0] is not None or change.old["metadata"].get("labels") != labels:
                for adopter in self._adopters(key[0], labels):
                    self._orphans[adopter][key] = found[adopter] = None
        return list(found)

    def _note_set(self, key: Key, change: Change) -> None:
        if change.new is None:
            self._index.drop(key)
            self._any_labels.pop(key, None)
            self._selectors.pop(key, None)
            self._orphans.pop(key, None)
        elif change.old is None or change.old["spec"].get("selector") != change.new["spec"].get("selector"):
            labels = (change.new["spec"].get("selector") or {}).get("matchLabels") or {}
            self._selectors[key] = selector_of(view(change.new["spec"].get("selector") or {}, LabelSelector))
            self._index.put(key, key[0], labels)
            if not labels:
                self._any_labels[key] = None
            candidates = self._client.store.list("Pod", key[0], labels)
            self._orphans[key] = dict.fromkeys(key_of(pod) for pod in candidates if controller_of(pod) is None)

    def _adopters(self, namespace: str, labels: Mapping[str, str]) -> list[Key]:
        """The sets whose selectors match a Pod's labels, by name."""
        if not labels:
            return []
        candidates = self._index.matching(namespace, labels)
        candidates += [key for key in self._any_labels if key[0] == namespace]
        return sorted(key for key in candidates if self._selectors[key].matches(labels))

    def reconcile(self, key: Hashable) -> None:
        """Bring the number of Pods to what is asked for and write the status."""
        assert isinstance(key, tuple)
        wire = self._client.get("ReplicaSet", *key)
        if wire is None:
            return
        pods = self._claim(wire)
        active = [pod for pod in pods if is_active(pod)]
        failure: ApiError | None = None
        busy = self._budget.wait > 0
        if wire["metadata"].get("deletionTimestamp") is None:
            failure = self._scale(wire, active)
            pods = [pod for pod in self._client.store.owned_by("Pod", wire["metadata"]["uid"]) if owned_by(pod, wire)]
        self._write_status(wire, pods, failure.message if failure else _known_failure(wire) if busy else "")
        if failure is not None:
            raise failure  # the manager tries again later, each time after a longer wait

    def _claim(self, wire: Wire) -> list[Wire]:
        """The Pods that belong to the set: adopt matching orphans, release those whose labels no longer match."""
        key, uid = key_of(wire), wire["metadata"]["uid"]
        mine: list[Wire] = []
        for pod in self._client.store.owned_by("Pod", uid):
            if not owned_by(pod, wire):
                continue
            if self._selectors[key].matches(pod["metadata"].get("labels") or {}) or is_terminating(pod):
                mine.append(pod)
            else:
                self._client.update(without_owner(pod, uid))
        if wire["metadata"].get("deletionTimestamp") is None:
            mine += self._adopt(key, wire)
        return mine

    def _adopt(self, key: Key, wire: Wire) -> list[Wire]:
        adopted = []
        for orphan in sorted(self._orphans[key]):
            pod = self._client.get("Pod", *orphan)
            if pod is not None and controller_of(pod) is None and is_active(pod):
                metadata = pod["metadata"]
                if self._selectors[key].matches(metadata.get("labels") or {}):
                    owners = [*(metadata.get("ownerReferences") or []), owner_reference(wire)]
                    changed = {**pod, "metadata": {**metadata, "ownerReferences": owners}}
                    adopted.append(self._client.update(changed))
            self._orphans[key].pop(orphan, None)
        return adopted

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
                self._events.record(wire, WARNING, "FailedCreate", f"Error creating: {error.message}", component=NAME)
                return error
            message = f"Created pod: {created['metadata']['name']}"
            self._events.record(wire, NORMAL, "SuccessfulCreate", message, component=NAME)
        if missing < 0:
            for pod in sorted(active, key=self._ranking(active))[: min(-missing, MOST_AT_ONCE)]:
                self._client.delete(pod)
                self._budget.take()
                message = f"Deleted pod: {pod['metadata']['name']}"
                self._events.record(wire, NORMAL, "SuccessfulDelete", message, component=NAME)
        if abs(missing) > MOST_AT_ONCE:
            self._go_on_later(wire)
        return None

    def _go_on_later(self, wire: Wire) -> None:
        self._manager.enqueue_after(self, key_of(wire), self._budget.wait, progress=True)

    def _new_pod(self, wire: Wire) -> Wire:
        template = wire["spec"]["template"]
        metadata = template.get("metadata") or {}
        prefix = f"{wire['metadata']['name']}-"
        namespace = wire["metadata"]["namespace"]
        name = self._suffix.unused(prefix, lambda name: self._client.get("Pod", namespace, name) is not None)
        kept = {key: metadata[key] for key in ("labels", "annotations", "finalizers") if metadata.get(key)}
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": kept
            | {
                "generateName": prefix,
                "name": name,
                "namespace": namespace,
                "ownerReferences": [owner_reference(wire)],
            },
            "spec": template.get("spec") or {},
        }

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
            "terminatingReplicas": sum(1 for pod in pods if is_terminating(pod)),
        }
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


def _belongs_as_before(old: Wire, new: Wire) -> bool:
    """Whether two versions of a Pod have the same labels and no owner."""
    was, now = old["metadata"], new["metadata"]
    owners = was.get("ownerReferences") or now.get("ownerReferences")
    return not owners and was.get("labels") is now.get("labels")
