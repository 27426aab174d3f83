"""What every Pod's worker shares: the cluster's parts and its node's own state."""

from __future__ import annotations

from dataclasses import dataclass, field

from kubesim.api.objects import Wire
from kubesim.controllers.client import Client
from kubesim.controllers.events import EventRecorder
from kubesim.controllers.kubelet.ipam import NodeAddresses
from kubesim.controllers.runtime import ContainerRuntime
from kubesim.network.network import Network
from kubesim.simulation import Simulation


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
    """The parts that a Pod's worker uses."""

    simulation: Simulation
    client: Client
    events: EventRecorder
    network: Network
    runtime: ContainerRuntime

    def say(
        self,
        pod: Wire,
        node: NodeState,
        type: str,
        reason: str,
        message: str,
        container: str = "",
        *,
        init: bool = False,
    ) -> None:
        """Record an event about a Pod, or about one of its containers."""
        path = f"spec.{'initContainers' if init else 'containers'}{{{container}}}" if container else ""
        self.events.record(pod, type, reason, message, component="kubelet", host=node.name, field_path=path)
