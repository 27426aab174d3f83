"""A CoreDNS process's surroundings in memory: files as a dict, a network that answers as told."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubesim.network.dns.coredns import COREFILE, CoreDNS
from kubesim.network.dns.message import DnsQuery, DnsResponse
from kubesim.network.dns.objects import KubernetesObjects
from kubesim.network.dns.plugins.base import Surroundings
from kubesim.network.service import Client
from kubesim.network.trace import Outcome
from kubesim.releases import DEFAULT, coredns_build
from kubesim.simulation import Simulation

CLIENT = Client("10.42.0.9", 40000)


class TextFiles:
    """Files by path."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def text(self, path: str) -> str | None:
        return self.files.get(path)

    def matching(self, pattern: str) -> list[str]:
        return sorted(fnmatch.filter(self.files, pattern))


@dataclass
class FakeConnection:
    outcome: Outcome
    seconds: float = 0.0
    answer: Callable[[Any], Any] = lambda message: None
    trace: Any = None

    def request(self, message: Any) -> Any:
        return self.answer(message)


class DeadNetwork:
    """Nothing can be reached: every packet is rejected at once."""

    def connect(self, address: str, port: int, protocol: str = "TCP") -> FakeConnection:
        return FakeConnection(Outcome.REJECTED)


Answerer = Callable[[DnsQuery], DnsResponse | None]


@dataclass
class Network:
    """Servers by address: a function that answers, or how a packet to it ends."""

    servers: Mapping[str, Answerer | Outcome] = field(default_factory=dict)

    def connect(self, address: str, port: int, protocol: str = "TCP") -> FakeConnection:
        server = self.servers.get(address, Outcome.LOST)
        if isinstance(server, Outcome):
            silent = server in (Outcome.DROPPED, Outcome.LOST)
            return FakeConnection(server, float("inf") if silent else 0.0)
        return FakeConnection(Outcome.DELIVERED, 0.0, server)


def coredns(
    corefile: str,
    objects: KubernetesObjects | None = None,
    files: dict[str, str] | None = None,
    network: Any = None,
    simulation: Simulation | None = None,
    version: str = DEFAULT.coredns,
) -> CoreDNS:
    """A CoreDNS with a Corefile."""
    return CoreDNS(
        Surroundings(
            objects or KubernetesObjects(),
            TextFiles({COREFILE: corefile, **(files or {})}),
            network or DeadNetwork(),
            simulation or Simulation(),
            addresses=("10.42.0.2",),
            build=coredns_build(version),
        )
    )
