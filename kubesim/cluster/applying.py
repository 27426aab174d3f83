"""``apply``: three states meet, what was applied last, what is wanted now, what is live.

What the last manifest had and the new one lacks is removed; what the new one says is set; what only the server or other
people wrote stays. The last manifest is kept in an annotation, as kubectl does.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from kubesim.api import go_json, schema
from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType
from kubesim.api.server import ApiServer
from kubesim.api.store import Store
from kubesim.api.strategic_merge import merge_key

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def with_last_applied(wire: Wire) -> Wire:
    """The manifest with itself in the annotation."""
    manifest = copy.deepcopy(wire)
    annotations = manifest.setdefault("metadata", {}).setdefault("annotations", {})
    annotations.pop(LAST_APPLIED, None)
    text = go_json.dumps(manifest, indent=None) + "\n"
    annotations[LAST_APPLIED] = text
    return manifest


def apply_object(api: ApiServer, store: Store, wire: Wire, namespace: str) -> Wire:
    """Create an object, or patch the stored one of that name; it is returned as stored.

    :param namespace: where the manifest names none.
    :raises ApiError: what the API server refused.
    """
    manifest = with_last_applied(wire)
    resource = _resource(api, str(wire.get("kind", "")))
    metadata = wire.get("metadata") or {}
    where = metadata.get("namespace") or namespace
    name = metadata.get("name", "")
    stored = store.get(resource.kind, name, where if resource.namespaced else "") if resource else None
    if resource is None or stored is None:
        return api.create(manifest, namespace=where).object
    last = json.loads((stored["metadata"].get("annotations") or {}).get(LAST_APPLIED) or "{}")
    return api.patch(resource, name, where, strategic_patch(last, manifest, resource)).object


def _resource(api: ApiServer, kind: str) -> ResourceType | None:
    try:
        return api.resource_type(kind)
    except ApiError:
        return None


def strategic_patch(last: Wire, new: Wire, resource: ResourceType) -> Wire:
    """A strategic merge patch that sets what ``new`` says and removes what only ``last`` said."""
    patch = copy.deepcopy(new)
    _remove_missing(last, patch, schema.struct_of(resource.kind, resource.api_version))
    return patch


def _remove_missing(last: Wire, patch: Wire, struct: schema.Struct | None) -> None:
    for field, value in last.items():
        known = struct.fields.get(field) if struct is not None else None
        if field not in patch or patch[field] is None:
            patch[field] = None
        elif isinstance(value, dict) and isinstance(patch[field], dict):
            _remove_missing(value, patch[field], known.type.struct if known is not None else None)
        elif isinstance(value, list) and isinstance(patch[field], list):
            key = merge_key(struct, field)
            item = known.type.item if known is not None else None
            if key is not None and all(isinstance(entry, dict) for entry in [*value, *patch[field]]):
                _remove_entries(value, patch[field], key, item.struct if item is not None else None)


def _remove_entries(last: list[Any], new: list[Any], key: str, struct: schema.Struct | None) -> None:
    wanted = {entry.get(key): entry for entry in new}
    for entry in last:
        if entry.get(key) in wanted:
            _remove_missing(entry, wanted[entry.get(key)], struct)
        else:
            new.append({"$patch": "delete", key: entry.get(key)})
