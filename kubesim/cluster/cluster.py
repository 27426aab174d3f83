"""The whole cluster behind one object.

::

    cluster = Cluster()                                     # data/clusters/k3s.yaml
    cluster.apply(manifest); cluster.settle()
    cluster.connect("pod/client", "http://myservice:8080")  # a Journey: outcome, hops, table, picture
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from kubesim.api import go_json
from kubesim.api.apply import apply
from kubesim.api.errors import ApiError
from kubesim.api.objects import VIEWS, Copies, EndpointSlice, Node, Pod, Service, View, Wire, copy_of, view
from kubesim.api.patch import PatchKind
from kubesim.api.resources import ResourceType
from kubesim.cluster import boot
from kubesim.cluster.arguments import checked
from kubesim.cluster.calls import Call
from kubesim.cluster.configuration import DEFAULT_FILE, ClusterConfiguration, ClusterFileError
from kubesim.cluster.documents import documents_of
from kubesim.cluster.journal import Journal, Origin, Step, load, replay
from kubesim.cluster.moments import MomentKeeper
from kubesim.cluster.places import machine_name, send, target_of
from kubesim.cluster.wiring import Parts, RuntimeFactory, wire_parts
from kubesim.doors import door, window
from kubesim.network.addresses import is_ipv4
from kubesim.network.dns.resolver import Resolution, resolve
from kubesim.network.sockets import Sockets
from kubesim.network.topology import ROUTER
from kubesim.programs.machine import Machine
from kubesim.simulation import EPOCH, without_collecting
from kubesim.turn import Interrupted
from kubesim.userland.log import LogLine
from kubesim.userland.process import Completed
from kubesim.views.journey import Journey
from kubesim.views.lookup import Lookup
from kubesim.views.rendering import Diagram
from kubesim.views.scene import Scene, Seating, scene_of

if TYPE_CHECKING:
    import pandas

    from kubesim.cluster.diagnosis import Diagnosis
    from kubesim.cluster.diagnosis.pairs import Pairs
    from kubesim.cluster.dump import Coverage
    from kubesim.cluster.inquiries import Difference, Reachability
    from kubesim.cluster.load import Load, Manner
    from kubesim.views.load import Requests

BOOT_SECONDS = 120.0
Stream: TypeAlias = str
"""What a program reads: any bytes, those that are no UTF-8 as surrogates (PEP 383)."""
Patience: TypeAlias = float
"""Simulated seconds that somebody waits; ``math.inf`` waits for ever."""
Rate: TypeAlias = float
"""How often something happens in a second."""
SERVING = "kubesim.serve"
"""What serves a cluster: a floor above this one, loaded when it is asked for."""
OWN_RUNTIME = "the cluster has a container runtime of its own"


class Cluster:
    """A simulated cluster.

    :param configuration: which cluster; None takes ``data/clusters/k3s.yaml``.
    :param seed: the same seed gives the same run.
    :param load_balancer: overrides the file's provider: ``external``, ``servicelb`` or ``none``.
    :param proxy_mode: overrides the file's mode: ``iptables`` or ``nftables``.
    :param runtime: makes another container runtime than the image catalogue's (for tests).
    :param start: the moment on the calendar at which it was made, in UTC.
    """

    caller = "cluster"

    def __init__(
        self,
        configuration: ClusterConfiguration | None = None,
        *,
        seed: int = 0,
        load_balancer: str = "",
        proxy_mode: str = "",
        runtime: RuntimeFactory | None = None,
        start: datetime = EPOCH,
    ) -> None:
        chosen = configuration or ClusterConfiguration.load()
        self.configuration = chosen.with_overrides(load_balancer, proxy_mode)
        self._parts = wire_parts(self.configuration, seed, runtime, start=start)
        self._expose(self._parts)
        self._boot()
        self._keep_journal(Origin(seed, self.configuration, start=start, obstacle=OWN_RUNTIME if runtime else ""))

    def _expose(self, parts: Parts) -> None:
        self.simulation = parts.simulation
        self.gate = parts.simulation.gate
        self.turn = self.gate.turn
        """Whose turn it is: each method takes it by itself, and ``with cluster.turn:`` holds it over several."""
        self.coverage: Coverage | None = None
        """What the dump that the cluster was made of holds; None where it was made of none."""
        self._loads: list[Load] = []
        self._calls: dict[int, Call] = {}
        self._dialled = 0
        self.guests: dict[str, Any] = {}
        """The terminals that were opened on the cluster, by their names in the journal: ``terminal/0``…"""
        self.store = parts.store
        self._moments = MomentKeeper(parts.store, ("Node", "Pod"))
        self._seating = Seating()
        self.api = parts.api
        self.network = parts.network
        self.machines: Mapping[str, Machine] = parts.machines
        """The hosts people sit at: ``node/master``, ``node/worker``, ``laptop``…"""
        self.controllers = parts.manager
        self.proxies = parts.proxies
        self.kubelet = parts.kubelet
        self.runtime = parts.runtime
        self.events = parts.events
        self.images = parts.containers.images
        """What can be pulled."""

    @classmethod
    def from_file(cls, path: Path | str = DEFAULT_FILE, *, seed: int = 0, **overrides: Any) -> Cluster:
        """Build the cluster that a file describes.

        :raises ClusterFileError: where the file does not read as one.
        """
        return cls(ClusterConfiguration.load(path), seed=seed, **overrides)

    @classmethod
    def from_objects(cls, objects: Any, *, seed: int = 0, proxy_mode: str = "") -> Cluster:
        """Take a dump (``kubectl get … -A -o json|yaml``) as it is: no controllers run, traffic and names work on it.

        :param objects: text, a path to it, a List, or a sequence of any of these.
        :param proxy_mode: empty takes what the dump says, else ``iptables``.
        :raises ValueError: where something in it is no object that a cluster can have; says which and why.
        """
        from kubesim.cluster.dump import facts_of, fill_from_dump, read_dump

        documents = read_dump(objects)
        facts = facts_of(documents)
        cluster = cls.__new__(cls)
        mode = proxy_mode or ("nftables" if facts.proxy_mode == "nftables" else "iptables")
        own = ClusterConfiguration.load().with_overrides("none", mode)
        cluster.configuration = msgspec.structs.replace(
            own, networkPolicy="none"
        )  # whoever enforces them, a diagnosis tells
        cluster._parts = wire_parts(cluster.configuration, seed, None, controllers=False, addressing=facts.addressing)
        cluster._expose(cluster._parts)
        cluster.coverage = fill_from_dump(cluster._parts, documents, facts)
        cluster._keep_journal(Origin(seed, cluster.configuration, documents))
        return cluster

    def _boot(self) -> None:
        try:
            boot.create_namespaces_and_nodes(self.api, self.configuration, self.simulation.timestamp())
            self._parts.bring_up()
            deployer = boot.deployer(self.configuration)
            for wire in (*boot.control_plane_objects(), *boot.balancer_objects(self.configuration)):
                self.api.create(wire, "kube-system", field_manager=deployer)
            for wire in boot.addon_objects(self.configuration):
                self.api.create(wire, boot.namespace_of(wire), field_manager=deployer)
        except ApiError as error:
            raise ClusterFileError(f"the API server must take what a cluster file describes: {error}") from None
        self.settle(BOOT_SECONDS)
        self.advance(max(0.0, self.configuration.age_seconds - self.simulation.now))

    # --- the journal -------------------------------------------------------------------------------------------

    def _keep_journal(self, origin: Origin) -> None:
        self.journal = Journal(origin, lambda: (self.simulation.now, self.store.resource_version))
        self.gate.clerk = self.journal

    def admit(self, kind: str, guest: Any) -> str:
        """Give a name to what acts upon the cluster by doors of its own, and remember it; a door of the cluster's."""
        name = f"{kind}/{len(self.guests)}"
        self.guests[name] = guest
        return name

    @checked
    @window
    def save(self, path: Path | str) -> None:
        """Write the journal to a file, from which :meth:`restore` makes the same cluster again, anywhere.

        :raises JournalError: where something was done that no file can hold.
        """
        Path(path).write_text(self.journal.text(), encoding="utf-8")

    @classmethod
    def restore(cls, path: Path | str) -> Cluster:
        """The cluster that a journal tells of, with its terminals (:attr:`guests`): all that was done is done again.

        A journal that breaks off is followed to its last whole step, with a warning.

        :raises JournalError: where the file is no journal, or its steps come out otherwise than when they were noted.
        """
        origin, steps = load(Path(path))
        return cls._replayed(origin, steps)

    @checked
    def at(self, step: int) -> Cluster:
        """Another cluster: this one as it was after so many steps of its journal.

        :param step: 0 for what it was when it came up, ``len(cluster.journal)`` for what it is.
        :raises ValueError: if there is no such step.
        """
        if not 0 <= step <= len(self.journal):
            raise ValueError(f"a step must be between 0 and {len(self.journal)}, got {step}")
        self.journal.demand_whole()
        return self._replayed(self.journal.origin, [*self.journal][:step])

    @classmethod
    def begun(cls, origin: Origin) -> Cluster:
        """The cluster at the beginning of a journal."""
        if origin.objects is None:
            return cls(origin.configuration, seed=origin.seed, start=origin.start)
        return cls.from_objects(origin.objects, seed=origin.seed, proxy_mode=origin.configuration.proxy.mode)

    @classmethod
    def _replayed(cls, origin: Origin, steps: Iterable[Step]) -> Cluster:
        cluster = cls.begun(origin)
        for _ in replay(cluster, steps):
            pass
        return cluster

    # --- objects -----------------------------------------------------------------------------------------------

    @checked
    def apply(self, manifest: Any, namespace: str = "default") -> Sequence[Wire]:
        """Create or update the objects of a manifest, as ``kubectl apply`` does.

        :param manifest: YAML text, a path, an object, or several.
        :returns: copies of the objects as stored.
        :raises ApiError: what the API server refused; objects before it have been applied.
        """
        return self._apply(documents_of(manifest), namespace)

    @door
    def _apply(self, documents: list[Wire], namespace: str) -> Sequence[Wire]:
        with without_collecting():
            return Copies([apply(self.api, wire, namespace) for wire in documents])

    @checked
    @window
    def get(self, kind: str, name: str, namespace: str = "default") -> Any:
        """A copy of one object: a typed view where the kind has one, else the wire form.

        :raises ApiError: NotFound.
        """
        resource: ResourceType = self.api.resource_type(kind)
        wire = copy_of(self.api.get(resource, name, namespace))
        as_type: type[View] | None = VIEWS.get(resource.kind)
        return wire if as_type is None else view(wire, as_type)

    @checked
    @door
    def delete(self, kind: str, name: str, namespace: str = "default", grace_period_seconds: int | None = None) -> None:
        """Delete one object.

        :raises ApiError: NotFound.
        """
        self.api.delete(self.api.resource_type(kind), name, namespace, grace_period_seconds=grace_period_seconds)

    @checked
    @door
    def patch(self, kind: str, name: str, patch: Any, namespace: str = "default") -> Wire:
        """Change one object by a strategic merge patch (a dict) or a JSON patch (a list).

        :returns: a copy of the object as stored.
        :raises ApiError: what the API server refused.
        """
        how: PatchKind = "json" if isinstance(patch, list) else "strategic"
        patch = go_json.value_of(patch)
        patched = self.api.patch(
            self.api.resource_type(kind), name, namespace, patch, kind=how, field_manager="kubectl-patch"
        )
        return copy_of(patched.object)

    @checked
    @window
    def table(
        self,
        kind: str,
        namespace: str | None = "default",
        *,
        wide: bool = False,
        label_selector: str = "",
        field_selector: str = "",
    ) -> pandas.DataFrame:
        """Objects as a frame with kubectl's columns.

        :param namespace: None for all namespaces.
        """
        from kubesim.views.tables import server_frame

        resource = self.api.resource_type(kind)
        objects = self.api.list(resource, namespace, label_selector, field_selector)
        table = self.api.table(resource, objects, wide)
        return server_frame(table, wide=wide, namespaces=namespace is None and resource.namespaced)

    # --- time --------------------------------------------------------------------------------------------------

    @checked
    @door
    def advance(self, seconds: float) -> None:
        """Let simulated time pass.

        :raises ValueError: if it is no number of seconds, or a negative one.
        """
        self.simulation.advance(seconds)

    @checked
    @door
    def settle(self, limit: float = 120.0) -> bool:
        """Let time pass until nothing is pending that a person would wait for.

        :returns: whether everything settled within ``limit`` simulated seconds.
        """
        return self.simulation.settle(limit)

    # --- traffic -----------------------------------------------------------------------------------------------

    @checked
    @door
    def connect(self, source: str, url: str) -> Journey:
        """Send one request, from the look-up of the name to the answer. No time passes.

        :param source: ``pod/client``, ``node/master``, ``laptop`` or an address.
        :param url: ``http://myservice:8080``, ``10.43.0.10:53``, ``udp://…``.
        :raises LookupError: if there is no such source.
        """
        machine, target = machine_name(source, self.network), target_of(url)
        resolution = None
        address = target.host
        if not is_ipv4(address):
            resolution = self.resolve(source, address).resolution
            if not resolution.addresses:
                return Journey(machine, url, self._map(), resolution)
            address = next((a for a in resolution.addresses if ":" not in a), resolution.addresses[0])
        connection, response = send(self.network, machine, target, address)
        return Journey(
            source=machine,
            target=url,
            map=self._map(),
            resolution=resolution,
            trace=connection.trace,
            ways=lambda: connection.alternatives,
            response=response,
        )

    @checked
    @door
    def dial(self, source: str, host: str, port: int) -> int:
        """Open a TCP connection that stays open, for a client that is no part of the simulation. No time passes.

        :param host: a name, looked up as a program on that machine would, or an address.
        :returns: its number, for :meth:`call`, :meth:`say` and :meth:`hang_up`.
        :raises LookupError: if there is no such source.
        :raises ValueError: for a port that is none.
        """
        if not 0 < port < 65536:
            raise ValueError(f"a port must be between 1 and 65535, got {port}")
        machine, target = machine_name(source, self.network), f"{host}:{port}"
        resolution = None if is_ipv4(host) else self.resolve(source, host).resolution
        addresses = (host,) if resolution is None else resolution.addresses
        if not addresses:
            call = Call(Journey(machine, target, self._map(), resolution), None)
        else:
            address = next((each for each in addresses if ":" not in each), addresses[0])
            connection = Sockets(self.network, machine).connect(address, port)
            call = Call(Journey(machine, target, self._map(), resolution, connection.trace), connection)
        self._dialled += 1
        self._calls[self._dialled] = call
        return self._dialled

    @checked
    @door
    def say(self, number: int, text: Stream) -> Any:
        """Send a text over a connection that was opened by :meth:`dial`; an HTTP request is understood as one.

        :returns: what the server answers; None for nothing.
        :raises LookupError: if there is no such connection.
        """
        return self.call(number).say(text)

    @checked
    @door
    def hang_up(self, number: int) -> None:
        """Close a connection that was opened by :meth:`dial`.

        :raises LookupError: if there is no such connection.
        """
        self.call(number).hang_up()
        del self._calls[number]

    @checked
    @window
    def call(self, number: int) -> Call:
        """A connection that was opened by :meth:`dial`, and the way it took.

        :raises LookupError: if there is no such connection.
        """
        if number not in self._calls:
            raise LookupError(f"a connection must be one of {len(self._calls)} that are open, got {number}")
        return self._calls[number]

    @checked
    @door
    def resolve(self, source: str, name: str) -> Lookup:
        """Look a name up as a program on that machine would: every query tried, every answer. No time passes.

        :raises LookupError: if there is no such source.
        """
        unknown = self._unknown_pod(source)
        if unknown is not None:  # nobody knows its image: its files are the kubelet's, its C library the commonest
            asker = machine_name(source, self.network)
            return Lookup(
                asker, resolve(Sockets(self.network, asker), *self._parts.containers.name_files(unknown), name)
            )
        machine = self.machine(source)
        files = machine.files
        texts = files.read("/etc/resolv.conf"), files.read("/etc/hosts")
        return Lookup(machine.name, resolve(machine.sockets, *texts, name, libc=machine.libc))

    def _unknown_pod(self, source: str) -> Pod | None:
        """A Pod of a dump of whose containers none runs a program that is known; None where the source is another."""
        name = source if source.startswith("pod/") else machine_name(source, self.network)
        parts = name.split("/")
        if self.coverage is None or parts[0] != "pod":
            return None
        pod = self.store.view(Pod, parts[-1], parts[1] if len(parts) == 3 else "default")
        if pod is None or any(self._parts.containers.machine(pod, each) for each in pod.spec.containers or []):
            return None
        return pod

    @checked
    @door
    def load(
        self,
        source: str,
        url: str,
        rate: Rate = 50.0,
        seconds: float = 30.0,
        *,
        keep_alive: bool = False,
        connections: int = 1,
        timeout: float = 2.0,
    ) -> Requests:
        """Send requests at a steady rate while time passes, and wait for the last answer.

        :param source: as in :meth:`connect`.
        :param url: ``http://…``, ``https://…`` or ``tcp://…``, which only connects.
        :param rate: requests in a second; each is sent at its moment, whatever became of those before it.
        :param keep_alive: whether the client keeps its connections open and uses them again.
        :param connections: how many it keeps.
        :param timeout: seconds after which it gives a request up.
        :returns: one row a request: its time, the endpoint, the outcome, the latency…; with ``diagram()``.
        :raises LookupError: if there is no such source.
        :raises ValueError: for a rate, a time or a URL that is none, or more than 100,000 requests.
        """
        from kubesim.cluster.load import MOST_REQUESTS, Manner

        if rate * seconds > MOST_REQUESTS:
            given = f"{rate:g} a second for {seconds:g} seconds"
            raise ValueError(f"a load must be of at most {MOST_REQUESTS} requests, got {given}")
        number = self._begin_load(
            source, url, Manner(rate, keep_alive, connections, timeout), math.ceil(rate * seconds)
        )
        self.advance(seconds)
        return self.end_load(number)

    @checked
    @door
    def begin_load(
        self,
        source: str,
        url: str,
        rate: Rate = 50.0,
        *,
        keep_alive: bool = False,
        connections: int = 1,
        timeout: float = 2.0,
    ) -> int:
        """Begin to send requests at a steady rate, as :meth:`load` does, whatever else happens meanwhile.

        :returns: its number, by which :meth:`end_load` ends it.
        :raises LookupError: if there is no such source.
        :raises ValueError: for a rate or a URL that is none.
        """
        from kubesim.cluster.load import Manner

        return self._begin_load(source, url, Manner(rate, keep_alive, connections, timeout), None)

    def _begin_load(self, source: str, url: str, manner: Manner, most: int | None) -> int:
        from kubesim.cluster.load import Load

        target, machine = target_of(url), machine_name(source, self.network)

        def look_up() -> Resolution | None:
            return None if is_ipv4(target.host) else self.resolve(source, target.host).resolution

        load = Load(self.simulation, self.network, machine, target, look_up, manner, most)
        self.proxies.watch_closely()
        self._loads.append(load)
        return len(self._loads) - 1

    @checked
    @door
    def end_load(self, number: int = -1) -> Requests:
        """End a load, and wait for the answers that are still due.

        :param number: as :meth:`begin_load` gave it; the last one begun where none is named.
        :returns: its requests; asked again, the same.
        :raises LookupError: if there is no such load.
        """
        from kubesim.views.load import Requests  # pandas, slow to load

        if not -len(self._loads) <= number < len(self._loads):
            raise LookupError(f"a load must be one of {len(self._loads)} that were begun, got {number}")
        load = self._loads[number]
        if load.running:
            seconds = self.simulation.now - load.began
            load.ended_after = seconds
            load.stop()
            while not load.done:
                self.simulation.advance(load.manner.timeout)
            self.proxies.watch_no_longer()
        return Requests.of(load.sent, load.title)

    @checked
    @window
    def scene(self) -> Scene:
        """The map: nodes with their Pods, and what is outside."""
        return self._map()()

    def _map(self) -> Callable[[], Scene]:
        """What draws the map of this moment, be it later."""
        moment = self._moments.now()
        outside = {host.name: host.addresses[0] for host in self.network.topology.outside if host.addresses}

        def draw() -> Scene:
            nodes = [view(wire, Node) for wire in moment.list("Node")]
            return scene_of(nodes, [view(wire, Pod) for wire in moment.list("Pod")], outside, self._seating)

        return draw

    @checked
    @door
    def reachability(
        self, sources: Iterable[str] | None = None, destinations: Iterable[str] | None = None
    ) -> Reachability:
        """Who reaches what, all branches followed; nothing is sent.

        :param sources: None takes every Pod, node and machine outside.
        :param destinations: URLs; None takes every address of every Service.
        :raises LookupError: if there is no such machine, or a name has no address.
        """
        from kubesim.cluster.inquiries import all_pairs

        return all_pairs(self.network, self.store, sources, destinations, self._address_of)

    @checked
    def diff(self, before: Reachability, after: Reachability) -> Difference:
        """The flows that changed between two answers of :meth:`reachability`, and why."""
        from kubesim.cluster import reachability
        from kubesim.cluster.inquiries import Difference

        return Difference(reachability.diff(before, after))

    @checked
    @door
    def diagnose(self, source: str, url: str) -> Diagnosis:
        """Why a request does (not) get there: findings, their evidence, and the smallest change that mends it.

        :raises LookupError: if there is no such source.
        """
        from kubesim.cluster.inquiries import explain

        enforced = self.configuration.networkPolicy != "none"
        return explain(self.network, self.store, source, url, self._address_of, self.coverage, enforced)

    @checked
    @door
    def diagnose_all(self) -> Pairs:
        """Why requests of every Pod do (not) get to every port of every Service that has an address; nothing is sent.

        Services are asked by their addresses, so no name is looked up, and by first connections. All are judged at
        once; what was found of a pair is found when somebody reads it.
        """
        from kubesim.cluster.inquiries import explain_all

        enforced = self.configuration.networkPolicy != "none"
        return explain_all(self.network, self.store, self.proxies.sight, self.coverage, enforced)

    def _address_of(self, source: str, name: str) -> tuple[str, str]:
        found = self.resolve(source, name).resolution
        address = next((each for each in found.addresses if ":" not in each), "")
        return address, "" if address else str(found.error or "no IPv4 address")

    # --- machines ----------------------------------------------------------------------------------------------

    @checked
    @window
    def machine(self, source: str, container: str | None = None) -> Machine:
        """A machine to run programs on: a host, or a Pod's container (its first unless named).

        :raises LookupError: if there is no such machine, or the container does not run.
        """
        name = machine_name(source, self.network)
        known = self.machines.get(name)
        if known is not None:
            return known
        if not name.startswith("pod/"):
            raise LookupError(f"a machine must be a node, a Pod or one of the hosts outside, got {source!r}")
        _, namespace, pod_name = name.split("/")
        pod, spec = self._container(f"{namespace}/{pod_name}", container)
        found = self._parts.containers.machine(pod, spec)
        if found is None:
            raise LookupError(f"container {spec.name} of Pod {namespace}/{pod_name} must run, it does not")
        return found

    def _container(self, pod: str, container: str | None, namespace: str = "default") -> tuple[Pod, Any]:
        where, _, name = pod.rpartition("/")
        where = where.removeprefix("pod/").removeprefix("pod") or namespace
        found = self.store.view(Pod, name, where) or self.get("pods", name, where)
        of = found.spec
        everyone = [*(of.containers or []), *(of.initContainers or []), *(of.ephemeralContainers or [])]
        for spec in everyone:
            if container in (None, spec.name):
                return found, spec
        known = ", ".join(spec.name for spec in everyone)
        raise LookupError(f"a container must be one of {known}, got {container!r}")

    @checked
    @door
    def exec(
        self,
        pod: str,
        argv: Iterable[str],
        container: str | None = None,
        stdin: Stream = "",
        namespace: str = "default",
        *,
        patience: Patience = math.inf,
    ) -> Completed:
        """Run a program in a Pod's container; the time it takes passes.

        :param pod: ``NAME`` or ``NAMESPACE/NAME``.
        :raises ApiError: if there is no such Pod.
        :raises LookupError: if there is no such container, or it does not run.
        :raises ValueError: if no program is named.
        :param patience: simulated seconds after which the program is interrupted.
        :raises ExecutableNotFoundError: if its image has no such program.
        :raises Interrupted: if it takes longer than ``patience``.
        """
        found, spec = self._container(pod, container, namespace)
        told = found.status
        fields = (told.containerStatuses, told.initContainerStatuses, told.ephemeralContainerStatuses)
        statuses = [status for field in fields for status in field or ()]
        if not any(status.name == spec.name and status.state.running for status in statuses):
            raise LookupError(f"container {spec.name} of Pod {found.metadata.name} must run, it does not")
        words = tuple(argv)
        if not words:
            raise ValueError("argv must name a program, got no words")
        done = self.runtime.execute(found, spec, words, stdin)
        if done.seconds > patience:
            self.advance(patience)
            raise Interrupted
        if math.isfinite(done.seconds) and done.seconds > 0:
            self.advance(done.seconds)
        return done

    @checked
    @door
    def attach(self, pod: str, container: str | None = None, stdin: Stream = "", namespace: str = "default") -> None:
        """Type a text, and its end, into the first process of a Pod's container; one that does not read goes on.

        :raises ApiError: if there is no such Pod.
        :raises LookupError: if there is no such container.
        """
        found, spec = self._container(pod, container, namespace)
        self.kubelet.attach(found, spec.name, stdin)

    @checked
    @window
    def logs(
        self, pod: str, container: str | None = None, *, previous: bool = False, namespace: str = "default"
    ) -> str:
        """What a container has written.

        :raises ApiError: if there is no such Pod.
        :raises LookupError: if there is no such container.
        """
        lines = self.log_lines(pod, container, previous=previous, namespace=namespace)
        return "".join(line.text for line in lines)

    @checked
    @window
    def log_lines(
        self, pod: str, container: str | None = None, *, previous: bool = False, namespace: str = "default"
    ) -> list[LogLine]:
        """The lines that a container has written, each with its moment.

        :raises ApiError: if there is no such Pod.
        :raises LookupError: if there is no such container.
        """
        found, spec = self._container(pod, container, namespace)
        return self.runtime.log(found, spec, previous=previous)

    @checked
    @door
    def suspend(self, pod: str, namespace: str = "default", ports: Iterable[int] | None = None) -> None:
        """Let a Pod's processes hang: connections open, nothing is ever answered.

        :param ports: only what listens on these ports hangs; None: everything, probes included.
        :raises LookupError: if no such Pod runs.
        """
        where, _, name = pod.rpartition("/")
        self.kubelet.suspend(where or namespace, name, ports)

    @checked
    @door
    def resume(self, pod: str, namespace: str = "default") -> None:
        """Let a suspended Pod's processes go on.

        :raises LookupError: if no such Pod runs.
        """
        where, _, name = pod.rpartition("/")
        self.kubelet.resume(where or namespace, name)

    @checked
    @door
    def fail_node(self, name: str) -> None:
        """Switch a node off: its Pods are gone, its kubelet falls silent, the cluster finds out after a while.

        :raises LookupError: if there is no such node.
        """
        self._parts.fail_node(name)

    @checked
    @door
    def recover_node(self, name: str) -> None:
        """Switch a node on again.

        :raises LookupError: if there is no such node.
        """
        self._parts.recover_node(name)

    # --- real clients ------------------------------------------------------------------------------------------

    @checked
    def serve(self, port: int = 0, kubeconfig: Path | str | None = None, speed: float = 1.0) -> Any:
        """Let real clients talk to this cluster: ``kubectl`` in another terminal, a script, an operator.

        This process' ``KUBECONFIG`` names the new file until the server stops, and so does that of what it starts.

        :param port: on loopback; 0 for any that is free.
        :param kubeconfig: where to write the file for clients; None for a temporary one.
        :param speed: simulated seconds in a real one.
        :returns: the server, whose ``stop()`` ends it.
        :raises ValueError: for a port that is taken, a kubeconfig that is somebody else's, or a speed that is none.
        :raises LookupError: where ``kubesim[serve]`` is not installed.
        """
        start = importlib.import_module(SERVING).start
        return start(self, port, kubeconfig, speed, environment=True)

    # --- showing itself ----------------------------------------------------------------------------------------

    @checked
    @window
    def diagram(self, namespace: str = "default") -> Diagram:
        """The picture of a namespace: nodes with their Pods, and each Service with arrows to its endpoints.

        Of a dump's cluster it has the nodes on which the namespace has Pods, and nothing that is outside.
        """
        from kubesim.views.cluster_diagram import cluster_diagram

        prefix, dumped = f"pod/{namespace}/", self.coverage is not None
        whole = self.scene()
        nodes = tuple(
            replace(node, pods=tuple(pod for pod in node.pods if pod.machine.startswith(prefix)))
            for node in whole.nodes
        )
        nodes = tuple(node for node in nodes if node.pods or not dumped)
        outside = tuple(place for place in whole.outside if "/" not in place.machine and place.machine != ROUTER)
        outside = () if dumped else outside
        services, slices = self.store.views(Service, namespace), self.store.views(EndpointSlice, namespace)
        return cluster_diagram(Scene(nodes, outside), services, slices)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self.diagram()._repr_mimebundle_(include, exclude)

    @window
    def __repr__(self) -> str:
        nodes, pods = len(self.store.list("Node")), len(self.store.list("Pod"))
        services = len(self.store.views(Service))
        if self.coverage is not None:
            own = [each for each in self.coverage.stand_ins if each.startswith("pod/")]
            return self.coverage.summary(nodes, pods - len(own), services + len(own) - len(self.coverage.stand_ins))
        return (
            f"Cluster {self.configuration.name} {self.configuration.version}: {nodes} nodes, {pods} Pods, "
            f"{services} Services, {self.simulation.now:.1f} s"
        )
