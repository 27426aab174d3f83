"""The scheduler's loop: take a Pod without a node, filter, score, bind; or say why no node will do.

Upstream's choice among nodes of equal score is random; here the node with fewer Pods, then the first by name, wins, so
that a course's first Pods land where its text says. A Pod that fits nowhere waits until a node changes or another
Pod makes room.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping

from kubesim.api.objects import Node, Wire, view
from kubesim.api.store import Change, Key
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import SharedConditions, with_condition
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.manager import Manager
from kubesim.controllers.pods import controller_of, is_finished, is_terminating
from kubesim.controllers.scheduler import claims, preemption
from kubesim.controllers.scheduler.demand import Demand, Demands
from kubesim.controllers.scheduler.nodes import Nodes
from kubesim.controllers.scheduler.ranking import Ranking
from kubesim.controllers.scheduler.waiting import WaitingPods
from kubesim.simulation import Simulation

NAME = "default-scheduler"
MOST_RANKINGS = 64
"""Demands whose nodes are kept in order; the one that nobody has asked for the longest is given up first."""


class Scheduler:
    """Binds Pods to nodes.

    :param placements: Pods (``namespace/name``) that prefer a node, once each: their pinned address belongs to it.
    """

    name = NAME
    kinds = ("Node", "Pod", claims.KIND)

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
        self._nodes = Nodes()
        self._demands = Demands()
        self._rankings: dict[Demand, Ranking] = {}
        self._waiting = WaitingPods()
        self._claims = claims.Claims(client.store)
        self._nominated: dict[Key, tuple[str, Demand, int]] = {}
        """The Pods for which others have to go: on which node, what they ask for, and their priority."""
        self._bound_conditions = SharedConditions()

    def keys(self, change: Change) -> Iterable[Hashable]:
        """A Pod to schedule; whatever may free room sends the first of each group of waiting Pods round again."""
        pod, key = change.new, change.key
        if change.kind == claims.KIND:
            return self._claims.changed(key)
        if change.kind == "Node":
            self._nodes.put(key[1], view(pod, Node) if pod is not None else None)
            return self._waiting.firsts()
        if pod is None or is_finished(pod):
            freed = self._nodes.release(key)
            following = self._waiting.drop(key)
            self._nominated.pop(key, None)
            if freed:
                return [*self._nominated, *self._waiting.firsts(for_room=True)]
            return () if following is None else (following,)
        if self._nodes.holds(key):
            return ()
        node = pod["spec"].get("nodeName")
        if node:  # somebody else placed it
            self._nodes.occupy(key, node, self._demands.of(pod["spec"]), _group(pod))
            following = self._waiting.drop(key)
            return () if following is None else (following,)
        if key in self._waiting and change.old is not None and change.old["spec"] == pod["spec"]:
            return ()  # only its status tells more, which makes no room
        return (key,)

    def reconcile(self, key: Hashable) -> None:
        """Try to place one Pod."""
        assert isinstance(key, tuple)
        wire = self._client.get("Pod", *key)
        if wire is None or wire["spec"].get("nodeName") or wire["metadata"].get("deletionTimestamp"):
            self._nominated.pop(key, None)
            self._let_next(key)
            return
        if wire["spec"].get("schedulerName", NAME) != NAME:
            return
        gates = wire["spec"].get("schedulingGates")
        if gates:
            self._set_gated(wire)
            return
        unbound = self._claims.problem(wire)
        if unbound:
            self._let_next(key)
            self._report_failure(wire, f"0/{len(self._nodes.records)} nodes are available: {unbound}. not found")
            return
        demand = self._demands.of(wire["spec"])
        reserved = self._reserve(key, wire)
        ranking = self._ranking(demand)
        for other in reserved:
            self._nodes.release(other)
        if not ranking:
            preempting = self._preempt(wire, key, demand)
            message = self._failure(len(self._nodes.records), ranking.refusals, preempting)
            stale = self._waiting.add(key, demand, message, for_room=_curable(ranking.refusals) > 0)
            self._report_failure(wire, message)
            for other in stale if preempting is None else ():  # else it was told what holds for it alone
                self._manager.enqueue(self, other)
            return
        group = _group(wire)
        best = ranking.best(group)
        if self._placements and self._placements.get("/".join(key)) in ranking:
            best = self._placements.pop("/".join(key))
        self._nodes.occupy(key, best, demand, group)
        self._nominated.pop(key, None)
        self._let_next(key)
        self._bind(wire, key, best)

    def _ranking(self, demand: Demand) -> Ranking:
        """The nodes for a demand, as they are now."""
        known = self._rankings.pop(demand, None)
        if known is None:
            known = Ranking(demand, self._nodes)
            if len(self._rankings) >= MOST_RANKINGS:
                del self._rankings[next(iter(self._rankings))]
        else:
            known.refresh()
        self._rankings[demand] = known
        return known

    def _let_next(self, key: Key) -> None:
        """A Pod waits no longer: the next one of its group has its turn."""
        if key not in self._waiting:
            return
        following = self._waiting.drop(key)
        if following is not None:
            self._manager.enqueue(self, following)

    def _bind(self, wire: Wire, key: Key, node: str) -> None:
        status, now = {**(wire.get("status") or {})}, self._simulation.timestamp()
        status.pop("nominatedNodeName", None)
        generation = wire["metadata"].get("generation", 1)
        scheduled = {
            "type": "PodScheduled",
            "status": "True",
            "lastProbeTime": None,
            "observedGeneration": generation,
        }
        conditions = self._bound_conditions.of(
            status.get("conditions") or (), generation, now, lambda stored: with_condition(stored, scheduled, now)
        )
        bound = {**wire, "spec": {**wire["spec"], "nodeName": node}, "status": {**status, "conditions": conditions}}
        self._client.bind(bound)
        message = f"Successfully assigned {key[0]}/{key[1]} to {node}"
        self._events.announce(wire, NORMAL, "Scheduled", message, action="Binding", component=NAME, instance=NAME)

    def _failure(self, count: int, refusals: Counter[str], preempting: str | None = None) -> str:
        """Why no node will do, in upstream's words.

        :param preempting: what became of the attempt to have others go: nothing to say where it succeeded, None where
            there was none.
        """
        if not count:
            return "no nodes available to schedule pods"
        reasons = ", ".join(sorted(f"{number} {reason}" for reason, number in refusals.items()))
        summary = f"0/{count} nodes are available"
        if preempting == "":
            return f"{summary}: {reasons}."
        helpless = preempting or f"{summary}: {self._preemption(count, refusals)}."
        return f"{summary}: {reasons}. no new claims to deallocate, preemption: {helpless}"

    # --- preemption ------------------------------------------------------------------------------------------------

    def _reserve(self, key: Key, wire: Wire) -> list[Key]:
        """Count the Pods for which others have gone as if they were placed: whoever is less urgent leaves them room."""
        priority = preemption.priority_of(wire) if self._nominated else 0
        found = [other for other, (_, _, theirs) in self._nominated.items() if other != key and theirs >= priority]
        for other in found:
            node, demand, _ = self._nominated[other]
            self._nodes.occupy(other, node, demand, "")
        return found

    def _preempt(self, wire: Wire, key: Key, demand: Demand) -> str | None:
        """Have Pods of lower priority go where that makes room; see :meth:`_failure` for what is returned."""
        priority, store = preemption.priority_of(wire), self._client.store
        if wire["spec"].get("preemptionPolicy") == "Never":
            return preemption.NEVER
        if priority <= 0 and not store.list("PriorityClass"):
            return None
        nominated = self._nominated.get(key)
        if nominated is not None and any(
            is_terminating(pod) for pod in preemption.lower(store.on_node(nominated[0]), priority)
        ):
            return preemption.WAITING
        found = {
            name: going
            for name, record in self._nodes.records.items()
            if (going := preemption.victims(demand, priority, record, store.on_node(name), self._demands))
        }
        if not found:
            return None
        node = preemption.best(found)
        self._nominated[key] = node, demand, priority
        for victim in found[node]:
            self._push_out(victim, wire, node)
        pod = self._client.get("Pod", *key) or wire
        self._client.update_status(pod, {**(pod.get("status") or {}), "nominatedNodeName": node})
        return ""

    def _push_out(self, victim: Wire, wire: Wire, node: str) -> None:
        target: Wire = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "PreemptionByScheduler",
            "message": f"{NAME}: preempting to accommodate a higher priority pod",
            "lastProbeTime": None,
            "observedGeneration": victim["metadata"].get("generation", 1),
        }
        self._client.update_status(victim, self._with_condition(victim, target))
        self._client.delete(victim)
        message = f"Preempted by pod {wire['metadata']['uid']} on node {node}"
        self._events.announce(victim, NORMAL, "Preempted", message, action="Preempting", component=NAME, instance=NAME)

    def _report_failure(self, wire: Wire, message: str) -> None:
        wire = self._client.get("Pod", wire["metadata"]["namespace"], wire["metadata"]["name"]) or wire
        self._condition(wire, "Unschedulable", message, observed=True)
        self._events.announce(
            wire, WARNING, "FailedScheduling", message, action="Scheduling", component=NAME, instance=NAME
        )

    @staticmethod
    def _preemption(count: int, refusals: Counter[str]) -> str:
        """Preemption helps where only resources or ports are short, and somebody of lower priority has them."""
        curable = _curable(refusals)
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
        self._client.update_status(wire, self._with_condition(wire, unscheduled))

    def _with_condition(self, wire: Wire, condition: Wire) -> Wire:
        status: Wire = wire.get("status") or {}
        conditions = with_condition(status.get("conditions") or [], condition, self._simulation.timestamp())
        return {**status, "conditions": conditions}


def _curable(refusals: Counter[str]) -> int:
    """How many nodes were refused for lack of room, which a Pod that ends may make."""
    short = ("Insufficient", "Too many", "node(s) didn't have free")
    return sum(number for reason, number in refusals.items() if reason.startswith(short))


def _group(pod: Wire) -> str:
    """The uid of the controller that owns the Pod, or ``""``."""
    owner = controller_of(pod)
    return "" if owner is None else str(owner.get("uid", ""))
