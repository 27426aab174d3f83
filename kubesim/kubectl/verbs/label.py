"""``kubectl label``: set, change and remove labels."""

from __future__ import annotations

from kubesim.kubectl.call import Call, Verb
from kubesim.kubectl.changes import send_change
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.flags import (
    ALL_NAMESPACES_FLAG,
    DRY_RUN_FLAG,
    FIELD_MANAGER_FLAG,
    FIELD_SELECTOR_FLAG,
    FILE_FLAGS,
    OUTPUT_FLAGS,
    SELECTOR_FLAG,
    Flag,
)
from kubesim.kubectl.labelling import labelled, parse_labels, split_words
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import Printer, dry_run
from kubesim.kubectl.resource_arguments import select


def label(call: Call) -> int:
    """Change the labels of each object."""
    flags = call.flags
    mode = dry_run(call)
    printer = Printer(call, mode)
    resources, changes = split_words(call.arguments)
    listing = flags.on("list")
    labels, remove = parse_labels(changes)
    if not resources and not flags.texts("filename"):
        raise KubectlError("one or more resources must be specified as <resource> <name> or <resource>/<name>")
    if not changes and not listing:
        raise KubectlError("at least one label update is required")
    selection = select(call, resources, everything=flags.on("all"))

    def act(info: Info) -> None:
        before = info.object or {}
        old = (before.get("metadata") or {}).get("labels") or {}
        if listing:
            for key, value in old.items():
                call.say(f"{key}={value}")
            return
        after = labelled(
            before,
            labels,
            remove,
            overwrite=flags.on("overwrite"),
            resource_version=flags.text("resource-version"),
        )
        for key in remove:
            if key not in old:
                call.say(f'label "{key}" not found.')
        info.object = send_change(call, info, after, mode)
        printer.done(info, _outcome(before, after, bool(labels), bool(remove)))

    selection.visit(act)
    return 0


def _outcome(before: dict[str, object], after: dict[str, object], added: bool, removed: bool) -> str:
    if before == after:
        return "not labeled"
    if added and removed:
        return "modified"
    return "unlabeled" if removed else "labeled"


VERB = Verb(
    "label",
    label,
    "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]",
    "Update the labels on a resource",
    group="Settings Commands",
    flags=(
        *OUTPUT_FLAGS,
        *FILE_FLAGS,
        SELECTOR_FLAG,
        FIELD_SELECTOR_FLAG,
        ALL_NAMESPACES_FLAG,
        DRY_RUN_FLAG,
        FIELD_MANAGER_FLAG,
        Flag("all", "bool", help="Every object of the types named."),
        Flag("list", "bool", help="List the labels instead."),
        Flag("local", "bool", help="Do not ask the server."),
        Flag("overwrite", "bool", help="Allow a label to be changed."),
        Flag("resource-version", help="Refuse where the object has another version."),
    ),
)
