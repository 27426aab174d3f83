"""The container runtime of the simulated cluster: images from the catalogue, programs on the simulated network.

A container is a :class:`~kubesim.userland.machine.Machine` of its image with the files that the kubelet adds
(``/etc/resolv.conf``, ``/etc/hosts``, mounted ConfigMaps and Secrets) and the environment that Kubernetes gives it. The
containers of one Pod share its network, not its files.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from kubesim.api.objects import Container, Pod, PodDNSConfig, Probe, VolumeMount, Wire
from kubesim.api.store import Change, Key, Store
from kubesim.controllers.environment import (
    ContainerEnvironment,
    ServiceVariables,
    container_environment,
    expand_references,
    mounted_files,
    mounted_objects,
    mounts,
    pod_hosts_file,
)
from kubesim.controllers.probing import exec_probe, grpc_probe, http_probe, probe_port, tcp_probe
from kubesim.controllers.runtime import ProbeResult, Pulled, PullFailed, StartFailed
from kubesim.network.dns import resolv_conf
from kubesim.network.network import Network
from kubesim.network.sockets import Sockets
from kubesim.programs.image_references import InvalidReferenceError
from kubesim.programs.images import Image, ImageCatalogue
from kubesim.programs.machine import Machine
from kubesim.programs.stand_in import StandIn, WithStandIn, named_programs
from kubesim.simulation import EPOCH, Simulation
from kubesim.userland.filesystem import FileError
from kubesim.userland.log import LogLine, stamped
from kubesim.userland.machine import ExecutableNotFoundError, Process
from kubesim.userland.process import Completed, InputAwaited, Running, Start

SANDBOX_SECONDS = 0.2
"""Setting up a Pod's network namespace."""
PRESENT_PULL_SHARE = 0.3
"""An image whose layers are on the node costs the look-up of its digest: this share of a pull, at most 1 s."""
OCI_FAILURE = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: error during container init"
)
"""What containerd and runc say before the reason why a program could not be started."""
EXEC_FAILURE = (
    'rpc error: code = Unknown desc = failed to exec in container: failed to start exec "{}": OCI runtime exec failed: '
    "exec failed: unable to start container process"
)
"""The same of a program in a container that runs, for the number of its task."""

_NOTE = (
    'Image "{}" is not in the simulator\'s catalogue: its container answers HTTP on its declared ports with who it is, '
    "passes its probes, and does nothing else"
)
"""What the simulated kubelet says of an image with a stand-in."""

ENDING_SIGNALS = frozenset({"TERM", "INT", "QUIT"})
"""The signals that servers take as the wish that they end."""

_Key = tuple[str, str, str]


class _Instance(msgspec.Struct):
    """One container that has been started."""

    machine: Machine
    pod: Pod
    container: Container
    running: Running | None = None
    log: list[LogLine] = []
    previous: list[LogLine] = []
    started: datetime = EPOCH
    awaits: tuple[str, ...] = ()
    """The command that waits for somebody to type into its standard input, if it does."""


