"""``kubectl diff``: what ``apply`` would change, as a unified difference."""

from __future__ import annotations

import difflib

from kubesim.api import go_json, go_yaml
from kubesim.api.apply import change, last_applied_text
from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import FAILURES, KubectlError, SilentExit, report
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.resource_arguments import select

FAILED = 2
"""The exit status where something went wrong; 1 says that there is a difference."""


def diff(call: Call) -> int:
    """Print the difference of each object; 1 where there is one.

    :raises KubectlError: where something goes wrong, with an exit status of its own.
    """
    try:
        return _diff(call)
    except FAILURES as error:
        text, _ = report(error)
        call.stderr.append(text)
        raise SilentExit(FAILED) from None


def _diff(call: Call) -> int:
    call.refuse_arguments()
    if call.flags.on("force-conflicts") and not call.flags.on("server-side"):
        raise KubectlError("--force-conflicts only works with --server-side")
    if not call.flags.texts("filename") and not call.flags.text("kustomize"):
        raise KubectlError("must specify one of -f and -k")
    changed: list[bool] = []
    moment = call.simulation.datetime.strftime("%Y-%m-%d %H:%M:%S.000000000 +0000")
    number = call.simulation.random("diff/directories").randrange(10**9, 10**10)

    def act(info: Info) -> None:
        live, merged = _both(call, info)
        group = f"{info.type.group}." if info.type.group else ""
        name = f"{group}{info.type.version}.{info.type.kind}.{info.namespace}.{info.name}"
        before, after = (go_yaml.dump(wire).splitlines(keepends=True) if wire else [] for wire in (live, merged))
        lines = list(
            difflib.unified_diff(
                before, after, f"/tmp/LIVE-{number}/{name}", f"/tmp/MERGED-{number + 1}/{name}", moment, moment
            )
        )
        if lines:
            changed.append(True)
            call.say(f"diff -u -N /tmp/LIVE-{number}/{name} /tmp/MERGED-{number + 1}/{name}")
            call.stdout.extend(lines)

    select(call, (), latest=False).visit(act)
    return 1 if changed else 0


def _both(call: Call, info: Info) -> tuple[Wire | None, Wire]:
    """The object as it is, and as it would be."""
    try:
        live = call.api.retrieve(info.type, info.name, info.namespace)
    except ApiError as error:
        if error.reason != "NotFound":
            raise
        live = None
    if call.flags.on("server-side"):
        force = call.flags.on("force-conflicts")
        configuration = info.object or {}
        return live, call.api.apply(info.type, info.name, info.namespace, configuration, force=force, dry_run=True)
    wanted = go_json.loads(last_applied_text(info.object or {}))
    if live is None:
        return None, call.api.create(wanted, info.namespace or call.namespace, dry_run=True)
    merged = call.api.patch(info.type, info.name, info.namespace, change(wanted, live, info.type), dry_run=True)
    return live, merged
