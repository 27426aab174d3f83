"""Roles and their bindings: what may be done, and by whom.

Upstream: ``pkg/apis/rbac/validation``.
"""

from __future__ import annotations

from kubesim.api import names
from kubesim.api.errors import FieldError
from kubesim.api.fields import invalid_value, invalid_values, not_supported, required
from kubesim.api.objects import Wire
from kubesim.api.validation.internal_form import internal_form
from kubesim.api.validation.metadata import validate_metadata, validate_metadata_update

GROUP = "rbac.authorization.k8s.io"
_SUBJECTS = ("ServiceAccount", "User", "Group")


def validate_role(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a Role or a ClusterRole."""
    namespaced = wire["kind"] == "Role"
    errors = validate_metadata(wire.get("metadata", {}), names.path_segment, namespaced)
    for index, rule in enumerate(wire.get("rules") or []):
        errors += _rule(rule, namespaced, f"rules[{index}]")
    return errors + _update(wire, before)


def validate_role_binding(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a RoleBinding or a ClusterRoleBinding, whose role never changes."""
    namespaced = wire["kind"] == "RoleBinding"
    errors = validate_metadata(wire.get("metadata", {}), names.path_segment, namespaced)
    role = wire.get("roleRef", {})
    kinds = ("Role", "ClusterRole") if namespaced else ("ClusterRole",)
    if role.get("apiGroup", "") != GROUP:
        errors.append(not_supported("roleRef.apiGroup", role.get("apiGroup", ""), (GROUP,)))
    if role.get("kind", "") not in kinds:
        errors.append(not_supported("roleRef.kind", role.get("kind", ""), kinds))
    name = role.get("name", "")
    errors += invalid_values("roleRef.name", name, names.path_segment(name)) if name else [required("roleRef.name")]
    for index, subject in enumerate(wire.get("subjects") or []):
        errors += _subject(subject, namespaced, f"subjects[{index}]")
    errors += _update(wire, before)
    if before is not None and before.get("roleRef") != role:
        errors.append(invalid_value("roleRef", internal_form(role, "RoleRef"), "cannot change roleRef"))
    return errors


def _update(wire: Wire, before: Wire | None) -> list[FieldError]:
    if before is None:
        return []
    return validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))


def _rule(rule: Wire, namespaced: bool, path: str) -> list[FieldError]:
    errors, urls = [], rule.get("nonResourceURLs") or []
    if not rule.get("verbs"):
        errors.append(required(f"{path}.verbs", "verbs must contain at least one value"))
    if urls:
        here = f"{path}.nonResourceURLs"
        if namespaced:
            errors.append(invalid_value(here, urls, "namespaced rules cannot apply to non-resource URLs"))
        if any(rule.get(field) for field in ("apiGroups", "resources", "resourceNames")):
            problem = "rules cannot apply to both regular resources and non-resource URLs"
            errors.append(invalid_value(here, urls, problem))
        return errors
    if not rule.get("apiGroups"):
        errors.append(required(f"{path}.apiGroups", "resource rules must supply at least one api group"))
    if not rule.get("resources"):
        errors.append(required(f"{path}.resources", "resource rules must supply at least one resource"))
    elif rule.get("resourceNames") and len(rule["resources"]) > 1:
        errors.append(required(f"{path}.resourceNames", "resource names cannot apply to multiple resources"))
    return errors


def _subject(subject: Wire, namespaced: bool, path: str) -> list[FieldError]:
    kind, name, group = subject.get("kind", ""), subject.get("name", ""), subject.get("apiGroup", "")
    errors = [] if name else [required(f"{path}.name")]
    if kind == "ServiceAccount":
        if name:
            errors += invalid_values(f"{path}.name", name, names.dns1123_subdomain(name))
        if group:
            errors.append(not_supported(f"{path}.apiGroup", group, ("",)))
        if not namespaced and not subject.get("namespace"):
            errors.append(required(f"{path}.namespace"))
    elif kind in _SUBJECTS:
        if not name:
            errors.append(invalid_value(f"{path}.name", name, f"{kind.lower()} name cannot be empty"))
        if group != GROUP:
            errors.append(not_supported(f"{path}.apiGroup", group, (GROUP,)))
    else:
        errors.append(not_supported(f"{path}.kind", kind, _SUBJECTS))
    return errors
