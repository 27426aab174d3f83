"""The templates that a workload has had: a Deployment's ReplicaSets, the ControllerRevisions of the others.

Upstream: ``polymorphichelpers/{history,historyviewer,rollback}.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.rollouts.status import REVISION

CHANGE_CAUSE = "kubernetes.io/change-cause"
HASH = "pod-template-hash"
KINDS = ("DaemonSet", "Deployment", "StatefulSet")


@dataclass(frozen=True, slots=True)
class Past:
    """A template that a workload has had.

    :param cause: why it was changed, where somebody said so.
    :param shown: what ``-o`` prints of it.
    """

    number: int
    template: Wire
    cause: str
    shown: Wire


class History:
    """The past of one workload, the newest last."""

    def __init__(self, call: Call, info: Info) -> None:
        self.workload: Wire = info.object or {}
        self.kind = info.type.kind
        source = "replicasets" if self.kind == "Deployment" else "controllerrevisions"
        uid = self.workload["metadata"].get("uid")
        owned = [
            wire
            for wire in call.api.list(resource_type(source), info.namespace)
            if any(owner.get("uid") == uid for owner in wire["metadata"].get("ownerReferences") or ())
        ]
        made = [self._of_replica_set(wire) if source == "replicasets" else self._of_revision(wire) for wire in owned]
        self.entries: Sequence[Past] = sorted(made, key=lambda past: past.number)

    def _of_replica_set(self, wire: Wire) -> Past:
        annotations = wire["metadata"].get("annotations") or {}
        template = (wire.get("spec") or {}).get("template") or {}
        return Past(int(annotations.get(REVISION) or 0), template, annotations.get(CHANGE_CAUSE, ""), wire)

    def _of_revision(self, wire: Wire) -> Past:
        held = wire["data"]["spec"]["template"]
        template = {key: value for key, value in held.items() if key != "$patch"}
        shown = {**self.workload, "spec": {**self.workload["spec"], "template": template}}
        cause = (wire["metadata"].get("annotations") or {}).get(CHANGE_CAUSE, "")
        return Past(int(wire.get("revision") or 0), template, cause, shown)

    def entry(self, number: int) -> Past | None:
        """The template of a number."""
        return next((past for past in self.entries if past.number == number), None)

    def target(self, number: int) -> Past:
        """The template to go back to: that of a number, or for 0 the one before the newest.

        :raises KubectlError: where there is none.
        """
        if number > 0:
            found = self.entry(number)
            if found is None:
                raise KubectlError(f"unable to find specified revision {number} in history")
            return found
        if len(self.entries) < 2:
            if self.kind == "Deployment":
                name = self.workload["metadata"]["name"]
                raise KubectlError(f'no rollout history found for deployment "{name}"')
            raise KubectlError("no last revision to roll back to")
        return self.entries[-2]


def without_hash(template: Wire) -> Wire:
    """A ReplicaSet's Pod template, as the Deployment had it."""
    metadata = dict(template.get("metadata") or {})
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH}
    metadata.pop("labels", None)
    return {**template, "metadata": metadata | ({"labels": labels} if labels else {})}
