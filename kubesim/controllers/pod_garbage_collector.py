"""Pods without a node to end on: those bound to a node that does not exist are deleted for good after a while.

Such a Pod has no kubelet, so nobody would ever confirm its end: even a deleted one stays, terminating. A node that is
missing is given 40 s to come (it may just be registering); then its Pods fail and go. Upstream:
``pkg/controller/podgc``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from kubesim.api.objects import Wire
from kubesim.api.store import Change, key_of
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import with_condition
from kubesim.controllers.manager import Manager, Parts
from kubesim.controllers.pods import is_finished
from kubesim.simulation import Simulation

QUARANTINE_SECONDS = 40.0
REASON = "DeletionByPodGC"
MESSAGE = "PodGC: node no longer exists"


class PodGarbageCollector:
    """Collects the Pods of missing nodes."""

    name = "pod-garbage-collector"
    kinds = (Parts.of("Pod", "spec"), Parts.of("Node"))

    def __init__(self, simulation: Simulation, manager: Manager, client: Client) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._missing_since: dict[str, float] = {}

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The node that a Pod was bound to, or a node that went or came."""
        if change.kind == "Node":
            return (change.object["metadata"]["name"],) if change.type != "MODIFIED" else ()
        node = change.new["spec"].get("nodeName") if change.new is not None else None
        if not node or self._client.get("Node", "", node) is not None:
            return ()
        return (node,)

    def reconcile(self, key: Hashable) -> None:
        """Look at one node's Pods."""
        node = str(key)
        if self._client.get("Node", "", node) is not None:
            self._missing_since.pop(node, None)
            return
        pods = self._client.store.on_node(node)
        if not pods:
            self._missing_since.pop(node, None)
            return
        since = self._missing_since.setdefault(node, self._simulation.now)
        left = since + QUARANTINE_SECONDS - self._simulation.now
        if left > 0:
            self._manager.enqueue_after(self, key, left, progress=False)
            return
        for pod in pods:
            self._collect(pod)

    def _collect(self, pod: Wire) -> None:
        if not is_finished(pod):
            status: Wire = pod.get("status") or {}
            disrupted = {
                "type": "DisruptionTarget",
                "status": "True",
                "reason": REASON,
                "message": MESSAGE,
                "lastProbeTime": None,
            }
            conditions = with_condition(status.get("conditions") or [], disrupted, self._simulation.timestamp())
            self._client.update_status(pod, {**status, "conditions": conditions, "phase": "Failed"})
        namespace, name = key_of(pod)
        latest = self._client.get("Pod", namespace, name)
        if latest is not None:
            self._client.delete(latest, grace_period_seconds=0)
