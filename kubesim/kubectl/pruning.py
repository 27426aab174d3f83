"""``kubectl apply --prune``: delete what was applied before and stands in no manifest any more.

Upstream: ``k8s.io/kubectl/pkg/cmd/apply/prune.go``. Only objects that ``apply`` itself made (they carry the annotation
of the last manifest), of its list of kinds, in the namespaces of the manifests, and matched by the selector.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.apply import LAST_APPLIED
from kubesim.api.resources import RESOURCE_TYPES
from kubesim.kubectl.call import Call
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import DryRun, Printer

KINDS = (
    "ConfigMap",
    "Endpoints",
    "Pod",
    "Secret",
    "Service",
    "DaemonSet",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
)
"""The namespaced kinds that are pruned by default, in upstream's order."""


def prune(call: Call, applied: Sequence[Info], printer: Printer, mode: DryRun) -> None:
    """Delete and print each object that is to go."""
    kept = {((info.object or {}).get("metadata") or {}).get("uid") for info in applied}
    namespaces = dict.fromkeys(info.namespace for info in applied if info.type.namespaced)
    types = {resource.kind: resource for resource in RESOURCE_TYPES}
    for namespace in namespaces:
        for kind in KINDS:
            for wire in call.api.list(types[kind], namespace, label_selector=call.flags.text("selector")):
                metadata = wire["metadata"]
                if LAST_APPLIED not in (metadata.get("annotations") or {}) or metadata["uid"] in kept:
                    continue
                if mode != "client":
                    call.api.delete(types[kind], metadata["name"], namespace, dry_run=mode == "server")
                printer.done(Info(types[kind], namespace, metadata["name"], wire), "pruned")
