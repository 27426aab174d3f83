"""Scores: how good a node that *can* run a Pod is for it. Pure; 0 to 100 a plugin, weighted as upstream's defaults."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from kubesim.api.objects import Node, Pod, Taint
from kubesim.controllers.quantities import quantity
from kubesim.controllers.scheduler.affinity import preference
from kubesim.controllers.scheduler.tolerations import untolerated
from kubesim.controllers.scheduler.usage import Footprint, Usage

WEIGHT_TAINT, WEIGHT_AFFINITY, WEIGHT_SPREAD, WEIGHT_FIT, WEIGHT_BALANCE = 3, 2, 2, 1, 1
"""Weights of TaintToleration, NodeAffinity, PodTopologySpread, NodeResourcesFit and NodeResourcesBalancedAllocation."""


def allocatable(node: Node, resource: str) -> Fraction:
    """What a node has to give of a resource."""
    return quantity((node.status.allocatable or {}).get(resource))


def least_allocated(node: Node, usage: Usage, taken: Footprint) -> int:
    """More free CPU and memory after placing the Pod is better."""
    total = 0
    for resource, used in (
        ("cpu", usage.scored_cpu + taken.scored_cpu),
        ("memory", usage.scored_memory + taken.scored_memory),
    ):
        capacity = allocatable(node, resource)
        total += math.floor((capacity - used) * 100 / capacity) if capacity and used <= capacity else 0
    return total // 2


def balanced_allocation(node: Node, usage: Usage, taken: Footprint) -> int:
    """CPU and memory used in like proportion is better."""
    fractions = []
    for resource, used in (("cpu", usage.cpu + taken.cpu), ("memory", usage.memory + taken.memory)):
        capacity = allocatable(node, resource)
        fractions.append(min(Fraction(1), used / capacity) if capacity else Fraction(1))
    deviation = abs(fractions[0] - fractions[1]) / 2
    return math.floor((1 - deviation) * 100)


def scores(pod: Pod, taken: Footprint, nodes: Sequence[Node], usage: Mapping[str, Usage]) -> dict[str, int]:
    """The total score of each feasible node, by name."""
    spread = _normalised_reverse({n.metadata.name: usage[n.metadata.name].groups[taken.group] for n in nodes})
    tainted = _normalised_reverse({n.metadata.name: _soft_taints(pod, n) for n in nodes})
    preferred = _normalised({n.metadata.name: preference(pod.spec, n) for n in nodes})
    result = {}
    for node in nodes:
        name = node.metadata.name
        result[name] = (
            WEIGHT_FIT * least_allocated(node, usage[name], taken)
            + WEIGHT_BALANCE * balanced_allocation(node, usage[name], taken)
            + WEIGHT_SPREAD * (spread[name] if taken.group else 0)
            + WEIGHT_TAINT * tainted[name]
            + WEIGHT_AFFINITY * preferred[name]
        )
    return result


def _soft_taints(pod: Pod, node: Node) -> int:
    def hated(taint: Taint) -> bool:
        return untolerated([taint], pod.spec.tolerations or [], ("PreferNoSchedule",)) is not None

    return sum(hated(taint) for taint in node.spec.taints or [])


def _normalised(raw: Mapping[str, int]) -> dict[str, int]:
    highest = max(raw.values(), default=0)
    return {name: value * 100 // highest if highest else 0 for name, value in raw.items()}


def _normalised_reverse(raw: Mapping[str, int]) -> dict[str, int]:
    highest = max(raw.values(), default=0)
    return {name: 100 - value * 100 // highest if highest else 100 for name, value in raw.items()}
