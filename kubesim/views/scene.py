"""Where things stand: the geography that a picture is drawn on.

A :class:`Scene` is the cluster reduced to what a map needs: nodes, the Pods on them, and the machines outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kubesim.api.objects import Node, Pod


@dataclass(frozen=True, slots=True)
class Place:
    """One machine on the map.

    :param machine: the network's name for it, such as ``pod/default/client`` or ``laptop``.
    :param title: what a reader calls it, such as ``client``.
    :param address: its IPv4 address; empty where it has none yet.
    :param note: a state worth showing, such as ``not ready``; empty when all is well.
    """

    machine: str
    title: str
    address: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class NodePlace:
    """A node and the Pods that run on it, in the order of their names."""

    place: Place
    pods: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """The map: nodes with their Pods, and what is outside the cluster."""

    nodes: tuple[NodePlace, ...]
    outside: tuple[Place, ...] = ()

    def place(self, machine: str) -> Place | None:
        """The place of a machine, or None where the map does not show it."""
        for node in self.nodes:
            if node.place.machine == machine:
                return node.place
            for pod in node.pods:
                if pod.machine == machine:
                    return pod
        return next((place for place in self.outside if place.machine == machine), None)


def scene_of(nodes: Iterable[Node], pods: Sequence[Pod], outside: Mapping[str, str]) -> Scene:
    """Draw the map of a cluster.

    :param outside: the machines outside the cluster, name → address.
    """
    by_node: dict[str, list[Place]] = {}
    for pod in sorted(pods, key=lambda pod: (pod.metadata.namespace, pod.metadata.name)):
        by_node.setdefault(pod.spec.nodeName, []).append(_pod_place(pod))
    return Scene(
        nodes=tuple(
            NodePlace(_node_place(node), tuple(by_node.get(node.metadata.name, ())))
            for node in sorted(nodes, key=lambda node: node.metadata.name)
        ),
        outside=tuple(Place(name, name.rpartition("/")[2], address) for name, address in sorted(outside.items())),
    )


def _node_place(node: Node) -> Place:
    addresses = node.status.addresses or []
    internal = next((entry.address for entry in addresses if entry.type == "InternalIP"), "")
    return Place(f"node/{node.metadata.name}", node.metadata.name, internal)


def _pod_place(pod: Pod) -> Place:
    namespace, name = pod.metadata.namespace, pod.metadata.name
    ready = any(entry.type == "Ready" and entry.status == "True" for entry in pod.status.conditions or [])
    note = "" if ready else "terminating" if pod.metadata.deletionTimestamp else "not ready"
    return Place(f"pod/{namespace}/{name}", name, pod.status.podIP, note)
