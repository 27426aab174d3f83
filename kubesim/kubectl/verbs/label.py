"""``kubectl label`` and ``kubectl annotate``: ``key=value`` sets, ``key-`` removes.

Upstream: ``k8s.io/kubectl/pkg/cmd/label`` and ``.../annotate``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kubesim.api import names
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, raise_all
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.requests import Changes
from kubesim.kubectl.resource_arguments import select


def split_words(words: Sequence[str], what: str) -> tuple[list[str], list[str]]:
    """The resource words of a command, and the changes after them: the first word with ``=`` or a ``-`` at its end.

    :param what: what is changed, such as ``label``.
    :raises KubectlError: where a resource follows a change.
    """
    resources: list[str] = []
    changes: list[str] = []
    for word in words:
        is_change = ("=" in word and not word.startswith("=")) or (word.endswith("-") and word != "-")
        if is_change:
            changes.append(word)
        elif changes:
            raise KubectlError(f"all resources must be specified before {what} changes: {word}")
        else:
            resources.append(word)
    return resources, changes


def parse_labels(changes: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """What to set and what to remove.

    :raises KubectlError: with upstream's words.
    """
    labels, remove = _parsed(changes, "unknown label spec", 1)
    for key, value in labels.items():
        if "=" in value:
            raise KubectlError(f"invalid label spec: {key}={value}")
        problems = names.label_value(value)
        if problems:
            raise KubectlError(f'invalid label value: "{key}={value}": {";".join(problems)}')
    if any(key in labels for key in remove):
        raise KubectlError("can not both modify and remove a label in the same command")
    return labels, remove


def parse_annotations(changes: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """What to set and what to remove.

    :raises KubectlError: with upstream's words.
    """
    annotations, remove = _parsed(changes, "invalid annotation format", 2)
    both = [key for key in remove if key in annotations]
    if both:
        raise KubectlError(
            f"can not both modify and remove the following annotation(s) in the same command: {', '.join(both)}"
        )
    return annotations, remove


def _parsed(changes: Sequence[str], refusal: str, shortest: int) -> tuple[dict[str, str], list[str]]:
    """The ``key=value`` and ``key-`` words; the latter are at least so long."""
    values: dict[str, str] = {}
    remove: list[str] = []
    for change in changes:
        key, equals, value = change.partition("=")
        if equals and key:
            values[key] = value
        elif change.endswith("-") and len(change) >= shortest:
            remove.append(change[:-1])
        else:
            raise KubectlError(f"{refusal}: {change}")
    return values, remove


def changed(
    wire: Wire,
    field: str,
    values: Mapping[str, str],
    remove: Sequence[str],
    *,
    overwrite: bool = False,
    resource_version: str = "",
) -> Wire:
    """The object with its labels or annotations changed.

    :param field: ``labels`` or ``annotations``.
    :raises KubectlError: where a value would be overwritten.
    """
    metadata = dict(wire.get("metadata") or {})
    old = metadata.get(field) or {}
    taken = [key for key in sorted(values) if key in old and old[key] != values[key]]
    if taken and not overwrite:
        problems = [f"'{key}' already has a value ({old[key]})" for key in taken]
        if field == "labels":
            raise_all([KubectlError(f"{problem}, and --overwrite is false") for problem in problems])
        shown = "; ".join(problems)
        raise KubectlError(f"--overwrite is false but found the following declared annotation(s): {shown}")
    new = {key: value for key, value in {**old, **values}.items() if key not in remove}
    if new:
        metadata[field] = new
    else:
        metadata.pop(field, None)
    if resource_version:
        metadata["resourceVersion"] = resource_version
    return {**wire, "metadata": metadata}


def _run(
    call: Call,
    field: str,
    parse: Callable[[Sequence[str]], tuple[dict[str, str], list[str]]],
    outcome: Callable[[bool, bool], str],
) -> int:
    """Change the labels or annotations of each object, or list them.

    :param outcome: what is said, from whether anything was added and removed.
    """
    flags = call.flags
    sending = Changes(call)
    resources, changes = split_words(call.arguments, field.removesuffix("s"))
    values, remove = parse(changes)
    _check(call, resources)
    if not resources and not flags.texts("filename"):
        raise KubectlError("one or more resources must be specified as <resource> <name> or <resource>/<name>")
    if not changes and not flags.on("list"):
        raise KubectlError(f"at least one {field.removesuffix('s')} update is required")

    if flags.on("list") and flags.text("output"):
        raise KubectlError("--list and --output may not be specified together")
    local = flags.on("local")
    chosen = select(call, resources, all_if_bare=flags.on("all"), latest=not local)
    if flags.text("resource-version") and not chosen.single:
        raise KubectlError("--resource-version may only be used with a single resource")

    def edit(info: Info, after: Wire) -> str:
        old = after["metadata"].get(field) or {}
        if flags.on("list"):
            _list(call, info, field, old, alone=chosen.single)
            return ""
        overwrite, version = flags.on("overwrite"), flags.text("resource-version")
        after |= changed(after, field, values, remove, overwrite=overwrite, resource_version=version)
        for key in remove if field == "labels" else ():
            if key not in old:
                call.say(f'label "{key}" not found.')
        added = any(old.get(key) != value for key, value in values.items())
        return outcome(added, any(key in old or key in values for key in remove))

    return sending.each(chosen, edit)


def _list(call: Call, info: Info, field: str, values: Mapping[str, str], *, alone: bool) -> None:
    """The labels or annotations of an object; of several objects each with a heading."""
    if not alone:
        call.say(f"Listing {field} for {info.type.kind}.{info.type.group}/{info.name}:")
    for key, value in values.items():
        call.say(f"{'' if alone else ' '}{key}={value}")


def _check(call: Call, resources: Sequence[str]) -> None:
    """Refuse flags that contradict each other."""
    flags = call.flags
    for other in ("selector", "field-selector"):
        if flags.on("all") and flags.text(other):
            raise KubectlError(f"cannot set --all and --{other} at the same time")
    if flags.on("local") and resources:
        raise KubectlError("can only use local files by -f pod.yaml or --filename=pod.json when --local=true is set")


def label(call: Call) -> int:
    """Change the labels of each object."""

    def outcome(added: bool, removed: bool) -> str:
        if added and removed:
            return "modified"
        return "labeled" if added else "unlabeled" if removed else "not labeled"

    return _run(call, "labels", parse_labels, outcome)


def annotate(call: Call) -> int:
    """Change the annotations of each object."""
    return _run(call, "annotations", parse_annotations, lambda *_: "annotated")
