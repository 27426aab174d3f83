"""The patch that ``apply`` sends: what the manifest adds and changes, and what it no longer says.

Three forms of an object take part: what was applied *last* (from the annotation), what is applied *now* (the
manifest) and what the server *has*. A field that now has another value than the server's is changed; a field that the
last manifest had and this one does not is removed; everything else, set by others, is left alone. Lists with a merge
key (a Service's ports by ``port``, containers by ``name``) are compared item by item.

Upstream: ``k8s.io/apimachinery/pkg/util/strategicpatch.CreateThreeWayMergePatch``.
"""

from __future__ import annotations

from typing import Any

from kubesim.api import schema
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType
from kubesim.api.strategic_merge import merge_key

RETAIN_KEYS = frozenset((("DeploymentSpec", "strategy"), ("PodSpec", "volumes"), ("DaemonSetSpec", "updateStrategy")))
"""Fields that are unions: a patch of one says which of its members stay."""


def three_way_patch(last: Wire, now: Wire, server: Wire, resource: ResourceType) -> Wire:
    """The strategic merge patch from the server's form to the manifest's; empty when nothing changes."""
    return _map_patch(last, now, server, schema.struct_of(resource.kind, resource.api_version))


def _map_patch(last: Wire, now: Wire, server: Wire, struct: schema.Struct | None) -> Wire:
    patch: Wire = {}
    for name, value in now.items():
        if name not in server:
            patch[name] = value
        elif server[name] != value or (isinstance(value, list) and merge_key(struct, name)):
            patch |= _field_patch(name, last.get(name), value, server[name], struct)
    for name in last:
        if name not in now:
            patch[name] = None
    return patch


def _field_patch(name: str, last: Any, now: Any, server: Any, struct: schema.Struct | None) -> Wire:
    known = struct.fields.get(name) if struct is not None else None
    inner = known.type if known is not None else None
    while inner is not None and inner.struct is None and inner.item is not None:
        inner = inner.item
    below = inner.struct if inner is not None else None
    if isinstance(now, dict) and isinstance(server, dict):
        patch = _map_patch(last if isinstance(last, dict) else {}, now, server, below)
        if patch and struct is not None and (struct.name, name) in RETAIN_KEYS:
            patch["$retainKeys"] = sorted(now)
        return {name: patch} if patch else {}
    key = merge_key(struct, name)
    if isinstance(now, list) and isinstance(server, list) and key:
        return _list_patch(name, last if isinstance(last, list) else [], now, server, key, below)
    return {name: now}


def _list_patch(
    name: str, last: list[Any], now: list[Any], server: list[Any], key: str, struct: schema.Struct | None
) -> Wire:
    if not all(isinstance(item, dict) for item in (*last, *now, *server)):
        return _primitives_patch(name, last, now, server)
    items: list[Wire] = []
    for item in now:
        held = _find(server, item, key)
        if held is None:
            items.append(item)
            continue
        change = _map_patch(_find(last, item, key) or {}, item, held, struct)
        if change:
            items.append({**change, key: item.get(key)})
    items += [{"$patch": "delete", key: item.get(key)} for item in last if _find(now, item, key) is None]
    held_order = [item.get(key) for item in server if _find(now, item, key) is not None]
    wanted_order = [item.get(key) for item in now if _find(server, item, key) is not None]
    if not items and held_order == wanted_order:
        return {}
    patch: Wire = {f"$setElementOrder/{name}": [{key: item.get(key)} for item in now]}
    if items:
        patch[name] = items
    return patch


def _primitives_patch(name: str, last: list[Any], now: list[Any], server: list[Any]) -> Wire:
    added = [item for item in now if item not in server]
    removed = [item for item in last if item not in now]
    if not added and not removed:
        return {}
    patch: Wire = {f"$setElementOrder/{name}": now}
    if added:
        patch[name] = added
    if removed:
        patch[f"$deleteFromPrimitiveList/{name}"] = removed
    return patch


def _find(items: list[Any], wanted: Wire, key: str) -> Wire | None:
    return next((item for item in items if item.get(key) == wanted.get(key)), None)