@dataclass(slots=True)
class SimulatedContainers:
    """Runs containers from the image catalogue.

    :param cluster_dns: the address of kube-dns, for Pods with ``dnsPolicy: ClusterFirst``.
    :param node_resolv_conf: the nodes' own ``/etc/resolv.conf``; ``node_hosts`` their ``/etc/hosts``.
    """

    simulation: Simulation
    network: Network
    store: Store
    images: ImageCatalogue
    cluster_dns: str
    cluster_domain: str = "cluster.local"
    node_resolv_conf: str = ""
    node_hosts: str = ""
    _instances: dict[_Key, _Instance] = field(default_factory=dict)
    on_signal: Callable[[Pod, str, str], object] | None = None
    """Told (Pod, container, signal) when a container's first process gets a signal that it heeds."""
    _services: ServiceVariables = field(init=False)
    _mounting: defaultdict[tuple[str, Key], dict[_Key, _Instance]] = field(default_factory=lambda: defaultdict(dict))
    """The containers that mount each ConfigMap and Secret."""
    _resolvers: dict[tuple[str, str, bool], str] = field(default_factory=dict)
    """``/etc/resolv.conf`` by DNS policy, namespace and whether the Pod has the host's network."""

    def __post_init__(self) -> None:
        self._services = ServiceVariables(self.store)
        self.store.watch(self._config_changed, ["ConfigMap", "Secret"])

    def sandbox_seconds(self, pod: Pod) -> float | None:
        """A Pod's network is set up in a moment; a host-network Pod has none to set up."""
        return 0.0 if pod.spec.hostNetwork else SANDBOX_SECONDS

    def pull(self, pod: Pod, container: Container, *, present: bool) -> Pulled | PullFailed:
        """Pull from the catalogue."""
        try:
            image = self.images.find(container.image)
        except InvalidReferenceError as error:
            return PullFailed(f"couldn't parse image name: {error}", 0.0, reason="InvalidImageName")
        if image is None:
            return PullFailed(self.images.pull_error(container.image))
        seconds = min(1.0, image.pull_seconds * PRESENT_PULL_SHARE) if present else image.pull_seconds
        note = _NOTE.format(container.image) if image.stand_in else ""
        return Pulled(image.reference, image.digest, seconds, image.size, note)

    def knows(self, image: str) -> bool:
        """Whether the catalogue has an image."""
        try:
            return self.images.find(image) is not None
        except InvalidReferenceError:
            return False

    def start(self, pod: Pod, container: Container, restarts: int) -> Completed | Running | StartFailed:
        """Run the container's program; one that the image lacks is a failed start."""
        key = _key(pod, container)
        before = self._instances.get(key)
        self._forget(key)
        machine = self._machine(pod, container)
        instance = _Instance(machine, pod, container, previous=_lines(before) if before is not None else [])
        instance.started = self.simulation.datetime
        self._instances[key] = instance
        for kind, name in mounted_objects(pod, container):
            self._mounting[kind, (pod.metadata.namespace, name)][key] = instance
        problem = self._mount(machine, pod, container)
        if problem:
            return StartFailed(f"{OCI_FAILURE}: {problem}")
        image = self.images.find(container.image)
        assert image is not None, "a container is started only after its image was pulled"
        argv = image.argv(_expanded(container.command, machine), _expanded(container.args, machine))
        try:
            if image.stand_in:
                outcome = _run_standing_in(machine, argv, _stand_in(pod, container, image))
            else:
                outcome = machine.run(argv, _nobody_types if container.stdin else "", main=True)
        except InputAwaited:
            instance.awaits = argv
            outcome = Running({}, stop_seconds=None)  # process 1 without a handler ignores SIGTERM
        except ExecutableNotFoundError as error:
            return StartFailed(f"{OCI_FAILURE}: {error}")
        self._enter_process_table(instance, argv, outcome)
        if isinstance(outcome, Running):
            instance.running = outcome
        else:
            text = outcome.stdout + outcome.stderr
            instance.log = [LogLine(instance.started, line) for line in text.splitlines(keepends=True)]
        return outcome

    def _enter_process_table(self, instance: _Instance, argv: tuple[str, ...], outcome: Completed | Running) -> None:
        """Give the container its process 1, and say what signals from inside do to it.

        The kernel spares process 1 every signal for which it has no handler, SIGKILL too.
        """
        machine = instance.machine
        self._show_target(instance, argv)
        if not any(process.pid == 1 for process in machine.processes):
            machine.processes.insert(0, Process(1, " ".join(argv), machine.user, self.simulation.now))
        has_handlers = isinstance(outcome, Running) and outcome.stop_seconds is not None and outcome.steps is None
        own = machine.handlers.get(1)

        def heeds(name: str) -> bool:
            if name == "KILL":
                return False
            return own(name) if own is not None else has_handlers and name in ENDING_SIGNALS

        def ended(pid: int, name: str) -> None:
            if pid == 1 and self.on_signal is not None:
                self.on_signal(instance.pod, instance.container.name, name)

        machine.on_signal(1, heeds)
        machine.ended = ended

    def _show_target(self, instance: _Instance, argv: tuple[str, ...]) -> None:
        """Let a container for debugging see the processes of the one that it targets, as long as both run."""
        target = getattr(instance.container, "targetContainerName", "")
        other = self._instances.get((instance.pod.metadata.uid, instance.pod.metadata.name, target))
        if target and other is not None:
            machine, shared = instance.machine, other.machine.processes
            number = max((process.pid for process in shared), default=1) + 5
            machine.processes[:0] = [*shared, Process(number, " ".join(argv), machine.user, self.simulation.now)]

    def _kernel_name(self, pod: Pod) -> str:
        """What ``hostname`` prints in a Pod: its short name, or the whole one where it asks for that."""
        short, spec = _hostname(pod), pod.spec
        if not spec.setHostnameAsFQDN or not spec.subdomain or spec.hostNetwork:
            return short
        return f"{short}.{spec.subdomain}.{pod.metadata.namespace}.svc.{self.cluster_domain}"

    def _machine(self, pod: Pod, container: Container) -> Machine:
        image = self.images.find(container.image)
        assert image is not None, "a container is started only after its image was pulled"
        node = pod.spec.nodeName
        hostname = self._kernel_name(pod)
        name = f"pod/{pod.metadata.namespace}/{pod.metadata.name}"
        links = pod.spec.enableServiceLinks is not False
        shared = self._services.of(pod.metadata.namespace, links)
        own = container_environment(pod, container, self.store, shared)
        machine = image.machine(
            name=name,
            hostname=hostname,
            sockets=Sockets(self.network, f"node/{node}" if pod.spec.hostNetwork else name),
            simulation=self.simulation,
            environment=own,
            store=self.store,
            network_files=dict(zip(("/etc/resolv.conf", "/etc/hosts"), self.name_files(pod), strict=True)),
        )
        machine.environment = ContainerEnvironment(machine.environment, shared)
        return machine

    def _mount(self, machine: Machine, pod: Pod, container: Container) -> str:
        """Put a container's volumes in their places, and make its working directory.

        :returns: why that cannot be, in runc's words; nothing where it can.
        """
        for mount, files in mounts(pod, container, self.store):
            place, problem = mount.mountPath, ""
            there, brings_file = machine.files.kind(place), bool(mount.subPath) and place in files
            if there == "directory" if brings_file else there not in (None, "directory"):
                source = _source(pod, container, mount)
                problem = f"mount src={source}, dst={place}, dstFd=/proc/thread-self/fd/11, flags=MS_BIND|MS_REC: "
                problem += "not a directory"
            else:
                try:
                    _write_all(machine, files)
                except FileError as error:
                    problem = f"create mountpoint for {place} mount: {error.reason.lower()}"
            if problem:
                return f'error mounting "{_source(pod, container, mount)}" to rootfs at "{place}": {problem}'
        if container.workingDir:  # runc makes it where the image has none
            machine.directory = container.workingDir
            try:
                machine.files.make_directory(container.workingDir, parents=True)
            except FileError as error:
                return f"mkdir {container.workingDir}: {error.reason.lower()}"
        return ""

    def _config_changed(self, change: Change) -> None:
        """Bring changed data into the containers that mount them; whether they look again is up to them."""
        if change.type != "MODIFIED":
            return
        for instance in self._mounting.get((change.kind, change.key), {}).values():
            if instance.running is not None:
                with suppress(FileError):  # a file that cannot come keeps no other thing from going on
                    _write_all(instance.machine, mounted_files(instance.pod, instance.container, self.store))

    def name_files(self, pod: Pod) -> tuple[str, str]:
        """The texts of the Pod's ``/etc/resolv.conf`` and ``/etc/hosts``, as the kubelet writes them."""
        return self.resolv_conf(pod), pod_hosts_file(pod, _hostname(pod), self.cluster_domain, self.node_hosts)

    def resolv_conf(self, pod: Pod) -> str:
        """The Pod's ``/etc/resolv.conf``, by its DNS policy."""
        policy, namespace = pod.spec.dnsPolicy or "ClusterFirst", pod.metadata.namespace
        if pod.spec.dnsConfig is not None:
            return self._resolver(policy, namespace, pod.spec.hostNetwork, pod.spec.dnsConfig)
        key = (policy, namespace, pod.spec.hostNetwork)
        if key not in self._resolvers:
            self._resolvers[key] = self._resolver(*key, PodDNSConfig())
        return self._resolvers[key]

    def _resolver(self, policy: str, namespace: str, host_network: bool, config: PodDNSConfig) -> str:
        return resolv_conf.for_pod(
            policy,
            namespace,
            self.node_resolv_conf,
            cluster_dns=(self.cluster_dns,),
            cluster_domain=self.cluster_domain,
            host_network=host_network,
            nameservers=config.nameservers or (),
            searches=config.searches or (),
            options=[(option.name, option.value) for option in config.options or []],
        )

    def probe(self, pod: Pod, container: Container, probe: Probe) -> ProbeResult:
        """Probe from the Pod's node, over the network, or by running a program in the container."""
        sockets = Sockets(self.network, f"node/{pod.spec.nodeName}")
        if probe.httpGet is not None:
            return http_probe(sockets, pod, container, probe, probe.httpGet)
        if probe.tcpSocket is not None:
            return tcp_probe(sockets, pod, container, probe, probe.tcpSocket)
        if probe.exec is not None:
            if self._stands_in(container):
                return ProbeResult(True)
            try:
                return exec_probe(self.execute(pod, container, tuple(probe.exec.command or ())), probe)
            except ExecutableNotFoundError as error:
                task = f"{self.simulation.random('exec/id').getrandbits(256):064x}"
                return ProbeResult(False, f"{EXEC_FAILURE.format(task)}: {error}", errored=True)
        if probe.grpc is not None:
            return grpc_probe(sockets, pod, probe, probe.grpc)
        return ProbeResult(True)

    def _stands_in(self, container: Container) -> bool:
        image = self.images.find(container.image)
        return image is not None and image.stand_in

    def starts_ready(self, pod: Pod, container: Container) -> bool:
        """Without a readiness probe a running container is ready."""
        return True

    def stopped(self, pod: Pod, container: Container) -> None:
        """Keep the log; the process is gone."""
        instance = self._instances.get(_key(pod, container))
        if instance is not None and instance.running is not None:
            instance.log = _lines(instance)
            instance.running = None

    def removed(self, pod: Pod) -> None:
        """Forget the Pod's containers."""
        spec = pod.spec
        everyone = [*(spec.initContainers or []), *(spec.containers or []), *(spec.ephemeralContainers or [])]
        for container in everyone:
            self._forget(_key(pod, container))

    def _forget(self, key: _Key) -> None:
        instance = self._instances.pop(key, None)
        if instance is not None:
            for kind, name in mounted_objects(instance.pod, instance.container):
                where = kind, (instance.pod.metadata.namespace, name)
                self._mounting[where].pop(key, None)
                if not self._mounting[where]:
                    del self._mounting[where]

    def machine(self, pod: Pod, container: Container) -> Machine | None:
        """The machine of a container that has been started, or None."""
        instance = self._instances.get(_key(pod, container))
        return None if instance is None else instance.machine

    def execute(self, pod: Pod, container: Container, argv: tuple[str, ...], stdin: str = "") -> Completed:
        """Run a program in a container.

        :raises ExecutableNotFoundError: where its image has no such program.
        :raises LookupError: if the container does not run.
        """
        machine = self.machine(pod, container)
        if machine is None:
            where = f"{pod.metadata.namespace}/{pod.metadata.name}"
            raise LookupError(f"container {container.name} of {where} must run, it does not")
        outcome = machine.run(argv, stdin)
        if isinstance(outcome, Completed):
            return outcome
        return Completed(stdout="".join(f"{line}\n" for line in outcome.log), seconds=math.inf)

    def run_hook(self, pod: Pod, container: Container, argv: tuple[str, ...]) -> Completed:
        """Run a hook's program; what a container with a stand-in would do in it succeeds.

        :raises ExecutableNotFoundError: where its image has no such program.
        """
        if not self._stands_in(container):
            return self.execute(pod, container, argv)
        try:
            return Completed(seconds=self.execute(pod, container, argv).seconds)
        except ExecutableNotFoundError:
            return Completed()

    def attach(self, pod: Pod, container: Container, text: str) -> Completed | Running | None:
        """Type a text, and its end, into a container's first process; None where it does not read."""
        instance = self._instances.get(_key(pod, container))
        if instance is None or not instance.awaits or instance.running is None:
            return None
        argv, instance.awaits = instance.awaits, ()
        outcome = instance.machine.run(argv, text, main=True)
        if isinstance(outcome, Running):
            instance.running = outcome
        else:
            now, said = self.simulation.datetime, outcome.stdout + outcome.stderr
            instance.log = [LogLine(now, line) for line in said.splitlines(keepends=True)]
            instance.running = None
        return outcome

    def log(self, pod: Pod, container: Container, *, previous: bool = False) -> list[LogLine]:
        """What the container, or the one before it, has written."""
        instance = self._instances.get(_key(pod, container))
        if instance is None:
            return []
        return instance.previous if previous else _lines(instance)


