"""Requests and limits: which resources a container may ask for, and how much.

Upstream: ``validateResourceRequirements`` in ``pkg/apis/core/validation``.
"""

from __future__ import annotations

from decimal import Decimal

from kubesim.api import names, quantities
from kubesim.api.errors import FieldError
from kubesim.api.fields import forbidden, invalid_value, invalid_values, required
from kubesim.api.objects import Wire

_CONTAINER = frozenset({"cpu", "memory", "ephemeral-storage"})
_STANDARD = _CONTAINER | {
    "requests.cpu", "requests.memory", "requests.ephemeral-storage", "limits.cpu", "limits.memory",
    "limits.ephemeral-storage", "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
    "persistentvolumeclaims", "storage", "services.nodeports", "services.loadbalancers",
}  # fmt: skip
_INTEGERS = frozenset({
    "pods", "services", "services.nodeports", "services.loadbalancers", "replicationcontrollers", "resourcequotas",
    "secrets", "configmaps", "persistentvolumeclaims",
})  # fmt: skip


def validate_resources(requirements: Wire, path: str) -> list[FieldError]:
    """The problems of a container's ``resources``; quantities have been read by the decoder."""
    limits, requests = requirements.get("limits", {}), requirements.get("requests", {})
    errors = []
    for name, given in sorted(limits.items()):
        errors += _resource(name, given, f"{path}.limits[{name}]")
    for name, given in sorted(requests.items()):
        errors += _resource(name, given, f"{path}.requests[{name}]")
        if name in limits:
            errors += _within_limit(name, given, limits[name], f"{path}.requests")
        elif not _may_overcommit(name):
            errors.append(required(f"{path}.limits", "Limit must be set for non overcommitable resources"))
    named = {*limits, *requests}
    if any(map(_is_huge_page, named)) and not named & {"cpu", "memory"}:
        errors.append(forbidden(path, "HugePages require cpu or memory"))
    return errors


def _within_limit(name: str, request: str | int | float, limit: str | int | float, path: str) -> list[FieldError]:
    asked, most = _amount(request), _amount(limit)
    if asked != most and not _may_overcommit(name):
        return [invalid_value(path, _printed(request), f"must be equal to {name} limit of {_printed(limit)}")]
    if asked > most:
        problem = f"must be less than or equal to {name} limit of {_printed(limit)}"
        return [invalid_value(path, _printed(request), problem)]
    return []


def _resource(name: str, given: str | int | float, path: str) -> list[FieldError]:
    errors = invalid_values(path, name, names.qualified_name(name))
    if not errors and "/" not in name and name not in _STANDARD and not _is_huge_page(name):
        errors.append(invalid_value(path, name, "must be a standard resource type or fully qualified"))
    if "/" not in name:
        if name not in _CONTAINER and not _is_huge_page(name):
            errors.append(invalid_value(path, name, "must be a standard resource for containers"))
    elif not is_native(name) and (name.startswith("requests.") or names.qualified_name(f"requests.{name}")):
        errors.append(invalid_value(path, name, "doesn't follow extended resource name standard"))
    return errors + validate_quantity(name, given, path)


def validate_quantity(name: str, given: str | int | float, path: str) -> list[FieldError]:
    """An amount of a resource: not negative, and whole where only whole ones make sense."""
    amount = _amount(given)
    errors = []
    if amount < 0:
        errors.append(invalid_value(path, _printed(given), "must be greater than or equal to 0"))
    whole = name in _INTEGERS or _is_huge_page(name) or not is_native(name)
    if whole and amount != amount.to_integral_value():
        errors.append(invalid_value(path, _printed(given), "must be an integer"))
    return errors


def _amount(given: str | int | float) -> Decimal:
    return quantities.parse(str(given))


def _printed(given: str | int | float) -> str:
    return quantities.canonical(str(given))


def is_native(name: str) -> bool:
    """Whether Kubernetes itself knows the resource: no domain, or its own."""
    return "/" not in name or "kubernetes.io/" in name


def _is_huge_page(name: str) -> bool:
    return name.startswith("hugepages-")


def _may_overcommit(name: str) -> bool:
    return is_native(name) and not _is_huge_page(name)
