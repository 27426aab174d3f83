"""A container has ended: whether and when it is started again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubesim.controllers.events import WARNING
from kubesim.controllers.kubelet.beginning import begin
from kubesim.controllers.kubelet.container import ContainerState
from kubesim.controllers.kubelet.pulling import (
    go_duration,
)

if TYPE_CHECKING:
    from kubesim.controllers.kubelet.worker import PodWorker


RESTART_SECONDS = 1.0


def restarts(worker: PodWorker, container: ContainerState, code: int) -> bool:
    """Whether the Pod's policy starts a container again that ended with this code."""
    policy = worker.pod.spec.restartPolicy or "Always"
    if container.init and not container.sidecar:
        return code != 0 and policy != "Never"
    return policy == "Always" or container.sidecar or (policy == "OnFailure" and code != 0)


def settle_finished(worker: PodWorker) -> None:
    """When no container will run again, take the Pod's network down."""
    """When no container will run again, the Pod's network is taken down."""
    policy = worker.pod.spec.restartPolicy or "Always"
    failed_init = any(not c.sidecar and c.exit_code not in (None, 0) for c in worker.init) and policy == "Never"
    if failed_init or (worker.containers and all(c.exit_code is not None for c in worker.containers)):
        for sidecar in worker.init:
            if sidecar.running:
                worker.silence(sidecar)
                sidecar.end(0, worker.context.simulation.timestamp())
        worker.take_down()


def restart(worker: PodWorker, container: ContainerState, ran_for: float) -> None:
    """Start a container again: at once the first time, then after a growing back-off, in seconds."""
    wait = container.next_backoff(ran_for)

    def again() -> None:
        container.restarts += 1
        begin(worker, container)

    if wait == 0:
        worker.plan_for(container, RESTART_SECONDS, again)
        return

    def notice() -> None:
        container.last = {"terminated": container.state["terminated"]}
        took = go_duration(wait)
        message = f"back-off {took} restarting failed container={container.name} pod={worker.identity}"
        container.wait("CrashLoopBackOff", message)
        text = f"Back-off restarting failed container {container.name} in pod {worker.identity}"
        worker.say(WARNING, "BackOff", text, container)
        worker.write()
        worker.plan_for(container, wait - RESTART_SECONDS, again, progress=False)

    worker.plan_for(container, RESTART_SECONDS, notice)
