"""Jobs and CronJobs: work that ends, once or by a schedule.

A Job's template, selector and mode of completion never change, for its Pods are counted by them. Upstream:
``pkg/apis/batch/validation``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from kubesim.api import names
from kubesim.api.cron import parse_schedule, time_zone
from kubesim.api.errors import FieldError
from kubesim.api.fields import duplicate, invalid_value, not_supported, required
from kubesim.api.objects import LabelSelector, Wire, view
from kubesim.api.selectors import selector_of
from kubesim.api.validation.internal_form import internal_form, internal_template
from kubesim.api.validation.metadata import (
    IMMUTABLE,
    validate_immutable,
    validate_label_selector,
    validate_metadata,
    validate_metadata_update,
    validate_non_negative,
)
from kubesim.api.validation.pod import validate_pod_template

UID_LABELS = ("controller-uid", "batch.kubernetes.io/controller-uid")
NAME_LABELS = ("job-name", "batch.kubernetes.io/job-name")
"""Labels that a Job gives to its Pods: the older name of each, and the newer."""

MOST_INDEXES = 100_000
"""Indexes that may run at once, and Pods that may fail of a Job with many indexes (upstream: 100,000)."""
_LONGEST_CRON_JOB_NAME = 52
"""A Job's name adds a dash and ten digits, and must still be a label."""


