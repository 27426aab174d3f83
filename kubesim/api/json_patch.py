"""JSON patches as the API server applies them, which is not quite RFC 6902.

What its library (``gopkg.in/evanphx/json-patch.v4``) takes besides, or otherwise:

- An index may be negative, counted from the end; it may have a sign and leading zeros (``01`` is 1).
- ``replace`` of a member that is not there adds it; ``test`` of one that is not there equals null.
- ``add`` without a value adds null, and ``copy`` of a member that is not there does too.
- Whatever stands before the first slash of a path is not looked at.

Pure.
"""

from __future__ import annotations

import re
from typing import Any

from kubesim.api.objects import copy_of
from kubesim.api.schema.decoder import json_kind

MOST_OPERATIONS = 10_000
"""Of one patch."""

MISSING, FAILED, OUTSIDE = "missing value", "test failed", "invalid index referenced"

_INDEX = re.compile(r"[+-]?[0-9]+", re.ASCII)
_LARGEST = 2**63
_TEXTS = ("op", "path", "from")
_MEMBERS = frozenset({*_TEXTS, "value"})

_Container = dict[str, Any] | list[Any]


class JsonPatchError(Exception):
    """An operation that does not fit the object; the message is the library's."""


class NoJsonPatchError(Exception):
    """Something that is no list of operations; the message is that of ``encoding/json``."""


def strange_members(patch: object) -> list[str]:
    """What a strict decoder says of members of operations that nobody knows.

    :raises NoJsonPatchError: where the patch is no list of operations.
    """
    if not isinstance(patch, list):
        raise NoJsonPatchError(
            f"json: cannot unmarshal {json_kind(patch)} into Go value of type []handlers.jsonPatchOp"
        )
    problems = []
    for number, operation in enumerate(patch):
        if operation is None:
            continue
        if not isinstance(operation, dict):
            go_type = "handlers.jsonPatchOp"
            raise NoJsonPatchError(f"json: cannot unmarshal {json_kind(operation)} into Go value of type {go_type}")
        for name, value in operation.items():
            if name in _TEXTS and not isinstance(value, str | None):
                field = f"jsonPatchOp.{name}"
                raise NoJsonPatchError(
                    f"json: cannot unmarshal {json_kind(value)} into Go struct field {field} of type string"
                )
            if name not in _MEMBERS:
                problems.append(f'json patch unknown field "[{number}].{name}"')
    return problems


def apply_json_patch(document: Any, patch: list[Any]) -> Any:
    """The document after all operations; what was given stays as it is.

    :raises JsonPatchError: at the first operation that does not fit.
    """
    whole = copy_of({"document": document, "patch": patch})
    result = whole["document"]
    for operation in whole["patch"]:
        result = _apply(result, operation if isinstance(operation, dict) else {})
    return result


def _apply(document: Any, operation: dict[str, Any]) -> Any:
    """The document after one operation, changed in place or another one."""
    op = operation.get("op")
    known = _OPERATIONS.get(op) if isinstance(op, str) else None
    if known is None:
        raise JsonPatchError(f"Unexpected kind: {op if isinstance(op, str) else 'unknown'}")
    path = operation.get("path")
    if not isinstance(path, str):
        raise JsonPatchError(f"{op} operation failed to decode path: {MISSING}")
    if path == "" and op == "replace":
        if not isinstance(operation.get("value"), dict | list):
            raise JsonPatchError("replace operation value must be object or array")
        return operation["value"]
    if path == "" and op == "test":
        _demand_equal(document, operation, path)
        return document
    known(document, path, operation)
    return document


def _add(document: Any, path: str, operation: dict[str, Any]) -> None:
    container, key = _find(document, path, f'add operation does not apply: doc is missing path: "{path}"')
    _insert(container, key, operation.get("value"), f"error in add for path: '{path}'")


def _remove(document: Any, path: str, operation: dict[str, Any]) -> None:
    container, key = _find(document, path, f'remove operation does not apply: doc is missing path: "{path}"')
    _drop(container, key, f"error in remove for path: '{path}'")


def _replace(document: Any, path: str, operation: dict[str, Any]) -> None:
    container, key = _find(document, path, f"replace operation does not apply: doc is missing path: {path}")
    if isinstance(container, dict):
        container[key] = operation.get("value")
        return
    try:
        index = _index(key, len(container))
    except JsonPatchError:
        raise JsonPatchError(f"replace operation does not apply: doc is missing key: {path}: {MISSING}") from None
    container[index] = operation.get("value")


