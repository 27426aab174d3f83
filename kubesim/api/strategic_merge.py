"""Strategic merge patches: lists of objects merge by a key, as upstream's struct tags say.

``spec.ports`` merges by ``port``, ``containers`` by ``name``; a list without a key is replaced. Directives in the patch
override that: ``$patch: delete`` and ``$patch: replace``, ``$deleteFromPrimitiveList/finalizers``,
``$setElementOrder/ports``, ``$retainKeys``. Upstream: ``apimachinery/pkg/util/strategicpatch``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kubesim.api import schema
from kubesim.api.errors import ApiError, bad_request
from kubesim.api.go_format import sprint
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType

PRIMITIVE = ""
"""The merge key of a list of scalars."""

_DIRECTIVE = "$patch"
_RETAIN = "$retainKeys"
_ORDER = "$setElementOrder/"
_DELETE_VALUES = "$deleteFromPrimitiveList/"


def merge_strategically(old: Wire, patch: Wire, resource: ResourceType) -> Wire:
    """The object after a strategic merge patch; neither argument changes.

    :raises ApiError: if the patch is malformed.
    """
    return _merge_map(old, patch, schema.struct_of(resource.kind, resource.api_version))


def merge_key(struct: schema.Struct | None, field: str) -> str | None:
    """The key by which a list merges; None for a list that is replaced."""
    known = struct.fields.get(field) if struct is not None else None
    return known.merge_key if known is not None else None


def _merge_map(original: Wire, patch: Wire, struct: schema.Struct | None) -> Wire:
    directive = patch.get(_DIRECTIVE)
    if directive is not None:
        rest = {name: value for name, value in patch.items() if name != _DIRECTIVE}
        if directive == "replace":
            return rest
        if directive == "delete":
            return {}
        if directive != "merge":
            raise bad_request(f"unknown patch type found: {directive!s}")
        patch = rest
    result = dict(original)
    if _RETAIN in patch:
        _retain(result, patch)
    for name, values in patch.items():
        if name.startswith(_DELETE_VALUES):
            field = name.removeprefix(_DELETE_VALUES)
            if isinstance(result.get(field), list):
                result[field] = [item for item in result[field] if item not in _list_of(values)]
    orders = {name.removeprefix(_ORDER): _list_of(value) for name, value in patch.items() if name.startswith(_ORDER)}
    for name in list(patch):
        if not name.startswith("$"):
            _merge_field(result, name, patch[name], struct, orders.pop(name, None))
    for name, order in orders.items():
        if isinstance(result.get(name), list):
            result[name] = _in_order(result[name], result[name], order, merge_key(struct, name) or PRIMITIVE)
    return result


def _merge_field(result: Wire, name: str, value: Any, struct: schema.Struct | None, order: list[Any] | None) -> None:
    if value is None:
        result.pop(name, None)
        return
    known = struct.fields.get(name) if struct is not None else None
    inner = known.type.struct if known is not None else None
    current = result.get(name)
    if isinstance(value, dict):
        result[name] = _merge_map(current if isinstance(current, dict) else {}, value, inner)
        return
    key = merge_key(struct, name)
    if not isinstance(value, list) or key is None:
        result[name] = _without_directives(value)
        return
    item = known.type.item if known is not None else None
    existing = current if isinstance(current, list) else []
    if key == PRIMITIVE:
        merged = existing + [each for each in value if each not in existing]
        result[name] = _in_order(merged, existing, order if order is not None else value, key)
    else:
        result[name] = _merge_list(existing, value, key, item.struct if item is not None else None, order)


def _merge_list(
    existing: list[Any], patch: list[Any], key: str, struct: schema.Struct | None, order: list[Any] | None
) -> list[Any]:
    replaces = any(isinstance(item, dict) and item.get(_DIRECTIVE) == "replace" for item in patch)
    if replaces:
        return [
            _without_directives(item)
            for item in patch
            if not (isinstance(item, dict) and item.get(_DIRECTIVE) == "replace")
        ]
    merged = _without_deleted(existing, patch, key)
    kept: list[Any] = []
    for item in patch:
        if not isinstance(item, dict):
            raise bad_request("The patch format is incorrect: a list of objects was expected")
        if key not in item:
            raise ApiError(500, "", f"map: {sprint(item)} does not contain declared merge key: {key}")
        if item.get(_DIRECTIVE) == "delete":
            continue
        index = _index(merged, item, key)
        kept.append(item)
        if index is None:
            merged.append(_merge_map({}, item, struct))
        else:
            merged[index] = _merge_map(merged[index], item, struct)
    return _in_order(merged, existing, order if order is not None else kept, key)


def _without_deleted(existing: list[Any], patch: list[Any], key: str) -> list[Any]:
    """The items that no directive deletes; one that does deletes every item with its key."""
    deleted = [item for item in patch if isinstance(item, dict) and key in item and item.get(_DIRECTIVE) == "delete"]
    return [item for item in existing if _index(deleted, item, key) is None]


def _in_order(merged: list[Any], live: Sequence[Any], order: Sequence[Any], key: str) -> list[Any]:
    """Items that the patch names in its order; the others where they stood among the live ones."""
    places = [_index(order, item, key) for item in merged]
    named = sorted((place, index) for index, place in enumerate(places) if place is not None)
    patched = [merged[index] for _, index in named]
    others = [item for item, place in zip(merged, places, strict=True) if place is None]
    result: list[Any] = []
    while others and patched:
        here, there = _index(live, others[0], key), _index(live, patched[0], key)
        source = others if here is not None and there is not None and here < there else patched
        result.append(source.pop(0))
    return result + patched + others


def _index(items: Sequence[Any], wanted: Any, key: str) -> int | None:
    """Where an item stands, compared by its merge key."""
    for index, item in enumerate(items):
        if key == PRIMITIVE or not isinstance(wanted, dict):
            same = item == wanted
        else:
            same = isinstance(item, dict) and key in item and item[key] == wanted.get(key)
        if same:
            return index
    return None


def _retain(result: Wire, patch: Wire) -> None:
    keys = _list_of(patch[_RETAIN])
    missing = [
        name for name, value in patch.items() if name not in keys and not name.startswith("$") and value is not None
    ]
    if missing:
        raise bad_request("The patch format is incorrect for $retainKeys: it must list every key that is set")
    for name in list(result):
        if name not in keys:
            del result[name]


def _list_of(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise bad_request("The patch format is incorrect: a list was expected")
    return value


def _without_directives(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without_directives(item)
            for name, item in value.items()
            if not name.startswith("$") and item is not None
        }
    if isinstance(value, list):
        return [_without_directives(item) for item in value]
    return value
