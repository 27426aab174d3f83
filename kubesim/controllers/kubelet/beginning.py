"""A container begins: its image is pulled, it is created and started, and its process goes its way."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kubesim.controllers.events import NORMAL, WARNING
from kubesim.controllers.kubelet.container import START_ERROR_CODE, ContainerState
from kubesim.controllers.kubelet.pulling import (
    fetch,
    next_pull_backoff,
    note_backoff,
    note_failure,
    note_pulled,
    present_message,
    pulled_message,
)
from kubesim.controllers.kubelet.watchdog import Watchdog
from kubesim.controllers.runtime import PullFailed, StartFailed
from kubesim.userland.process import Completed, Running

if TYPE_CHECKING:
    from kubesim.controllers.kubelet.worker import PodWorker


START_SECONDS = 0.1


BACKOFF_NOTICED_SECONDS = 2.0


LONGEST_AWAITED_RUN = 60.0


def begin(worker: PodWorker, container: ContainerState) -> None:
    """Fetch a container's image, unless its node has it, then create and start the container."""
    worker.begun.add(container.name)
    if not container.init and "waiting" in container.state and not container.last:
        container.wait("ContainerCreating")
    result, fetched = fetch(worker.context, worker.node, worker.pod, container)
    if result is None:
        return
    if fetched:
        worker.say(NORMAL, "Pulling", f'Pulling image "{container.spec.image}"', container)
    if isinstance(result, PullFailed):
        failure = result
        worker.plan_for(container, result.seconds, lambda: _pull_failed(worker, container, failure))
        return
    pulled = result

    def arrived() -> None:
        note_pulled(worker.node, container, pulled)
        image = container.spec.image
        worker.say(NORMAL, "Pulled", pulled_message(image, pulled) if fetched else present_message(image), container)
        worker.say(NORMAL, "Created", "Container created", container)
        worker.plan_for(container, START_SECONDS, lambda: _run(worker, container))

    worker.plan_for(container, pulled.seconds if fetched else 0.0, arrived)


def _pull_failed(worker: PodWorker, container: ContainerState, failure: PullFailed) -> None:
    note_failure(worker.context, worker.node, worker.wire, container, failure)
    worker.write()
    wait = next_pull_backoff(container)
    if failure.reason == "ErrImagePull":
        worker.plan_for(container, BACKOFF_NOTICED_SECONDS, lambda: _pull_backoff(worker, container, failure))
    worker.plan_for(container, wait, lambda: begin(worker, container), progress=False)
    worker.proceed()


def _pull_backoff(worker: PodWorker, container: ContainerState, failure: PullFailed) -> None:
    note_backoff(worker.context, worker.node, worker.wire, container, failure)
    worker.write()


def _run(worker: PodWorker, container: ContainerState) -> None:
    simulation = worker.context.simulation
    identity = f"{simulation.random('container ids').getrandbits(256):064x}"
    outcome = worker.context.runtime.start(worker.pod, container.spec, container.restarts)
    if isinstance(outcome, StartFailed):
        container.fail_to_start(f"containerd://{identity}", outcome.message, simulation.timestamp())
        worker.say(WARNING, "Failed", f"Error: {outcome.message}", container)
        worker.after_end(container, START_ERROR_CODE, 0.0)
        return
    process = outcome if isinstance(outcome, Running) else None
    container.run(process, f"containerd://{identity}", simulation.timestamp())
    worker.say(NORMAL, "Started", "Container started", container)
    if isinstance(outcome, Completed):
        if math.isfinite(outcome.seconds):
            awaited = outcome.seconds <= LONGEST_AWAITED_RUN
            code = outcome.returncode
            worker.plan_for(container, outcome.seconds, lambda: worker.ended(container, code), progress=awaited)
    elif _listen(worker, container, outcome):
        _follow(worker, container, outcome)
    watchdog = Watchdog(worker, container)
    worker.watchdogs[container.name] = watchdog
    watchdog.start()
    worker.write()
    worker.proceed()


def _follow(worker: PodWorker, container: ContainerState, process: Running) -> None:
    """Let a process that acts by itself take its steps, for as long as its container runs."""
    steps = process.steps
    if steps is None:
        return

    def step() -> None:
        if container.suspended:
            worker.frozen[container.name] = step
            return
        try:
            event = next(steps)
        except StopIteration as stop:
            worker.ended(container, stop.value or 0)
            return
        if isinstance(event, Running):  # it started a server in the foreground and waits for it
            worker.sockets.close(container.name)
            container.process = event
            _listen(worker, container, event)
        else:
            worker.plan_for(container, event, step, progress=False)

    worker.plan_for(container, 0.0, step)


def _listen(worker: PodWorker, container: ContainerState, process: Running) -> bool:
    """Bind what a container's process listens on; one that finds a port in use ends, and says so."""
    try:
        worker.sockets.bind(container.name, process)
    except OSError as error:
        process.log.append(str(error))
        worker.plan_for(container, 0.0, lambda: worker.ended(container, 1))
        return False
    return True
