"""What the Pods of each node have been promised, kept up to date from the watch: never counted anew."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

from kubesim.api.objects import Pod
from kubesim.controllers.quantities import requests_of

DEFAULT_CPU = Fraction(100, 1000)
DEFAULT_MEMORY = Fraction(200 * 2**20)
"""What a container without requests counts for when nodes are *scored*: 100m and 200Mi, so that BestEffort Pods
spread too (upstream: ``pkg/scheduler/util/pod_resources.go``)."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What one Pod takes of a node.

    :param cpu: requested cores; ``scored_cpu`` counts the default for containers that request none.
    :param ports: host ports as ``(protocol, address, port)``.
    """

    cpu: Fraction
    memory: Fraction
    scored_cpu: Fraction
    scored_memory: Fraction
    ports: frozenset[tuple[str, str, int]]
    group: str
    namespace: str


def footprint(pod: Pod) -> Footprint:
    """What a Pod would take of a node."""
    containers = pod.spec.containers or []
    scored_cpu = sum((requests_of([c], "cpu") or DEFAULT_CPU for c in containers), Fraction(0))
    scored_memory = sum((requests_of([c], "memory") or DEFAULT_MEMORY for c in containers), Fraction(0))
    owner = next((r.uid for r in pod.metadata.ownerReferences or [] if r.controller), "")
    ports = frozenset(
        (port.protocol or "TCP", port.hostIP or "0.0.0.0", port.hostPort or port.containerPort)
        for container in containers
        for port in container.ports or []
        if port.hostPort or pod.spec.hostNetwork
    )
    return Footprint(
        requests_of(containers, "cpu"),
        requests_of(containers, "memory"),
        scored_cpu,
        scored_memory,
        ports,
        owner,
        pod.metadata.namespace,
    )


@dataclass(slots=True)
class Usage:
    """What the Pods of one node take together."""

    pods: int = 0
    cpu: Fraction = Fraction(0)
    memory: Fraction = Fraction(0)
    scored_cpu: Fraction = Fraction(0)
    scored_memory: Fraction = Fraction(0)
    ports: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    groups: Counter[str] = field(default_factory=Counter)

    def add(self, taken: Footprint, sign: int = 1) -> None:
        """Count a Pod in, or with ``sign=-1`` out."""
        self.pods += sign
        self.cpu += sign * taken.cpu
        self.memory += sign * taken.memory
        self.scored_cpu += sign * taken.scored_cpu
        self.scored_memory += sign * taken.scored_memory
        for port in taken.ports:
            self.ports[port] += sign
        if taken.group:
            self.groups[taken.group] += sign

    def conflicts(self, taken: Footprint) -> bool:
        """Whether a host port that the Pod wants is taken; 0.0.0.0 collides with every address."""
        return any(
            count > 0
            and (protocol, port) == (wanted[0], wanted[2])
            and (address == wanted[1] or "0.0.0.0" in (address, wanted[1]))
            for wanted in taken.ports
            for (protocol, address, port), count in self.ports.items()
        )
