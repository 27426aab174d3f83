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
``^``                 null to Go where it was not given, and not missing: nobody owns it as a whole
``:int64``            an integer of 64 bits; others have 32
``:quantity``         a quantity, or a map of quantities
``:bytes``            bytes, or a map of them, which JSON writes in base64
``:strings``          a map of lists of strings; ``:Name`` of a struct: a map of structs
``:Name``             a named string type, as decoding errors call it
``[key]``             a list whose items merge by this key in a strategic merge patch; ``[]`` for a list of scalars
``{key,…}``           a list whose items a server-side apply tells apart by these keys, where ``[key]`` does not say so;
                      ``{}`` for a set of scalars; ``{atomic}`` for a list, a map or (behind its name) a struct that has
                      one owner as a whole, ``{granular}`` for one that has not, though its struct says so
``<default>``         what a key is taken to be where it is left out
``+``                 a union: a patch says which of its members stay (``$retainKeys``)
====================  ===============================================================================================

Run ``make structs``. The two sources must agree on the fields of every struct.
"""

from __future__ import annotations

import datetime
import importlib
import re
import types
import typing
from pathlib import Path
from typing import Any

import msgspec

from kubesim.api.resources import RESOURCE_TYPES, ResourceType

HERE = Path(__file__).parent
TABLE = HERE.parent / "kubesim/api/schema/structs.txt"
_LOOSE = ("FieldsV1", "JSON", "RawExtension")
"""Types of Go that hold whatever JSON is there; the schemas inside a schema are taken for such."""
_MAPS = {"strings": "[]string"}
"""What is in maps of which a mark has no room to say it."""
HEAD = "# made by tools/structs.py: change tools/go_structs.txt and run `make structs`\n"
_MARKED = re.compile(
    r"([\w$-]+)([*=~!?^]*)(?::(\w+))?(?:\[(\w*)\])?(?P<union>\+?)(?:\{(?P<keys>[\w,]*)\})?(?:<(?P<default>\w+)>)?"
)
_ATOMIC = "{atomic}"


def table() -> str:
    """The text of the table.

    :raises ValueError: where the sources disagree.
    """
    go, lines = _go_structs(), [HEAD]
    models = [model_of(resource) for resource in RESOURCE_TYPES]
    for model in models:  # which grows while it is walked
        inner = [each for hint in _hints(model).values() for each in _structs_in(hint)]
        inner += _structs_in_maps(model, _marked(go, model))
        models += [each for each in dict.fromkeys(inner) if each not in models]
    bearers: dict[str, list[type]] = {}
    for model in dict.fromkeys(models):
        bearers.setdefault(model.__name__, []).append(model)
    names = {model: _qualified(model, len(same) > 1) for same in bearers.values() for model in same}
    for model in dict.fromkeys(models):
        name, hints = names[model], _hints(model)
        marked = go.get(name) or go.get(f"{name}{_ATOMIC}") or []
        known = sorted(field[1] for field in marked)
        if known != sorted(hints):
            raise ValueError(f"the fields of {name} must be {sorted(hints)}, got {known}")
        atomic = " atomic" if f"{name}{_ATOMIC}" in go else ""
        lines.append(f"{name} {model.__module__.rpartition('.')[2]}{atomic}\n")
        lines += [f" {_declared(field, hints[field[1]], names)}\n" for field in marked]
    return "".join(lines)


def model_of(resource: ResourceType) -> type:
    """The model of a kind."""
    module = f"lightkube.models.{resource.group.partition('.')[0] or 'core'}_{resource.version}"
    found: type = getattr(importlib.import_module(module), resource.kind)
    return found


def _declared(field: re.Match[str], hint: Any, names: dict[type, str]) -> str:
    """The line of a field in the table."""
    json_name, marks, named, key, union, keys, default = field.groups()
    words = [json_name, _type(hint, named or "", names)]
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
    if "^" in marks:
        words.append("nil")
    if key is not None:
        words.append(f"merge={key}")
    if union:
        words.append("union")
    if keys is not None:
        words.append(keys if keys in ("atomic", "granular") else f"keys={keys}")
    if default:
        words.append(f"default={default}")
    return " ".join(words)


def _hints(model: type) -> dict[str, Any]:
    """The type of each field, by its name in JSON."""
    hints = typing.get_type_hints(model)
    fields = zip(model.__struct_fields__, model.__struct_encode_fields__, strict=True)  # type: ignore[attr-defined]
    return {encoded: hints[name] for name, encoded in fields}


def _structs_in(hint: Any) -> list[type]:
    """The structs that a type names."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return [hint]
    return [each for argument in typing.get_args(hint) for each in _structs_in(argument)]


def _marked(go: dict[str, list[re.Match[str]]], model: type) -> list[re.Match[str]]:
    """The fields of a struct as the Go sources have them."""
    names = [f"{name}{mark}" for name in (_qualified(model, True), model.__name__) for mark in ("", _ATOMIC)]
    return next((go[name] for name in names if name in go), [])


def _structs_in_maps(model: type, marked: list[re.Match[str]]) -> list[type]:
    """The structs that are the values of maps, of which OpenAPI only says that they are objects."""
    named = (getattr(importlib.import_module(model.__module__), field[3] or "", None) for field in marked)
    return [each for each in named if isinstance(each, type) and issubclass(each, msgspec.Struct)]


def _qualified(model: type, ambiguous: bool) -> str:
    """The name of a struct in the table: of those that share one, all but the core's are told apart by their group."""
    group = model.__module__.rpartition(".")[2].partition("_")[0]
    return f"{group}.{model.__name__}" if ambiguous and group not in ("core", "meta") else model.__name__


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


def _type(hint: Any, named: str, names: dict[type, str]) -> str:
    """The type as the table has it."""
    arguments = [argument for argument in typing.get_args(hint) if argument is not type(None)]
    origin = typing.get_origin(hint)
    if named in _LOOSE:
        return "any"
    if origin in (typing.Union, types.UnionType):
        return "intstr" if len(arguments) > 1 else _type(arguments[0], named, names)
    if origin is list:
        return f"[]{_type(arguments[0], named, names)}"
    if hint is dict or origin is dict:
        struct = next((name for name in names.values() if name == named), "")
        return f"map:@{struct}" if struct else f"map:{_MAPS.get(named, named) or 'string'}"
    if hint in names:
        return f"@{names[hint]}"
    if hint is datetime.datetime:
        return "time"
    scalars = {bool: "bool", int: named or "int32", float: "float64", str: "string"}
    if hint not in scalars:
        return "any"
    if named in ("quantity", "bytes"):
        return named
    if hint is str and named:
        return f"{'types' if named == 'UID' else 'v1'}.{named}"
    return scalars[hint]


if __name__ == "__main__":
    TABLE.write_text(table())
