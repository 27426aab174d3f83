"""Whether a node has the labels a Pod asks for: ``nodeSelector`` and node affinity. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kubesim.api.objects import Node, PodSpec, Wire


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
