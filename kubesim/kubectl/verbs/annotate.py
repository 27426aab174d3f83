"""``kubectl annotate``: set, change and remove annotations."""

from __future__ import annotations

from kubesim.kubectl.call import Call, Verb
from kubesim.kubectl.changes import send_change
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.labelling import annotated, parse_annotations, split_words
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import Printer, dry_run
from kubesim.kubectl.resource_arguments import select
from kubesim.kubectl.verbs.label import VERB as LABEL


def annotate(call: Call) -> int:
    """Change the annotations of each object."""
    flags = call.flags
    mode = dry_run(call)
    printer = Printer(call, mode)
    resources, changes = split_words(call.arguments)
    annotations, remove = parse_annotations(changes)
    if not resources and not flags.texts("filename"):
        raise KubectlError("one or more resources must be specified as <resource> <name> or <resource>/<name>")
    if not changes and not flags.on("list"):
        raise KubectlError("at least one annotation update is required")

    def act(info: Info) -> None:
        before = info.object or {}
        if flags.on("list"):
            for key, value in ((before.get("metadata") or {}).get("annotations") or {}).items():
                call.say(f"{key}={value}")
            return
        after = annotated(
            before,
            annotations,
            remove,
            overwrite=flags.on("overwrite"),
            resource_version=flags.text("resource-version"),
        )
        info.object = send_change(call, info, after, mode)
        printer.done(info, "annotated")

    select(call, resources, everything=flags.on("all")).visit(act)
    return 0


VERB = Verb(
    "annotate",
    annotate,
    "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]",
    "Update the annotations on a resource",
    group="Settings Commands",
    flags=LABEL.flags,
)
