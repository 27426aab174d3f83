"""``kubectl delete``: by name, by selector, by manifest; it waits until the objects are gone."""

from __future__ import annotations

from kubesim.api.deletion import Propagation
from kubesim.api.errors import ApiError
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, with_source
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import SUFFIX, DryRun, dry_run
from kubesim.kubectl.resource_arguments import require_name, select
from kubesim.kubectl.watching import wait_until_gone

FORCED = (
    "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. "
    "The resource may continue to run on the cluster indefinitely."
)
_CASCADE: dict[str, Propagation] = {
    "background": "Background",
    "false": "Orphan",
    "foreground": "Foreground",
    "orphan": "Orphan",
    "true": "Background",
}


def delete(call: Call) -> int:
    """Delete what was named and, unless told otherwise, wait until it is gone."""
    flags = call.flags
    mode = dry_run(call)
    grace = _grace_period(call)
    cascade = _CASCADE.get(flags.text("cascade"))
    if cascade is None:
        raise KubectlError(
            f'invalid cascade value ({flags.text("cascade")}). Must be "background", "foreground", or "orphan"'
        )
    if flags.text("output") not in ("", "name"):
        raise KubectlError(f"unexpected -o output mode: {flags.text('output')}. We only support '-o name'")
    if flags.on("all") and (flags.text("selector") or flags.text("field-selector")):
        raise KubectlError("setting 'all' parameter but found a non empty selector. ")
    if flags.on("interactive"):
        raise KubectlError("nobody can be asked here: leave --interactive out")
    selection = select(call, call.arguments, everything=flags.on("all"), latest=False, fetch=False)
    if grace == 0 and flags.on("force"):
        call.complain(FORCED)
    deleted: list[tuple[Info, str]] = []

    def act(info: Info) -> None:
        if mode != "client":
            try:
                require_name(info.name)
                gone = call.api.delete(
                    info.type,
                    info.name,
                    info.namespace,
                    grace_period_seconds=grace,
                    propagation=cascade,
                    dry_run=mode == "server",
                )
            except (ApiError, KubectlError) as error:
                raise with_source(error, "deleting", info.source) from None
            deleted.append((info, gone["metadata"].get("uid", "")))
        print_deleted(call, info, grace, mode)

    ignore = _is_not_found if flags.on("ignore-not-found") or flags.on("all") else None
    if not selection.visit(act, ignore=ignore):
        call.say("No resources found")
    elif flags.on("wait") and mode == "none":
        _wait(call, deleted)
    return 0


def _grace_period(call: Call) -> int | None:
    flags = call.flags
    grace = flags.number("grace-period")
    if flags.on("now"):
        if grace != -1:
            raise KubectlError("--now and --grace-period cannot be specified together")
        grace = 1
    if grace == 0 and not flags.on("force"):
        grace = 1
    if flags.on("force"):
        if grace > 0:
            raise KubectlError("--force and --grace-period greater than 0 cannot be specified together")
        grace = 0
    return None if grace < 0 else grace


def print_deleted(call: Call, info: Info, grace: int | None, mode: DryRun = "none") -> None:
    """Say that an object was deleted."""
    kind = f"{info.type.kind.lower()}.{info.type.group}" if info.type.group else info.type.kind.lower()
    if call.flags.text("output") == "name":
        call.say(f"{kind}/{info.name}")
        return
    operation = "force deleted" if grace == 0 else "deleted"
    where = f" from {info.namespace} namespace" if info.namespace else ""
    call.say(f'{kind} "{info.name}" {operation}{where}{SUFFIX[mode]}')


def _is_not_found(error: Exception) -> bool:
    return isinstance(error, ApiError) and error.reason == "NotFound"


def _wait(call: Call, deleted: list[tuple[Info, str]]) -> None:
    limit = call.flags.limit("timeout")
    deadline = call.simulation.now + (limit or 0.0)
    for info, uid in deleted:
        left = max(0.0, deadline - call.simulation.now) if limit is not None else None
        if not wait_until_gone(call, info, uid, left):
            raise KubectlError(f"timed out waiting for the condition on {info.type.plural}/{info.name}")
