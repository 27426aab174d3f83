"""``kubectl cordon``, ``uncordon`` and ``drain``: taking a node out of service."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, UsageError
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.printing import SUFFIX, DryRun
from kubesim.kubectl.requests import Changes, Edit
from kubesim.kubectl.resource_arguments import select
from kubesim.kubectl.watching import wait_until_gone


def _nodes(call: Call) -> list[Info]:
    names = [word.removeprefix("node/").removeprefix("nodes/").removeprefix("no/") for word in call.arguments]
    if not names and not call.flags.text("selector"):
        raise UsageError(call.command, f"USAGE: {call.command.split()[-1]} NODE [flags]")
    if names and call.flags.text("selector"):
        raise KubectlError("error: cannot specify both a node name and a --selector option")
    words = [f"node/{name}" for name in names] or ["node"]
    return select(call, words, files=False).infos()


def schedulable(wanted: bool) -> Callable[[Call], int]:
    """``kubectl uncordon``, or ``cordon`` where it is not wanted."""

    def run(call: Call) -> int:
        changes = Changes(call, typed=True)
        for info in _nodes(call):
            changes.one(info, _schedulable(wanted))
        return 0

    return run


def _schedulable(wanted: bool) -> Edit:
    word = "uncordoned" if wanted else "cordoned"

    def edit(info: Info, after: Wire) -> str:
        if bool(after["spec"].get("unschedulable")) != wanted:
            return f"already {word}"
        after["spec"].pop("unschedulable", None)
        if not wanted:
            after["spec"]["unschedulable"] = True
        return word

    return edit


def drain(call: Call) -> int:
    """Cordon the nodes and evict their Pods."""
    changes = Changes(call, typed=True)
    failed: list[tuple[Info, str]] = []
    for info in _nodes(call):
        changes.one(info, _schedulable(False))
        pods = [
            pod
            for pod in call.api.list(resource_type("pods"), None, field_selector=f"spec.nodeName={info.name}")
            if (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed") or not call.flags.on("force")
        ]
        problem = _drain_problem(call, pods)
        if problem:
            call.complain(f'error: unable to drain node "{info.name}" due to error: {problem}, continuing command...')
            failed.append((info, problem))
            continue
        _evict(call, [pod for pod in pods if not _is_daemon(pod)], changes.mode)
        call.say(f"{info.label} drained{SUFFIX[changes.mode]}")
    if failed:
        call.complain("There are pending nodes to be drained:")
        for info, _ in failed:
            call.complain(f" {info.name}")
        call.complain("\n".join(problem for _, problem in failed))
        return 1
    return 0


def _controller(pod: Wire) -> Wire | None:
    owners = pod["metadata"].get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), None)


def _is_daemon(pod: Wire) -> bool:
    owner = _controller(pod)
    return owner is not None and owner.get("kind") == "DaemonSet"


def _drain_problem(call: Call, pods: Sequence[Wire]) -> str:
    def listed(found: Sequence[Wire]) -> str:
        return ", ".join(f"{pod['metadata']['namespace']}/{pod['metadata']['name']}" for pod in found)

    problems: list[str] = []
    bare = [pod for pod in pods if _controller(pod) is None]
    if bare and not call.flags.on("force"):
        problems.append(f"cannot delete Pods that declare no controller (use --force to override): {listed(bare)}")
    daemons = [pod for pod in pods if _is_daemon(pod)]
    if daemons and not call.flags.on("ignore-daemonsets"):
        problems.append(f"cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): {listed(daemons)}")
    local = [
        pod
        for pod in pods
        if not _is_daemon(pod) and any("emptyDir" in v for v in (pod.get("spec") or {}).get("volumes") or ())
    ]
    if local and not call.flags.on("delete-emptydir-data"):
        problems.append(
            f"cannot delete Pods with local storage (use --delete-emptydir-data to override): {listed(local)}"
        )
    return problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]" if problems else ""


def _evict(call: Call, pods: Sequence[Wire], mode: DryRun) -> None:
    grace = call.flags.number("grace-period")
    evicted = [Info(resource_type("pods"), pod["metadata"]["namespace"], pod["metadata"]["name"], pod) for pod in pods]
    for info in evicted:
        call.say(f"evicting pod {info.namespace}/{info.name}{SUFFIX[mode]}")
        if mode == "none":
            try:
                call.api.delete(info.type, info.name, info.namespace, None if grace < 0 else grace)
            except ApiError as error:
                if error.reason != "NotFound":
                    raise
    if mode != "none":
        return
    for info, pod in zip(evicted, pods, strict=True):
        if not wait_until_gone(call, info, pod["metadata"].get("uid", ""), call.flags.limit("timeout")):
            raise KubectlError(
                f'error when waiting for pod "{info.name}" in namespace "{info.namespace}" to terminate: '
                f"global timeout reached: {call.flags.text('timeout')}"
            )
        call.say(f"pod/{info.name} evicted")
