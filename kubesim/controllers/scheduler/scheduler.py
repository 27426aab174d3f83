"""The scheduler's loop: take a Pod without a node, filter, score, bind; or say why no node will do.

Upstream's choice among nodes of equal score is random; here the node with fewer Pods, then the first by name, wins, so
that a course's first Pods land where its text says. A Pod that fits nowhere waits until a node changes or another
Pod makes room.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping

from kubesim.api.objects import Node, Pod, Taint, Wire, view
from kubesim.api.store import Key, key_of
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import with_condition
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.manager import Change, Manager
from kubesim.controllers.pods import is_finished
from kubesim.controllers.scheduler.affinity import matches_node
from kubesim.controllers.scheduler.scores import allocatable, scores
from kubesim.controllers.scheduler.tolerations import untolerated
from kubesim.controllers.scheduler.usage import Footprint, Usage, footprint
from kubesim.controllers.scheduler.waiting import WaitingPods, signature
from kubesim.simulation import Simulation

NAME = "default-scheduler"


class Scheduler:
    """Binds Pods to nodes.

    :param placements: Pods (``namespace/name``) that prefer a node, once each: their pinned address belongs to it.
    """

    name = NAME
    kinds = ("Node", "Pod")

    def __init__(
        self,
        simulation: Simulation,
        manager: Manager,
        client: Client,
        events: EventRecorder,
        placements: Mapping[str, str] | None = None,
    ) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._events = events
        self._placements = dict(placements or {})
        self._usage: dict[str, Usage] = {}
        self._placed: dict[Key, tuple[str, Footprint]] = {}
        self._waiting = WaitingPods()

    def keys(self, change: Change) -> Iterable[Hashable]:
        """A Pod to schedule; whatever may free room sends the first of each group of waiting Pods round again."""
        if change.kind == "Node":
            return self._waiting.firsts()
        pod, key = change.new, key_of(change.object)
        if pod is None or is_finished(pod):
            freed = self._release(key)
            following = self._waiting.drop(key)
            return self._waiting.firsts() if freed else () if following is None else (following,)
        node = pod["spec"].get("nodeName")
        if node:
            following = self._waiting.drop(key)
            self._occupy(key, node, pod)
            return () if following is None else (following,)
        if key in self._waiting and change.old is not None and change.old["spec"] == pod["spec"]:
            return ()  # only its status tells more, which makes no room
        return (key,)

    def _occupy(self, key: Key, node: str, pod: Wire) -> None:
        if key not in self._placed:
            taken = footprint(view(pod, Pod))
            self._usage.setdefault(node, Usage()).add(taken)
            self._placed[key] = (node, taken)

    def _release(self, key: Key) -> bool:
        placed = self._placed.pop(key, None)
        if placed is not None:
            self._usage[placed[0]].add(placed[1], -1)
        return placed is not None

    def reconcile(self, key: Hashable) -> None:
        """Try to place one Pod."""
        assert isinstance(key, tuple)
        wire = self._client.get("Pod", *key)
        if wire is None or wire["spec"].get("nodeName") or wire["metadata"].get("deletionTimestamp"):
            self._let_next(key)
            return
        if wire["spec"].get("schedulerName", NAME) != NAME:
            return
        gates = wire["spec"].get("schedulingGates")
        if gates:
            self._set_gated(wire)
            return
        pod = view(wire, Pod)
        taken = footprint(pod)
        nodes = self._client.store.views(Node)
        refusals: Counter[str] = Counter()
        feasible = []
        for node in nodes:
            reason = self._refusal(pod, taken, node)
            if reason is None:
                feasible.append(node)
            else:
                refusals.update(reason)
        if not feasible:
            message = self._failure(len(nodes), refusals)
            stale = self._waiting.add(key, signature(pod, taken), message)
            self._report_failure(wire, message)
            for other in stale:
                self._manager.enqueue(self, other)
            return
        usage = {node.metadata.name: self._usage.setdefault(node.metadata.name, Usage()) for node in feasible}
        rank = scores(pod, taken, feasible, usage)
        best = min(rank, key=lambda name: (-rank[name], usage[name].pods, name))
        placement = self._placements.get("/".join(key))
        if placement in rank:
            del self._placements["/".join(key)]
            best = placement
        self._bind(wire, key, best)

    def _let_next(self, key: Key) -> None:
        """A Pod waits no longer: the next one of its group has its turn."""
        following = self._waiting.drop(key)
        if following is not None:
            self._manager.enqueue(self, following)

    def _refusal(self, pod: Pod, taken: Footprint, node: Node) -> tuple[str, ...] | None:
        """Why a node cannot run the Pod, in upstream's words and in the order of its filter plugins."""
        cordon = Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule")
        tolerations = pod.spec.tolerations or []
        if node.spec.unschedulable and untolerated([cordon], tolerations, ("NoSchedule",)):
            return ("node(s) were unschedulable",)
        taint = untolerated(node.spec.taints or [], tolerations, ("NoSchedule", "NoExecute"))
        if taint is not None:
            return (f"node(s) had untolerated taint {{{taint.key}: {taint.value}}}",)
        if not matches_node(pod.spec, node):
            return ("node(s) didn't match Pod's node affinity/selector",)
        usage = self._usage.setdefault(node.metadata.name, Usage())
        if usage.conflicts(taken):
            return ("node(s) didn't have free ports for the requested pod ports",)
        short = []
        if usage.pods + 1 > allocatable(node, "pods"):
            short.append("Too many pods")
        if taken.cpu and usage.cpu + taken.cpu > allocatable(node, "cpu"):
            short.append("Insufficient cpu")
        if taken.memory and usage.memory + taken.memory > allocatable(node, "memory"):
            short.append("Insufficient memory")
        return tuple(short) or None

    def _bind(self, wire: Wire, key: Key, node: str) -> None:
        now = self._simulation.timestamp()
        bound = copy.deepcopy(wire)
        bound["spec"]["nodeName"] = node
        status = bound.setdefault("status", {})
        scheduled = {
            "type": "PodScheduled",
            "status": "True",
            "lastProbeTime": None,
            "observedGeneration": wire["metadata"].get("generation", 1),
        }
        status["conditions"] = with_condition(status.get("conditions") or [], scheduled, now)
        self._client.bind(bound)
        message = f"Successfully assigned {key[0]}/{key[1]} to {node}"
        self._events.announce(wire, NORMAL, "Scheduled", message, action="Binding", component=NAME, instance=NAME)

    def _failure(self, count: int, refusals: Counter[str]) -> str:
        """Why no node will do, in upstream's words."""
        if not count:
            return "no nodes available to schedule pods"
        reasons = ", ".join(sorted(f"{number} {reason}" for reason, number in refusals.items()))
        summary = f"0/{count} nodes are available"
        helpless = f"no new claims to deallocate, preemption: {summary}: {self._preemption(count, refusals)}."
        return f"{summary}: {reasons}. {helpless}"

    def _report_failure(self, wire: Wire, message: str) -> None:
        self._condition(wire, "Unschedulable", message, observed=True)
        self._events.announce(
            wire, WARNING, "FailedScheduling", message, action="Scheduling", component=NAME, instance=NAME
        )

    @staticmethod
    def _preemption(count: int, refusals: Counter[str]) -> str:
        """Preemption helps where only resources or ports are short; no Pod here has a lower priority to give way."""
        short = ("Insufficient", "Too many", "node(s) didn't have free")
        curable = sum(number for reason, number in refusals.items() if reason.startswith(short))
        parts = []
        if curable:
            parts.append(f"{min(curable, count)} No preemption victims found for incoming pod")
        if count - min(curable, count):
            parts.append(f"{count - min(curable, count)} Preemption is not helpful for scheduling")
        return ", ".join(sorted(parts))

    def _set_gated(self, wire: Wire) -> None:
        message = "Scheduling is blocked due to non-empty scheduling gates"
        self._condition(wire, "SchedulingGated", message, observed=False)

    def _condition(self, wire: Wire, reason: str, message: str, *, observed: bool) -> None:
        unscheduled: Wire = {
            "type": "PodScheduled",
            "status": "False",
            "reason": reason,
            "message": message,
            "lastProbeTime": None,
        }
        if observed:
            unscheduled["observedGeneration"] = wire["metadata"].get("generation", 1)
        status = copy.deepcopy(wire.get("status") or {})
        status["conditions"] = with_condition(status.get("conditions") or [], unscheduled, self._simulation.timestamp())
        self._client.update_status(wire, status)
