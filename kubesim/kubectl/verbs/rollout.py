"""``kubectl rollout``: how far a Deployment's rollout is, its revisions, and going back to one of them.

Upstream: ``k8s.io/kubectl/pkg/polymorphichelpers``.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

from kubesim.api.apply import LAST_APPLIED
from kubesim.api.errors import ApiError
from kubesim.api.objects import PodTemplateSpec, Wire, view
from kubesim.api.resources import ResourceType
from kubesim.kubectl.call import Call
from kubesim.kubectl.describe.text import Text
from kubesim.kubectl.describe.volumes import pod_template
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.requests import Changes
from kubesim.kubectl.resource_arguments import Selection, select
from kubesim.kubectl.watching import wait_until

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


RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


def _select(call: Call) -> Selection:
    if not call.arguments and not call.flags.texts("filename"):
        raise KubectlError("required resource not specified")
    return select(call, call.arguments, all_if_bare=True)


def _deployment(info: Info, doing: str) -> Wire:
    if info.type.kind != "Deployment":
        raise KubectlError(_unsupported(info.type, doing))
    return info.object or {}


_VISITED = frozenset(
    ("DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "ReplicationController", "StatefulSet", "CronJob")
)
"""The kinds that upstream's visitors of workloads know; for the others there is no method at all."""


def _unsupported(type: ResourceType, doing: str) -> str:
    kind = f"{type.kind}.{type.group}" if type.group else type.kind
    if doing == "status viewer":
        return f"no status viewer has been implemented for {kind}"
    if type.kind in _VISITED:
        return f'no {doing} has been implemented for "{kind}"'
    what = "history" if doing == "history viewer" else doing
    return f'error retrieving {what} for "{kind}", no visitor method exists for {{{type.group} {type.kind}}}'


def _owned(call: Call, info: Info) -> list[Wire]:
    return owned_by(info.object or {}, call.api.list(resource_type("replicasets"), info.namespace))


def status(call: Call) -> int:
    """Say how far the rollout has come, until it is over."""
    flags = call.flags
    infos = _select(call).infos()
    for info in infos:
        _deployment(info, "status viewer")
        _follow(call, info, flags.limit("timeout"))
    return 0


def _follow(call: Call, info: Info, timeout: float | None) -> None:
    said: list[str] = []

    def finished() -> bool:
        try:
            wire = call.api.get(info.type, info.name, info.namespace)
        except ApiError:
            raise KubectlError("object has been deleted") from None
        text, over = status_of(wire, call.flags.number("revision"))
        if not said or said[-1] != text:
            said.append(text)
            call.stdout.append(text)
        return over or not call.flags.on("watch")

    if not wait_until(call, finished, timeout):
        raise KubectlError("timed out waiting for the condition")


def history(call: Call) -> int:
    """List the revisions, or show the template of one."""
    wanted = call.flags.number("revision")
    if wanted < 0:
        raise KubectlError(f"revision must be a positive integer: {wanted}")
    for info in _select(call).infos():
        _deployment(info, "history viewer")
        owned = _owned(call, info)
        if wanted:
            found = next((wire for wire in owned if revision_of(wire) == wanted), None)
            if found is None:
                raise KubectlError("unable to find the specified revision")
            call.say(f"{info.label} with revision #{wanted}")
            template = copy.deepcopy(found["spec"]["template"])
            cause = (found["metadata"].get("annotations") or {}).get(CHANGE_CAUSE)
            if cause:
                template.setdefault("metadata", {}).setdefault("annotations", {})[CHANGE_CAUSE] = cause
            text = Text()
            pod_template(view(template, PodTemplateSpec), text)
            call.stdout.append(f"{text}\n")
            continue
        if not owned:
            call.say(f"{info.label} ")
            call.say("No rollout history found.")
            continue
        call.say(f"{info.label} ")
        call.say("REVISION  CHANGE-CAUSE")
        for wire in owned:
            cause = (wire["metadata"].get("annotations") or {}).get(CHANGE_CAUSE) or "<none>"
            call.say(f"{revision_of(wire):<10}{cause}")
        call.say("")
    return 0


def restart(call: Call) -> int:
    """Give the template a new annotation, so that every Pod is replaced."""

    def edit(info: Info, after: Wire) -> str:
        if info.type.kind not in ("Deployment", "DaemonSet", "StatefulSet"):
            raise KubectlError(f'{info.type.qualified} "{info.name}" restarting is not supported')
        if (after.get("spec") or {}).get("paused"):
            raise KubectlError(
                f'{info.type.qualified} "{info.name}" can\'t restart paused deployment (run rollout resume first)'
            )
        metadata = after["spec"]["template"].setdefault("metadata", {})
        annotations = metadata.get("annotations") or {}
        metadata["annotations"] = {**annotations, RESTARTED_AT: call.simulation.timestamp()}
        return "restarted"

    return Changes(call, typed=True).each(_select(call), edit, needed=True)


def pausing(pause: bool) -> Callable[[Call], int]:
    """``kubectl rollout pause``, or ``resume``."""

    def run(call: Call) -> int:
        def edit(info: Info, after: Wire) -> str:
            if info.type.kind != "Deployment":
                raise KubectlError(
                    f'{info.type.qualified} "{info.name}" {"pausing" if pause else "resuming"} is not supported'
                )
            spec = after["spec"]
            if bool(spec.get("paused")) == pause:
                state = "is already paused" if pause else "is not paused"
                raise KubectlError(f'{info.type.qualified} "{info.name}" {state}')
            if pause:
                spec["paused"] = True
            else:
                spec.pop("paused", None)
            return "paused" if pause else "resumed"

        return Changes(call, typed=True).each(_select(call), edit, needed=True)

    return run


APPLIED_BEFORE = (
    "Warning: resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the {} "
    "annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl "
    "apply' with your previous configuration file instead."
)


def undo(call: Call) -> int:
    """Go back to an earlier template."""
    changes = Changes(call, typed=True)
    revision = call.flags.number("to-revision")
    if revision < 0:
        raise KubectlError(f"revision must be a positive integer: {revision}")

    def edit(info: Info, after: Wire) -> str:
        if LAST_APPLIED in (after["metadata"].get("annotations") or {}):
            call.complain(APPLIED_BEFORE.format(info.type.plural, info.name, LAST_APPLIED))
        deployment = _deployment(info, "rollbacker")
        if (deployment.get("spec") or {}).get("paused"):
            raise KubectlError(
                f'you cannot rollback a paused deployment; resume it first with "kubectl rollout resume '
                f'deployment/{info.name}" and try again'
            )
        target = rollback_target(deployment, _owned(call, info), revision)
        template = template_without_hash(target)
        if template == after["spec"].get("template"):
            return f"skipped rollback (current template already matches revision {revision_of(target)})"
        after["spec"]["template"] = template
        cause = (target["metadata"].get("annotations") or {}).get(CHANGE_CAUSE)
        if cause:
            after["metadata"].setdefault("annotations", {})[CHANGE_CAUSE] = cause
        return "rolled back"

    return changes.each(_select(call), edit, needed=True)
