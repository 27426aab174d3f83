"""Make ``kubesim/serve/protobuf_fields.txt``: the numbers and types of the fields that clients send in protobuf.

    python tools/protobuf_fields.py API APIMACHINERY > kubesim/serve/protobuf_fields.txt

The two arguments are checkouts of ``kubernetes/api`` and ``kubernetes/apimachinery``, whose ``generated.proto`` files
say what is encoded how. Written are the messages that :data:`ROOTS` reach, one a line: its name, then each field as
``number:name:type``. A ``+`` for a name marks a part that JSON does not nest (an embedded struct of Go).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from kubesim.api.resources import RESOURCE_TYPES

_FOLDERS = {
    "": "core/v1", "apps": "apps/v1", "autoscaling": "autoscaling/v2", "batch": "batch/v1",
    "discovery.k8s.io": "discovery/v1", "policy": "policy/v1",
}  # fmt: skip
ROOTS = (
    *(f"{_FOLDERS[each.group].replace('/', '.')}.{each.kind}" for each in RESOURCE_TYPES if each.group in _FOLDERS),
    "authentication.v1.SelfSubjectReview", "authentication.v1.TokenRequest",
    "authorization.v1.LocalSubjectAccessReview", "authorization.v1.SelfSubjectAccessReview",
    "authorization.v1.SelfSubjectRulesReview", "authorization.v1.SubjectAccessReview",
    "core.v1.Binding", "core.v1.ResourceQuota", "policy.v1.Eviction", "networking.v1.Ingress",
    "rbac.v1.ClusterRole", "rbac.v1.ClusterRoleBinding", "rbac.v1.Role", "rbac.v1.RoleBinding",
    "meta.v1.DeleteOptions",
)  # fmt: skip
"""The messages that somebody may send whole."""

_SCALARS = {"string", "bool", "int32", "int64", "bytes", "double", "uint32", "uint64"}
_SPECIAL = {
    "api.resource.Quantity": "quantity", "util.intstr.IntOrString": "intstr",
    "meta.v1.Time": "time", "meta.v1.MicroTime": "microtime", "meta.v1.FieldsV1": "raw", "runtime.RawExtension": "raw",
}  # fmt: skip
"""Messages that JSON writes as one value."""
_FIELD = re.compile(r"(optional|repeated|map<string, ([\w.]+)>) ?([\w.]*) (\w+) = (\d+);")
_Message = list[tuple[int, str, str]]


def main() -> None:
    """Print the table."""
    messages: dict[str, _Message] = {}
    for root in map(Path, sys.argv[1:3]):
        for file in sorted(root.rglob("generated.proto")):
            _read(file.read_text(encoding="utf-8"), messages)
    wanted, seen = list(ROOTS), set[str]()
    lines = []
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        fields = []
        for number, field, as_type in messages[name]:
            inner = as_type.removeprefix("[]").removeprefix("map:")
            if inner not in (*_SCALARS, *_SPECIAL.values()):
                wanted.append(inner)
            fields.append(f"{number}:{'+' if _is_embedded(field, as_type) else field}:{as_type}")
        lines.append(" ".join((name, *fields)))
    print("# made by tools/protobuf_fields.py from the generated.proto files of kubernetes/api and apimachinery")
    print("\n".join(sorted(lines)))


def _read(text: str, messages: dict[str, _Message]) -> None:
    package = _short(re.search(r"^package ([\w.]+);", text, re.MULTILINE)[1])  # type: ignore[index]
    for found in re.finditer(r"^message (\w+) \{(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        fields: _Message = []
        for how, value, kind, field, number in _FIELD.findall(found[2]):
            as_type = _type(value or kind, package)
            prefix = "[]" if how == "repeated" else "map:" if value else ""
            fields.append((int(number), field, prefix + as_type))
        messages[f"{package}.{found[1]}"] = fields


def _short(package: str) -> str:
    return re.sub(r"^\.?k8s\.io\.(apimachinery\.pkg\.apis\.|apimachinery\.pkg\.|api\.)", "", package)


def _type(name: str, package: str) -> str:
    if name in _SCALARS:
        return name
    short = _short(name) if name.startswith((".k8s", "k8s")) else f"{package}.{name}"
    return _SPECIAL.get(short, short)


_EMBEDDED = {
    "ephemeralContainerCommon", "handler", "ingressRuleValue", "localObjectReference", "persistentVolumeSource",
    "volumeSource",
}  # fmt: skip


def _is_embedded(field: str, as_type: str) -> bool:
    """Whether Go embeds the struct: the field is then named like its type, and no struct of ours has it."""
    name = as_type.rpartition(".")[2]
    same = name[:1].lower() + name[1:] == field or field == "handler"
    return same and field in _EMBEDDED


if __name__ == "__main__":
    main()