def _stand_in(pod: Pod, container: Container, image: Image) -> StandIn:
    """What stands in for the program of a container's image."""
    probes = [each for each in (container.startupProbe, container.livenessProbe, container.readinessProbe) if each]
    declared = [(port.protocol or "TCP", port.containerPort) for port in container.ports or []]
    asked = [probe_port(container, action.port) for each in probes if (action := each.httpGet or each.tcpSocket)]
    asked += [probe.grpc.port for probe in probes if probe.grpc is not None]
    secure = {port.containerPort for port in container.ports or [] if port.name.startswith("https")}
    secure |= {
        probe_port(container, each.httpGet.port) for each in probes if each.httpGet and each.httpGet.scheme == "HTTPS"
    }
    is_init = container.restartPolicy != "Always" and any(
        each.name == container.name for each in pod.spec.initContainers or []
    )
    listening = declared or [("TCP", port) for port in image.ports]
    listening += [("TCP", port) for port in asked]
    return StandIn(
        container.name,
        f"{pod.metadata.namespace}/{pod.metadata.name}",
        container.image,
        tuple(dict.fromkeys(listening)),
        frozenset(secure),
        ends=is_init or (pod.spec.restartPolicy not in ("", "Always") and not declared),
    )


def _run_standing_in(machine: Machine, argv: tuple[str, ...], stand_in: StandIn) -> Completed | Running:
    """Run a container's command with a stand-in for what its image would bring along.

    The command is evidence of what the image has: a program that it names is the stand-in, and so is a whole script
    where the image has no shell that is known.
    """
    words = named_programs(argv, machine.programs)
    machine.programs = WithStandIn(machine.programs, stand_in, frozenset(word.rpartition("/")[2] for word in words))
    for path in words:
        if path.startswith("/") and not machine.files.exists(path):
            machine.files.make_directory(path.rpartition("/")[0] or "/", parents=True)
            machine.files.write(path, "", mode=0o755)
    try:
        return machine.run(argv, main=True)
    except ExecutableNotFoundError:
        return stand_in(Start(argv, machine))


