"""``kubectl apply --prune``: what was applied before and stands in no manifest any more is deleted.

Only objects that ``apply`` itself made go (they carry the annotation of the last manifest), of a list of kinds, matched
by the selector; those that have a namespace only in the namespaces of the manifests. Upstream:
``k8s.io/kubectl/pkg/cmd/apply/prune.go`` and ``.../pkg/util/prune``.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.managed_fields.server_side import LAST_APPLIED
from kubesim.api.resources import BY_KIND, ResourceType, kind_type
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import DryRun, Printer

KINDS = (
    "ConfigMap",
    "Endpoints",
    "PersistentVolumeClaim",
    "Pod",
    "ReplicationController",
    "Secret",
    "Service",
    "Job",
    "CronJob",
    "Ingress",
    "DaemonSet",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "Namespace",
    "PersistentVolume",
)
"""The kinds that are pruned by default, in upstream's order."""
_NOT_FOR_LONG = (
    "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace "
    "flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in "
    "the --prune-allowlist flag."
)


def allowed(call: Call) -> list[ResourceType]:
    """The kinds of ``--prune-allowlist``.

    :raises KubectlError: where an entry is no kind.
    """
    found: list[ResourceType] = []
    for text in call.flags.texts("prune-allowlist"):
        parts = text.split("/")
        if len(parts) != 3:
            raise KubectlError(f"invalid GroupVersionKind format: {text}, please follow <group/version/kind>")
        group, version, kind = parts
        api_version = version if group in ("core", "") else f"{group}/{version}"
        known = kind_type(api_version, kind)
        if known is None:
            raise KubectlError(f'no matches for kind "{kind}" in version "{api_version}"')
        found.append(known)
    return found


def prune(call: Call, kinds: Sequence[ResourceType], applied: Sequence[Info], printer: Printer, mode: DryRun) -> None:
    """Delete and print each object that is to go.

    :param kinds: those of ``--prune-allowlist``; the default ones, if empty.
    """
    kept: set[str] = {((info.object or {}).get("metadata") or {}).get("uid") or "" for info in applied}
    namespaces = dict.fromkeys(info.namespace for info in applied if info.type.namespaced)
    if not kinds:
        kinds = [BY_KIND[kind] for kind in KINDS]
        call.log("W", "prune.go:71", _NOT_FOR_LONG)
    for namespace in namespaces:
        for kind in (each for each in kinds if each.namespaced):
            _prune(call, kind, namespace, kept, printer, mode)
    for kind in (each for each in kinds if not each.namespaced):
        _prune(call, kind, "", kept, printer, mode)


def _prune(call: Call, kind: ResourceType, namespace: str, kept: set[str], printer: Printer, mode: DryRun) -> None:
    flags = call.flags
    grace = flags.number("grace-period")
    for wire in call.api.list(kind, namespace or None, label_selector=flags.text("selector")):
        metadata = wire["metadata"]
        if LAST_APPLIED not in (metadata.get("annotations") or {}) or metadata["uid"] in kept:
            continue
        if mode != "client":
            wanted = None if grace < 0 else grace
            call.api.delete(kind, metadata["name"], namespace, wanted, dry_run=mode == "server")
        printer.done(Info(kind, namespace, metadata["name"], wire), "pruned")
