"""Workloads that run for ever: Deployments, ReplicaSets and their like, which make Pods from a template.

The selector must match the template's labels, and never changes. Upstream: ``pkg/apis/apps/validation``; that selectors
do not change is said in ``pkg/registry/apps``.
"""

from __future__ import annotations

from kubesim.api import names
from kubesim.api.errors import FieldError
from kubesim.api.fields import forbidden, invalid_value, invalid_values, not_supported, required
from kubesim.api.objects import IntOrString, LabelSelector, Wire, view
from kubesim.api.selectors import selector_of
from kubesim.api.validation.internal_form import internal_form
from kubesim.api.validation.metadata import (
    validate_annotations,
    validate_immutable,
    validate_label_selector,
    validate_labels,
    validate_metadata,
    validate_metadata_update,
    validate_non_negative,
)
from kubesim.api.validation.pod import validate_pod_template


def validate_deployment(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a Deployment that is created, or changed from ``before``."""
    spec = wire.get("spec", {})
    errors = _metadata(wire, before)
    errors += validate_non_negative(spec.get("replicas", 0), "spec.replicas")
    errors += _selector(spec, "deployment")
    errors += _template(spec, "ReplicaSet", "invalid label selector")
    errors += _deployment_strategy(spec.get("strategy", {}), "spec.strategy")
    ready = spec.get("minReadySeconds", 0)
    errors += validate_non_negative(ready, "spec.minReadySeconds")
    errors += validate_non_negative(spec.get("revisionHistoryLimit", 0), "spec.revisionHistoryLimit")
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None:
        errors += validate_non_negative(deadline, "spec.progressDeadlineSeconds")
        if deadline <= ready:
            problem = "must be greater than minReadySeconds"
            errors.append(invalid_value("spec.progressDeadlineSeconds", deadline, problem))
    return errors + _same_selector(spec, before)


def validate_replica_set(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a ReplicaSet that is created, or changed from ``before``."""
    spec = wire.get("spec", {})
    errors = _metadata(wire, before)
    errors += validate_non_negative(spec.get("replicas", 0), "spec.replicas")
    errors += validate_non_negative(spec.get("minReadySeconds", 0), "spec.minReadySeconds")
    errors += _selector(spec, "deployment")  # upstream says so
    errors += _template(spec, "ReplicaSet", "invalid label selector")
    return errors + _same_selector(spec, before)


def validate_daemon_set(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a DaemonSet that is created, or changed from ``before``."""
    spec = wire.get("spec", {})
    errors = _metadata(wire, before) + _same_selector(spec, before)
    errors += validate_label_selector(spec.get("selector"), "spec.selector")
    errors += _match(spec, even_if_empty=True)
    if "selector" in spec and not any(spec["selector"].values()):
        problem = "empty selector is invalid for daemonset"
        errors.append(invalid_value("spec.selector", _printed(spec["selector"]), problem))
    errors += validate_pod_template(spec.get("template", {}), "spec.template")
    errors += _always(spec, "DaemonSet")
    errors += validate_non_negative(spec.get("minReadySeconds", 0), "spec.minReadySeconds")
    errors += _daemon_strategy(spec.get("updateStrategy", {}), "spec.updateStrategy")
    errors += validate_non_negative(spec.get("revisionHistoryLimit", 0), "spec.revisionHistoryLimit")
    return errors


def validate_replication_controller(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a ReplicationController, whose selector is a map of labels and may change."""
    spec, path = wire.get("spec", {}), "spec.template"
    errors = _metadata(wire, before)
    errors += validate_non_negative(spec.get("minReadySeconds", 0), "spec.minReadySeconds")
    selector, template = spec.get("selector") or {}, spec.get("template")
    if not selector:
        errors.append(required("spec.selector"))
    errors += validate_non_negative(spec.get("replicas", 0), "spec.replicas")
    if template is None:
        return [*errors, required(path)]
    labels = template.get("metadata", {}).get("labels")
    if selector and not selector.items() <= (labels or {}).items():
        shown = None if labels is None else dict(sorted(labels.items()))
        problem = "`selector` does not match template `labels`"
        errors.append(invalid_value(f"{path}.metadata.labels", shown, problem))
    errors += validate_pod_template(template, path)
    return errors + _always(spec, "ReplicationController")


def validate_controller_revision(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a ControllerRevision, whose data never changes."""
    errors = []
    if before is not None:
        errors += validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
        errors += validate_immutable(wire.get("data"), before.get("data"), "data")
    errors += validate_metadata(wire.get("metadata", {}), names.dns1123_subdomain)
    if wire.get("data") is None:
        errors.append(required("data", "data is mandatory"))
    return errors + validate_non_negative(wire.get("revision", 0), "revision")


_STATEFUL_CHANGEABLE = (
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
)  # fmt: skip
_STATEFUL_FORBIDDEN = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


def validate_stateful_set(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a StatefulSet; its name becomes part of host names, hence a label."""
    spec = wire.get("spec", {})
    metadata = wire.get("metadata", {})
    if before is None:
        errors = validate_metadata(metadata, names.dns1123_label)
    else:
        errors = validate_metadata_update(metadata, before.get("metadata", {}))
    policy = spec.get("podManagementPolicy", "")
    if not policy:
        errors.append(required("spec.podManagementPolicy"))
    elif policy not in ("OrderedReady", "Parallel"):
        problem = "must be 'OrderedReady' or 'Parallel'"
        errors.append(invalid_value("spec.podManagementPolicy", policy, problem))
    errors += _stateful_strategy(spec.get("updateStrategy", {}), "spec.updateStrategy")
    for field in ("replicas", "minReadySeconds"):
        errors += validate_non_negative(spec.get(field, 0), f"spec.{field}")
    errors += validate_non_negative(spec.get("ordinals", {}).get("start", 0), "spec.ordinals.start")
    errors += _selector(spec, "statefulset")
    template = spec.get("template", {})
    errors += _match(spec)
    errors += validate_labels(template.get("metadata", {}).get("labels"), "spec.template.labels")
    errors += validate_annotations(template.get("metadata", {}).get("annotations"), "spec.template.annotations")
    errors += _always(spec, "StatefulSet")
    if before is not None:
        fixed = [
            {field: value for field, value in whole.items() if field not in _STATEFUL_CHANGEABLE}
            for whole in (spec, before.get("spec", {}))
        ]
        if fixed[0] != fixed[1]:
            errors.append(forbidden("spec", _STATEFUL_FORBIDDEN))
    return errors


def _metadata(wire: Wire, before: Wire | None) -> list[FieldError]:
    metadata = wire.get("metadata", {})
    if before is not None:
        return validate_metadata_update(metadata, before.get("metadata", {}))
    return validate_metadata(metadata, names.dns1123_subdomain)


def _printed(selector: Wire) -> Wire:
    """The selector as its JSON tags print it: empty members left out, maps sorted."""
    printed: Wire = {}
    if selector.get("matchLabels"):
        printed["matchLabels"] = dict(sorted(selector["matchLabels"].items()))
    if selector.get("matchExpressions"):
        printed["matchExpressions"] = [
            {"key": item.get("key", ""), "operator": item.get("operator", "")}
            | ({"values": item["values"]} if item.get("values") else {})
            for item in selector["matchExpressions"]
        ]
    return printed


def _selector(spec: Wire, what: str) -> list[FieldError]:
    selector = spec.get("selector")
    if selector is None:
        return [required("spec.selector")]
    errors = validate_label_selector(selector, "spec.selector")
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        problem = f"empty selector is invalid for {what}"
        errors.append(invalid_value("spec.selector", _printed(selector), problem))
    return errors


def _same_selector(spec: Wire, before: Wire | None) -> list[FieldError]:
    if before is None:
        return []
    old, new = (whole.get("selector", {}) for whole in (before.get("spec", {}), spec))
    return validate_immutable(_printed(new), _printed(old), "spec.selector")


def _template(spec: Wire, what: str, problem: str) -> list[FieldError]:
    try:
        selector_of(_typed(spec))
    except ValueError:
        return [invalid_value("spec.selector", _printed(spec.get("selector", {})), problem)]
    errors = _match(spec)
    errors += validate_pod_template(spec.get("template", {}), "spec.template")
    return errors + _always(spec, what)


def _typed(spec: Wire) -> LabelSelector | None:
    return view(spec["selector"], LabelSelector) if "selector" in spec else None


def _match(spec: Wire, even_if_empty: bool = False) -> list[FieldError]:
    """The Pods made from the template must be those that the selector finds."""
    labels = spec.get("template", {}).get("metadata", {}).get("labels")
    try:
        selector = selector_of(_typed(spec))
    except ValueError:
        return []
    if selector.matches(labels) or (selector.empty and not even_if_empty):
        return []
    shown = None if labels is None else dict(sorted(labels.items()))
    return [invalid_value("spec.template.metadata.labels", shown, "`selector` does not match template `labels`")]


def _always(spec: Wire, what: str) -> list[FieldError]:
    """A workload's Pods run for ever."""
    pod = spec.get("template", {}).get("spec", {})
    errors = []
    if pod.get("restartPolicy", "") != "Always":
        where = "spec.template.spec.restartPolicy"
        errors.append(not_supported(where, pod.get("restartPolicy", ""), ("Always",)))
    if "activeDeadlineSeconds" in pod:
        problem = f"activeDeadlineSeconds in {what} is not Supported"
        errors.append(forbidden("spec.template.spec.activeDeadlineSeconds", problem))
    return errors


# --- strategies ------------------------------------------------------------------------------------------------------


def validate_count_or_share(value: IntOrString, path: str) -> list[FieldError]:
    """A number of at least zero, or a percentage."""
    if isinstance(value, str):
        return invalid_values(path, value, names.percentage(value))
    return validate_non_negative(value, path)


def _percent(value: IntOrString) -> int | None:
    """The number before the percent sign; past 20 digits it is too many anyway."""
    if isinstance(value, int) or names.percentage(value):
        return None
    return int(value[:-1].lstrip("0")[:20] or "0")


def _amount(value: IntOrString) -> int:
    """The count, or the number before the percent sign; what is neither counts as nothing."""
    if isinstance(value, int):
        return value
    percent = _percent(value)
    if percent is not None:
        return percent
    return int(value[:18]) if value.isascii() and value.isdigit() else 0


def validate_not_over_all(value: IntOrString, path: str) -> list[FieldError]:
    """A percentage of 100 at most."""
    percent = _percent(value)
    if percent is None or percent <= 100:
        return []
    return [invalid_value(path, value, "must not be greater than 100%")]


def _deployment_strategy(strategy: Wire, path: str) -> list[FieldError]:
    kind, rolling = strategy.get("type", ""), strategy.get("rollingUpdate")
    if kind == "Recreate":
        problem = "may not be specified when strategy `type` is 'Recreate'"
        return [] if rolling is None else [forbidden(f"{path}.rollingUpdate", problem)]
    if kind != "RollingUpdate":
        return [not_supported(path, internal_form(strategy, "DeploymentStrategy"), ("Recreate", "RollingUpdate"))]
    path = f"{path}.rollingUpdate"
    if rolling is None:
        return [required(path, "this should be defaulted and never be nil")]
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    errors = validate_count_or_share(unavailable, f"{path}.maxUnavailable")
    errors += validate_count_or_share(surge, f"{path}.maxSurge")
    if _amount(unavailable) == 0 and _amount(surge) == 0:
        errors.append(invalid_value(f"{path}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0"))
    return errors + validate_not_over_all(unavailable, f"{path}.maxUnavailable")


def _daemon_strategy(strategy: Wire, path: str) -> list[FieldError]:
    kind, rolling = strategy.get("type", ""), strategy.get("rollingUpdate")
    if kind == "OnDelete":
        return []
    if kind != "RollingUpdate":
        return [not_supported(path, internal_form(strategy, "DaemonSetUpdateStrategy"), ("RollingUpdate", "OnDelete"))]
    path = f"{path}.rollingUpdate"
    if rolling is None:
        return [required(path)]
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    errors = validate_count_or_share(unavailable, f"{path}.maxUnavailable")
    errors += validate_count_or_share(surge, f"{path}.maxSurge")
    errors += validate_not_over_all(unavailable, f"{path}.maxUnavailable")
    errors += validate_not_over_all(surge, f"{path}.maxSurge")
    if _amount(unavailable) and _amount(surge):
        errors.append(invalid_value(f"{path}.maxSurge", surge, "may not be set when maxUnavailable is non-zero"))
    elif not _amount(unavailable) and not _amount(surge):
        errors.append(required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0"))
    return errors


def _stateful_strategy(strategy: Wire, path: str) -> list[FieldError]:
    kind, rolling = strategy.get("type", ""), strategy.get("rollingUpdate")
    if not kind:
        return [required(path)]
    if kind == "OnDelete":
        if rolling is None:
            return []
        shown = internal_form(rolling, "RollingUpdateStatefulSetStrategy")
        return [invalid_value(f"{path}.rollingUpdate", shown, "only allowed for updateStrategy 'RollingUpdate'")]
    if kind != "RollingUpdate":
        shown = internal_form(strategy, "StatefulSetUpdateStrategy")
        return [invalid_value(path, shown, "must be 'RollingUpdate' or 'OnDelete'")]
    rolling = rolling or {}
    errors = validate_non_negative(rolling.get("partition", 0), f"{path}.rollingUpdate.partition")
    unavailable = rolling.get("maxUnavailable")
    if unavailable is not None:
        path = f"{path}.rollingUpdate.maxUnavailable"
        errors += validate_count_or_share(unavailable, path)
        if _amount(unavailable) == 0:
            errors.append(invalid_value(path, unavailable, "cannot be 0"))
        errors += validate_not_over_all(unavailable, path)
    return errors
