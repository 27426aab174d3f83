"""Field selectors: which values some fields of an object must have, such as ``status.phase!=Running``.

They know only equality; a comma, an equals sign or a backslash inside a value is escaped by a backslash. Upstream:
``apimachinery/pkg/fields/selector.go``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType


@dataclass(frozen=True, slots=True)
class FieldRequirement:
    """``field=value`` or ``field!=value``."""

    field: str
    operator: str
    value: str

    def matches(self, fields: Mapping[str, str]) -> bool:
        """Whether the field has (or has not) the value; an absent field reads as empty."""
        return (fields.get(self.field, "") == self.value) == (self.operator == "=")

    def __str__(self) -> str:
        escaped = re.sub(r"([\\,=])", r"\\\1", self.value)
        return f"{self.field}{self.operator}{escaped}"


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """Field requirements that must all hold."""

    requirements: tuple[FieldRequirement, ...] = ()

    def matches(self, fields: Mapping[str, str]) -> bool:
        """Whether an object with these fields is selected."""
        return all(requirement.matches(fields) for requirement in self.requirements)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))


def split_terms(text: str) -> list[str]:
    """Split at commas that no backslash protects."""
    if not text:
        return []
    terms = [""]
    for piece in re.findall(r"(?s)\\.|.", text):
        if piece == ",":
            terms.append("")
        else:
            terms[-1] += piece
    return terms


def parse_field_selector(text: str) -> FieldSelector:
    """Parse what follows ``kubectl get --field-selector``; ValueError with upstream's words."""
    requirements = []
    for term in sorted(split_terms(text)):
        if not term:
            continue
        found = re.search("!=|==|=", term)
        if found is None:
            raise ValueError(f"invalid selector: '{text}'; can't understand '{term}'")
        operator = "!=" if found[0] == "!=" else "="
        requirements.append(FieldRequirement(term[: found.start()], operator, _unescape(term[found.end() :])))
    return FieldSelector(tuple(requirements))


def _unescape(value: str) -> str:
    characters = iter(value)
    plain = []
    for character in characters:
        if character == "\\":
            escaped = next(characters, "")
            if escaped not in ("\\", ",", "="):
                raise ValueError(f"invalid field selector: invalid escape sequence: \\{escaped}")
            plain.append(escaped)
        elif character in ",=":
            raise ValueError(f"invalid field selector: unescaped character in value: {ord(character)}")
        else:
            plain.append(character)
    return "".join(plain)


_SELECTABLE: dict[str, tuple[str, ...]] = {
    "Pod": (
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
    ),
    "Service": ("spec.clusterIP", "spec.type"),
    "Namespace": ("status.phase",),
    "Node": ("spec.unschedulable",),
    "Secret": ("type",),
    "ReplicaSet": ("status.replicas",),
    "Event": (
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
        "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath",
        "reason", "reportingComponent", "source", "type",
    ),
}  # fmt: skip


def selectable(resource: ResourceType) -> tuple[str, ...]:
    """The fields by which objects of a kind can be selected."""
    return ("metadata.name", "metadata.namespace", *_SELECTABLE.get(resource.kind, ()))


def selectable_fields(wire: Wire) -> dict[str, str]:
    """The fields of an object by which it can be selected, as text."""
    names = ("metadata.name", "metadata.namespace", *_SELECTABLE.get(wire["kind"], ()))
    return {name: _text(wire, name) for name in names}


def _text(wire: Wire, path: str) -> str:
    if path == "source":
        path = "source.component"
    value: object = wire
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if path in ("spec.unschedulable", "spec.hostNetwork"):
        value = bool(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