def _move(document: Any, path: str, operation: dict[str, Any]) -> None:
    source = _from(operation)
    container, key = _find(document, source, f"move operation does not apply: doc is missing from path: {source}")
    value = _get(container, key, f"error in move for path: '{key}'")
    _drop(container, key, f"error in move for path: '{key}'")
    container, key = _find(document, path, f"move operation does not apply: doc is missing destination path: {path}")
    _insert(container, key, value, f"error in move for path: '{path}'")


def _copy(document: Any, path: str, operation: dict[str, Any]) -> None:
    source = _from(operation)
    container, key = _find(document, source, f"copy operation does not apply: doc is missing from path: {source}")
    value = copy_of({"value": _get(container, key, f"error in copy for from: '{source}'")})["value"]
    container, key = _find(document, path, f"copy operation does not apply: doc is missing destination path: {path}")
    _insert(container, key, value, "error while adding value during copy")


def _test(document: Any, path: str, operation: dict[str, Any]) -> None:
    container, key = _find(document, path, f"test operation does not apply: is missing path: {path}")
    _demand_equal(_get(container, key, f"error in test for path: '{path}'"), operation, path)


_OPERATIONS = {"add": _add, "remove": _remove, "replace": _replace, "move": _move, "copy": _copy, "test": _test}


def _from(operation: dict[str, Any]) -> str:
    source = operation.get("from")
    if not isinstance(source, str):
        raise JsonPatchError(
            f"{operation['op']} operation failed to decode from: operation, missing from field: {MISSING}"
        )
    return source


def _demand_equal(value: Any, operation: dict[str, Any], path: str) -> None:
    if not _equal(value, operation.get("value")):
        raise JsonPatchError(f"testing value {path} failed: {FAILED}")


def _equal(one: Any, other: Any) -> bool:
    """Whether two values are written alike, but for the order of members: 1 is neither 1.0 nor true."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) is type(other) and bool(one == other)


# --- where a path leads --------------------------------------------------------------------------------------------


def _find(document: Any, path: str, missing: str) -> tuple[_Container, str]:
    """The container that a path leads into, and the last step."""
    _, *steps = path.split("/")
    place = document if steps else None
    for step in steps[:-1]:
        if not isinstance(place, dict | list):
            break
        try:
            place = _get(place, _unescaped(step), "")
        except JsonPatchError:
            place = None
    if not isinstance(place, dict | list):
        raise JsonPatchError(f"{missing}: {MISSING}")
    return place, _unescaped(steps[-1])


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def _get(container: _Container, key: str, problem: str) -> Any:
    """What is there; None where a dict has nothing."""
    if isinstance(container, dict):
        return container.get(key)
    try:
        return container[_index(key, len(container))]
    except JsonPatchError as error:
        raise JsonPatchError(f"{problem}: {error}") from None


def _insert(container: _Container, key: str, value: Any, problem: str) -> None:
    if isinstance(container, dict):
        container[key] = value
    elif key == "-":
        container.append(value)
    else:
        number = _number(key, f"{problem}: value was not a proper array index: '{key}'")
        container.insert(_within(number, len(container) + 1, problem), value)


def _drop(container: _Container, key: str, problem: str) -> None:
    if isinstance(container, list):
        del container[_within(_number(key, problem), len(container), problem)]
    elif key in container:
        del container[key]
    else:
        raise JsonPatchError(f"{problem}: Unable to remove nonexistent key: {key}: {MISSING}")


def _index(key: str, length: int) -> int:
    return _within(_number(key, ""), length, "")


def _number(key: str, problem: str) -> int:
    """An index, as Go's ``strconv.Atoi`` reads it."""
    before = f"{problem}: " if problem else ""
    if not _INDEX.fullmatch(key):
        raise JsonPatchError(f'{before}strconv.Atoi: parsing "{key}": invalid syntax')
    if len(key) > 20 + key.count("0") or not -_LARGEST <= int(key) < _LARGEST:
        raise JsonPatchError(f'{before}strconv.Atoi: parsing "{key}": value out of range')
    return int(key)


def _within(number: int, length: int, problem: str) -> int:
    """An index from the front; a negative one counts from the end."""
    if not -length <= number < length:
        before = f"{problem}: " if problem else ""
        raise JsonPatchError(f"{before}Unable to access invalid index: {number}: {OUTSIDE}")
    return number + length if number < 0 else number
