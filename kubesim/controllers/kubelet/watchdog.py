"""Turning probes' verdicts into what happens to a container: started, ready, or killed and restarted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubesim.api.objects import Probe
from kubesim.controllers.events import NORMAL, WARNING
from kubesim.controllers.kubelet.container import ContainerState
from kubesim.controllers.kubelet.probes import LIVENESS, READINESS, STARTUP, ProbeLoop, probes_of
from kubesim.controllers.runtime import ProbeResult

if TYPE_CHECKING:
    from kubesim.controllers.kubelet.worker import PodWorker


class Watchdog:
    """Watches one incarnation of one container."""

    def __init__(self, worker: PodWorker, container: ContainerState) -> None:
        self._worker = worker
        self._container = container
        self._probes = probes_of(container.spec)
        self._loops: dict[str, ProbeLoop] = {}

    def start(self) -> None:
        """A container without a startup probe has started, one without a readiness probe is ready."""
        if STARTUP in self._probes:
            self._container.started = False
            self._container.ready = False
            self._loop(STARTUP)
        else:
            self._started()

    def _started(self) -> None:
        self._container.started = not self._container.init or self._container.sidecar
        if READINESS in self._probes:
            self._container.ready = False
            self._loop(READINESS)
        else:
            worker, container = self._worker, self._container
            waits = container.init and not container.sidecar
            self._container.ready = not waits and worker.context.runtime.starts_ready(worker.pod, container.spec)
        if LIVENESS in self._probes:
            self._loop(LIVENESS)

    def _loop(self, kind: str) -> None:
        loop = ProbeLoop(self._worker.context.simulation, kind, self._probes[kind], self._carry_out, self)
        self._loops[kind] = loop
        loop.start()

    def _carry_out(self, probe: Probe) -> ProbeResult:
        return self._worker.context.runtime.probe(self._worker.pod, self._container.spec, probe)

    def probed(self, kind: str, result: ProbeResult) -> None:
        """Every failed probe is an event."""
        if not result.success and self._worker.node.alive:
            self._worker.say(WARNING, "Unhealthy", f"{kind} probe failed: {result.output}", self._container)

    def concluded(self, kind: str, healthy: bool) -> None:
        """A verdict: the container has started, is (not) ready, or must be restarted."""
        container, worker = self._container, self._worker
        if kind == READINESS:
            container.ready = healthy
        elif healthy and kind == STARTUP:
            self._started()
            worker.proceed()
        elif not healthy:
            self.stop()
            word = kind.lower()
            message = f"Container {container.name} failed {word} probe, will be restarted"
            worker.say(NORMAL, "Killing", message, container)
            probe = self._probes[kind]
            grace = probe.terminationGracePeriodSeconds or worker.pod.spec.terminationGracePeriodSeconds
            worker.stop(container, float(30 if grace is None else grace))
        worker.write()

    def stop(self) -> None:
        """The container has ended."""
        for loop in self._loops.values():
            loop.stop()

    def stop_all_but_readiness(self) -> None:
        """The Pod is being deleted: it may still become unready, but is not restarted any more."""
        for kind, loop in self._loops.items():
            if kind != READINESS:
                loop.stop()
