"""The kubelets of all nodes: each Pod that is bound to a node gets a worker there."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from kubesim.api.objects import Pod, Wire
from kubesim.api.store import STATUS, Change, Key, key_of
from kubesim.controllers.kubelet.node import KubeletContext, NodeState
from kubesim.controllers.kubelet.worker import PodWorker
from kubesim.controllers.pods import is_finished


class Kubelet:
    """Keeps one worker for every Pod that is bound to a node."""

    name = "kubelet"
    kinds = ("Pod",)

    def __init__(self, context: KubeletContext, nodes: Iterable[NodeState]) -> None:
        self._context = context
        self._nodes = {node.name: node for node in nodes}
        self._workers: dict[Key, PodWorker] = {}

    def keys(self, change: Change) -> Iterable[Hashable]:
        """Pods that are bound to a node, or were; a change that only the kubelet's own status made needs nothing."""
        old, new = change.old, change.new
        if new is None:
            return (change.key,)
        if change.parts is STATUS and "readinessGates" not in new["spec"]:
            return ()
        after, deleted = new["spec"], new["metadata"].get("deletionTimestamp")
        if not after.get("nodeName"):
            return (change.key,) if deleted else ()
        if old is None or old["metadata"].get("deletionTimestamp") != deleted or after.get("readinessGates"):
            return (change.key,)
        before = old["spec"]
        same = before is after or (before.get("nodeName") == after["nodeName"] and _same_containers(before, after))
        return () if same else (change.key,)

    def reconcile(self, key: Hashable) -> None:
        """Start, end or drop a Pod's worker."""
        assert isinstance(key, tuple)
        wire = self._context.client.get("Pod", *key)
        worker = self._workers.get(key)
        if worker is not None and (wire is None or wire["metadata"]["uid"] != worker.pod.metadata.uid):
            del self._workers[key]
            worker.vanish()
            worker = None
        if wire is None:
            return
        node = self._nodes.get(wire["spec"].get("nodeName") or "")
        if node is None or not node.alive:
            if not wire["spec"].get("nodeName") and wire["metadata"].get("deletionTimestamp"):
                self._context.client.delete(wire, grace_period_seconds=0)
            return
        if worker is None:
            self._take_on(key, wire, node)
        elif wire["metadata"].get("deletionTimestamp"):
            worker.terminate(int(wire["metadata"].get("deletionGracePeriodSeconds") or 0))
        elif _same_containers(worker.spec, wire["spec"]):
            worker.write()
        else:
            worker.update(wire)

    def _take_on(self, key: Key, wire: Wire, node: NodeState) -> None:
        if wire["metadata"].get("deletionTimestamp"):
            self._context.client.delete(wire, grace_period_seconds=0)
            return
        if is_finished(wire):
            return
        worker = PodWorker(self._context, node, wire)
        self._workers[key] = worker
        worker.start()

    def suspend(self, namespace: str, name: str, ports: Iterable[int] | None = None) -> None:
        """Let a Pod's processes hang, as SIGSTOP would: connections open, no answer ever comes.

        :param ports: only what listens on these ports hangs (a deadlock in one part of a program); None: everything.
        :raises LookupError: if no such Pod runs.
        """
        self._running(namespace, name).hang(None if ports is None else frozenset(ports))

    def resume(self, namespace: str, name: str) -> None:
        """Let a suspended Pod's processes go on, as SIGCONT would.

        :raises LookupError: if no such Pod runs.
        """
        self._running(namespace, name).go_on()

    def _running(self, namespace: str, name: str) -> PodWorker:
        worker = self._workers.get((namespace, name))
        if worker is None:
            raise LookupError(f"a Pod must run to be suspended or resumed, got {namespace}/{name}")
        return worker

    def signalled(self, pod: Pod, container: str, signal: str) -> None:
        """A container's first process got a signal that it heeds; see :meth:`PodWorker.signal`."""
        worker = self._workers.get((pod.metadata.namespace, pod.metadata.name))
        if worker is not None and worker.pod.metadata.uid == pod.metadata.uid:
            worker.signal(container, signal)

    def attach(self, pod: Pod, container: str, text: str) -> None:
        """Somebody types a text, and its end, into a container; see :meth:`PodWorker.attach`."""
        worker = self._workers.get((pod.metadata.namespace, pod.metadata.name))
        if worker is not None and worker.pod.metadata.uid == pod.metadata.uid:
            worker.attach(container, text)

    def leave(self, pod: Pod, container: str, status: int) -> None:
        """The shell that is a container's first process was left; see :meth:`PodWorker.leave`."""
        worker = self._workers.get((pod.metadata.namespace, pod.metadata.name))
        if worker is not None and worker.pod.metadata.uid == pod.metadata.uid:
            worker.leave(container, status)

    def node(self, name: str) -> NodeState:
        """A node's state.

        :raises LookupError: if there is no such node.
        """
        if name not in self._nodes:
            raise LookupError(f"a node must be one of {', '.join(self._nodes)}, got {name!r}")
        return self._nodes[name]

    def node_that_is_off(self, name: str) -> NodeState | None:
        """A node's state, where there is such a node and it does not work."""
        node = self._nodes.get(name)
        return node if node is not None and not node.alive else None

    def power_off(self, name: str) -> None:
        """The node stops dead: its containers are gone, and nobody reports it."""
        node = self.node(name)
        node.alive = False
        for key, worker in list(self._workers.items()):
            if worker.node is node:
                del self._workers[key]
                worker.vanish()

    def power_on(self, name: str) -> None:
        """The node comes back: its kubelet takes its Pods on again."""
        node = self.node(name)
        node.alive = True
        for wire in self._context.client.store.on_node(name):
            self.reconcile(key_of(wire))


def _same_containers(old: Wire, new: Wire) -> bool:
    """Whether two specifications of a Pod run the same containers."""
    return all(old.get(field) == new.get(field) for field in ("containers", "initContainers", "ephemeralContainers"))
