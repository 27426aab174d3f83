"""What a Pod asks of a node. Pods that ask for the same share one :class:`Demand`, so that what was found out for one
of them holds for all. Pure.

Amounts are integers: billionths of a core, of a byte, of a Pod; a quantity has no finer part.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING
from typing import NamedTuple

import msgspec

from kubesim.api.objects import PodSpec, Wire, view
from kubesim.api.quantities import parse

NANO = 10**9
DEFAULT_CPU = NANO // 10
DEFAULT_MEMORY = 200 * 2**20 * NANO
"""What a container without requests counts for when nodes are *scored*: 100m and 200Mi, so that BestEffort Pods
spread too (upstream: ``pkg/scheduler/util/pod_resources.go``)."""

HostPort = tuple[str, str, int]
"""A port of the node: protocol, address, number."""


class Demand(NamedTuple):
    """What decides which nodes can run a Pod, and which is best (upstream: the framework's Pod signature).

    :param scored_cpu: counts the default for containers that request none; so does ``scored_memory``.
    :param constraints: node selector, affinity and tolerations, as canonical JSON.
    """

    cpu: int
    memory: int
    scored_cpu: int
    scored_memory: int
    ports: frozenset[HostPort]
    constraints: bytes

    @property
    def spec(self) -> PodSpec:
        """The node selector, affinity and tolerations as a specification that has nothing else."""
        return view(msgspec.json.decode(self.constraints), PodSpec)


class Demands:
    """Reads demands off specifications, each distinct one once."""

    def __init__(self) -> None:
        self._read: dict[bytes, Demand] = {}
        self._known: dict[Demand, Demand] = {}

    def of(self, spec: Wire) -> Demand:
        """The demand of a Pod's specification; equal ones are the same object."""
        containers = spec.get("containers") or ()
        constraints = {name: spec[name] for name in ("nodeSelector", "affinity", "tolerations") if spec.get(name)}
        asked = [constraints, spec.get("hostNetwork"), [(c.get("resources"), c.get("ports")) for c in containers]]
        text = msgspec.json.encode(asked, order="sorted")
        known = self._read.get(text)
        if known is None:
            demand = _demand(
                containers, bool(spec.get("hostNetwork")), msgspec.json.encode(constraints, order="sorted")
            )
            known = self._read[text] = self._known.setdefault(demand, demand)
        return known


def _demand(containers: Sequence[Wire], host_network: bool, constraints: bytes) -> Demand:
    cpu = [_request(container, "cpu") for container in containers]
    memory = [_request(container, "memory") for container in containers]
    ports = frozenset(
        (port.get("protocol") or "TCP", port.get("hostIP") or "0.0.0.0", port.get("hostPort") or port["containerPort"])
        for container in containers
        for port in container.get("ports") or ()
        if port.get("hostPort") or host_network
    )
    return Demand(
        sum(cpu),
        sum(memory),
        sum(amount or DEFAULT_CPU for amount in cpu),
        sum(amount or DEFAULT_MEMORY for amount in memory),
        ports,
        constraints,
    )


def _request(container: Wire, resource: str) -> int:
    """What a container requests; a limit without a request is the request."""
    resources = container.get("resources") or {}
    limit = (resources.get("limits") or {}).get(resource)
    return nano((resources.get("requests") or {}).get(resource, limit))


def nano(quantity: object) -> int:
    """A quantity in billionths; an absent one is 0."""
    return 0 if quantity in (None, "") else int((parse(str(quantity)) * NANO).to_integral_value(ROUND_CEILING))
