"""Kinds that say little more than how something is called: quotas, classes of storage, priority and run time, leases.

Upstream: the packages ``validation`` of ``pkg/apis/{core,coordination,node,scheduling,storage}``.
"""

from __future__ import annotations

from collections.abc import Callable

from kubesim.api import names, quantities
from kubesim.api.errors import FieldError
from kubesim.api.fields import forbidden, invalid_value, invalid_values, not_supported, required
from kubesim.api.objects import Wire
from kubesim.api.validation.metadata import (
    validate_choice,
    validate_immutable,
    validate_metadata,
    validate_metadata_update,
)

Rules = Callable[[Wire, Wire | None], list[FieldError]]

_HIGHEST_USER_PRIORITY = 1_000_000_000
_POLICIES = ("Never", "PreemptLowerPriority")
_SCOPES = ("BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating")


def named(
    rules: Rules | None = None, *, namespaced: bool = False, check: names.Check = names.dns1123_subdomain
) -> Rules:
    """The validator of a kind: its metadata, and what else there is to say.

    :param rules: what the rest of the object must meet.
    :param check: the rule for its name.
    """

    def validate(wire: Wire, before: Wire | None = None) -> list[FieldError]:
        metadata, errors = wire.get("metadata", {}), list[FieldError]()
        if before is not None:
            errors += validate_metadata_update(metadata, before.get("metadata", {}))
        else:
            errors += validate_metadata(metadata, check, namespaced)
        return errors + (rules(wire, before) if rules is not None else [])

    return validate


def _storage_class(wire: Wire, before: Wire | None) -> list[FieldError]:
    errors, provisioner = [], wire.get("provisioner", "")
    if before is not None:
        for field, value in (("parameters", {}), ("provisioner", ""), ("reclaimPolicy", ""), ("volumeBindingMode", "")):
            problem = "updates to parameters are forbidden." if field == "parameters" else ""
            if wire.get(field, value) != before.get(field, value):
                if field == "parameters":
                    errors.append(forbidden(field, problem))
                elif field == "provisioner":
                    errors.append(forbidden(field, "updates to provisioner are forbidden."))
                elif field == "reclaimPolicy":
                    errors.append(forbidden(field, "updates to reclaimPolicy are forbidden."))
                else:
                    errors += validate_immutable(wire.get(field), before.get(field), field)
        return errors
    if not provisioner:
        errors.append(required("provisioner", provisioner))
    else:
        errors += invalid_values("provisioner", provisioner, names.qualified_name(provisioner.lower()))
    errors += validate_choice(wire.get("reclaimPolicy"), "reclaimPolicy", ("Delete", "Retain"))
    return errors + validate_choice(
        wire.get("volumeBindingMode"), "volumeBindingMode", ("Immediate", "WaitForFirstConsumer")
    )


def _priority_class(wire: Wire, before: Wire | None) -> list[FieldError]:
    errors, value, name = [], wire.get("value", 0), wire["metadata"].get("name", "")
    if before is not None:
        if value != before.get("value", 0):
            errors.append(forbidden("value", "may not be changed in an update."))
        errors += validate_immutable(wire.get("preemptionPolicy"), before.get("preemptionPolicy"), "preemptionPolicy")
        return errors
    if name.startswith("system-"):
        problem = "priority class names with 'system-' prefix are reserved for system use only"
        errors.append(forbidden("metadata.name", f"{problem}. error: {name} is not a known system priority class"))
    elif value > _HIGHEST_USER_PRIORITY:
        problem = f"maximum allowed value of a user defined priority is {_HIGHEST_USER_PRIORITY}"
        errors.append(forbidden("value", problem))
    policy = wire.get("preemptionPolicy")
    return errors + ([not_supported("preemptionPolicy", policy, _POLICIES)] if policy not in (None, *_POLICIES) else [])


def _resource_quota(wire: Wire, before: Wire | None) -> list[FieldError]:
    spec, errors = wire.get("spec", {}), list[FieldError]()
    for name, amount in sorted((spec.get("hard") or {}).items()):
        path = f"spec.hard[{name}]"
        errors += invalid_values(path, name, names.qualified_name(name))
        if quantities.parse(str(amount)) < 0:
            errors.append(invalid_value(path, str(amount), "must be greater than or equal to 0"))
    scopes = spec.get("scopes") or []
    unknown = [each for each in scopes if each not in _SCOPES]
    if unknown:
        errors.append(invalid_value("spec.scopes", scopes, "unsupported scope"))
    for pair in (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")):
        if set(pair) <= set(scopes):
            errors.append(invalid_value("spec.scopes", scopes, "conflicting scopes"))
    if before is not None and sorted(scopes) != sorted((before.get("spec") or {}).get("scopes") or []):
        errors += validate_immutable(scopes, (before.get("spec") or {}).get("scopes"), "spec.scopes")
    return errors


def _lease(wire: Wire, before: Wire | None) -> list[FieldError]:
    spec, errors = wire.get("spec") or {}, list[FieldError]()
    for field, least, words in (
        ("leaseDurationSeconds", 1, "must be greater than 0"),
        ("leaseTransitions", 0, "must be greater than or equal to 0"),
    ):
        if spec.get(field) is not None and spec[field] < least:
            errors.append(invalid_value(f"spec.{field}", spec[field], words))
    return errors


def _runtime_class(wire: Wire, before: Wire | None) -> list[FieldError]:
    handler = wire.get("handler", "")
    if before is not None:
        return validate_immutable(handler, before.get("handler", ""), "handler")
    return invalid_values("handler", handler, names.dns1123_label(handler))


validate_lease = named(_lease, namespaced=True)
validate_priority_class = named(_priority_class)
validate_resource_quota = named(_resource_quota, namespaced=True)
validate_runtime_class = named(_runtime_class)
validate_storage_class = named(_storage_class)
