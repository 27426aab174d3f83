"""A node's processes: those of the containers that run on it, so that ``ps``, ``pidof`` and ``kill`` find them.

A node sees every container's first process under a number of its own. ``kill -STOP $(pidof coredns)`` therefore hangs
that Pod, ``kill -CONT`` wakes it, and ``kill`` ends its container, which the kubelet then starts again.
"""

from __future__ import annotations

import functools
import zlib

from kubesim.api.objects import Container, Pod
from kubesim.cluster import Cluster
from kubesim.programs.images import ImageCatalogue
from kubesim.programs.machine import Machine
from kubesim.userland.machine import Process

_FIRST, _SPREAD = 3000, 28_000
_ENDING = ("TERM", "KILL", "INT", "QUIT", "HUP", "ABRT")


def show_containers(machine: Machine, cluster: Cluster, node: str, images: ImageCatalogue) -> None:
    """Let a node's machine see the processes of its containers, and signal them."""
    machine.process_source = functools.partial(_processes, machine, cluster, node, images)


def _processes(machine: Machine, cluster: Cluster, node: str, images: ImageCatalogue) -> list[Process]:
    found: list[Process] = []
    for pod in cluster.store.views(Pod):
        if pod.spec.nodeName != node:
            continue
        running = {status.name for status in pod.status.containerStatuses or [] if status.state.running}
        for container in pod.spec.containers or []:
            if container.name in running:
                pid = _FIRST + zlib.crc32(f"{pod.metadata.uid}/{container.name}".encode()) % _SPREAD
                found.append(Process(pid, _command(container, images)))
                machine.on_signal(pid, functools.partial(_signal, cluster, pod, container.name))
    return found


def _command(container: Container, images: ImageCatalogue) -> str:
    """The command line of the container's first process; an entrypoint script has become its command."""
    image = images.find(container.image)
    words = (
        (*(container.command or ()), *(container.args or ()))
        if image is None
        else image.argv(container.command or (), container.args or ())
    )
    if len(words) > 1 and words[0].endswith("entrypoint.sh"):
        words = words[1:]
    shown = " ".join(words)
    return f"nginx: master process {shown}" if words and words[0] == "nginx" else shown


def _signal(cluster: Cluster, pod: Pod, container: str, name: str) -> bool:
    """What a signal from the node does to a container."""
    namespace, pod_name = pod.metadata.namespace, pod.metadata.name
    if name == "STOP":
        cluster.suspend(pod_name, namespace)
    elif name == "CONT":
        cluster.resume(pod_name, namespace)
    elif name in _ENDING:
        cluster.kubelet.signalled(pod, container, name)
    return False
