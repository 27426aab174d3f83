"""One Pod on its node, from the moment it is bound until it is gone: what the kubelet calls a Pod worker.

::

    sandbox (network, address) → init containers one after another → containers: pull, create, start → probes
    ended container → restart, at once the first time and then after a growing back-off
    deleted Pod → preStop, SIGTERM, grace period, SIGKILL → the object goes

Each step is planned on the simulation's clock and writes the Pod's status when it happens. Whatever was planned for a
container that has ended since is void: every plan carries the container's incarnation. What each container is, and
what its probes and pulls have come to, is kept in :class:`ContainerState`; the status is written from that.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection
from functools import partial

from kubesim.api.durations import go_duration
from kubesim.api.objects import Pod, Probe, Wire, view
from kubesim.controllers.conditions import moment
from kubesim.controllers.environment import missing_reference, missing_volume
from kubesim.controllers.events import NORMAL, WARNING
from kubesim.controllers.kubelet.container import START_ERROR_CODE, ContainerState
from kubesim.controllers.kubelet.node import KubeletContext, NodeState
from kubesim.controllers.kubelet.probes import LIVENESS, READINESS, STARTUP, ProbeTally, probes_of
from kubesim.controllers.kubelet.pulling import Said, fetch, note_backoff, note_failure, note_pulled
from kubesim.controllers.kubelet.sockets import PodSockets
from kubesim.controllers.kubelet.status import PodState, pod_status
from kubesim.controllers.runtime import ProbeResult, Pulled, PullFailed, StartFailed
from kubesim.network.portmap import HostPort
from kubesim.simulation import Scheduled
from kubesim.userland.machine import ExecutableNotFoundError
from kubesim.userland.process import Completed, Ended, Running, next_step

START_SECONDS = 0.1
"""From a created container to a started one."""
NOTICED_SECONDS = 1.0
"""How long the kubelet takes to notice that a container has ended."""
BACKOFF_NOTICED_SECONDS = 2.0
"""From a failed pull to the moment the kubelet finds the container in its back-off."""
MISSING_RETRY_SECONDS = 12.0
"""From a container that lacks a ConfigMap or Secret to the next try: ten seconds and up to half of it."""
FIRST_MOUNT_RETRY_SECONDS, LONGEST_MOUNT_RETRY_SECONDS = 0.5, 122.0
"""From a volume that could not be mounted to the next try: twice as long each time."""
SANDBOX_RETRY_SECONDS = 10.0
"""From a Pod's network that could not be set up to the next try."""
LONGEST_AWAITED_RUN = 60.0
"""A container that ends within a minute is waited for; one that runs longer is like a server."""
DEFAULT_GRACE_SECONDS = 30
HOOK_SECONDS = 30
"""How long a hook's request may wait for its answer."""
MANY_PLANS = 16
"""How many plans a Pod's worker keeps before it looks which are done."""
KILLED = 137
"""128 + SIGKILL."""