def validate_job(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a Job that is created, or changed from ``before``."""
    metadata, spec = wire.get("metadata", {}), wire.get("spec", {})
    if before is not None:
        errors = validate_metadata_update(metadata, before.get("metadata", {}))
        return errors + _selected_spec(spec) + _fixed_fields(spec, before.get("spec", {}))
    errors = validate_metadata(metadata, names.dns1123_subdomain)
    errors += _generated_selector(metadata, spec)
    errors += _selected_spec(spec)
    if spec.get("completionMode") == "Indexed" and spec.get("completions", 0) > 0:
        longest = f"{metadata.get('name', '')}-{spec['completions'] - 1}"
        if names.dns1123_label(longest):
            problem = f"will not able to create pod with invalid DNS label: {longest}"
            errors.append(invalid_value("metadata.name", metadata.get("name", ""), problem))
    return errors


def validate_cron_job(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a CronJob that is created, or changed from ``before``."""
    metadata, spec = wire.get("metadata", {}), wire.get("spec", {})
    name, old = metadata.get("name", ""), (before or {}).get("spec", {})
    if before is not None:
        errors = validate_metadata_update(metadata, before.get("metadata", {}))
    else:
        errors = validate_metadata(metadata, names.dns1123_subdomain)
    errors += _schedule(spec, "TZ" in old.get("schedule", ""))
    errors += _count(spec, "startingDeadlineSeconds", "spec")
    if "timeZone" in spec and spec["timeZone"] != old.get("timeZone"):
        errors += _time_zone(spec["timeZone"])
    policy = spec.get("concurrencyPolicy", "")
    if not policy:
        errors.append(required("spec.concurrencyPolicy"))
    elif policy not in ("Allow", "Forbid", "Replace"):
        errors.append(not_supported("spec.concurrencyPolicy", policy, ("Allow", "Forbid", "Replace")))
    errors += _spec(spec.get("jobTemplate", {}).get("spec", {}), "spec.jobTemplate.spec")
    for limit in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        errors += _count(spec, limit, "spec")
    if before is None and len(name) > _LONGEST_CRON_JOB_NAME:
        errors.append(invalid_value("metadata.name", name, f"must be no more than {_LONGEST_CRON_JOB_NAME} characters"))
    return errors


# --- schedules -------------------------------------------------------------------------------------------------------


def _schedule(spec: Wire, may_name_zone: bool) -> list[FieldError]:
    schedule, path = spec.get("schedule", ""), "spec.schedule"
    if not schedule:
        return [required(path)]
    errors = []
    try:
        parse_schedule(schedule)
    except ValueError as error:
        errors.append(invalid_value(path, schedule, str(error)))
    if "TZ" in schedule and not may_name_zone:
        problem = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        errors.append(invalid_value(path, schedule, problem))
    elif "TZ" in schedule and "timeZone" in spec:
        errors.append(invalid_value(path, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule"))
    return errors


def _time_zone(name: str) -> list[FieldError]:
    path = "spec.timeZone"
    if not name:
        return [invalid_value(path, name, "timeZone must be nil or non-empty string")]
    if name.lower() == "local":
        problem = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        return [invalid_value(path, name, problem)]
    try:
        time_zone(name)
    except ValueError as error:
        return [invalid_value(path, name, str(error))]
    return []


# --- the spec of a Job -----------------------------------------------------------------------------------------------


def _count(spec: Wire, field: str, path: str) -> list[FieldError]:
    return validate_non_negative(spec.get(field, 0), f"{path}.{field}")


def _selected_spec(spec: Wire) -> list[FieldError]:
    errors = _spec(spec, "spec")
    selector = spec.get("selector")
    if selector is None:
        return [*errors, required("spec.selector")]
    errors += validate_label_selector(selector, "spec.selector")
    labels = spec.get("template", {}).get("metadata", {}).get("labels")
    try:
        matched = selector_of(view(selector, LabelSelector)).matches(labels)
    except ValueError:
        return errors
    if not matched:
        problem = "`selector` does not match template `labels`"
        errors.append(invalid_value("spec.template.metadata.labels", _sorted(labels), problem))
    return errors


def _spec(spec: Wire, path: str) -> list[FieldError]:
    """The rules that a CronJob's template shares."""
    errors: list[FieldError] = []
    for field in ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
                  "backoffLimitPerIndex", "maxFailedIndexes"):  # fmt: skip
        errors += _count(spec, field, path)
    if "maxFailedIndexes" in spec and "backoffLimitPerIndex" not in spec:
        errors.append(required(f"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified"))
    errors += _completion_mode(spec, path)
    errors += _failure_policy(spec, f"{path}.podFailurePolicy")
    errors += _success_policy(spec, f"{path}.successPolicy")
    errors += _replacement_policy(spec, f"{path}.podReplacementPolicy")
    template, policy = spec.get("template", {}), spec.get("template", {}).get("spec", {}).get("restartPolicy", "")
    errors += validate_pod_template(template, f"{path}.template")
    where = f"{path}.template.spec.restartPolicy"
    if policy in ("", "Always"):
        errors.append(required(where, 'valid values: "OnFailure", "Never"'))
    elif policy not in ("OnFailure", "Never"):
        errors.append(not_supported(where, policy, ("OnFailure", "Never")))
    elif policy != "Never":
        for field in ("podFailurePolicy", "backoffLimitPerIndex"):
            if field in spec:
                problem = f'only "Never" is supported when {field} is specified'
                errors.append(invalid_value(where, policy, problem))
    return errors


def _completion_mode(spec: Wire, path: str) -> list[FieldError]:
    mode = spec.get("completionMode", "NonIndexed")
    if mode not in ("NonIndexed", "Indexed"):
        return [not_supported(f"{path}.completionMode", mode, ("NonIndexed", "Indexed"))]
    if mode == "NonIndexed":
        fields = [field for field in ("backoffLimitPerIndex", "maxFailedIndexes") if field in spec]
        return [invalid_value(f"{path}.{field}", spec[field], "requires indexed completion mode") for field in fields]
    errors = []
    if "completions" not in spec:
        errors.append(required(f"{path}.completions", "when completion mode is Indexed"))
    for field in ("parallelism", "maxFailedIndexes"):
        if spec.get(field, 0) > MOST_INDEXES:
            mode_words = " when completion mode is Indexed" if field == "parallelism" else ""
            problem = f"must be less than or equal to {MOST_INDEXES}{mode_words}"
            errors.append(invalid_value(f"{path}.{field}", spec[field], problem))
    if "maxFailedIndexes" in spec and "completions" in spec and spec["maxFailedIndexes"] > spec["completions"]:
        problem = "must be less than or equal to completions"
        errors.append(invalid_value(f"{path}.maxFailedIndexes", spec["maxFailedIndexes"], problem))
    return errors


_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")


def _failure_policy(spec: Wire, path: str) -> list[FieldError]:
    policy = spec.get("podFailurePolicy")
    if policy is None:
        return []
    rules, errors = policy.get("rules") or [], list[FieldError]()
    if len(rules) > 20:
        errors.append(invalid_value(f"{path}.rules", len(rules), "must have at most 20 items"))
    pods = spec.get("template", {}).get("spec", {})
    containers = [c.get("name") for kind in ("containers", "initContainers") for c in pods.get(kind) or []]
    for index, rule in enumerate(rules):
        here, action = f"{path}.rules[{index}]", rule.get("action", "")
        if not action:
            errors.append(required(f"{here}.action", 'valid values: "Count", "FailIndex", "FailJob", "Ignore"'))
        elif action == "FailIndex" and "backoffLimitPerIndex" not in spec:
            problem = "requires the backoffLimitPerIndex to be set"
            errors.append(invalid_value(f"{here}.action", action, problem))
        elif action not in _ACTIONS:
            errors.append(not_supported(f"{here}.action", action, _ACTIONS))
        codes, patterns = rule.get("onExitCodes"), rule.get("onPodConditions") or []
        if codes is not None:
            errors += _exit_codes(codes, f"{here}.onExitCodes", containers)
        for position, pattern in enumerate(patterns):
            errors += _condition(pattern, f"{here}.onPodConditions[{position}]")
        if codes is not None and patterns:
            problem = "specifying both OnExitCodes and OnPodConditions is not supported"
            errors.append(invalid_value(here, internal_form(rule, "PodFailurePolicyRule"), problem))
        if codes is None and not patterns:
            problem = "specifying one of OnExitCodes and OnPodConditions is required"
            errors.append(invalid_value(here, internal_form(rule, "PodFailurePolicyRule"), problem))
    return errors


def _exit_codes(codes: Wire, path: str, containers: list[str | None]) -> list[FieldError]:
    errors, operator = [], codes.get("operator", "")
    if not operator:
        errors.append(required(f"{path}.operator", 'valid values: "In", "NotIn"'))
    elif operator not in ("In", "NotIn"):
        errors.append(not_supported(f"{path}.operator", operator, ("In", "NotIn")))
    if "containerName" in codes and codes["containerName"] not in containers:
        problem = "must be one of the container or initContainer names in the pod template"
        errors.append(invalid_value(f"{path}.containerName", codes["containerName"], problem))
    values = codes.get("values") or []
    if not values:
        errors.append(invalid_value(f"{path}.values", values, "at least one value is required"))
    seen: set[int] = set()
    for index, value in enumerate(values):
        here = f"{path}.values[{index}]"
        if operator == "In" and value == 0:
            errors.append(invalid_value(here, value, "must not be 0 for the In operator"))
        if value in seen:
            errors.append(duplicate(here, value))
        seen.add(value)
    if values != sorted(values):
        errors.append(invalid_value(f"{path}.values", values, "must be ordered"))
    return errors


def _condition(pattern: Wire, path: str) -> list[FieldError]:
    errors = []
    type, status = pattern.get("type", ""), pattern.get("status", "")
    errors += [invalid_value(f"{path}.type", type, problem) for problem in names.qualified_name(type)]
    if not status:
        errors.append(required(f"{path}.status", 'valid values: "False", "True", "Unknown"'))
    elif status not in ("False", "True", "Unknown"):
        errors.append(not_supported(f"{path}.status", status, ("False", "True", "Unknown")))
    return errors


def _success_policy(spec: Wire, path: str) -> list[FieldError]:
    policy = spec.get("successPolicy")
    if policy is None:
        return []
    if spec.get("completionMode") != "Indexed":
        shown = internal_form(policy, "SuccessPolicy")
        return [invalid_value(path, shown, "requires indexed completion mode")]
    rules = policy.get("rules") or []
    errors = (
        []
        if rules
        else [required(f"{path}.rules", "at least one rules must be specified when the successPolicy is specified")]
    )
    for index, rule in enumerate(rules):
        if "succeededCount" not in rule and "succeededIndexes" not in rule:
            problem = "at least one of succeededCount or succeededIndexes must be specified"
            errors.append(required(f"{path}.rules[{index}]", problem))
    return errors


def _replacement_policy(spec: Wire, path: str) -> list[FieldError]:
    policy = spec.get("podReplacementPolicy")
    if policy is None:
        return []
    if "podFailurePolicy" in spec:
        return [] if policy == "Failed" else [not_supported(path, policy, ("Failed",))]
    allowed = ("Failed", "TerminatingOrFailed")
    return [] if policy in allowed else [not_supported(path, policy, allowed)]


def _generated_selector(metadata: Wire, spec: Wire) -> list[FieldError]:
    """Unless a person says that the selector is theirs, it is the Job's uid."""
    if spec.get("manualSelector") or spec.get("selector") is None:
        return []
    uid, path = str(metadata.get("uid", "")), "spec.template.metadata.labels"
    labels = spec.get("template", {}).get("metadata", {}).get("labels") or {}
    wanted = dict.fromkeys(UID_LABELS, uid) | dict.fromkeys(NAME_LABELS, str(metadata.get("name", "")))
    errors = []
    for key, value in wanted.items():
        if key not in labels:
            errors.append(required(f"{path}[{key}]", f"must be '{value}'"))
        if labels.get(key) != value:
            errors.append(invalid_value(f"{path}[{key}]", _sorted(labels), f"must be '{value}'"))
    try:
        found = selector_of(view(spec["selector"], LabelSelector)).matches(wanted)
    except ValueError:
        return errors
    if not found:
        errors.append(invalid_value("spec.selector", spec["selector"], "`selector` not auto-generated"))
    return errors


def _sorted(labels: dict[str, str] | None) -> dict[str, str] | None:
    """Labels as Go prints them."""
    return None if labels is None else dict(sorted(labels.items()))


def _fixed_fields(spec: Wire, before: Wire) -> list[FieldError]:
    errors = []
    elastic = spec.get("completionMode") == "Indexed" and "completions" in spec and "completions" in before
    if not elastic:
        errors += _unchanged(spec, before, "completions")
    elif spec["completions"] != before["completions"] and spec["completions"] != spec.get("parallelism"):
        problem = "can only be modified in tandem with spec.parallelism"
        errors.append(invalid_value("spec.completions", spec["completions"], problem))
    errors += _unchanged(spec, before, "selector")
    template, old = spec.get("template", {}), before.get("template", {})
    directed = before.get("suspend") and _without_directives(template) == _without_directives(old)
    if template != old and not directed:
        errors.append(invalid_value("spec.template", internal_template(template), IMMUTABLE))
    for field in ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"):
        errors += _unchanged(spec, before, field, _FORMS.get(field))
    return errors


_FORMS: dict[str, Callable[[Wire], Wire]] = {
    "podFailurePolicy": functools.partial(internal_form, struct="PodFailurePolicy"),
    "successPolicy": functools.partial(internal_form, struct="SuccessPolicy"),
}


def _unchanged(spec: Wire, before: Wire, field: str, form: Callable[[Wire], Wire] | None = None) -> list[FieldError]:
    new, old = spec.get(field), before.get(field)
    if new == old:
        return []
    shown = form(new) if form is not None and new is not None else new
    return validate_immutable(shown, old, f"spec.{field}")


_DIRECTIVES = ("nodeSelector", "affinity", "tolerations", "schedulingGates")


def _without_directives(template: Wire) -> Wire:
    """A template without what says where its Pods go: a suspended Job's may change before they are made."""
    pod = {name: value for name, value in template.get("spec", {}).items() if name not in _DIRECTIVES}
    metadata = template.get("metadata", {})
    return {"spec": pod} | {name: value for name, value in metadata.items() if name not in ("labels", "annotations")}