def _nobody_types() -> str:
    raise InputAwaited


def _write_all(machine: Machine, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        parent = path.rpartition("/")[0] or "/"
        if not machine.files.is_directory(parent):
            machine.files.make_directory(parent, parents=True)
        machine.files.write(path, text)


def _source(pod: Pod, container: Container, mount: VolumeMount) -> str:
    """Where the kubelet keeps what is mounted."""
    folder = f"/var/lib/kubelet/pods/{pod.metadata.uid}"
    if mount.subPath:
        number = (container.volumeMounts or []).index(mount)
        return f"{folder}/volume-subpaths/{mount.name}/{container.name}/{number}"
    volume: Wire = next((each for each in pod.spec.volumes or [] if each.get("name") == mount.name), {})
    kind = next((name.lower() for name in volume if name != "name"), "emptydir")
    return f"{folder}/volumes/kubernetes.io~{'empty-dir' if kind == 'emptydir' else kind}/{mount.name}"


def _hostname(pod: Pod) -> str:
    return pod.spec.nodeName if pod.spec.hostNetwork else (pod.spec.hostname or pod.metadata.name)


def _key(pod: Pod, container: Container) -> _Key:
    return pod.metadata.uid, pod.metadata.name, container.name


def _lines(instance: _Instance) -> list[LogLine]:
    if instance.running is None:
        return instance.log
    return stamped(instance.running.log, instance.started)


def _expanded(words: list[str] | None, machine: Machine) -> tuple[str, ...]:
    """``$(NAME)`` in a command is the variable's value; ``$$`` is a dollar sign; unknown names stay."""
    if not words:
        return ()
    return tuple(expand_references(word, machine.environment) for word in words)
