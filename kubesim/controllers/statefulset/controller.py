"""The StatefulSet controller's loop: every ordinal has its Pod, and no step is taken before the one before is over.

In order: each Pod is created when its predecessors are available, surplus Pods go from the highest ordinal down, and so
does an update, one Pod at a time. With ``podManagementPolicy: Parallel`` creating and deleting do not wait; an
update does. Upstream: ``pkg/controller/statefulset/stateful_set_control.go``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from kubesim.api.errors import ApiError
from kubesim.api.objects import LabelSelector, Wire, view
from kubesim.api.selectors import selector_of
from kubesim.api.store import Change, key_of
from kubesim.controllers.client import Client
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.manager import Manager
from kubesim.controllers.ownership import PodClaims
from kubesim.controllers.pods import available_in, is_finished, is_ready, is_terminating
from kubesim.controllers.request_budget import RequestBudget
from kubesim.controllers.revisions import History, number_of, template_in
from kubesim.controllers.statefulset.identity import (
    has_identity,
    is_member,
    new_pod,
    ordinal,
    ordinals,
    revision_name,
    with_identity,
)
from kubesim.controllers.statefulset.storage import NAME, ClaimKeeper
from kubesim.simulation import Simulation


class StatefulSetController:
    """Creates, updates and deletes the Pods of StatefulSets."""

    name = NAME
    kinds: Sequence[str] = ("StatefulSet", "Pod")

    def __init__(self, simulation: Simulation, manager: Manager, client: Client, events: EventRecorder) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._events = events
        self._budget = RequestBudget(simulation)
        self._claims = PodClaims(client, "StatefulSet", is_member)
        self._history = History(client, "controller.kubernetes.io/hash")
        self._storage = ClaimKeeper(client, events)

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The set itself, the owner of a Pod, or the sets that might adopt a Pod without one."""
        return self._claims.keys(change)

    def reconcile(self, key: Hashable) -> None:
        """Take the next steps of one set, and write its status."""
        assert isinstance(key, tuple)
        wire = self._client.get("StatefulSet", *key)
        if wire is None:
            return
        if self._budget.wait:
            self._manager.enqueue_after(self, key, self._budget.wait, progress=True)
            return
        pods = [pod for pod in self._claims.claim(wire) if is_member(wire, pod)]
        selector = selector_of(view(wire["spec"].get("selector") or {}, LabelSelector))
        revisions = self._history.of(wire, selector)
        known: Wire = wire.get("status") or {}
        update, collisions = self._history.current(wire, revisions, int(known.get("collisionCount") or 0))
        named = {each["metadata"]["name"]: each for each in (*revisions, update)}
        current = named.get(known.get("currentRevision", ""), update)
        rollout = _Rollout(self._simulation, wire, pods, current, update)
        failure: ApiError | None = None
        if wire["metadata"].get("deletionTimestamp") is None:
            try:
                self._act(rollout)
            except ApiError as error:
                failure = error
        self._write_status(rollout, collisions)
        live = {current["metadata"]["name"], update["metadata"]["name"], *(revision_name(pod) for pod in pods)}
        self._history.truncate(wire, sorted(named.values(), key=number_of), live)
        if failure is not None:
            raise failure

    # --- what is done --------------------------------------------------------------------------------------------

    def _act(self, rollout: _Rollout) -> None:
        """The living first, then the surplus, then the update; each may end the turn."""
        ended = False
        for number in rollout.numbers:
            ended = self._tend(rollout, number) or ended
            if ended and rollout.in_order:
                return
        for pod in rollout.surplus:
            self._storage.give_owners(rollout.wire, pod)
        if self._condemn(rollout):
            return
        self._update(rollout)

    def _tend(self, rollout: _Rollout, number: int) -> bool:
        """See to the Pod of one ordinal; returns whether nothing else may be done until it has changed."""
        wire, pod = rollout.wire, rollout.replicas.get(number)
        if pod is None:
            made = new_pod(wire, *rollout.version_for(number))
            if self._storage.is_stale(wire, made):
                return True
            self._create(wire, made)
            return True
        if is_finished(pod):
            if not is_terminating(pod):
                self._delete(wire, pod)
            return True
        if (pod.get("status") or {}).get("phase", "Pending") == "Pending":
            self._storage.create_missing(wire, pod)
        if rollout.in_order and (is_terminating(pod) or not rollout.is_available(pod)):
            return True
        if not has_identity(wire, pod):
            self._client.update(with_identity(wire, pod))
        self._storage.give_owners(wire, pod)
        return False

    def _condemn(self, rollout: _Rollout) -> bool:
        """Delete surplus Pods, the highest ordinal first; in order, one that is healthy at a time."""
        for pod in rollout.surplus:
            if is_terminating(pod):
                if rollout.in_order:
                    return True
                continue
            if rollout.in_order and not rollout.is_available(pod) and pod is not rollout.first_unavailable:
                return True
            self._delete(rollout.wire, pod)
            if rollout.in_order:
                return True
        return False

    def _update(self, rollout: _Rollout) -> None:
        """Delete the Pod of the highest ordinal that is of another revision, once those above it are available."""
        strategy = rollout.wire["spec"].get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
        for index in range(len(rollout.numbers) - 1, partition - 1, -1):
            pod = rollout.replicas.get(rollout.numbers[index])
            if pod is None:  # just made, and not available yet
                return
            if revision_name(pod) != rollout.update["metadata"]["name"] and not is_terminating(pod):
                self._delete(rollout.wire, pod)
                rollout.replaced += 1
                return
            if not rollout.is_available(pod):
                return

    # --- requests and events -------------------------------------------------------------------------------------

    def _create(self, wire: Wire, pod: Wire) -> None:
        self._budget.take()
        try:
            self._storage.create_missing(wire, pod)
            created = self._client.create(pod)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                self._say(wire, pod, "Create", error)
            raise
        self._storage.give_owners(wire, created)
        self._say(wire, pod, "Create")

    def _delete(self, wire: Wire, pod: Wire) -> None:
        self._budget.take()
        self._client.delete(pod)
        self._say(wire, pod, "Delete")

    def _say(self, wire: Wire, pod: Wire, verb: str, error: ApiError | None = None) -> None:
        said = f"{verb} Pod {pod['metadata']['name']} in StatefulSet {wire['metadata']['name']}"
        if error is None:
            self._events.record(wire, NORMAL, f"Successful{verb}", f"{said} successful", component=NAME)
        else:
            message = f"{said} failed error: {error.message}"
            self._events.record(wire, WARNING, f"Failed{verb}", message, component=NAME)

    # --- status --------------------------------------------------------------------------------------------------

    def _write_status(self, rollout: _Rollout, collisions: int) -> None:
        wire = rollout.wire
        self._client.update_status(wire, rollout.status(collisions))
        waits = [wait for wait in map(rollout.waits, rollout.pods) if wait]
        if waits:
            self._manager.enqueue_after(self, key_of(wire), min(waits), progress=True)


