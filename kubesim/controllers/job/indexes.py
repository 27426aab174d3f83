"""Indexes of an Indexed Job: which have succeeded, which come next, and how lists of them are written. Pure.

Upstream: ``pkg/controller/job/indexed_job_utils.go``.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubesim.api.objects import Wire

COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index"
"""The label and the annotation of a Pod that tell its index."""
FAILURE_COUNT = "batch.kubernetes.io/job-index-failure-count"
"""The annotation that counts the failures of an index before this Pod."""


def index_of(pod: Wire) -> int:
    """A Pod's index; -1 where it has none."""
    text = (pod["metadata"].get("annotations") or {}).get(COMPLETION_INDEX, "")
    return int(text) if text.isdecimal() else -1


def failures_before(pod: Wire) -> int:
    """How often a Pod's index had failed before it was made."""
    text = (pod["metadata"].get("annotations") or {}).get(FAILURE_COUNT, "")
    return int(text) if text.isdecimal() else 0


def parse_indexes(text: str, most: int) -> set[int]:
    """The numbers of ``0,3-5``, those from ``most`` on left out."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), min(int(last or first), most - 1) + 1))
    return found


def format_indexes(indexes: Iterable[int]) -> str:
    """``0,3-5``; two neighbours are written apart."""
    ordered, parts = sorted(indexes), list[str]()
    start = 0
    for position, number in enumerate(ordered):
        if position + 1 < len(ordered) and ordered[position + 1] == number + 1:
            continue
        first = ordered[start]
        parts += [f"{first}-{number}"] if number > first + 1 else [str(each) for each in ordered[start : position + 1]]
        start = position + 1
    return ",".join(parts)


def pending_indexes(completions: int, taken: set[int], count: int) -> list[int]:
    """The first indexes that nobody has taken, ``count`` at most."""
    found: list[int] = []
    for index in range(completions):
        if len(found) >= count:
            break
        if index not in taken:
            found.append(index)
    return found


def with_index(pod: Wire, job: str, index: int, failures: int | None) -> Wire:
    """A new Pod of an index: it carries it in its name, its host name, its labels and its environment.

    :param failures: how often the index has failed, where each index has a back-off limit of its own.
    """
    metadata = pod["metadata"]
    labels = {**(metadata.get("labels") or {}), COMPLETION_INDEX: str(index)}
    annotations = {**(metadata.get("annotations") or {}), COMPLETION_INDEX: str(index)}
    if failures is not None:
        annotations[FAILURE_COUNT] = str(failures)
    spec = {**pod["spec"], "hostname": f"{job}-{index}"}
    for kind in ("containers", "initContainers"):
        if spec.get(kind):
            spec[kind] = [_with_variable(container) for container in spec[kind]]
    named = {
        "annotations": dict(sorted(annotations.items())),
        "generateName": f"{job}-{index}-",
        "labels": dict(sorted(labels.items())),
    }
    return {**pod, "metadata": {**metadata, **named}, "spec": spec}


def _with_variable(container: Wire) -> Wire:
    known = container.get("env") or []
    if any(variable["name"] == "JOB_COMPLETION_INDEX" for variable in known):
        return container
    field = {"apiVersion": "v1", "fieldPath": f"metadata.labels['{COMPLETION_INDEX}']"}
    return {**container, "env": [*known, {"name": "JOB_COMPLETION_INDEX", "valueFrom": {"fieldRef": field}}]}
