"""``kubectl apply view-last-applied`` and its neighbours: the manifest that an object remembers."""

from __future__ import annotations

import json

from kubesim.api import go_json, go_yaml
from kubesim.api.apply import LAST_APPLIED, last_applied_text
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import Printer, dry_run
from kubesim.kubectl.requests import send_change
from kubesim.kubectl.resource_arguments import select


def view(call: Call) -> int:
    """Print what was applied last to each object."""
    shape = call.flags.text("output")
    if shape not in ("json", "yaml"):
        raise KubectlError(f'Unexpected -o output mode: {shape}, the flag "output" must be one of yaml|json')

    def act(info: Info) -> None:
        metadata = (info.object or {}).get("metadata") or {}
        text = (metadata.get("annotations") or {}).get(LAST_APPLIED)
        if text is None:
            raise KubectlError(f"no last-applied-configuration annotation found on resource: {info.name}")
        wire = json.loads(text)
        call.stdout.append(go_yaml.dump(wire) if shape == "yaml" else go_json.dumps(wire) + "\n")

    select(call, call.arguments, everything=call.flags.on("all")).visit(act)
    return 0


def set_last_applied(call: Call) -> int:
    """Make each object remember the manifest, without changing anything else."""
    mode = dry_run(call)
    printer = Printer(call, mode)

    def act(info: Info) -> None:
        manifest = info.object or {}
        live = call.api.get(info.type, info.name, info.namespace)
        metadata = live.get("metadata") or {}
        annotations = metadata.get("annotations") or {}
        if LAST_APPLIED not in annotations and not call.flags.on("create-annotation"):
            raise KubectlError(
                f"no last-applied-configuration annotation found on resource: {info.name}, to create the annotation, "
                "run the command with --create-annotation"
            )
        after = {
            **live,
            "metadata": {**metadata, "annotations": {**annotations, LAST_APPLIED: last_applied_text(manifest)}},
        }
        info.object = live
        info.object = send_change(call, info, after, mode)
        printer.done(info, "configured")

    select(call, (), latest=False).visit(act)
    return 0