class PodWorker:
    """Runs one Pod."""

    def __init__(self, context: KubeletContext, node: NodeState, wire: Wire) -> None:
        self.context = context
        self.node = node
        self.wire = wire
        """The Pod as it was stored last."""
        self.spec = wire["spec"]
        """The specification that is acted by; :meth:`update` brings another."""
        self.pod = view(wire, Pod)
        meta = self.pod.metadata
        self._key = meta.namespace, meta.name
        self.state = PodState(
            [ContainerState(c, init=True) for c in self.pod.spec.initContainers or []],
            [ContainerState(c) for c in self.pod.spec.containers or []],
            node.address,
            context.simulation.timestamp(),
        )
        machine = f"node/{node.name}" if self.pod.spec.hostNetwork else f"pod/{meta.namespace}/{meta.name}"
        self._sockets = PodSockets(context.network, machine)
        self._terminating = False
        self._gone = False
        self._plans: list[Scheduled] = []
        """What is planned, and some that is done."""
        self._kill_at = math.inf
        """When whatever still runs of a deleted Pod gets SIGKILL."""

    # --- the clock, the status and events ------------------------------------------------------------------------

    def _plan(
        self,
        delay: float,
        action: Callable[[], object],
        *,
        of: ContainerState | None = None,
        progress: bool = True,
    ) -> Scheduled:
        """Do something later, unless the Pod is gone by then.

        :param of: the container it is about: void when this incarnation of it has ended.
        """
        incarnation = of.incarnation if of is not None else 0

        def act() -> None:
            if not self._gone and (of is None or of.incarnation == incarnation):
                action()

        if len(self._plans) > MANY_PLANS:
            self._plans = [plan for plan in self._plans if plan.waits]
        scheduled = self.context.simulation.after(delay, act, progress=progress)
        self._plans.append(scheduled)
        return scheduled

    def write(self) -> None:
        """Write the Pod's status as it is now."""
        stored = self._stored()
        if stored is not None and not self._gone and self.node.alive:
            self.wire = stored
            now = self.context.simulation.timestamp()
            self.context.client.put_status(stored, pod_status(stored, self.state, now, self.context.conditions))

    def _stored(self) -> Wire | None:
        """The Pod as it is stored; None where there is no such Pod any more, or another one of its name."""
        wire = self.context.client.store.get("Pod", self._key[1], self._key[0])
        return wire if wire is not None and wire["metadata"]["uid"] == self.pod.metadata.uid else None

    def _say(self, type: str, reason: str, message: str, of: ContainerState | None = None) -> None:
        """Record an event about the Pod or one of its containers."""
        path = "" if of is None else f"spec.{of.field}{{{of.name}}}"
        self.context.events.record(
            self.wire, type, reason, message, component="kubelet", host=self.node.name, field_path=path
        )

    def _say_all(self, said: Said, of: ContainerState) -> None:
        for type, reason, message in said:
            self._say(type, reason, message, of)

    # --- the sandbox ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Take the Pod on: set up its network, then its containers."""
        for container in self.state.everyone:
            container.wait("PodInitializing" if self.state.init and not container.init else "ContainerCreating")
        self.write()
        seconds = self.context.runtime.sandbox_seconds(self.pod)
        if seconds is not None:
            self._plan(seconds, self._mount)

    def _mount(self, pause: float = FIRST_MOUNT_RETRY_SECONDS) -> None:
        """Wait for what the Pod's volumes show, then set up its network."""
        missing = missing_volume(self.pod, self.context.client.store)
        if not missing or self._terminating:
            self._set_up()
            return
        self._say(WARNING, "FailedMount", missing)
        again = partial(self._mount, min(pause * 2, LONGEST_MOUNT_RETRY_SECONDS))
        self._plan(pause, again, progress=False)

    def _set_up(self) -> None:
        if self._terminating:
            return
        state, (namespace, name) = self.state, self._key
        if self.pod.spec.hostNetwork:
            state.address = self.node.address
        else:
            address = self.node.addresses.allocate(f"{namespace}/{name}")
            if address is None:
                message = "Failed to create pod sandbox: no IP addresses available in range set"
                self._say(WARNING, "FailedCreatePodSandBox", message)
                self._plan(SANDBOX_RETRY_SECONDS, self._set_up, progress=False)
                return
            state.address = address
            self.context.network.add_pod(
                namespace,
                name,
                address,
                self.node.name,
                forwards=_forwards(self.spec),
                sandbox=sandbox_id(self.pod.metadata.uid) if (host_ports := _host_ports(self.pod)) else "",
                host_ports=host_ports,
            )
        state.sandbox = True
        self.pod.status.podIP, self.pod.status.hostIP = state.address, self.node.address
        self.write()
        self._proceed()

    def _take_down(self) -> None:
        """Give the Pod's address back."""
        if self.state.sandbox and not self.pod.spec.hostNetwork:
            self.context.network.remove_pod(*self._key)
            self.node.addresses.release(self.state.address)
        self.state.sandbox = False

    # --- a container begins --------------------------------------------------------------------------------------

    def _proceed(self) -> None:
        """Begin the next container that may begin."""
        if self._terminating or not self.state.sandbox:
            return
        for container in self.state.init:
            if not container.initialised:
                if not container.begun:
                    self._begin(container)
                return
        for container in [*self.state.containers, *self.state.ephemeral]:
            if not container.begun:
                self._begin(container)
                return

    def _begin(self, container: ContainerState) -> None:
        """Fetch a container's image, unless its node has it, then create and start the container."""
        container.begun = True
        if not container.init and "waiting" in container.state and not container.last and not container.lacking:
            container.wait("ContainerCreating")
        result, fetched = fetch(self.context.runtime, self.node, self.pod, container)
        if fetched:
            self._say(NORMAL, "Pulling", f'Pulling image "{container.spec.image}"', container)
        if isinstance(result, PullFailed):
            self._plan(result.seconds, partial(self._pull_failed, container, result), of=container)
        else:
            seconds = result.seconds if fetched else 0.0
            self._plan(seconds, partial(self._pulled, container, result, fetched), of=container)

    def _pull_failed(self, container: ContainerState, failure: PullFailed) -> None:
        self._say_all(note_failure(container, failure), container)
        self.write()
        if failure.reason == "ErrImagePull":
            self._plan(BACKOFF_NOTICED_SECONDS, partial(self._pull_backs_off, container, failure), of=container)
        self._plan(container.next_pull_backoff(), partial(self._begin, container), of=container, progress=False)
        self._proceed()

    def _pull_backs_off(self, container: ContainerState, failure: PullFailed) -> None:
        self._say_all(note_backoff(container, failure), container)
        self.write()

    def _pulled(self, container: ContainerState, result: Pulled, fetched: bool) -> None:
        self._say_all(note_pulled(self.node, container, result, fetched=fetched), container)
        missing = missing_reference(self.pod, container.spec, self.context.client.store)
        if missing:
            container.lack(missing)
            self._say(WARNING, "Failed", f"Error: {missing}", container)
            self.write()
            self._plan(MISSING_RETRY_SECONDS, partial(self._begin, container), of=container, progress=False)
            self._proceed()
            return
        self._say(NORMAL, "Created", "Container created", container)
        self._plan(START_SECONDS, partial(self._run, container), of=container)

    def _run(self, container: ContainerState) -> None:
        simulation = self.context.simulation
        identity = f"containerd://{simulation.random('container ids').getrandbits(256):064x}"
        outcome = self.context.runtime.start(self.pod, container.spec, container.restarts)
        if isinstance(outcome, StartFailed):
            container.fail_to_start(identity, outcome.message, simulation.timestamp())
            self._say(WARNING, "Failed", f"Error: {outcome.message}", container)
            self._after_end(container, START_ERROR_CODE, 0.0)
            return
        container.run(outcome if isinstance(outcome, Running) else None, identity, simulation.timestamp())
        self._say(NORMAL, "Started", "Container started", container)
        if isinstance(outcome, Completed):
            if math.isfinite(outcome.seconds):
                over = partial(self._ended, container, outcome.returncode)
                self._plan(outcome.seconds, over, of=container, progress=outcome.seconds <= LONGEST_AWAITED_RUN)
        elif self._listen(container, outcome) and outcome.steps is not None:
            self._plan(0.0, partial(self._step, container, outcome), of=container)
        if not self._hook(container, "postStart")[1]:
            self._say(WARNING, "FailedPostStartHook", "PostStartHook failed", container)
            self._say(NORMAL, "Killing", "FailedPostStartHook", container)
            self._plan(0.0, partial(self._ended, container, KILLED), of=container)
        self._watch(container)
        self.write()
        self._proceed()

    def _step(self, container: ContainerState, process: Running) -> None:
        """Let a process that acts by itself take its next step, for as long as its container runs."""
        step = partial(self._step, container, process)
        if container.suspended:
            container.frozen = step
            return
        assert process.steps is not None, "only a process with steps takes them"
        event = next_step(process.steps)
        if isinstance(event, Ended):
            self._ended(container, event.status)
        elif isinstance(event, Running):  # it started a server in the foreground and waits for it
            self._sockets.close(container.name)
            container.process = event
            self._listen(container, event)
        else:
            self._plan(event, step, of=container, progress=False)

    def _listen(self, container: ContainerState, process: Running) -> bool:
        """Bind what a container's process listens on; one that finds a port in use ends, and says so."""
        try:
            self._sockets.bind(container.name, process)
        except OSError as error:
            process.log.append(str(error))
            self._plan(0.0, partial(self._ended, container, 1), of=container)
            return False
        return True

    # --- probes --------------------------------------------------------------------------------------------------

    def _watch(self, container: ContainerState) -> None:
        """A container without a startup probe has started, one without a readiness probe is ready."""
        if container.ephemeral:
            return
        probes = probes_of(container.spec)
        if STARTUP in probes:
            container.started = container.ready = False
            self._begin_probing(container, STARTUP, probes)
        else:
            self._started(container)

    def _started(self, container: ContainerState) -> None:
        probes = probes_of(container.spec)
        container.started = counts = not container.init or container.sidecar
        if READINESS in probes:
            container.ready = False
            self._begin_probing(container, READINESS, probes)
        else:
            container.ready = counts and self.context.runtime.starts_ready(self.pod, container.spec)
        if LIVENESS in probes:
            self._begin_probing(container, LIVENESS, probes)

    def _begin_probing(self, container: ContainerState, kind: str, probes: dict[str, Probe]) -> None:
        tally = container.probes[kind] = ProbeTally(kind, probes[kind])
        self._plan_probe(tally, tally.probe.initialDelaySeconds, partial(self._probe, container, tally))

    def _plan_probe(self, tally: ProbeTally, delay: float, action: Callable[[], object]) -> None:
        tally.timer = self.context.simulation.after(delay, action, progress=tally.awaited)

    def _probe(self, container: ContainerState, tally: ProbeTally) -> None:
        tally.tries += 1
        result = self.context.runtime.probe(self.pod, container.spec, tally.probe)
        seconds = min(result.seconds, tally.timeout)
        if seconds > 0:
            self._plan_probe(tally, seconds, partial(self._probed, container, tally, result, seconds))
        else:
            self._probed(container, tally, result, 0.0)

    def _probed(self, container: ContainerState, tally: ProbeTally, result: ProbeResult, took: float) -> None:
        """A probe has its result: every failure is an event, a verdict changes what the container is."""
        if not result.success and self.node.alive:
            what = "errored and resulted in unknown state" if result.errored else "failed"
            self._say(WARNING, "Unhealthy", f"{tally.kind} probe {what}: {result.output}", container)
        if not result.errored and tally.count(result.success):
            self._concluded(container, tally.kind, result.success)
        if not tally.done and container.probes.get(tally.kind) is tally:
            self._plan_probe(tally, tally.pause(took), partial(self._probe, container, tally))

    def _concluded(self, container: ContainerState, kind: str, healthy: bool) -> None:
        """A verdict: the container has started, is (not) ready, or must be restarted."""
        if kind == READINESS:
            container.ready = healthy
        elif healthy and kind == STARTUP:
            self._started(container)
            self._proceed()
        elif not healthy:
            probe = container.probes[kind].probe
            self._stop_probing(container)
            message = f"Container {container.name} failed {kind.lower()} probe, will be restarted"
            self._say(NORMAL, "Killing", message, container)
            self._stop(container, float(probe.terminationGracePeriodSeconds or self._grace))
        self.write()

    @staticmethod
    def _stop_probing(container: ContainerState, *, but: str = "") -> None:
        """Probe no more, or in one way alone."""
        for kind, tally in list(container.probes.items()):
            if kind != but:
                del container.probes[kind]
                if tally.timer is not None:
                    tally.timer.cancel()

    # --- from outside: a changed specification, signals ------------------------------------------------------------

    def update(self, wire: Wire) -> None:
        """The Pod's specification was changed: another image, or containers for debugging."""
        self.wire = wire
        self.spec = wire["spec"]
        self.pod = view(wire, Pod)
        added = self.pod.spec.ephemeralContainers or []
        main = [*(self.pod.spec.initContainers or []), *(self.pod.spec.containers or [])]
        specs = {spec.name: spec for spec in [*main, *added]}
        for container in self.state.everyone:
            before, container.spec = container.spec.image, specs[container.name]
            if container.spec.image != before and container.begun and not self._terminating:
                self._new_image(container)
        known = {container.name for container in self.state.ephemeral}
        for spec in added:
            if spec.name in known:
                continue
            container = ContainerState(spec, ephemeral=True)
            container.wait("PodInitializing" if not self.state.sandbox else "ContainerCreating")
            self.state.ephemeral.append(container)
        self.write()
        self._proceed()

    def _new_image(self, container: ContainerState) -> None:
        """Back-offs are kept by image: with another image the container is tried at once."""
        container.backoff = container.pull_backoff = 0.0
        if container.running:
            message = f"Container {container.name} definition changed, will be restarted"
            self._say(NORMAL, "Killing", message, container)
            container.changed = True
            self._stop(container, float(self._grace))
        elif container.exit_code is None or self._restarts(container, container.exit_code):
            container.incarnation += 1
            container.restarts += int("terminated" in container.last or "terminated" in container.state)
            self._plan(0.0, partial(self._begin, container), of=container)

    def hang(self, ports: Collection[int] | None = None) -> None:
        """Stop all processes of the Pod, as SIGSTOP does.

        :param ports: only what listens on these ports hangs (a deadlock in one part of a program); None: everything.
        """
        for container in self.state.everyone:
            if container.running:
                self._hang(container, ports)

    def _hang(self, container: ContainerState, ports: Collection[int] | None = None) -> None:
        container.suspended = container.suspended or ports is None
        self._sockets.hang(container.name, ports)

    def go_on(self) -> None:
        """Let stopped processes go on, as SIGCONT does."""
        for container in self.state.everyone:
            if container.running:
                self._go_on(container)

    def _go_on(self, container: ContainerState) -> None:
        container.suspended = False
        self._sockets.go_on(container.name)
        frozen, container.frozen = container.frozen, None
        if frozen is not None:
            self._plan(0.0, frozen, of=container)

    def signal(self, name: str, signal: str) -> None:
        """Somebody sent a signal to a container's first process, and it heeds it.

        :param name: the container's.
        """
        container = next((each for each in self.state.everyone if each.name == name), None)
        if container is None or not container.running:
            return
        process = container.process
        if signal == "STOP":
            self._hang(container)
        elif signal == "CONT":
            self._go_on(container)
        elif signal == "KILL":
            self._plan(0.0, partial(self._ended, container, KILLED), of=container)
        elif not container.suspended and process is not None:
            over = partial(self._ended, container, process.exit_code)
            self._plan(process.stop_seconds or 0.0, over, of=container)

    def attach(self, name: str, text: str) -> None:
        """Somebody types a text, and its end, into a container's first process; one that does not read goes on.

        :param name: the container's.
        """
        container = next((each for each in self.state.everyone if each.name == name), None)
        if container is None or not container.running:
            return
        outcome = self.context.runtime.attach(self.pod, container.spec, text)
        if isinstance(outcome, Completed):
            self._plan(outcome.seconds, partial(self._ended, container, outcome.returncode), of=container)
        elif isinstance(outcome, Running):
            container.process = outcome
            if self._listen(container, outcome) and outcome.steps is not None:
                self._plan(0.0, partial(self._step, container, outcome), of=container)

    def leave(self, name: str, status: int) -> None:
        """The shell that is a container's first process was left by who typed into it.

        :param name: the container's.
        """
        container = next((each for each in self.state.everyone if each.name == name), None)
        if container is not None and container.running:
            self._plan(0.0, partial(self._ended, container, status), of=container)

    # --- a container ends ----------------------------------------------------------------------------------------

    @property
    def _grace(self) -> int:
        """The Pod's own grace period, in seconds."""
        grace = self.pod.spec.terminationGracePeriodSeconds
        return DEFAULT_GRACE_SECONDS if grace is None else grace

    def _stop(self, container: ContainerState, grace: float) -> None:
        """Send SIGTERM, and SIGKILL when the grace period (in seconds) is over."""
        seconds, code = self._ending(container, grace)
        self._plan(seconds, partial(self._ended, container, code), of=container)

    def _ending(self, container: ContainerState, grace: float) -> tuple[float, int]:
        """Seconds until a running container has ended after SIGTERM, and its exit status.

        A program ends in its own time; one that ignores the signal, hangs, or is still busy when the grace period is
        over gets SIGKILL. A ``preStop`` hook runs first and uses up part of the grace period. A plain program is the
        container's first process: without a handler the kernel drops its SIGTERM.
        """
        if grace <= 0:
            return 0.0, KILLED
        hook, process = self._prestop_seconds(container), container.process
        if container.suspended or process is None or process.stop_seconds is None:
            return grace, KILLED
        seconds = hook + process.stop_seconds
        return (grace, KILLED) if seconds >= grace else (seconds, process.exit_code)

    def _prestop_seconds(self, container: ContainerState) -> float:
        """How long the container's preStop hook takes: a sleep, a program, or nothing."""
        seconds, succeeded = self._hook(container, "preStop")
        if not succeeded:
            self._say(WARNING, "FailedPreStopHook", "PreStopHook failed", container)
        return seconds

    def _hook(self, container: ContainerState, name: str) -> tuple[float, bool]:
        """Carry out a lifecycle hook: the seconds that it takes, and whether it succeeds.

        Of a request the answer does not matter, only that there is one.
        """
        hook = (container.spec.lifecycle or {}).get(name) or {}
        if "sleep" in hook:
            return float(hook["sleep"].get("seconds") or 0), True
        if "tcpSocket" in hook:  # the API takes it, and the kubelet runs no such handler
            return 0.0, False
        if "httpGet" in hook:
            asked = view({"httpGet": hook["httpGet"], "timeoutSeconds": HOOK_SECONDS}, Probe)
            result = self.context.runtime.probe(self.pod, container.spec, asked)
            return result.seconds, result.success or result.answered
        command = (hook.get("exec") or {}).get("command")
        if not command or container.suspended:
            return 0.0, True
        try:
            done = self.context.runtime.run_hook(self.pod, container.spec, tuple(command))
        except ExecutableNotFoundError:
            return 0.0, False
        return done.seconds, done.returncode == 0

    def _ended(self, container: ContainerState, code: int) -> None:
        """A container's process has ended with an exit code."""
        ran_since = container.state.get("running", {}).get("startedAt")
        self._silence(container)
        container.end(code, self.context.simulation.timestamp())
        self.context.runtime.stopped(self.pod, container.spec)
        if self._terminating:
            self._ended_while_terminating()
            return
        ran_for = (self.context.simulation.datetime - moment(ran_since)).total_seconds() if ran_since else 0.0
        self._after_end(container, code, ran_for)

    def _silence(self, container: ContainerState) -> None:
        """Stop a container's probes and close what it listens on."""
        self._stop_probing(container)
        container.frozen = None
        self._sockets.close(container.name)

    def _after_end(self, container: ContainerState, code: int, ran_for: float) -> None:
        """Start an ended container again, or go on without it; ``ran_for`` is in seconds."""
        if container.changed:  # killed for what it is to be now: it begins again in the same round, whatever the policy
            container.changed = False
            self._plan(0.0, partial(self._begin_again, container), of=container)
        elif self._restarts(container, code):
            self.write()
            self._restart(container, ran_for)
        else:
            self._settle_finished()
            self.write()
            self._proceed()

    def _restarts(self, container: ContainerState, code: int) -> bool:
        """Whether the Pod's policy starts a container again that ended with this code."""
        policy = self.pod.spec.restartPolicy or "Always"
        if container.ephemeral:
            return False
        if container.init and not container.sidecar:
            return code != 0 and policy != "Never"
        return policy == "Always" or container.sidecar or (policy == "OnFailure" and code != 0)

    def _restart(self, container: ContainerState, ran_for: float) -> None:
        """Start a container again: at once the first time, then after a growing back-off, in seconds."""
        wait = container.next_backoff(ran_for)
        step = partial(self._back_off, container, wait) if wait else partial(self._begin_again, container)
        self._plan(NOTICED_SECONDS, step, of=container)

    def _back_off(self, container: ContainerState, wait: float) -> None:
        meta = self.pod.metadata
        identity = f"{meta.name}_{meta.namespace}({meta.uid})"
        container.last = {"terminated": container.state["terminated"]}
        message = f"back-off {go_duration(wait)} restarting failed container={container.name} pod={identity}"
        container.wait("CrashLoopBackOff", message)
        self._say(
            WARNING, "BackOff", f"Back-off restarting failed container {container.name} in pod {identity}", container
        )
        self.write()
        again = partial(self._begin_again, container)
        self._plan(wait - NOTICED_SECONDS, again, of=container, progress=False)

    def _begin_again(self, container: ContainerState) -> None:
        container.restarts += 1
        self._begin(container)

    def _settle_finished(self) -> None:
        """When no container will run again, the Pod's network is taken down."""
        never = self.pod.spec.restartPolicy == "Never"
        failed_init = never and any(not c.sidecar and c.exit_code not in (None, 0) for c in self.state.init)
        ended = bool(self.state.containers) and all(c.exit_code is not None for c in self.state.containers)
        if failed_init or ended:
            for sidecar in self.state.init:
                if sidecar.running:
                    self._silence(sidecar)
                    sidecar.end(0, self.context.simulation.timestamp())
            self._take_down()

    # --- the Pod ends --------------------------------------------------------------------------------------------

    def terminate(self, grace: int) -> None:
        """The Pod was deleted: end its containers within the grace period. Asked again, only a shorter one counts."""
        if not self._terminating:
            self._terminating = True
            running = [container for container in self.state.everyone if container.running]
            for container in running:
                self._stop_probing(container, but=READINESS)  # it may still become unready, but is not restarted
                self._say(NORMAL, "Killing", f"Stopping container {container.name}", container)
                self._stop(container, float(grace))
            if not running:
                self._plan(0.0, self._finish)
                return
        due = self.context.simulation.now + grace
        if due < self._kill_at and self.state.anything_runs:
            self._kill_at = due
            self._plan(float(grace), self._kill_all)

    def _kill_all(self) -> None:
        for container in self.state.everyone:
            if container.running:
                self._ended(container, KILLED)

    def _ended_while_terminating(self) -> None:
        if self.state.anything_runs:
            self.write()
        else:
            self._take_down()
            self.state.terminal = True
            self.write()
            self._plan(0.0, self._finish)

    def _finish(self) -> None:
        """Nothing runs any more: the object may go."""
        wire = self._stored()
        self.vanish()
        if wire is not None and self.node.alive:
            self.context.client.delete(wire, grace_period_seconds=0)

    def vanish(self) -> None:
        """Drop everything at once: the object is gone, or the node is."""
        self._gone = True
        for plan in self._plans:
            plan.cancel()
        for container in self.state.everyone:
            if container.running:
                self._silence(container)
                self.context.runtime.stopped(self.pod, container.spec)
        self._take_down()
        self.context.runtime.removed(self.pod)


def sandbox_id(uid: str) -> str:
    """The id of a Pod's sandbox, 64 digits."""
    return hashlib.sha256(f"sandbox {uid}".encode()).hexdigest()


def _forwards(spec: Wire) -> bool:
    """Whether a Pod asks its kernel to pass packets on."""
    sysctls = (spec.get("securityContext") or {}).get("sysctls") or ()
    return any(each["name"] == "net.ipv4.ip_forward" and each["value"] == "1" for each in sysctls)


def _host_ports(pod: Pod) -> list[HostPort]:
    return [
        HostPort((port.protocol or "TCP").lower(), port.hostPort, port.containerPort, port.hostIP)
        for container in pod.spec.containers or ()
        for port in container.ports or ()
        if port.hostPort
    ]
