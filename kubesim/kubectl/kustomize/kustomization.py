"""The kustomization file: which fields it may have, of which types, and which of them are old.

Upstream: ``sigs.k8s.io/kustomize/api/types.Kustomization``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kubesim.api import go_yaml
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.kustomize.loader import Loader, MissingFileError

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""The files of which a kustomization directory has one."""

Type = str | list[Any] | dict[str, Any]
"""``string``, ``bool``, ``int``, ``any`` or ``strings`` (a map); a list of one type; an object of fields."""

_KIND: dict[str, Type] = {"group": "string", "version": "string", "kind": "string"}
_ID: dict[str, Type] = {**_KIND, "name": "string", "namespace": "string"}
_SELECTOR: dict[str, Type] = {**_ID, "annotationSelector": "string", "labelSelector": "string"}
_PATCH: dict[str, Type] = {
    "path": "string",
    "patch": "string",
    "target": _SELECTOR,
    "options": {"allowNameChange": "bool", "allowKindChange": "bool"},
}
_FIELD: dict[str, Type] = {**_KIND, "path": "string", "create": "bool"}
_IMAGE: dict[str, Type] = dict.fromkeys(("name", "newName", "tagSuffix", "newTag", "digest"), "string")
_OPTIONS: dict[str, Type] = {
    "labels": "strings",
    "annotations": "strings",
    "disableNameSuffixHash": "bool",
    "immutable": "bool",
}
_GENERATOR: dict[str, Type] = {
    "namespace": "string",
    "name": "string",
    "behavior": "string",
    "literals": ["string"],
    "files": ["string"],
    "envs": ["string"],
    "env": "string",
    "options": _OPTIONS,
}
_FIELD_OPTIONS: dict[str, Type] = {"delimiter": "string", "index": "int", "encoding": "string", "create": "bool"}
FIELDS: dict[str, Type] = {
    "apiVersion": "string",
    "kind": "string",
    "metadata": "any",
    "openapi": "strings",
    "namePrefix": "string",
    "nameSuffix": "string",
    "namespace": "string",
    "commonLabels": "strings",
    "labels": [
        {
            "pairs": "strings",
            "includeSelectors": "bool",
            "includeTemplates": "bool",
            "fields": [_FIELD],
        }
    ],
    "commonAnnotations": "strings",
    "patchesStrategicMerge": ["string"],
    "patchesJson6902": [_PATCH],
    "patches": [_PATCH],
    "images": [_IMAGE],
    "imageTags": [_IMAGE],
    "replacements": [
        {
            "path": "string",
            "source": {**_ID, "fieldPath": "string", "options": _FIELD_OPTIONS},
            "sourceValue": "string",
            "targets": [
                {
                    "select": _SELECTOR,
                    "reject": [_SELECTOR],
                    "fieldPaths": ["string"],
                    "options": _FIELD_OPTIONS,
                }
            ],
        }
    ],
    "replicas": [{"name": "string", "count": "int"}],
    "vars": [
        {
            "name": "string",
            "objref": {**_ID, "apiVersion": "string"},
            "fieldref": {"fieldPath": "string"},
        }
    ],
    "sortOptions": {
        "order": "string",
        "legacySortOptions": {"orderFirst": ["string"], "orderLast": ["string"]},
    },
    "resources": ["string"],
    "components": ["string"],
    "crds": ["string"],
    "bases": ["string"],
    "configMapGenerator": [_GENERATOR],
    "secretGenerator": [{**_GENERATOR, "type": "string"}],
    "helmGlobals": "any",
    "helmCharts": ["any"],
    "helmChartInflationGenerator": ["any"],
    "generatorOptions": _OPTIONS,
    "configurations": ["string"],
    "generators": ["string"],
    "transformers": ["string"],
    "validators": ["string"],
    "buildMetadata": ["string"],
}
"""Every field of a kustomization file."""

_FIX = "Run 'kustomize edit fix' to update your Kustomization automatically."
_OLD = {
    "bases": ("resources", _FIX),
    "commonLabels": ("labels", _FIX),
    "imageTags": ("images", _FIX),
    "patchesJson6902": ("patches", _FIX),
    "patchesStrategicMerge": ("patches", _FIX),
    "vars": ("replacements", f"[EXPERIMENTAL] {_FIX}"),
}
"""Fields that others have replaced, in the order in which they are warned of."""


