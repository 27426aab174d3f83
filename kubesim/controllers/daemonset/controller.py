"""The DaemonSet controller's loop: a Pod on each node that may have one, and from one template to the next.

Upstream: ``pkg/controller/daemon``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from kubesim.api.errors import ApiError
from kubesim.api.objects import LabelSelector, Node, Wire, view
from kubesim.api.selectors import selector_of
from kubesim.api.store import Change, key_of
from kubesim.api.strategies.workloads import template_generation
from kubesim.controllers.client import Client
from kubesim.controllers.daemonset.placement import (
    GENERATION_LABEL,
    Verdict,
    new_pod,
    node_of,
    spec_for,
    verdict,
    view_of,
)
from kubesim.controllers.daemonset.rolling import Judge, Plan, by_age, limits, surplus, update
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.manager import Manager, Parts
from kubesim.controllers.ownership import PodClaims
from kubesim.controllers.pods import available_in, is_finished, is_ready, is_terminating
from kubesim.controllers.request_budget import RequestBudget
from kubesim.controllers.revisions import REVISION_LABEL, History
from kubesim.simulation import Simulation

NAME = "daemonset-controller"
MOST_AT_ONCE = 250
"""Pods that one look creates or deletes at most (upstream: ``BurstReplicas``)."""
FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 900.0
"""How long a node whose daemon failed waits for the next one, doubling."""


class DaemonSetController:
    """Creates, updates and deletes the Pods of DaemonSets."""

    name = NAME
    kinds: Sequence[str | Parts] = ("DaemonSet", "Pod", Parts.of("Node", "labels", "spec"))

    def __init__(self, simulation: Simulation, manager: Manager, client: Client, events: EventRecorder) -> None:
        self._simulation = simulation
        self._manager = manager
        self._client = client
        self._events = events
        self._budget = RequestBudget(simulation)
        self._claims = PodClaims(client, "DaemonSet", lambda wire, pod: True)
        self._history = History(client, REVISION_LABEL)
        self._backoff: dict[tuple[str, str], tuple[float, float]] = {}
        """By uid of the set and node: how long the wait is, and since when."""

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The set itself, the owner of a Pod, or every set where a node changed."""
        if change.kind == "Node":
            return [key_of(wire) for wire in self._client.store.list("DaemonSet")]
        return self._claims.keys(change)

    def reconcile(self, key: Hashable) -> None:
        """Take the next steps of one set, and write its status."""
        assert isinstance(key, tuple)
        wire = self._client.get("DaemonSet", *key)
        if wire is None or wire["metadata"].get("deletionTimestamp"):
            return
        if self._budget.wait:
            self._manager.enqueue_after(self, key, self._budget.wait, progress=True)
            return
        look = _Look(self._simulation, self._client, wire, self._claims.claim(wire))
        selector = selector_of(view(wire["spec"].get("selector") or {}, LabelSelector))
        revisions = self._history.of(wire, selector)
        known: Wire = wire.get("status") or {}
        revision, collisions = self._history.current(wire, revisions, int(known.get("collisionCount") or 0))
        look.hash = revision["metadata"]["labels"][REVISION_LABEL]
        failure: ApiError | None = None
        try:
            acted = self._carry_out(look, self._manage(look))
            if not acted and (wire["spec"].get("updateStrategy") or {}).get("type") == "RollingUpdate":
                wanted = look.wanted()
                plan = update(wanted, look.judge, *limits(wire, len([n for n, v in look.verdicts.items() if v.runs])))
                self._carry_out(look, plan)
        except ApiError as error:
            failure = error
        old = [each for each in revisions if each["metadata"]["name"] != revision["metadata"]["name"]]
        hashes = {(pod["metadata"].get("labels") or {}).get(REVISION_LABEL) for pod in look.pods}
        live = [each for each in old if each["metadata"]["labels"].get(REVISION_LABEL) in hashes]
        self._history.truncate(wire, old, [each["metadata"]["name"] for each in live], all_count=True)
        self._write_status(look, collisions)
        if failure is not None:
            raise failure

    # --- what is done --------------------------------------------------------------------------------------------

    def _manage(self, look: _Look) -> Plan:
        """Every node as it should be, updates aside."""
        plan = Plan()
        surges = limits(look.wire, 1)[0] > 0
        for node, says in look.verdicts.items():
            pods = look.on_nodes.get(node)
            if says.runs and pods is None:
                plan.nodes.append(node)
            elif says.stays:
                staying = [pod for pod in pods or () if not is_terminating(pod)]
                running = [pod for pod in staying if not self._is_over(look, node, pod, plan)]
                plan.pods += surplus(running, look.judge, surges)
                if surges and not running and says.runs:
                    plan.nodes.append(node)
            elif pods is not None:
                plan.pods += [pod for pod in pods if not is_terminating(pod)]
        for node, pods in look.on_nodes.items():
            if node not in look.verdicts:
                plan.pods += [pod for pod in pods if not pod["spec"].get("nodeName") and not is_terminating(pod)]
        return plan

    def _is_over(self, look: _Look, node: str, pod: Wire, plan: Plan) -> bool:
        """Whether a Pod has ended; it then goes, after a while if it failed."""
        if not is_finished(pod):
            return False
        metadata = pod["metadata"]
        subject = f"daemon pod {metadata['namespace']}/{metadata['name']} on node {node}, will try to"
        if pod["status"]["phase"] == "Succeeded":
            self._events.record(
                look.wire, NORMAL, "SucceededDaemonPod", f"Found succeeded {subject} delete it", component=NAME
            )
            plan.pods.append(pod)
            return True
        key, now = (look.wire["metadata"]["uid"], node), self._simulation.now
        wait, since = self._backoff.get(key, (0.0, now))
        if now < since + wait:
            self._manager.enqueue_after(self, key_of(look.wire), since + wait - now, progress=False)
            return True
        self._backoff[key] = min(max(FIRST_BACKOFF_SECONDS, wait * 2), LONGEST_BACKOFF_SECONDS), now
        self._events.record(look.wire, WARNING, "FailedDaemonPod", f"Found failed {subject} kill it", component=NAME)
        plan.pods.append(pod)
        return True

    def _carry_out(self, look: _Look, plan: Plan) -> bool:
        """Create and delete, some at a time; returns whether there was anything to do."""
        for node in plan.nodes[:MOST_AT_ONCE]:
            self._create(look, node)
        for pod in plan.pods[:MOST_AT_ONCE]:
            self._budget.take()
            self._client.delete(pod)
            message = f"Deleted pod: {pod['metadata']['name']}"
            self._events.record(look.wire, NORMAL, "SuccessfulDelete", message, component=NAME)
        if max(len(plan.nodes), len(plan.pods)) > MOST_AT_ONCE:
            self._manager.enqueue_after(self, key_of(look.wire), self._budget.wait, progress=True)
        return bool(plan.nodes or plan.pods)

    def _create(self, look: _Look, node: str) -> None:
        pod = new_pod(look.wire, look.spec, node, look.hash, look.generation)
        self._budget.take()
        try:
            created = self._client.create(pod)
        except ApiError as error:
            self._events.record(look.wire, WARNING, "FailedCreate", f"Error creating: {error.message}", component=NAME)
            raise
        message = f"Created pod: {created['metadata']['name']}"
        self._events.record(look.wire, NORMAL, "SuccessfulCreate", message, component=NAME)

    # --- status --------------------------------------------------------------------------------------------------

    def _write_status(self, look: _Look, collisions: int) -> None:
        self._client.update_status(look.wire, look.status(collisions))
        waits = [wait for wait in map(look.waits, look.pods) if wait]
        if waits:
            self._manager.enqueue_after(self, key_of(look.wire), min(waits), progress=True)


