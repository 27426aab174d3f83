"""Whether a node's labels, taints and rooms let a Pod in, and why not, in upstream's words. Pure.

Upstream: the scheduler's filter plugins, and ``component-helpers/scheduling``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubesim.api.objects import Node, PodSpec, Taint, Toleration, Wire
from kubesim.controllers.scheduler.demand import NANO, Demand
from kubesim.controllers.scheduler.nodes import NodeRecord

CORDON = Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule")


def refusal(spec: PodSpec, node: Node) -> str:
    """Why a node does not let a Pod in, whatever room it has; ``""`` if it does. In the order of upstream's plugins."""
    tolerations = spec.tolerations or []
    if node.spec.unschedulable and untolerated([CORDON], tolerations, ("NoSchedule",)):
        return "node(s) were unschedulable"
    taint = untolerated(node.spec.taints or [], tolerations, ("NoSchedule", "NoExecute"))
    if taint is not None:
        return f"node(s) had untolerated taint {{{taint.key}: {taint.value}}}"
    if not matches_node(spec, node):
        return "node(s) didn't match Pod's node affinity/selector"
    return ""


def shortages(demand: Demand, record: NodeRecord) -> tuple[str, ...]:
    """What a node has too little of for one more Pod."""
    usage = record.usage
    if demand.ports and usage.conflicts(demand):
        return ("node(s) didn't have free ports for the requested pod ports",)
    short = []
    if (usage.pods + 1) * NANO > record.pods:
        short.append("Too many pods")
    if demand.cpu and usage.cpu + demand.cpu > record.cpu:
        short.append("Insufficient cpu")
    if demand.memory and usage.memory + demand.memory > record.memory:
        short.append("Insufficient memory")
    return tuple(short)


# --- taints --------------------------------------------------------------------------------------------------------


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Whether one toleration covers one taint: an empty effect covers all, an empty key with Exists everything."""
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if toleration.operator in ("", "Equal"):
        return bool(toleration.key) and toleration.value == taint.value
    return toleration.operator == "Exists"


def untolerated(taints: Iterable[Taint], tolerations: Iterable[Toleration], effects: tuple[str, ...]) -> Taint | None:
    """The first taint with one of the effects that nothing tolerates."""
    allowed = list(tolerations)
    for taint in taints:
        if taint.effect in effects and not any(tolerates(toleration, taint) for toleration in allowed):
            return taint
    return None


def soft_taints(spec: PodSpec, node: Node) -> int:
    """How many of the node's PreferNoSchedule taints the Pod does not tolerate."""
    tolerations = spec.tolerations or []
    return sum(untolerated([taint], tolerations, ("PreferNoSchedule",)) is not None for taint in node.spec.taints or [])


# --- labels --------------------------------------------------------------------------------------------------------


def matches_node(spec: PodSpec, node: Node) -> bool:
    """Whether the node fits the Pod's ``nodeSelector`` and required node affinity."""
    labels = node.metadata.labels or {}
    if any(labels.get(key) != value for key, value in (spec.nodeSelector or {}).items()):
        return False
    required = _node_affinity(spec).get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    terms = required.get("nodeSelectorTerms") or []
    return any(_term_matches(term, node) for term in terms)


def preference(spec: PodSpec, node: Node) -> int:
    """The weights of the preferred terms that the node meets, added up."""
    preferred = _node_affinity(spec).get("preferredDuringSchedulingIgnoredDuringExecution") or []
    return sum(entry.get("weight", 0) for entry in preferred if _term_matches(entry.get("preference") or {}, node))


def _node_affinity(spec: PodSpec) -> Wire:
    return (spec.affinity or {}).get("nodeAffinity") or {}


def _term_matches(term: Wire, node: Node) -> bool:
    expressions = term.get("matchExpressions") or []
    fields = term.get("matchFields") or []
    if not expressions and not fields:
        return False
    labels = node.metadata.labels or {}
    return all(_requirement(entry, labels) for entry in expressions) and all(
        _requirement(entry, {"metadata.name": node.metadata.name}) for entry in fields
    )


def _requirement(entry: Wire, labels: Mapping[str, str]) -> bool:
    key, operator, values = entry.get("key", ""), entry.get("operator", ""), entry.get("values") or []
    present, value = key in labels, labels.get(key, "")
    if operator == "In":
        return present and value in values
    if operator == "NotIn":
        return not present or value not in values
    if operator == "Exists":
        return present
    if operator == "DoesNotExist":
        return not present
    if operator in ("Gt", "Lt") and present and values:
        try:
            left, right = int(value), int(values[0])
        except ValueError:
            return False
        return left > right if operator == "Gt" else left < right
    return False
