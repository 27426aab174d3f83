"""Which nodes are to have a Pod of a DaemonSet, and what such a Pod looks like. Pure, on wire forms.

A daemon Pod is bound by the scheduler like any other: what ties it to its node is an affinity to the node's name.
Upstream: ``NodeShouldRunDaemonPod`` and ``pkg/controller/daemon/util``.
"""

from __future__ import annotations

from typing import NamedTuple

from kubesim.api.objects import Node, PodSpec, Wire, view
from kubesim.controllers.pods import pod_from_template
from kubesim.controllers.revisions import REVISION_LABEL
from kubesim.controllers.scheduler.filters import matches_node, untolerated

GENERATION_LABEL = "pod-template-generation"

_TOLERATED = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)
_ON_HOST_NETWORK = ("network-unavailable", "NoSchedule")


class Verdict(NamedTuple):
    """Whether a node is to get a Pod, and whether one that is there may stay."""

    runs: bool
    stays: bool


def spec_for(template: Wire) -> Wire:
    """The spec of a daemon's Pods, which tolerate what nodes suffer from."""
    spec: Wire = {**(template.get("spec") or {})}
    wanted = [*_TOLERATED, *([_ON_HOST_NETWORK] if spec.get("hostNetwork") else [])]
    tolerations = list(spec.get("tolerations") or ())
    for condition, effect in wanted:
        made = {"effect": effect, "key": f"node.kubernetes.io/{condition}", "operator": "Exists"}
        if made not in tolerations:
            tolerations.append(made)
    return {**spec, "tolerations": tolerations}


def verdict(spec: PodSpec, node: Node) -> Verdict:
    """What a node's name, labels and taints say of a daemon's Pods.

    :param spec: as :func:`spec_for` makes it.
    """
    if spec.nodeName not in ("", node.metadata.name) or not matches_node(spec, node):
        return Verdict(False, False)
    taints, tolerations = node.spec.taints or (), spec.tolerations or ()
    if untolerated(taints, tolerations, ("NoSchedule", "NoExecute")) is None:
        return Verdict(True, True)
    return Verdict(False, untolerated(taints, tolerations, ("NoExecute",)) is None)


def new_pod(wire: Wire, spec: Wire, node: str, hashed: str, generation: int) -> Wire:
    """A Pod of a DaemonSet for a node; the server makes up its name.

    :param spec: as :func:`spec_for` makes it.
    :param hashed: the hash of the template, and ``generation`` its number.
    """
    pod = pod_from_template(wire, wire["spec"]["template"])
    labels = {**(pod["metadata"].get("labels") or {}), REVISION_LABEL: hashed, GENERATION_LABEL: str(generation)}
    pod["metadata"]["labels"] = dict(sorted(labels.items()))
    return {**pod, "spec": {**spec, "affinity": _affinity(spec.get("affinity") or {}, node)}}


def _affinity(affinity: Wire, node: str) -> Wire:
    """An affinity with which a Pod fits one node only; other requirements of nodes are dropped, for it was chosen."""
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    required = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    node_affinity = {**(affinity.get("nodeAffinity") or {}), "requiredDuringSchedulingIgnoredDuringExecution": required}
    return {**affinity, "nodeAffinity": node_affinity}


def node_of(pod: Wire) -> str:
    """The node that a Pod is on, or is meant for; empty for neither."""
    bound = pod["spec"].get("nodeName")
    if bound:
        return str(bound)
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or ()
    for term in terms:
        for field in term.get("matchFields") or ():
            if field.get("key") == "metadata.name" and field.get("operator") == "In" and len(field["values"]) == 1:
                return str(field["values"][0])
    return ""


def view_of(spec: Wire) -> PodSpec:
    """The spec as :func:`verdict` reads it."""
    return view({name: value for name, value in spec.items() if name in _READ}, PodSpec)


_READ = frozenset(("nodeName", "nodeSelector", "affinity", "tolerations"))