class _Look:
    """One look at a set, its Pods and the nodes.

    :ivar on_nodes: the Pods by the node that they are on or meant for; those that ended and are going do not count.
    :ivar hash: of the present template.
    """

    hash: str

    def __init__(self, simulation: Simulation, client: Client, wire: Wire, pods: list[Wire]) -> None:
        self.wire = wire
        self.generation = template_generation(wire)
        self.spec = spec_for(wire["spec"]["template"])
        shape = view_of(self.spec)
        nodes = client.store.views(Node)
        self.verdicts: dict[str, Verdict] = {node.metadata.name: verdict(shape, node) for node in nodes}
        self.pods = pods
        self.on_nodes: dict[str, list[Wire]] = {}
        for pod in pods:
            if not (is_finished(pod) and is_terminating(pod)):
                self.on_nodes.setdefault(node_of(pod), []).append(pod)
        self._now = simulation.datetime
        self._minimum = int(wire["spec"].get("minReadySeconds") or 0)
        self.judge = Judge(self._is_new, lambda pod: self.waits(pod) == 0)

    def wanted(self) -> dict[str, list[Wire]]:
        """The Pods by node, of the nodes that are to have one and of those that have."""
        names = sorted({*self.on_nodes, *(node for node, says in self.verdicts.items() if says.runs)})
        return {name: self.on_nodes.get(name, []) for name in names}

    def waits(self, pod: Wire) -> float | None:
        """Seconds until a Pod is available; None while it is not ready."""
        return available_in(pod, self._minimum, self._now)

    def _is_new(self, pod: Wire) -> bool:
        labels = pod["metadata"].get("labels") or {}
        return labels.get(REVISION_LABEL) == self.hash or labels.get(GENERATION_LABEL) == str(self.generation)

    def status(self, collisions: int) -> Wire:
        """What the set reports."""
        served = [node for node, says in self.verdicts.items() if says.runs and node in self.on_nodes]
        placed = [by_age(self.on_nodes[node])[0] for node in served]
        wanted = sum(says.runs for says in self.verdicts.values())
        available = sum(self.waits(pod) == 0 for pod in placed)
        counts = {
            "numberAvailable": available,
            "numberUnavailable": wanted - available,
            "updatedNumberScheduled": sum(map(self._is_new, placed)),
            "collisionCount": collisions,
        }
        return {
            "currentNumberScheduled": len(placed),
            "desiredNumberScheduled": wanted,
            "numberMisscheduled": sum(node in self.on_nodes and not says.runs for node, says in self.verdicts.items()),
            "numberReady": sum(map(is_ready, placed)),
            "observedGeneration": self.wire["metadata"].get("generation", 1),
        } | {name: count for name, count in counts.items() if count}