class _Rollout:
    """One look at a set: its Pods, sorted by what is to become of them.

    :ivar replicas: the Pods that are to be there, by ordinal.
    :ivar surplus: those that are not, the highest ordinal first.
    :ivar replaced: Pods that were deleted for the update at this look.
    :ivar first_unavailable: of the replicas, else of the surplus from the lowest ordinal on.
    """

    def __init__(self, simulation: Simulation, wire: Wire, pods: list[Wire], current: Wire, update: Wire) -> None:
        self.wire, self.current, self.update = wire, current, update
        self.numbers = ordinals(wire)
        self.in_order = wire["spec"].get("podManagementPolicy") != "Parallel"
        self._now = simulation.datetime
        self._minimum = int(wire["spec"].get("minReadySeconds") or 0)
        self.replaced = 0
        self.pods = sorted(pods, key=ordinal)
        self.replicas = {ordinal(pod): pod for pod in self.pods if ordinal(pod) in self.numbers}
        self.surplus = [pod for pod in reversed(self.pods) if ordinal(pod) not in self.numbers]
        candidates = [*self.replicas.values(), *reversed(self.surplus)]
        self.first_unavailable = next((pod for pod in candidates if not self._is_healthy(pod)), None)

    def waits(self, pod: Wire) -> float | None:
        """Seconds until a Pod is available; None while it is not ready."""
        if (pod.get("status") or {}).get("phase") != "Running":
            return None
        return available_in(pod, self._minimum, self._now)

    def is_available(self, pod: Wire) -> bool:
        """Whether a Pod runs and has been ready for long enough."""
        return self.waits(pod) == 0

    def _is_healthy(self, pod: Wire) -> bool:
        return self.is_available(pod) and not is_terminating(pod)

    def version_for(self, number: int) -> tuple[Wire, int, str]:
        """The template, the ordinal and the revision's name of a Pod that is to be made."""
        strategy = self.wire["spec"].get("updateStrategy") or {}
        older = 0
        if strategy.get("type") == "RollingUpdate":
            rolling = strategy.get("rollingUpdate")
            status = self.wire.get("status") or {}
            older = status.get("currentReplicas", 0) if rolling is None else rolling.get("partition") or 0
        revision = self.current if number < self.numbers.start + older else self.update
        return template_in(revision), number, revision["metadata"]["name"]

    def status(self, collisions: int) -> Wire:
        """What the set reports; a finished rolling update makes the new revision the current one."""
        current, update = self.current["metadata"]["name"], self.update["metadata"]["name"]
        staying = [revision_name(pod) for pod in self.pods if not is_terminating(pod)]
        ready = [pod for pod in self.pods if (pod.get("status") or {}).get("phase") == "Running" and is_ready(pod)]
        counts = {
            "currentReplicas": staying.count(current) - self.replaced,
            "readyReplicas": len(ready),
            "updatedReplicas": staying.count(update),
        }
        strategy = (self.wire["spec"].get("updateStrategy") or {}).get("type")
        wanted = len(self.numbers)
        if strategy == "RollingUpdate" and wanted == counts["updatedReplicas"] == len(ready) == len(self.pods):
            current, counts["currentReplicas"] = update, wanted
        return {
            "availableReplicas": sum(self.is_available(pod) for pod in ready),
            "collisionCount": collisions,
            "currentRevision": current,
            "observedGeneration": self.wire["metadata"].get("generation", 1),
            "replicas": len(self.pods),
            "updateRevision": update,
        } | {name: count for name, count in counts.items() if count}
