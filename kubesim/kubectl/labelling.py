"""Labels and annotations on the command line: ``key=value`` sets, ``key-`` removes. Pure functions.

Upstream: ``k8s.io/kubectl/pkg/cmd/label`` and ``.../annotate``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubesim.api import names
from kubesim.api.objects import Wire
from kubesim.kubectl.errors import Aggregate, KubectlError, raise_all


def split_words(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The resource words of a command, and the changes after them: the first word with ``=`` or a ``-`` at its end.

    :raises KubectlError: where a resource follows a change.
    """
    resources: list[str] = []
    changes: list[str] = []
    for word in words:
        is_change = ("=" in word and not word.startswith("=")) or word.endswith("-") if word else False
        if is_change:
            changes.append(word)
        elif changes:
            raise KubectlError(f"all resources must be specified before label changes: {word}")
        else:
            resources.append(word)
    return resources, changes


def parse_labels(changes: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """What to set and what to remove.

    :raises KubectlError: with upstream's words.
    """
    labels: dict[str, str] = {}
    remove: list[str] = []
    for change in changes:
        key, equals, value = change.partition("=")
        if equals and key:
            if "=" in value:
                raise KubectlError(f"invalid label spec: {change}")
            problems = names.label_value(value)
            if problems:
                raise KubectlError(f'invalid label value: "{change}": {";".join(problems)}')
            labels[key] = value
        elif change.endswith("-"):
            remove.append(change[:-1])
        else:
            raise KubectlError(f"unknown label spec: {change}")
    if any(key in labels for key in remove):
        raise KubectlError("can not both modify and remove a label in the same command")
    return labels, remove


def parse_annotations(changes: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """What to set and what to remove.

    :raises KubectlError: with upstream's words.
    """
    annotations: dict[str, str] = {}
    remove: list[str] = []
    for change in changes:
        key, equals, value = change.partition("=")
        if equals and key:
            annotations[key] = value
        elif change.endswith("-") and len(change) > 1:
            remove.append(change[:-1])
        else:
            raise KubectlError(f"invalid annotation format: {change}")
    both = [key for key in remove if key in annotations]
    if both:
        raise KubectlError(
            f"can not both modify and remove the following annotation(s) in the same command: {', '.join(both)}"
        )
    return annotations, remove


def overwrites(old: Mapping[str, str] | None, new: Mapping[str, str]) -> list[str]:
    """What would be overwritten, in words."""
    return [
        f"'{key}' already has a value ({(old or {})[key]})"
        for key in sorted(new)
        if key in (old or {}) and (old or {})[key] != new[key]
    ]


def labelled(
    wire: Wire, labels: Mapping[str, str], remove: Sequence[str], *, overwrite: bool = False, resource_version: str = ""
) -> Wire:
    """The object with its labels changed.

    :raises KubectlError: where a value would be overwritten.
    """
    metadata = dict(wire.get("metadata") or {})
    old = metadata.get("labels") or {}
    if not overwrite:
        problems: list[Exception] = [
            KubectlError(f"{problem}, and --overwrite is false") for problem in overwrites(old, labels)
        ]
        raise_all(problems)
    new = {**old, **labels}
    for key in remove:
        new.pop(key, None)
    return _with(wire, metadata, "labels", new, resource_version)


def annotated(
    wire: Wire,
    annotations: Mapping[str, str],
    remove: Sequence[str],
    *,
    overwrite: bool = False,
    resource_version: str = "",
) -> Wire:
    """The object with its annotations changed.

    :raises KubectlError: where a value would be overwritten.
    """
    metadata = dict(wire.get("metadata") or {})
    old = metadata.get("annotations") or {}
    problems = overwrites(old, annotations)
    if problems and not overwrite:
        raise KubectlError(
            f"--overwrite is false but found the following declared annotation(s): {'; '.join(problems)}"
        )
    new = {**old, **annotations}
    for key in remove:
        new.pop(key, None)
    return _with(wire, metadata, "annotations", new, resource_version)


def _with(wire: Wire, metadata: Wire, field: str, values: dict[str, str], resource_version: str) -> Wire:
    if values:
        metadata[field] = values
    else:
        metadata.pop(field, None)
    if resource_version:
        metadata["resourceVersion"] = resource_version
    return {**wire, "metadata": metadata}


__all__ = [
    "Aggregate",
    "annotated",
    "labelled",
    "overwrites",
    "parse_annotations",
    "parse_labels",
    "split_words",
]
