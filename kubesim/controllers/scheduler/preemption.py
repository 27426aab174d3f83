"""Preemption: which Pods of lower priority would have to go so that one more fits on a node. Pure.

On each node as many of them stay as can, those of higher priority and the older ones first; of all nodes the one is
taken that loses the least. Disruption budgets are not looked at. Upstream:
``pkg/scheduler/framework/{preemption,plugins/defaultpreemption}``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from kubesim.api.objects import Wire
from kubesim.controllers.pods import is_finished, is_terminating
from kubesim.controllers.scheduler.demand import Demand, Demands
from kubesim.controllers.scheduler.filters import refusal, shortages
from kubesim.controllers.scheduler.nodes import NodeRecord

NEVER = "not eligible due to preemptionPolicy=Never."
WAITING = "not eligible due to a terminating pod on the nominated node."
NONE_FOUND = "No preemption victims found for incoming pod"


def priority_of(pod: Wire) -> int:
    """A Pod's priority; 0 where it has none."""
    return int(pod["spec"].get("priority") or 0)


def lower(pods: Iterable[Wire], priority: int) -> list[Wire]:
    """Those Pods that would have to give way to one of a priority."""
    return [pod for pod in pods if priority_of(pod) < priority and not is_finished(pod)]


def victims(demand: Demand, priority: int, record: NodeRecord, pods: Sequence[Wire], demands: Demands) -> list[Wire]:
    """The Pods of a node that would have to go; none where that would not help.

    :param pods: of the node.
    """
    if refusal(demand.spec, record.node):
        return []
    usage = replace(record.usage, ports=Counter(record.usage.ports))
    left = NodeRecord(record.node, usage)
    candidates = sorted(lower(pods, priority), key=lambda pod: (-priority_of(pod), _started(pod)))
    for pod in candidates:
        usage.add(demands.of(pod["spec"]), -1)
    if shortages(demand, left):
        return []
    going = []
    for pod in candidates:
        own = demands.of(pod["spec"])
        usage.add(own)
        if shortages(demand, left):
            usage.add(own, -1)
            going.append(pod)
    return [pod for pod in going if not is_terminating(pod)]


def best(found: dict[str, list[Wire]]) -> str:
    """The node that loses the least: by its highest victim, by all priorities together, by number, by youth."""
    return min(found, key=lambda node: (*_loss(found[node]), node))


def _loss(going: Sequence[Wire]) -> tuple[int, int, int]:
    priorities = [priority_of(pod) for pod in going]
    return max(priorities), sum(each + 2**31 for each in priorities), len(going)


def _started(pod: Wire) -> str:
    return str((pod.get("status") or {}).get("startTime") or "")
