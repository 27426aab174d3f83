"""The revisions of a Deployment: its ReplicaSets, and how far its rollout has come. Pure functions of wire forms.

Upstream: ``k8s.io/kubectl/pkg/polymorphichelpers``.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.objects import Wire
from kubesim.kubectl.errors import KubectlError

REVISION = "deployment.kubernetes.io/revision"
CHANGE_CAUSE = "kubernetes.io/change-cause"
HASH = "pod-template-hash"


def status_of(deployment: Wire, revision: int = 0) -> tuple[str, bool]:
    """What ``rollout status`` says of a Deployment, newline included, and whether the rollout is over.

    :raises KubectlError: when the rollout has exceeded its deadline, or the revision is another.
    """
    metadata, spec = deployment.get("metadata") or {}, deployment.get("spec") or {}
    status, name = deployment.get("status") or {}, (deployment.get("metadata") or {}).get("name", "")
    if revision > 0:
        current = int((metadata.get("annotations") or {}).get(REVISION, 0))
        if current != revision:
            raise KubectlError(f"desired revision ({revision}) is different from the running revision ({current})")
    if metadata.get("generation", 0) > status.get("observedGeneration", 0):
        return "Waiting for deployment spec update to be observed...\n", False
    for condition in status.get("conditions") or ():
        if condition.get("type") == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded":
            raise KubectlError(f'deployment "{name}" exceeded its progress deadline')
    wanted = spec.get("replicas")
    total, updated = status.get("replicas", 0), status.get("updatedReplicas", 0)
    available = status.get("availableReplicas", 0)
    if wanted is not None and updated < wanted:
        text = f"{updated} out of {wanted} new replicas have been updated"
    elif total > updated:
        text = f"{total - updated} old replicas are pending termination"
    elif available < updated:
        text = f"{available} of {updated} updated replicas are available"
    else:
        return f'deployment "{name}" successfully rolled out\n', True
    return f'Waiting for deployment "{name}" rollout to finish: {text}...\n', False


def revision_of(replica_set: Wire) -> int:
    """A ReplicaSet's revision; 0 where it has none."""
    return int(((replica_set.get("metadata") or {}).get("annotations") or {}).get(REVISION) or 0)


def owned_by(deployment: Wire, replica_sets: Sequence[Wire]) -> list[Wire]:
    """A Deployment's ReplicaSets, by revision."""
    uid = deployment["metadata"].get("uid")
    owned = [
        wire
        for wire in replica_sets
        if any(owner.get("uid") == uid for owner in wire["metadata"].get("ownerReferences") or ())
    ]
    return sorted(owned, key=revision_of)


def template_without_hash(replica_set: Wire) -> Wire:
    """A ReplicaSet's Pod template, as the Deployment had it."""
    template: Wire = (replica_set.get("spec") or {}).get("template") or {}
    metadata = dict(template.get("metadata") or {})
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH}
    if labels:
        metadata["labels"] = labels
    else:
        metadata.pop("labels", None)
    return {**template, "metadata": metadata}


def rollback_target(deployment: Wire, owned: Sequence[Wire], revision: int) -> Wire:
    """The ReplicaSet to go back to: the given revision's, or the one before the newest.

    :raises KubectlError: where there is none.
    """
    name = deployment["metadata"]["name"]
    if revision > 0:
        found = next((wire for wire in owned if revision_of(wire) == revision), None)
        if found is None:
            raise KubectlError(f"unable to find specified revision {revision} in history")
        return found
    if len(owned) < 2:
        raise KubectlError(f'no rollout history found for deployment "{name}"')
    return owned[-2]
