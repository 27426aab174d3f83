"""``coredns``: the cluster's DNS server as the main process of its container.

It reads the Corefile that its ConfigMap brings into ``/etc/coredns``, watches the API server's objects and listens. A
Corefile that cannot be used ends it at once with the parser's words; one that breaks later is only remarked on.
"""

from __future__ import annotations

import fnmatch
import posixpath
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from kubesim.api.store import Change, Store
from kubesim.network.dns.coredns import COREFILE, CoreDNS
from kubesim.network.dns.corefile_words import CorefileError
from kubesim.network.dns.exchange import Sockets
from kubesim.network.dns.objects import KubernetesObjects
from kubesim.network.dns.plugins.base import Surroundings
from kubesim.network.service import Server
from kubesim.programs.machine import Invocation, Machine
from kubesim.releases import coredns_build
from kubesim.simulation import Simulation
from kubesim.userland.filesystem import FileError
from kubesim.userland.log import Log
from kubesim.userland.process import Completed, Running, Steps

WATCHED = ("Namespace", "Service", "EndpointSlice")
LAME_DUCK_SECONDS = 0.1
LISTENING_SECONDS = 0.01
"""After so long its ports are open, and it asks itself."""
LONG_SECONDS = 365 * 86_400.0


@dataclass(frozen=True, slots=True)
class _MachineFiles:
    """A container's files, as CoreDNS reads them."""

    machine: Machine

    def text(self, path: str) -> str | None:
        """The file's text, or None where it cannot be read."""
        try:
            return self.machine.files.read(path)
        except FileError:
            return None

    def matching(self, pattern: str) -> Sequence[str]:
        """The files of a directory whose names match."""
        directory, last = posixpath.split(pattern)
        try:
            names = self.machine.files.list(directory or "/")
        except FileError:
            return []
        return sorted(posixpath.join(directory, name) for name in fnmatch.filter(names, last))


class _Watched(KubernetesObjects):
    """The cache of one process; it can be forgotten, so that a stopped process's watch ends."""


def watched_objects(store: Store, simulation: Simulation) -> KubernetesObjects:
    """A cache of the store's objects that follows every change, for as long as somebody holds it."""
    modified = int(simulation.start.timestamp()) + int(simulation.now)
    objects = _Watched(modified=modified, follow_pods=partial(_follow, store, simulation, ("Pod",)))
    _follow(store, simulation, WATCHED, objects)
    return objects


def _follow(store: Store, simulation: Simulation, kinds: Sequence[str], objects: KubernetesObjects) -> None:
    """Let a cache have the objects of some kinds, and hear what becomes of them."""
    for kind in kinds:
        for wire in store.list(kind):
            objects.changed(Change.of(None, wire), objects.modified)
    start, follower = int(simulation.start.timestamp()), weakref.ref(objects)

    def changed(change: Change) -> None:
        target = follower()
        if target is None:
            stop()
        else:
            target.changed(change, start + int(simulation.now))

    stop = store.watch(changed, kinds)


def coredns(invocation: Invocation) -> Completed | Running:
    """``coredns [-conf FILE]``."""
    machine = invocation.machine
    build = coredns_build(machine.image_version)
    arguments = [word.lstrip("-") for word in invocation.argv[1:]]
    if "version" in arguments:
        return Completed("".join(f"{line}\n" for line in build.banner))
    path = COREFILE
    for number, word in enumerate(arguments):
        if word.startswith("conf="):
            path = word.removeprefix("conf=")
        elif word == "conf" and number + 1 < len(arguments):
            path = invocation.argv[number + 2]
    objects = watched_objects(machine.store, machine.simulation) if machine.store is not None else KubernetesObjects()
    address = getattr(machine.sockets, "address", "")
    sockets: Sockets = machine.sockets
    surroundings = Surroundings(
        objects,
        _MachineFiles(machine),
        sockets,
        machine.simulation,
        Log(machine.datetime),
        addresses=(address,) if address else (),
        name=machine.name,
        build=build,
    )
    try:
        server = CoreDNS(surroundings, path, invocation.environment)
    except CorefileError as error:
        return Completed("", f"{error}\n", 1)
    listeners: dict[tuple[str, int], Server] = {}
    for port in server.ports:
        listeners["UDP", port] = listeners["TCP", port] = server.on_port(port)
    for port, page in server.endpoints.items():
        listeners["TCP", port] = page
    acts = server.looks_for_loops or server.reload_interval is not None
    steps = _life(server, surroundings) if acts else None
    return Running(listeners, surroundings.log, LAME_DUCK_SECONDS, steps=steps)


def _life(server: CoreDNS, surroundings: Surroundings) -> Steps:
    """Look once whether its own questions come back, then at the Corefile again and again, in a rhythm of its own."""
    if server.looks_for_loops:
        yield LISTENING_SECONDS
        found = server.loop_found()
        if found:
            surroundings.log.append(found)
            return 1
    chance = surroundings.simulation.random(f"coredns/reload/{surroundings.name}")
    interval, jitter = server.reload_interval, server.reload_jitter
    while interval is not None:
        yield interval + chance.uniform(-jitter / 2, jitter / 2)
        server.look_again()
        interval, jitter = server.reload_interval, server.reload_jitter
    while True:
        yield LONG_SECONDS
