"""Nodes that fall silent: NotReady after 40 s, tainted, their Pods out of every Service, evicted after a while.

A kubelet renews its lease every ten seconds. Here the renewals of a healthy node are not simulated one by one; the
clock starts when a node stops. Upstream: ``pkg/controller/nodelifecycle`` and ``pkg/controller/tainteviction``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from kubesim.api.objects import Pod, Taint, Wire, view
from kubesim.api.store import Change, key_of
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import condition, moment, with_condition
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.manager import Manager, Parts
from kubesim.controllers.scheduler.filters import tolerates
from kubesim.simulation import Simulation

GRACE_SECONDS = 40.0
"""``--node-monitor-grace-period``, as long as clusters have had it; 50 s from 1.32 on is not k3s' setting."""
UNREACHABLE, NOT_READY = "node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready"
UNKNOWN = "NodeStatusUnknown"
SILENT = "Kubelet stopped posting node status."
NAME = "node-controller"


class NodeLifecycleController:
    """Watches over nodes, and evicts Pods from tainted ones."""

    name = "node-lifecycle-controller"
    kinds = (Parts.of("Node", "spec"), Parts.of("Pod", "spec"))

    def __init__(self, simulation: Simulation, manager: Manager, client: Client, events: EventRecorder) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._events = events
        self._silent: set[str] = set()

    def stopped(self, node: str) -> None:
        """The node's kubelet renews its lease no more."""
        self._silent.add(node)
        self._simulation.after(GRACE_SECONDS, lambda: self._declare_unknown(node), progress=False)

    def returned(self, node: str) -> None:
        """The node's kubelet reports again: the taints go, the node is Ready."""
        self._silent.discard(node)
        wire = self._client.get("Node", "", node)
        if wire is None:
            return
        now = self._simulation.timestamp()
        conditions = wire["status"].get("conditions") or []
        for entry in conditions:
            good = _KUBELET.get(entry["type"])
            if good is not None:
                conditions = with_condition(conditions, {**entry, **good}, now)
        self._client.update_status(wire, {**wire["status"], "conditions": conditions})
        self._taint(node, [])
        message = f"Node {node} status is now: NodeReady"
        self._events.record(wire, NORMAL, "NodeReady", message, component="kubelet", host=node)

    def _declare_unknown(self, node: str) -> None:
        wire = self._client.get("Node", "", node)
        if node not in self._silent or wire is None:
            return
        now = self._simulation.timestamp()
        conditions = wire["status"].get("conditions") or []
        for entry in conditions:
            unknown = {**entry, "status": "Unknown", "reason": UNKNOWN, "message": SILENT}
            conditions = with_condition(conditions, unknown, now)
        self._client.update_status(wire, {**wire["status"], "conditions": conditions})
        message = f"Node {node} status is now: NodeNotReady"
        self._events.record(wire, NORMAL, "NodeNotReady", message, component=NAME)
        self._taint(node, [(UNREACHABLE, "NoSchedule"), (UNREACHABLE, "NoExecute")])
        self._mark_pods(node)

    def _taint(self, node: str, wanted: list[tuple[str, str]]) -> None:
        wire = self._client.get("Node", "", node)
        if wire is None:
            return
        others = [t for t in wire["spec"].get("taints") or [] if t["key"] not in (UNREACHABLE, NOT_READY)]
        now = self._simulation.timestamp()
        taints = others + [{"effect": effect, "key": key, "timeAdded": now} for key, effect in wanted]
        spec = {field: value for field, value in wire["spec"].items() if field != "taints"}
        self._client.update({**wire, "spec": {**spec, "taints": taints} if taints else spec})

    def _mark_pods(self, node: str) -> None:
        """The node's Pods are not ready any more: every Service drops them."""
        for pod in self._client.store.on_node(node):
            ready = condition(pod, "Ready")
            if ready is None or ready["status"] != "True":
                continue
            status, now = pod["status"], self._simulation.timestamp()
            conditions = with_condition(status["conditions"], {**ready, "status": "False"}, now)
            self._client.update_status(pod, {**status, "conditions": conditions})
            self._events.record(pod, WARNING, "NodeNotReady", "Node is not ready", component=NAME)

    def keys(self, change: Change) -> Iterable[Hashable]:
        """Pods on a node whose taints changed, and Pods that are placed on a node."""
        old, new = change.old, change.new
        if new is None:
            return ()
        if change.kind == "Pod":
            placed = new["spec"].get("nodeName")
            is_new = placed and (old is None or not old["spec"].get("nodeName"))
            return (change.key,) if is_new and self._evicting_taints(placed) else ()
        if old is not None and (old["spec"].get("taints") or []) == (new["spec"].get("taints") or []):
            return ()
        if old is None and not new["spec"].get("taints"):
            return ()
        return [key_of(pod) for pod in self._client.store.on_node(change.key[1])]

    def _evicting_taints(self, node: str) -> list[Wire]:
        """A node's taints that Pods must tolerate or go."""
        wire = self._client.get("Node", "", node)
        taints = wire["spec"].get("taints") if wire is not None else None
        return [taint for taint in taints if taint["effect"] == "NoExecute"] if taints else []

    def reconcile(self, key: Hashable) -> None:
        """Evict one Pod if its node's NoExecute taints are not tolerated, or not for longer."""
        assert isinstance(key, tuple)
        wire = self._client.get("Pod", *key)
        if wire is None or wire["metadata"].get("deletionTimestamp"):
            return
        taints = self._evicting_taints(wire["spec"].get("nodeName", ""))
        left = self._seconds_left(wire, taints) if taints else None
        if left is None:
            return
        if left > 0:
            self._manager.enqueue_after(self, key, left, progress=False)
            return
        message = f"Marking for deletion Pod {key[0]}/{key[1]}"
        self._events.record(wire, NORMAL, "TaintManagerEviction", message, component="taint-eviction-controller")
        self._client.delete(wire)

    def _seconds_left(self, wire: Wire, taints: list[Wire]) -> float | None:
        """Seconds until the Pod must go; None where it may stay."""
        tolerations = view(wire, Pod).spec.tolerations or []
        limits: list[float] = []
        for entry in taints:
            taint = view(entry, Taint)
            using = [toleration for toleration in tolerations if tolerates(toleration, taint)]
            if not using:
                return 0.0
            seconds = [t.tolerationSeconds for t in using if t.tolerationSeconds is not None]
            if len(seconds) == len(using):
                added = moment(entry["timeAdded"]) if entry.get("timeAdded") else self._simulation.datetime
                since = (self._simulation.datetime - added).total_seconds()
                limits.append(max(0.0, min(seconds) - since))
        return min(limits, default=None)


_KUBELET = {
    "MemoryPressure": {
        "status": "False",
        "reason": "KubeletHasSufficientMemory",
        "message": "kubelet has sufficient memory available",
    },
    "DiskPressure": {
        "status": "False",
        "reason": "KubeletHasNoDiskPressure",
        "message": "kubelet has no disk pressure",
    },
    "PIDPressure": {
        "status": "False",
        "reason": "KubeletHasSufficientPID",
        "message": "kubelet has sufficient PID available",
    },
    "Ready": {"status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"},
}
"""What a healthy kubelet reports."""