def read_kustomization(loader: Loader, warn: Callable[[str], object]) -> dict[str, Any]:
    """The kustomization of a directory.

    :param warn: is told of old fields.
    :raises KubectlError: where there is none, or it is none.
    """
    text = _file(loader)
    try:
        value = go_yaml.load(text)
    except go_yaml.YamlError as error:
        raise KubectlError(f"invalid Kustomization: {error}") from None
    if value is None:
        value = {}
    read: dict[str, Any] = _decode(value, FIELDS, "Kustomization", "types.Kustomization")
    for old, (new, fix) in _OLD.items():
        if read.get(old) is not None:
            warn(f"# Warning: '{old}' is deprecated. Please use '{new}' instead. {fix}")
    if not any(value for key, value in read.items() if key not in ("apiVersion", "kind")):
        raise KubectlError("kustomization.yaml is empty")
    _check_kind(read, loader.root)
    read["resources"] = [*(read.get("resources") or ()), *(read.pop("bases", None) or ())]
    read["images"] = [*(read.get("images") or ()), *(read.pop("imageTags", None) or ())]
    return read


def _file(loader: Loader) -> str:
    found: list[str] = []
    for name in NAMES:
        try:
            found.append(loader.read(name))
        except MissingFileError:
            continue
    if not found:
        names = f"'{NAMES[0]}', '{NAMES[1]}' or '{NAMES[2]}'"
        raise KubectlError(f"unable to find one of {names} in directory '{loader.root}'")
    if len(found) > 1:
        raise KubectlError(f"Found multiple kustomization files under: {loader.root}\n")
    return found[0]


def _check_kind(read: Mapping[str, Any], root: str) -> None:
    kind = read.get("kind") or "Kustomization"
    version = "kustomize.config.k8s.io/" + ("v1alpha1" if kind == "Component" else "v1beta1")
    problems = []
    if kind not in ("Kustomization", "Component"):
        problems.append("kind should be Kustomization or Component")
    if (read.get("apiVersion") or version) != version:
        problems.append(f"apiVersion for {kind} should be {version}")
    if problems:
        shown = "\n".join(problems)
        raise KubectlError(f"Failed to read kustomization file under {root}:\n{shown}")


_GO_TYPES = {"string": "string", "bool": "bool", "int": "int", "strings": "map[string]string"}
_JSON_KINDS = ((bool, "bool"), (str, "string"), (int, "number"), (float, "number"), (list, "array"), (dict, "object"))


def _decode(value: Any, expected: Type, path: str, go_type: str) -> Any:
    """A value as Go's decoder takes it: keys in any case, null as nothing.

    :raises KubectlError: for another type or an unknown field.
    """
    if value is None or expected == "any":
        return value
    kind = next(name for type, name in _JSON_KINDS if isinstance(value, type))
    if isinstance(expected, dict):
        if kind != "object":
            raise _mismatch(kind, path, go_type)
        names = {name.lower(): name for name in expected}
        unknown = next((key for key in value if key.lower() not in names), None)
        if unknown is not None:
            raise KubectlError(f'invalid Kustomization: json: unknown field "{unknown}"')
        known = {names[key.lower()]: held for key, held in value.items()}
        return {
            name: _decode(held, expected[name], f"{path}.{name}", _go_type(name, expected[name]))
            for name, held in known.items()
        }
    if isinstance(expected, list):
        if kind != "array":
            raise _mismatch(kind, path, f"[]{go_type.removeprefix('[]')}")
        return [_decode(each, expected[0], path, go_type.removeprefix("[]")) for each in value]
    if expected == "strings":
        if kind != "object":
            raise _mismatch(kind, path, "map[string]string")
        return {key: _decode(held, "string", path, "string") or "" for key, held in value.items()}
    wanted = {"string": "string", "bool": "bool", "int": "number"}[expected]
    if kind != wanted or isinstance(value, float):
        raise _mismatch(
            kind if kind != "number" or wanted != "number" else f"number {value}", path, _GO_TYPES[expected]
        )
    return value


_STRUCTS = {
    "labels": "Label",
    "patchesJson6902": "Patch",
    "patches": "Patch",
    "images": "Image",
    "imageTags": "Image",
    "replacements": "ReplacementField",
    "replicas": "Replica",
    "vars": "Var",
    "sortOptions": "SortOptions",
    "configMapGenerator": "ConfigMapArgs",
    "secretGenerator": "SecretArgs",
    "generatorOptions": "GeneratorOptions",
    "options": "GeneratorOptions",
    "target": "Selector",
    "patchesStrategicMerge": "PatchStrategicMerge",
}
"""How Go calls the type of a field."""


def _go_type(name: str, expected: Type) -> str:
    many = "[]" if isinstance(expected, list) else ""
    if name in _STRUCTS:
        return f"{many}types.{_STRUCTS[name]}"
    inner = expected[0] if isinstance(expected, list) else expected
    return many + (_GO_TYPES.get(inner, inner) if isinstance(inner, str) else "string")


def _mismatch(kind: str, path: str, go_type: str) -> KubectlError:
    where = f"Go struct field {path} of type {go_type}" if "." in path else f"Go value of type {go_type}"
    return KubectlError(f"invalid Kustomization: json: cannot unmarshal {kind} into {where}")
