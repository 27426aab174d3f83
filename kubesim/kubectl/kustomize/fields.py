"""Where in an object a transformer acts: a path through maps and lists, of some kinds only.

``spec/template/spec/containers[]/image`` visits the image of each container; a list on the way needs no mark, ``[]``
only says that nothing is made there (upstream: ``sigs.k8s.io/kustomize/api/filters/fieldspec``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubesim.api.objects import Wire
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.kustomize.resource import Id, Resource, parts_of

Change = Callable[[Any], Any]
"""From the value at the end of a path to the one that is put there."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One path; group, version and kind restrict it where they are said.

    :param create: whether what is missing on the way is made.
    """

    path: str
    kind: str = ""
    group: str = ""
    version: str = ""
    create: bool = False

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> FieldSpec:
        """The path that a configuration describes."""
        return cls(
            str(entry.get("path") or ""),
            str(entry.get("kind") or ""),
            str(entry.get("group") or ""),
            str(entry.get("version") or ""),
            bool(entry.get("create")),
        )

    def covers(self, wire: Wire) -> bool:
        """Whether objects of this kind have the field."""
        group, version = parts_of(str(wire.get("apiVersion") or ""))
        return self.kind in ("", wire.get("kind")) and self.group in ("", group) and self.version in ("", version)


def merged(specs: Sequence[FieldSpec], more: Iterable[FieldSpec]) -> tuple[FieldSpec, ...]:
    """Paths with others, each once.

    :raises KubectlError: where one says otherwise whether what is missing is made.
    """
    result = list(specs)
    for spec in more:
        same = next((each for each in result if each.path == spec.path and _is_within(each, spec)), None)
        if same is None:
            result.append(spec)
        elif same.create != spec.create:
            raise KubectlError("conflicting fieldspecs")
    return tuple(result)


def _is_within(one: FieldSpec, other: FieldSpec) -> bool:
    return Id(one.group, one.version, one.kind).is_of(other.group, other.version, other.kind)


_STEP = re.compile(r"((?:\\/|[^/])*)(?:/|$)")


def steps_of(path: str) -> list[str]:
    r"""The steps of a path; ``\/`` is a slash within one."""
    return [step.replace("\\/", "/") for step in _STEP.findall(path)[:-1]] if path else []


def change_field(resource: Resource, spec: FieldSpec, change: Change, new: Callable[[], Any] | None = None) -> None:
    """Change the values at the end of a path.

    :param new: makes the last value, where it is missing and the path makes what is missing; None never makes it.
    :raises KubectlError: where the path leads through something that is neither a map nor a list.
    """
    if not spec.covers(resource.wire):
        return
    try:
        _walk(resource.wire, steps_of(spec.path), spec, change, new)
    except KubectlError as error:
        where = f"considering field '{spec.path}' of object {resource.id}"
        raise KubectlError(f"{where}: {error}") from None


class _AstrayError(KubectlError):
    """That a path leads through something that is neither a map nor a list."""


def _walk(value: Any, steps: list[str], spec: FieldSpec, change: Change, new: Callable[[], Any] | None) -> Any:
    if not steps:
        return change(value)
    if value is None:
        return None
    if isinstance(value, list):
        try:
            value[:] = [_walk(each, steps, spec, change, new) for each in value]
        except _AstrayError as error:
            raise _AstrayError(f"visit traversal on path: [{' '.join(steps)}]: {error}") from None
        return value
    if not isinstance(value, dict):
        raise _AstrayError("expected sequence or mapping node")
    name = steps[0].removesuffix("[]")
    of_list = name != steps[0]
    creates = spec.create and new is not None and not of_list
    if name not in value and not creates:
        return value
    held = value.get(name)
    if held is None:
        if creates and new is not None:
            held = new() if len(steps) == 1 else {}
        elif of_list:
            held = []
    value[name] = _walk(held, steps[1:], spec, change, new)
    return value
