"""``kubectl cordon`` and ``uncordon``: whether a node takes new Pods."""

from __future__ import annotations

from collections.abc import Callable

from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, UsageError
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.requests import Changes, Edit
from kubesim.kubectl.resource_arguments import select


def named_nodes(call: Call) -> list[Info]:
    """The nodes that a command names, or that its selector finds."""
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
        for info in named_nodes(call):
            changes.one(info, schedulability(wanted))
        return 0

    return run


def schedulability(wanted: bool) -> Edit:
    """The change that lets a node take new Pods, or not."""
    word = "uncordoned" if wanted else "cordoned"

    def edit(info: Info, after: Wire) -> str:
        if bool(after["spec"].get("unschedulable")) != wanted:
            return f"already {word}"
        after["spec"].pop("unschedulable", None)
        if not wanted:
            after["spec"]["unschedulable"] = True
        return word

    return edit
