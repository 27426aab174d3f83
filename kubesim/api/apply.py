"""``apply``: make the cluster have what a manifest says, and remember what it said.

Three forms of an object take part: what was applied *last* (from an annotation), what is applied *now* (the manifest)
and what the server *has*. A field that now has another value than the server's is changed; a field that the last
manifest had and this one does not is removed; everything else, set by others, is left alone. Lists with a merge key
(a Service's ports by ``port``, containers by ``name``) are compared item by item.

Upstream: ``k8s.io/apimachinery/pkg/util/strategicpatch.CreateThreeWayMergePatch``, ``k8s.io/kubectl/pkg/cmd/apply``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from kubesim.api import go_json, schema
from kubesim.api.managed_fields.server_side import LAST_APPLIED
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType, kind_type
from kubesim.api.server import ApiServer
from kubesim.api.strategic_merge import PRIMITIVE, merge_key

MANAGER = "kubectl-client-side-apply"
"""Who such an apply says it is."""


def apply(api: ApiServer, manifest: Wire, namespace: str) -> Wire:
    """Create an object, or change the one of that name; it is returned as stored.

    :param manifest: stays the caller's; it may be changed afterwards.
    :param namespace: where the manifest names none.
    :raises ApiError: what the API server refused.
    """
    metadata = manifest.get("metadata") or {}
    resource = kind_type(manifest.get("apiVersion"), manifest.get("kind"))
    if resource is None or not isinstance(metadata, dict) or not isinstance(metadata.get("annotations") or {}, dict):
        return api.create(manifest, namespace, field_manager=MANAGER).object  # the server says what is wrong with it
    where = metadata.get("namespace") or namespace
    if resource.namespaced and where != metadata.get("namespace"):
        manifest = {**manifest, "metadata": {**metadata, "namespace": where}}
    now = with_last_applied(manifest)
    held = _held(api, resource, metadata.get("name"), where)
    if held is None:
        return api.create(without_version(now), where, field_manager=MANAGER).object
    patch = change(now, held, resource)
    if not patch:
        return held
    options: Wire = {"field_validation": "Strict", "field_manager": MANAGER}
    return api.patch(resource, metadata["name"], where, patch, **options).object


def _held(api: ApiServer, resource: ResourceType, name: object, namespace: object) -> Wire | None:
    """The server's form of an object; None where it has none, or where there can be none of that name."""
    if not (isinstance(name, str) and isinstance(namespace, str) and name):
        return None
    return api.find(resource, name, namespace)


# --- the annotation ------------------------------------------------------------------------------------------------


def with_last_applied(manifest: Wire) -> Wire:
    """A copy of the manifest with the annotation that holds its own configuration."""
    text = last_applied_text(manifest)
    copy: Wire = msgspec.json.decode(text)
    copy["metadata"]["annotations"][LAST_APPLIED] = text
    return copy


def last_applied_text(manifest: Wire) -> str:
    """The configuration as the annotation holds it: JSON on one line, without the annotation itself."""
    metadata = dict(manifest.get("metadata") or {})
    annotations = {name: text for name, text in (metadata.get("annotations") or {}).items() if name != LAST_APPLIED}
    metadata["annotations"] = annotations
    return go_json.dumps({**manifest, "metadata": metadata}, None) + "\n"


def last_applied(held: Wire) -> Wire:
    """What was applied last to an object; nothing, where the annotation is missing or no JSON."""
    annotations = (held.get("metadata") or {}).get("annotations") or {}
    try:
        last = go_json.loads(annotations.get(LAST_APPLIED) or "{}")
    except go_json.JsonError:
        return {}
    return last if isinstance(last, dict) else {}


def without_version(wire: Wire) -> Wire:
    """The object without its resource version, which a manifest copied from a cluster still has."""
    metadata = wire.get("metadata")
    if not isinstance(metadata, dict) or "resourceVersion" not in metadata:
        return wire
    return {**wire, "metadata": {key: value for key, value in metadata.items() if key != "resourceVersion"}}


# --- the patch -----------------------------------------------------------------------------------------------------


def change(now: Wire, held: Wire, resource: ResourceType) -> Wire:
    """The strategic merge patch from what the server has to the manifest; empty when nothing changes."""
    return three_way_patch(last_applied(held), now, held, resource)


def three_way_patch(last: Wire, now: Wire, server: Wire, resource: ResourceType) -> Wire:
    """The strategic merge patch from the server's form to the manifest's; empty when nothing changes."""
    return _map_patch(last, now, server, schema.struct_of(resource.kind, resource.api_version))


def _map_patch(last: Wire, now: Wire, server: Wire, struct: schema.Struct | None) -> Wire:
    patch: Wire = {}
    for name, value in now.items():
        if name not in server:
            patch[name] = value
        elif server[name] != value or (isinstance(value, list) and merge_key(struct, name) is not None):
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
        if patch and known is not None and known.union:
            patch["$retainKeys"] = sorted(now)
        return {name: patch} if patch else {}
    key = merge_key(struct, name)
    if isinstance(now, list) and isinstance(server, list) and key is not None:
        return _list_patch(name, last if isinstance(last, list) else [], now, server, key, below)
    return {name: now}


def _list_patch(
    name: str, last: list[Any], now: list[Any], server: list[Any], key: str, struct: schema.Struct | None
) -> Wire:
    if key == PRIMITIVE or not all(isinstance(item, dict) for item in (*last, *now, *server)):
        return _primitives_patch(name, last, now, server)
    items: list[Wire] = []
    kept: list[Any] = []
    for item, held, before in zip(now, _paired(now, server, key), _paired(now, last, key), strict=True):
        if held is None:
            items.append(item)
            continue
        kept.append(item.get(key))
        patch = _map_patch(before or {}, item, held, struct)
        if patch:
            items.append({**patch, key: item.get(key)})
    gone = [item.get(key) for item, wanted in zip(last, _paired(last, now, key), strict=True) if wanted is None]
    # a deletion is of all items of that key, and as in upstream's patch nothing is left of what else is said of them
    items = [item for item in items if item.get(key) not in gone]
    items += [{"$patch": "delete", key: each} for each in gone]
    held_order = [item.get(key) for item, ours in zip(server, _paired(server, now, key), strict=True) if ours]
    if not items and held_order == kept:
        return {}
    patch = {f"$setElementOrder/{name}": [{key: item.get(key)} for item in now]}
    if items:
        patch[name] = items
    return patch


def _paired(items: Sequence[Wire], others: Sequence[Wire], key: str) -> Iterator[Wire | None]:
    """Each item's counterpart; of items that share a key (a port over TCP and UDP) the n-th is the n-th's."""
    waiting: defaultdict[str, list[Wire]] = defaultdict(list)
    for other in reversed(others):
        waiting[repr(other.get(key))].append(other)
    for item in items:
        found = waiting.get(repr(item.get(key)))
        yield found.pop() if found else None


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
