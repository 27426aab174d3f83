"""How long a container takes to end, and with which exit status.

On SIGTERM a program ends in its own time; one that ignores the signal, hangs, or is still busy when the grace period
is over gets SIGKILL and exit status 137. A ``preStop`` hook runs first and uses up part of the grace period.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kubesim.controllers.kubelet.container import ContainerState

if TYPE_CHECKING:
    from kubesim.controllers.kubelet.worker import PodWorker

KILLED = 137
"""128 + SIGKILL."""


def grace_of(container: ContainerState, grace: float) -> float:
    """The grace period in which a container must end."""
    return max(0.0, grace)


def ending_of(worker: PodWorker, container: ContainerState, grace: float) -> tuple[float, int]:
    """Seconds until a running container has ended after SIGTERM, and its exit status."""
    if grace <= 0:
        return 0.0, KILLED
    hook = prestop_seconds(worker, container)
    if container.suspended or hook >= grace:
        return grace, KILLED
    process = container.process
    if process is None:
        # A plain program is the container's first process: without a handler the kernel drops its SIGTERM.
        return grace, KILLED
    if process.stop_seconds is None or hook + process.stop_seconds >= grace:
        return grace, KILLED
    return hook + process.stop_seconds, process.exit_code


def prestop_seconds(worker: PodWorker, container: ContainerState) -> float:
    """How long the container's preStop hook takes: a sleep, a program, or nothing."""
    hook = (container.spec.lifecycle or {}).get("preStop") or {}
    if "sleep" in hook:
        return float(hook["sleep"].get("seconds") or 0)
    command = (hook.get("exec") or {}).get("command")
    if command and not container.suspended:
        done = worker.context.runtime.execute(worker.pod, container.spec, tuple(command))
        return done.seconds if math.isfinite(done.seconds) else math.inf
    return 0.0
