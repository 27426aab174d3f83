"""Where things stand: the geography that a picture is drawn on.

A :class:`Scene` is the cluster reduced to what a map needs: nodes, the Pods on them, and the machines outside. Each Pod
has a row of its node; a :class:`Seating` remembers which, so that it stays there when others come and go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from kubesim.api.objects import Node, Pod

SYSTEM = "kube-system"
"""The namespace of the cluster's own Pods."""


@dataclass(frozen=True, slots=True)
class Place:
    """One machine on the map.

    :param machine: the network's name for it, such as ``pod/default/client`` or ``laptop``.
    :param title: what a reader calls it, such as ``client``.
    :param address: its IPv4 address; empty where it has none yet.
    :param note: a state worth showing, such as ``not ready``; empty when all is well.
    :param row: of a Pod: its row on its node, counted from 0; -1 for the system's own Pods, which have none.
    """

    machine: str
    title: str
    address: str = ""
    note: str = ""
    row: int = 0


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


class Seating:
    """Which row of its node each Pod has.

    A Pod gets the first free row when it is first drawn, and has it for good; a Pod that comes later may get the row of
    one that is gone.
    """

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}

    def seat(self, machines: Iterable[str]) -> dict[str, int]:
        """The rows of the Pods of one node.

        :param machines: the Pods that are there now, the oldest first.
        """
        rows: dict[str, int] = {}
        newcomers = []
        for machine in machines:
            row = self._rows.get(machine)
            if row is None or row in rows.values():
                newcomers.append(machine)
            else:
                rows[machine] = row
        for machine in newcomers:
            taken = set(rows.values())
            rows[machine] = next(row for row in count() if row not in taken)
        self._rows |= rows
        return rows


def scene_of(
    nodes: Iterable[Node], pods: Sequence[Pod], outside: Mapping[str, str], seating: Seating | None = None
) -> Scene:
    """Draw the map of a cluster.

    :param outside: the machines outside the cluster, name → address.
    :param seating: remembers the Pods' rows from one map to the next; None begins anew.
    """
    seating = seating or Seating()
    by_node: dict[str, list[Pod]] = {}
    for pod in sorted(pods, key=lambda pod: (pod.metadata.namespace, pod.metadata.name)):
        by_node.setdefault(pod.spec.nodeName, []).append(pod)
    return Scene(
        nodes=tuple(
            NodePlace(_node_place(node), _pod_places(by_node.get(node.metadata.name, []), seating))
            for node in sorted(nodes, key=lambda node: node.metadata.name)
        ),
        outside=tuple(Place(name, name.rpartition("/")[2], address) for name, address in sorted(outside.items())),
    )


def _node_place(node: Node) -> Place:
    addresses = node.status.addresses or []
    internal = next((entry.address for entry in addresses if entry.type == "InternalIP"), "")
    return Place(f"node/{node.metadata.name}", node.metadata.name, internal)


def _pod_places(pods: Sequence[Pod], seating: Seating) -> tuple[Place, ...]:
    own = [pod for pod in pods if pod.metadata.namespace != SYSTEM]
    own.sort(key=lambda pod: (pod.metadata.creationTimestamp or "", pod.metadata.namespace, pod.metadata.name))
    rows = seating.seat(_machine(pod) for pod in own)
    return tuple(_pod_place(pod, rows.get(_machine(pod), -1)) for pod in pods)


def _machine(pod: Pod) -> str:
    return f"pod/{pod.metadata.namespace}/{pod.metadata.name}"


def _pod_place(pod: Pod, row: int) -> Place:
    ready = any(entry.type == "Ready" and entry.status == "True" for entry in pod.status.conditions or [])
    note = "" if ready else "terminating" if pod.metadata.deletionTimestamp else "not ready"
    return Place(_machine(pod), pod.metadata.name, pod.status.podIP, note, row)
