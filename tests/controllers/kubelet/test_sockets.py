"""What the containers of one Pod listen on, as they start, hang and end."""

from __future__ import annotations

import pytest

from kubesim.controllers.kubelet.sockets import HungServer, PodSockets
from kubesim.network.network import Network
from kubesim.network.service import Server
from kubesim.network.sockets import Sockets
from kubesim.simulation import Simulation
from kubesim.userland.process import Running
from tests.network.small_cluster import Echo

MACHINE = "node/n"


class Lab:
    """One machine with two containers, a and b, that listen on ports of their own."""

    def __init__(self) -> None:
        self.network = Network(Simulation(0))
        self.network.add_node("n", "172.31.0.5", "10.42.0.0/24")
        self.sockets = PodSockets(self.network, MACHINE)
        self.servers: dict[int, Server] = {port: Echo() for port in (80, 81, 90)}
        self.sockets.bind("a", self.process(80, 81))
        self.sockets.bind("b", self.process(90))

    def process(self, *ports: int) -> Running:
        return Running({("TCP", port): self.servers[port] for port in ports})

    def states(self) -> dict[int, str]:
        """Each port that is bound: ``answers`` or ``hangs``."""
        found = Sockets(self.network, MACHINE).listeners
        return {port: "hangs" if isinstance(server, HungServer) else "answers" for _, _, port, server in found}


ALL = dict.fromkeys((80, 81, 90), "answers")


def test_a_container_that_ends_closes_its_own_ports() -> None:
    lab = Lab()
    assert lab.states() == ALL
    lab.sockets.close("a")
    assert lab.states() == {90: "answers"}
    lab.sockets.bind("a", lab.process(80))
    assert lab.states() == {80: "answers", 90: "answers"}


def test_a_port_that_another_container_has_cannot_be_bound() -> None:
    lab = Lab()
    with pytest.raises(OSError, match="Address already in use"):
        lab.sockets.bind("b", lab.process(80))
    lab.sockets.close("b")
    assert lab.states() == {80: "answers", 81: "answers"}, "what it did not get is not its to close"


@pytest.mark.parametrize(
    ("ports", "hanging"), [(None, {80, 81}), ({80}, {80}), ({81, 90}, {81}), (set[int](), set[int]())]
)
def test_a_container_that_hangs_keeps_its_ports_until_it_goes_on(ports: set[int] | None, hanging: set[int]) -> None:
    lab = Lab()
    lab.sockets.hang("a", ports)
    assert lab.states() == ALL | dict.fromkeys(hanging, "hangs")
    lab.sockets.go_on("b")
    assert lab.states() == ALL | dict.fromkeys(hanging, "hangs")
    lab.sockets.go_on("a")
    assert lab.states() == ALL
