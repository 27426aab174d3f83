"""PodDisruptionBudgets: how many Pods must stay, or may go, when somebody evicts some.

Upstream: ``pkg/apis/policy/validation``.
"""

from __future__ import annotations

from kubesim.api import names
from kubesim.api.errors import FieldError
from kubesim.api.fields import invalid_value, not_supported
from kubesim.api.objects import Wire
from kubesim.api.validation.internal_form import internal_form
from kubesim.api.validation.metadata import validate_label_selector, validate_metadata, validate_metadata_update
from kubesim.api.validation.workload import validate_count_or_share, validate_not_over_all

_POLICIES = ("AlwaysAllow", "IfHealthyBudget")


def validate_disruption_budget(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a PodDisruptionBudget that is created, or changed from ``before``."""
    spec, errors = wire.get("spec", {}), list[FieldError]()
    if before is not None:
        errors += validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
    else:
        errors += validate_metadata(wire.get("metadata", {}), names.dns1123_subdomain)
    if "minAvailable" in spec and "maxUnavailable" in spec:
        shown = internal_form(spec, "PodDisruptionBudgetSpec")
        errors.append(invalid_value("spec", shown, "minAvailable and maxUnavailable cannot be both set"))
    for field in ("minAvailable", "maxUnavailable"):
        if field in spec:
            errors += validate_count_or_share(spec[field], f"spec.{field}")
            errors += validate_not_over_all(spec[field], f"spec.{field}")
    errors += validate_label_selector(spec.get("selector"), "spec.selector")
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in _POLICIES:
        errors.append(not_supported("spec.unhealthyPodEvictionPolicy", policy, _POLICIES))
    return errors
