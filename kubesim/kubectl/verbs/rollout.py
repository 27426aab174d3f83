"""``kubectl rollout``: how far a workload's rollout is, its revisions, and going back to one of them.

Upstream: ``k8s.io/kubectl/pkg/cmd/rollout``.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Container

from kubesim.api.managed_fields.server_side import LAST_APPLIED
from kubesim.api.objects import PodTemplateSpec, Wire, view
from kubesim.api.resources import ResourceType
from kubesim.kubectl.call import Call
from kubesim.kubectl.describe.text import Text
from kubesim.kubectl.describe.volumes import pod_template
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.output.formats import object_printer
from kubesim.kubectl.requests import Changes
from kubesim.kubectl.resource_arguments import Selection, select
from kubesim.kubectl.rollouts.history import CHANGE_CAUSE, KINDS, History, Past, without_hash
from kubesim.kubectl.rollouts.status import STATUS_VIEWERS
from kubesim.kubectl.watching import wait_until

APPLIED_BEFORE = (
    "Warning: resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the {} "
    "annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl "
    "apply' with your previous configuration file instead."
)
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


def _select(call: Call) -> Selection:
    if not call.arguments and not call.flags.texts("filename"):
        raise KubectlError("required resource not specified")
    return select(call, call.arguments, all_if_bare=True)


def _demand(info: Info, kinds: Container[str], doing: str) -> Wire:
    """The object, which must be of a kind that can be looked at so.

    :raises KubectlError: where it is not.
    """
    if info.type.kind not in kinds:
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


def status(call: Call) -> int:
    """Say how far the rollout has come, until it is over."""
    for info in _select(call).infos():
        _demand(info, STATUS_VIEWERS, "status viewer")
        _follow(call, info)
    return 0


def _follow(call: Call, info: Info) -> None:
    """Say something of every version of the object."""
    seen: list[tuple[str, Wire]] = [("ADDED", call.api.get(info.type, info.name, info.namespace))]
    say = STATUS_VIEWERS[info.type.kind]
    revision = call.flags.number("revision")

    def note(event: str, wire: Wire) -> None:
        if wire["metadata"]["name"] == info.name:
            seen.append((event, wire))

    ended = False

    def finished() -> bool:
        nonlocal ended
        while seen and not ended:
            event, wire = seen.pop(0)
            if event == "DELETED":
                raise KubectlError("object has been deleted")
            text, over = say(wire, revision)
            call.stdout.append(text)
            ended = over or not call.flags.on("watch")
        return ended

    stop = call.api.watch(info.type, info.namespace, note)
    try:
        over = wait_until(call, finished, call.flags.limit("timeout"))
    finally:
        stop()
    if not over:
        raise KubectlError("timed out waiting for the condition")


def history(call: Call) -> int:
    """List the revisions, or show the template of one."""
    wanted = call.flags.number("revision")
    if wanted < 0:
        raise KubectlError(f"revision must be a positive integer: {wanted}")
    printer = object_printer(call)
    for info in _select(call).infos():
        _demand(info, KINDS, "history viewer")
        past = History(call, info)
        found = past.entry(wanted)
        if wanted and found is None:
            raise KubectlError("unable to find the specified revision")
        if printer is not None:
            for each in past.entries if found is None else (found,):
                printer(each.shown, call.stdout)
        elif found is not None:
            call.say(f"{info.label} with revision #{wanted}")
            call.stdout.append(f"{_described(found)}\n")
        elif not past.entries:
            call.say(f"{info.label} ")
            call.say("No rollout history found.")
        else:
            call.say(f"{info.label} ")
            call.say("REVISION  CHANGE-CAUSE")
            for each in past.entries:
                call.say(f"{each.number:<10}{each.cause or '<none>'}")
            call.say("")
    return 0


def _described(past: Past) -> str:
    """A template, with the cause of its change among its annotations."""
    template = copy.deepcopy(past.template)
    if past.cause:
        metadata = template.setdefault("metadata", {})
        metadata["annotations"] = {**(metadata.get("annotations") or {}), CHANGE_CAUSE: past.cause}
    text = Text()
    pod_template(view(template, PodTemplateSpec), text)
    return text.unaligned()


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


def undo(call: Call) -> int:
    """Go back to an earlier template."""
    changes = Changes(call, typed=True)
    revision = call.flags.number("to-revision")
    if revision < 0:
        raise KubectlError(f"revision must be a positive integer: {revision}")

    def edit(info: Info, after: Wire) -> str:
        if LAST_APPLIED in (after["metadata"].get("annotations") or {}):
            call.complain(APPLIED_BEFORE.format(info.type.plural, info.name, LAST_APPLIED))
        workload = _demand(info, KINDS, "rollbacker")
        past = History(call, info).target(revision)
        if changes.mode == "client":
            return f"will roll back to {_template_text(past)}"
        if (workload.get("spec") or {}).get("paused"):
            raise KubectlError(
                f'you cannot rollback a paused deployment; resume it first with "kubectl rollout resume '
                f'deployment/{info.name}" and try again'
            )
        template = without_hash(past.template) if info.type.kind == "Deployment" else past.template
        if template == after["spec"].get("template"):
            return f"skipped rollback (current template already matches revision {revision})"
        after["spec"]["template"] = template
        if info.type.kind == "Deployment" and past.cause:
            after["metadata"].setdefault("annotations", {})[CHANGE_CAUSE] = past.cause
        return "rolled back"

    return changes.each(_select(call), edit, needed=True)


def _template_text(past: Past) -> str:
    text = Text()
    pod_template(view(past.template, PodTemplateSpec), text)
    return text.unaligned()
