"""One Pod on its node, from the moment it is bound until it is gone: what the kubelet calls a Pod worker.

::

    sandbox (network, address) → init containers one after another → containers: pull, create, start → probes
    ended container → restart, at once the first time and then after a growing back-off
    deleted Pod → preStop, SIGTERM, grace period, SIGKILL → the object goes

Each step is planned on the simulation's clock and writes the Pod's status when it happens. Whatever was planned for a
container that has ended since is void: every plan carries the container's incarnation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from kubesim.api.objects import Pod, Wire, view
from kubesim.controllers.events import NORMAL, WARNING
from kubesim.controllers.kubelet.beginning import begin
from kubesim.controllers.kubelet.container import ContainerState
from kubesim.controllers.kubelet.context import KubeletContext, NodeState
from kubesim.controllers.kubelet.ending import KILLED, ending_of, grace_of
from kubesim.controllers.kubelet.restarting import RESTART_SECONDS, restart, restarts, settle_finished
from kubesim.controllers.kubelet.sockets import PodSockets
from kubesim.controllers.kubelet.status import PodFacts, initialised, pod_status
from kubesim.controllers.kubelet.watchdog import Watchdog
from kubesim.controllers.pods import moment
from kubesim.simulation import Scheduled

"""From a created container to a started one."""
"""How long the kubelet takes to notice that a container has ended."""
"""From a failed pull to the moment the kubelet finds the container in its back-off."""
"""A container that ends within a minute is waited for; one that runs longer is like a server."""


class PodWorker:
    """Runs one Pod."""

    def __init__(self, context: KubeletContext, node: NodeState, wire: Wire) -> None:
        self.context = context
        self.node = node
        self.wire = wire
        self.spec = wire["spec"]
        """The specification that is acted by; :meth:`update` brings another."""
        self.pod = view(wire, Pod)
        meta = self.pod.metadata
        self.machine = f"node/{node.name}" if self.pod.spec.hostNetwork else f"pod/{meta.namespace}/{meta.name}"
        self.init = [ContainerState(c, init=True) for c in self.pod.spec.initContainers or []]
        self.containers = [ContainerState(c) for c in self.pod.spec.containers or []]
        self.address = ""
        self.sandbox = False
        self.started_at = context.simulation.timestamp()
        self.terminating = False
        self.gone = False
        self._failure: tuple[str, str] = ("", "")
        self.begun: set[str] = set()
        self.watchdogs: dict[str, Watchdog] = {}
        self._plans: dict[int, Scheduled] = {}
        self._planned = 0
        self._kill: Scheduled | None = None
        self.sockets = PodSockets(context.network, self.machine)
        self.frozen: dict[str, Callable[[], object]] = {}

    @property
    def identity(self) -> str:
        """``name_namespace(uid)``: how the kubelet writes a Pod in messages."""
        meta = self.pod.metadata
        return f"{meta.name}_{meta.namespace}({meta.uid})"

    @property
    def everyone(self) -> list[ContainerState]:
        """Init containers, then the others."""
        return [*self.init, *self.containers]

    # --- the clock and the status ----------------------------------------------------------------------------

    def plan(self, delay: float, action: Callable[[], object], *, progress: bool = True) -> Scheduled:
        """Do something later, unless the Pod is gone by then."""

        self._planned += 1
        number = self._planned

        def act() -> None:
            self._plans.pop(number, None)
            if not self.gone:
                action()

        scheduled = self.context.simulation.after(delay, act, progress=progress)
        self._plans[number] = scheduled
        return scheduled

    def plan_for(
        self, container: ContainerState, delay: float, action: Callable[[], object], *, progress: bool = True
    ) -> None:
        """Do something later with this incarnation of a container."""
        incarnation = container.incarnation

        def act() -> None:
            if container.incarnation == incarnation:
                action()

        self.plan(delay, act, progress=progress)

    def write(self) -> None:
        """Write the Pod's status as it is now."""
        if self.gone or not self.node.alive:
            return
        stored = self.context.client.get("Pod", self.pod.metadata.namespace, self.pod.metadata.name)
        if stored is None or stored["metadata"]["uid"] != self.pod.metadata.uid:
            return
        self.wire = stored
        reason, message = self._failure
        facts = PodFacts(
            pod=stored,
            containers=self.containers,
            init=self.init,
            host_address=self.node.address,
            address=self.address,
            start_time=self.started_at,
            sandbox=self.sandbox,
            now=self.context.simulation.timestamp(),
            reason=reason,
            message=message,
            failed=bool(reason),
        )
        self.context.client.update_status(stored, pod_status(facts))

    def say(self, type: str, reason: str, message: str, container: ContainerState | None = None) -> None:
        """Record an event about the Pod or one of its containers."""
        name, init = (container.name, container.init) if container else ("", False)
        self.context.say(self.wire, self.node, type, reason, message, name, init=init)

    # --- starting ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Take the Pod on: set up its network, then its containers."""
        for container in self.everyone:
            container.wait("PodInitializing" if self.init and not container.init else "ContainerCreating")
        self.write()
        seconds = self.context.runtime.sandbox_seconds(self.pod)
        if seconds is not None:
            self.plan(seconds, self._set_up)

    def _set_up(self) -> None:
        if self.terminating:
            return
        meta = self.pod.metadata
        if self.pod.spec.hostNetwork:
            self.address = self.node.address
        else:
            address = self.node.addresses.allocate(f"{meta.namespace}/{meta.name}")
            if address is None:
                message = "no IP addresses available in range set"
                self.say(WARNING, "FailedCreatePodSandBox", f"Failed to create pod sandbox: {message}")
                self.plan(RESTART_SECONDS * 10, self._set_up, progress=False)
                return
            self.address = address
            self.context.network.add_pod(meta.namespace, meta.name, address, self.node.name)
        self.sandbox = True
        self.pod.status.podIP, self.pod.status.hostIP = self.address, self.node.address
        self.write()
        self.proceed()

    def proceed(self) -> None:
        """Begin the next container that may begin."""
        if self.terminating or not self.sandbox:
            return
        for container in self.init:
            if initialised(container):
                continue
            if container.name not in self.begun:
                begin(self, container)
            return
        for container in self.containers:
            if container.name not in self.begun:
                begin(self, container)
                return

    def hang(self, container: ContainerState, ports: Collection[int] | None = None) -> None:
        """Stop a container's process, as SIGSTOP does.

        :param ports: only what listens on these ports hangs (a deadlock in one part of a program); None: everything.
        """
        container.suspended = container.suspended or ports is None
        self.sockets.hang(container.name, ports)

    def go_on(self, container: ContainerState) -> None:
        """Let a stopped process go on, as SIGCONT does."""
        container.suspended = False
        self.sockets.go_on(container.name)
        frozen = self.frozen.pop(container.name, None)
        if frozen is not None:
            self.plan_for(container, 0.0, frozen)

    def signal(self, name: str, signal: str) -> None:
        """Somebody sent a signal to a container's first process, and it heeds it.

        :param name: the container's.
        """
        container = next((each for each in self.everyone if each.name == name), None)
        if container is None or not container.running:
            return
        if signal == "STOP":
            self.hang(container)
        elif signal == "CONT":
            self.go_on(container)
        elif signal == "KILL":
            self.plan_for(container, 0.0, lambda: self.ended(container, KILLED))
        elif not container.suspended and container.process is not None:
            process = container.process
            self.plan_for(container, process.stop_seconds or 0.0, lambda: self.ended(container, process.exit_code))

    # --- a changed specification ---------------------------------------------------------------------------------

    def update(self, wire: Wire) -> None:
        """The Pod's specification was changed: of what may change, only an image concerns its containers."""
        self.wire = wire
        self.spec = wire["spec"]
        self.pod = view(wire, Pod)
        specs = {spec.name: spec for spec in [*(self.pod.spec.initContainers or []), *(self.pod.spec.containers or [])]}
        for container in self.everyone:
            before, container.spec = container.spec.image, specs[container.name]
            if container.spec.image != before and container.name in self.begun and not self.terminating:
                self._new_image(container)
        self.write()

    def _new_image(self, container: ContainerState) -> None:
        """Back-offs are kept by image: with another image the container is tried at once."""
        container.backoff = container.pull_backoff = 0.0
        if container.running:
            message = f"Container {container.name} definition changed, will be restarted"
            self.say(NORMAL, "Killing", message, container)
            grace = self.pod.spec.terminationGracePeriodSeconds
            self.stop(container, float(30 if grace is None else grace))
            return
        if container.exit_code is None or restarts(self, container, container.exit_code):
            container.incarnation += 1
            container.restarts += int("terminated" in container.last or "terminated" in container.state)
            self.plan_for(container, 0.0, lambda: begin(self, container))

    # --- ending ------------------------------------------------------------------------------------------------

    def stop(self, container: ContainerState, grace: float, then: Callable[[], object] | None = None) -> None:
        """Send SIGTERM, and SIGKILL when the grace period is over.

        :param then: done when it has ended.
        """
        seconds, code = ending_of(self, container, grace)

        def over() -> None:
            self.ended(container, code)
            if then is not None:
                then()

        self.plan_for(container, seconds, over)

    def ended(self, container: ContainerState, code: int) -> None:
        """A container's process has ended with an exit code."""
        ran_since = container.state.get("running", {}).get("startedAt")
        self.silence(container)
        container.end(code, self.context.simulation.timestamp())
        self.context.runtime.stopped(self.pod, container.spec)
        if self.terminating:
            self._ended_while_terminating()
            return
        ran_for = (self.context.simulation.datetime - moment(ran_since)).total_seconds() if ran_since else 0.0
        self.after_end(container, code, ran_for)

    def after_end(self, container: ContainerState, code: int, ran_for: float) -> None:
        """Start an ended container again, or go on without it; ``ran_for`` is in seconds."""
        if restarts(self, container, code):
            self.write()
            restart(self, container, ran_for)
        else:
            settle_finished(self)
            self.write()
            self.proceed()

    def silence(self, container: ContainerState) -> None:
        """Stop a container's probes and close what it listens on."""
        watchdog = self.watchdogs.pop(container.name, None)
        if watchdog is not None:
            watchdog.stop()
        self.frozen.pop(container.name, None)
        self.sockets.close(container.name)

    def terminate(self, grace: int) -> None:
        """The Pod was deleted: end its containers within the grace period. Asked again, only a shorter one counts."""
        if self._kill is not None:
            self._kill.cancel()
        if not self.terminating:
            self.terminating = True
            running = [container for container in self.everyone if container.running]
            for container in running:
                self._hush(container)
                self.say(NORMAL, "Killing", f"Stopping container {container.name}", container)
                self.stop(container, grace_of(container, grace))
            if not running:
                self.plan(0.0, self._finish)
                return
        if any(container.running for container in self.everyone):
            self._kill = self.plan(float(grace), self._kill_all)

    def _hush(self, container: ContainerState) -> None:
        watchdog = self.watchdogs.get(container.name)
        if watchdog is not None:
            watchdog.stop_all_but_readiness()

    def _kill_all(self) -> None:
        for container in self.everyone:
            if container.running:
                self.ended(container, KILLED)

    def _ended_while_terminating(self) -> None:
        if any(container.running for container in self.everyone):
            self.write()
        else:
            self.take_down()
            self.write()
            self.plan(0.0, self._finish)

    def _finish(self) -> None:
        """Nothing runs any more: the object may go."""
        wire = self.context.client.get("Pod", self.pod.metadata.namespace, self.pod.metadata.name)
        self.vanish()
        if wire is not None and wire["metadata"]["uid"] == self.pod.metadata.uid and self.node.alive:
            self.context.client.delete(wire, grace_period_seconds=0)

    def fail(self, reason: str, message: str) -> None:
        """The kubelet itself ends the Pod for good (upstream: an eviction or a refused admission)."""
        self._failure = (reason, message)
        self.write()

    def vanish(self) -> None:
        """Drop everything at once: the object is gone, or the node is."""
        self.gone = True
        for plan in self._plans.values():
            plan.cancel()
        for container in self.everyone:
            if container.running:
                self.silence(container)
                self.context.runtime.stopped(self.pod, container.spec)
        self.take_down()
        self.context.runtime.removed(self.pod)

    def take_down(self) -> None:
        """Give the Pod's address back."""
        if self.sandbox and not self.pod.spec.hostNetwork:
            self.context.network.remove_pod(self.pod.metadata.namespace, self.pod.metadata.name)
            self.node.addresses.release(self.address)
        self.sandbox = False
