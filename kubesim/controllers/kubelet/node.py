"""What the kubelet of a node has: the cluster's parts, the images that it pulled, the Pod addresses that are left."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain

from kubesim.controllers.client import Client
from kubesim.controllers.conditions import SharedConditions
from kubesim.controllers.events import EventRecorder
from kubesim.controllers.runtime import ContainerRuntime
from kubesim.network.network import Network
from kubesim.simulation import Simulation


class NodeAddresses:
    """The Pod addresses of one node, as the ``host-local`` plugin gives them out: in turn, no freed one at once.

    The network address and the bridge's own (``.1``) are never given, nor the broadcast address. The search starts
    behind the address given last and wraps round.

    :param pins: addresses that a Pod (``namespace/name``) gets, the first time one of that name asks.
    """

    def __init__(self, cidr: str, pins: Mapping[str, str] | None = None) -> None:
        network = ipaddress.IPv4Network(cidr)
        self._first = int(network.network_address) + 2
        self._last = int(network.broadcast_address) - 1
        self._next = self._first
        self._taken: set[int] = set()
        self._pins = {
            pod: int(ipaddress.IPv4Address(address))
            for pod, address in (pins or {}).items()
            if ipaddress.IPv4Address(address) in network
        }

    def allocate(self, pod: str) -> str | None:
        """An address for a Pod (``namespace/name``), or None when all are in use."""
        pinned = self._pins.pop(pod, None)
        if pinned is not None and pinned not in self._taken:
            return self._take(pinned)
        reserved = self._pins.values()
        for candidate in chain(range(self._next, self._last + 1), range(self._first, self._next)):
            if candidate not in self._taken and candidate not in reserved:
                return self._take(candidate)
        return None

    def _take(self, address: int) -> str:
        self._taken.add(address)
        self._next = address + 1 if address < self._last else self._first
        return ".".join(map(str, address.to_bytes(4)))

    def release(self, address: str) -> None:
        """Give an address back; one that was not taken is no error."""
        self._taken.discard(int(ipaddress.IPv4Address(address)))


@dataclass(slots=True)
class NodeState:
    """What a kubelet keeps of its node.

    :param images: full references of the images that have been pulled.
    :param alive: whether the node (and so its kubelet) works.
    """

    name: str
    address: str
    addresses: NodeAddresses
    images: set[str] = field(default_factory=set)
    alive: bool = True


@dataclass(frozen=True, slots=True)
class KubeletContext:
    """The parts of the cluster that a Pod's worker uses, and what the Pods have in common."""

    simulation: Simulation
    client: Client
    events: EventRecorder
    network: Network
    runtime: ContainerRuntime
    conditions: SharedConditions = field(default_factory=SharedConditions)
