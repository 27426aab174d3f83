"""A server-side apply, from its body to the object and its owners.

Upstream: the layers around ``structured-merge-diff`` in ``apimachinery/pkg/util/managedfields/internal``: which body is
taken, who is taken to have made an object without managers, and what becomes of what a client-side apply left.
"""

from __future__ import annotations

from kubesim.api import go_json
from kubesim.api.errors import ApiError, bad_request
from kubesim.api.fields import invalid, required
from kubesim.api.managed_fields import typed
from kubesim.api.managed_fields.field_set import FieldSet
from kubesim.api.managed_fields.managers import (
    BEFORE_FIRST_APPLY,
    ConflictsError,
    Managed,
    Manager,
    applied_by,
    updated,
)
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which a client-side apply remembers what it was last given."""

KUBECTL = "kubectl"
"""The manager for whom that annotation is heeded and kept up to date."""


def applied(
    resource: ResourceType,
    old: Wire | None,
    managed: Managed,
    configuration: Wire,
    manager: str,
    subresource: str,
    time: str,
    ignored: FieldSet,
    *,
    force: bool,
) -> tuple[Wire, Managed]:
    """The object and its owners after an apply; nothing is stored.

    :param old: the object as it is; None where there is none.
    :param ignored: what a write to the subresource cannot change.
    :raises ApiError: 400 or 500 for a configuration that is none, 409 for conflicts, 422 without a manager.
    """
    _demand_manager(manager)
    _demand_configuration(resource, configuration)
    at, author = typed.root(resource.kind, resource.api_version), Manager(manager, "Apply", "", subresource)
    try:
        typed.check(at, configuration)
    except typed.SchemaError as error:
        raise ApiError(500, "", f"failed to create typed patch object ({_named(configuration)}): {error}") from None
    if old is not None and not managed:
        before = Manager(BEFORE_FIRST_APPLY, "Update", resource.api_version)
        managed = updated({}, at, None, old, before, time, ignored)
    live = old if old is not None else {}
    try:
        changed, owned = applied_by(managed, at, live, configuration, author, time, ignored, force=force)
    except ConflictsError as conflicts:
        allowed = _owned_by_annotation(resource, at, live) if manager == KUBECTL else FieldSet()
        left = [each for each in conflicts.conflicts if each.path not in allowed]
        if left:
            raise ConflictsError(left).as_api_error() from None
        changed, owned = applied_by(managed, at, live, configuration, author, time, ignored, force=True)
    merged = live if changed is None else changed
    return (_with_last_applied(merged, configuration) if manager == KUBECTL else merged), owned


def _demand_manager(manager: str) -> None:
    if not manager:
        problem = required("fieldManager", "is required for apply patch")
        raise invalid("PatchOptions", "meta.k8s.io", "", [problem])


def _demand_configuration(resource: ResourceType, configuration: Wire) -> None:
    version, kind = configuration.get("apiVersion"), configuration.get("kind")
    if (version, kind) != (resource.api_version, resource.kind):
        raise bad_request(f"invalid object type: {_group_version_kind(configuration)}")
    if not isinstance(configuration.get("metadata") or {}, dict):
        raise bad_request("metadata must be an object")
    if (configuration.get("metadata") or {}).get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")


def _named(configuration: Wire) -> str:
    metadata = configuration.get("metadata") or {}
    where = f"{metadata.get('namespace') or ''}/{metadata.get('name') or ''}"
    return f"{where}; {_group_version_kind(configuration)}"


def _group_version_kind(configuration: Wire) -> str:
    group, _, version = str(configuration.get("apiVersion") or "").rpartition("/")
    return f"{group}/{version}, Kind={configuration.get('kind') or ''}"


def _annotation(wire: Wire) -> str:
    annotations = (wire.get("metadata") or {}).get("annotations")
    found = annotations.get(LAST_APPLIED) if isinstance(annotations, dict) else None
    return found if isinstance(found, str) else ""


def _owned_by_annotation(resource: ResourceType, at: typed.Position, live: Wire) -> FieldSet:
    """What a client-side apply last gave the object and it still has: an apply by kubectl may take these fields."""
    try:
        last = go_json.loads(_annotation(live) or "null")
        if not isinstance(last, dict) or last.get("apiVersion") != resource.api_version:
            return FieldSet()
        typed.check(at, last)
    except (go_json.JsonError, typed.SchemaError):
        return FieldSet()
    changes = typed.compare(at, last, live)
    return typed.fields_of(at, last).difference(changes.set.union(changes.removed))


def _with_last_applied(wire: Wire, configuration: Wire) -> Wire:
    """The object, its annotation kept up to date where a client-side apply had made one."""
    if not _annotation(wire):
        return wire
    metadata = dict(configuration.get("metadata") or {})
    if isinstance(metadata.get("annotations"), dict):
        given = metadata["annotations"]
        metadata["annotations"] = {name: text for name, text in given.items() if name != LAST_APPLIED}
    text = go_json.dumps({**configuration, "metadata": metadata}, None) + "\n"
    kept: Wire = {**wire["metadata"], "annotations": {**wire["metadata"]["annotations"], LAST_APPLIED: text}}
    return {**wire, "metadata": kept}
