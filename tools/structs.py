"""Make ``kubesim/api/schema/structs.txt``: one table of the Kubernetes structs, from two sources.

Which fields there are, of which type, and which of them OpenAPI demands is read from ``lightkube-models``, generated
from upstream's OpenAPI. What only the Go sources say (``types.go`` of ``k8s.io/api`` and ``k8s.io/apimachinery``,
release 1.36) is kept in ``go_structs.txt``: each struct with the JSON names of its fields in the order of their
declaration, and after a name

====================  ===============================================================================================
``*``                 a scalar behind a pointer: a zero that was given is kept
``=``                 a struct that is a value: always written, ``{}`` when it is empty
``~``                 a time that is a value: written as ``null`` while it is zero
``!``                 written when it is empty, though OpenAPI does not demand it
``?``                 left out when it is empty, though OpenAPI demands it
``:int64``            an integer of 64 bits; others have 32
``:quantity``         a quantity, or a map of quantities
``:bytes``            a map of bytes, which JSON writes in base64
``:Name``             a named string type, as decoding errors call it
``[key]``             a list whose items merge by this key in a strategic merge patch; ``[]`` for a list of scalars
``+``                 a union: a patch says which of its members stay (``$retainKeys``)
====================  ===============================================================================================

Run ``make structs``. The two sources must agree on the fields of every struct.
"""

from __future__ import annotations

import datetime
import re
import types
import typing
from pathlib import Path
from typing import Any

import msgspec
from lightkube.models import apps_v1, autoscaling_v2, batch_v1, core_v1, discovery_v1, policy_v1

from kubesim.api.resources import RESOURCE_TYPES

HERE = Path(__file__).parent
TABLE = HERE.parent / "kubesim/api/schema/structs.txt"
MODULES = {
    "v1": core_v1,
    "apps/v1": apps_v1,
    "autoscaling/v2": autoscaling_v2,
    "batch/v1": batch_v1,
    "discovery.k8s.io/v1": discovery_v1,
    "policy/v1": policy_v1,
}
HEAD = "# made by tools/structs.py: change tools/go_structs.txt and run `make structs`\n"
_MARKED = re.compile(r"(\w+)([*=~!?]*)(?::(\w+))?(?:\[(\w*)\])?(\+?)")


def table() -> str:
    """The text of the table.

    :raises ValueError: where the sources disagree.
    """
    go, lines = _go_structs(), [HEAD]
    waiting = [getattr(MODULES[resource.api_version], resource.kind) for resource in RESOURCE_TYPES]
    done: set[type] = set()
    while waiting:
        model = waiting.pop(0)
        if model in done:
            continue
        done.add(model)
        name = qualified(model)
        hints = {n: h for n, h in typing.get_type_hints(model).items() if n in model.__struct_fields__}
        marked = go.get(name, [])
        names = sorted(field[1] for field in marked)
        if names != sorted(hints):
            raise ValueError(f"the fields of {name} must be {sorted(hints)}, got {names}")
        lines.append(f"{name} {model.__module__.rpartition('.')[2]}\n")
        for field in marked:
            json_name, marks, named, key, union = field.groups()
            hint, inner = hints[json_name], list[type]()
            words = [json_name, _type(hint, named or "", inner)]
            demanded = type(None) not in typing.get_args(hint)
            if "*" in marks:
                words.append("pointer")
            if "=" in marks:
                words.append("value")
            if "~" in marks:
                words.append("null")
            if "!" in marks or (demanded and "?" not in marks):
                words.append("written")
            if "?" in marks:
                words.append("demanded")
            if key is not None:
                words.append(f"merge={key}")
            if union:
                words.append("union")
            lines.append(f" {' '.join(words)}\n")
            waiting += inner
    return "".join(lines)


def qualified(model: type) -> str:
    """The name of a struct in the table; two are called EndpointPort."""
    return f"discovery.{model.__name__}" if model is discovery_v1.EndpointPort else model.__name__


def _go_structs() -> dict[str, list[re.Match[str]]]:
    text = (HERE / "go_structs.txt").read_text().replace("\n  ", " ")
    found: dict[str, list[re.Match[str]]] = {}
    for line in text.splitlines():
        name, _, fields = line.partition(": ")
        matches = [_MARKED.fullmatch(field) for field in fields.split()]
        if None in matches:
            raise ValueError(f"a field must be a name and marks, got {line!r}")
        found[name] = [match for match in matches if match is not None]
    return found


def _type(hint: Any, named: str, inner: list[type]) -> str:
    """The type as the table has it; the structs in it are added to ``inner``."""
    arguments = [argument for argument in typing.get_args(hint) if argument is not type(None)]
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return "intstr" if len(arguments) > 1 else _type(arguments[0], named, inner)
    if origin is list:
        return f"[]{_type(arguments[0], named, inner)}"
    if hint is dict or origin is dict:
        return "any" if named in ("FieldsV1", "RawExtension") else f"map:{named or 'string'}"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        inner.append(hint)
        return f"@{qualified(hint)}"
    if hint is datetime.datetime:
        return "time"
    scalars = {bool: "bool", int: named or "int32", float: "float64", str: "string"}
    if hint not in scalars:
        return "any"
    if named == "quantity":
        return named
    if hint is str and named:
        return f"{'types' if named == 'UID' else 'v1'}.{named}"
    return scalars[hint]


if __name__ == "__main__":
    TABLE.write_text(table())
