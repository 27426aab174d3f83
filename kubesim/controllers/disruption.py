"""The disruption controller: how many Pods of each PodDisruptionBudget may go now.

Evictions ask the budget's status (:mod:`kubesim.api.eviction`). Upstream: ``pkg/controller/disruption``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from kubesim.api.eviction import covers, with_verdict
from kubesim.api.int_or_string import scaled
from kubesim.api.objects import LabelSelector, Wire, view
from kubesim.api.printers.columns import label_selector
from kubesim.api.resources import kind_type
from kubesim.api.store import Change, key_of
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import moment
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.manager import Manager, Parts
from kubesim.controllers.pods import controller_of, is_ready, is_terminating
from kubesim.simulation import Simulation

NAME = "controllermanager"
"""Under which name it reports; upstream's is no more telling."""
DISRUPTED_SECONDS = 120.0
"""How long an evicted Pod counts as going although nobody has seen it go."""
_SCALED = ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet")


class DisruptionController:
    """Writes what each budget allows."""

    name = "disruption-controller"
    kinds: Sequence[str | Parts] = (
        "PodDisruptionBudget",
        Parts.of("Pod", "labels", "status", "deletionTimestamp", "ownerReferences"),
        *(Parts.of(kind, "spec") for kind in _SCALED),
    )

    def __init__(self, simulation: Simulation, manager: Manager, client: Client, events: EventRecorder) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._events = events

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The budget itself, those of a Pod, or those of the namespace of a workload that was scaled."""
        if change.kind == "PodDisruptionBudget":
            return (change.key,)
        budgets = self._client.store.list("PodDisruptionBudget", change.key[0])
        if change.kind != "Pod":
            return [key_of(each) for each in budgets]
        pods = [pod for pod in (change.old, change.new) if pod is not None]
        return [key_of(each) for each in budgets if any(covers(each, pod) for pod in pods)]

    def reconcile(self, key: Hashable) -> None:
        """Count a budget's Pods."""
        assert isinstance(key, tuple)
        wire = self._client.get("PodDisruptionBudget", *key)
        if wire is None:
            return
        pods = [pod for pod in self._client.store.list("Pod", key[0]) if covers(wire, pod)]
        if not pods:
            self._say(wire, NORMAL, "NoPods", "No matching pods found")
        try:
            expected, wanted = self._expectation(wire, pods)
        except LookupError as error:
            problem = f"Failed to calculate the number of expected pods: {error}"
            self._say(wire, WARNING, "CalculateExpectedPodCountFailed", problem)
            self._write(wire, {**(wire.get("status") or {}), "disruptionsAllowed": 0}, "SyncFailed", str(error))
            return
        going = self._still_going(wire, pods)
        healthy = sum(
            is_ready(pod) and not is_terminating(pod) and pod["metadata"]["name"] not in going for pod in pods
        )
        status: Wire = {
            "currentHealthy": healthy,
            "desiredHealthy": wanted,
            "disruptionsAllowed": max(0, healthy - wanted) if expected > 0 else 0,
            "expectedPods": expected,
            "observedGeneration": wire["metadata"].get("generation", 1),
            **({"conditions": wire["status"]["conditions"]} if "conditions" in (wire.get("status") or {}) else {}),
            **({"disruptedPods": going} if going else {}),
        }
        self._write(wire, status, "SufficientPods" if status["disruptionsAllowed"] else "InsufficientPods", "")

    def _say(self, wire: Wire, type: str, reason: str, message: str) -> None:
        self._events.record(wire, type, reason, message, component=NAME)

    def _write(self, wire: Wire, status: Wire, reason: str, message: str) -> None:
        self._client.update_status(wire, with_verdict(wire, status, reason, message, self._simulation.timestamp()))

    def _still_going(self, wire: Wire, pods: list[Wire]) -> dict[str, str]:
        """The Pods that were evicted and have not been seen going yet."""
        known = (wire.get("status") or {}).get("disruptedPods") or {}
        staying = {pod["metadata"]["name"] for pod in pods if not is_terminating(pod)}
        going, now = {}, self._simulation.datetime
        for name, since in known.items():
            left = DISRUPTED_SECONDS - (now - moment(since)).total_seconds()
            if name in staying and left > 0:
                going[name] = since
                self._manager.enqueue_after(self, key_of(wire), left, progress=False)
        return going

    def _expectation(self, wire: Wire, pods: list[Wire]) -> tuple[int, int]:
        """How many Pods there are to be, and how many of them must be healthy.

        :raises LookupError: where a Pod's controller does not say how many it wants.
        """
        spec = wire["spec"]
        least = spec.get("minAvailable")
        if "maxUnavailable" in spec:
            expected = self._scale(wire, pods)
            return expected, max(0, expected - scaled(spec["maxUnavailable"], expected, round_up=True))
        if isinstance(least, str):
            expected = self._scale(wire, pods)
            return expected, scaled(least, expected, round_up=True)
        return len(pods), least or 0

    def _scale(self, wire: Wire, pods: list[Wire]) -> int:
        """How many Pods their controllers want together."""
        sizes: dict[str, int] = {}
        unmanaged = []
        for pod in pods:
            owner = self._controller(pod)
            if owner is None:
                unmanaged.append(pod)
                continue
            replicas = owner["spec"].get("replicas")
            sizes[owner["metadata"]["uid"]] = 1 if replicas is None else int(replicas)
        if unmanaged:
            selector = wire["spec"].get("selector")
            shown = label_selector(None if selector is None else view(selector, LabelSelector))
            message = (
                f"Pods selected by this PodDisruptionBudget (selector: &LabelSelector{{{shown}}}) were found to be "
                "unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in "
                'undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an '
                "integer value."
            )
            self._say(wire, WARNING, "UnmanagedPods", message)
        return sum(sizes.values())

    def _controller(self, pod: Wire) -> Wire | None:
        """What scales a Pod: its controller, or that one's."""
        reference = controller_of(pod)
        if reference is None:
            return None
        namespace = pod["metadata"]["namespace"]
        known = kind_type(reference["apiVersion"], reference["kind"])
        if reference["kind"] not in _SCALED:
            named = known.qualified if known is not None else reference["kind"]
            raise LookupError(f"{named} does not implement the scale subresource")
        owner = self._client.get(reference["kind"], namespace, reference["name"])
        above = None if owner is None else controller_of(owner)
        if above is not None and above["kind"] == "Deployment":
            return self._client.get("Deployment", namespace, above["name"]) or owner
        return owner
