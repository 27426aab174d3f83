"""HorizontalPodAutoscalers: what they scale, between which bounds, and by what they measure.

Upstream: ``pkg/apis/autoscaling/validation``.
"""

from __future__ import annotations

from kubesim.api import names
from kubesim.api.errors import FieldError
from kubesim.api.fields import invalid_value, invalid_values, not_supported, required
from kubesim.api.objects import Wire
from kubesim.api.validation.metadata import validate_metadata, validate_metadata_update

_SOURCES = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}
"""The types of a metric, each with the field that says more."""


def validate_autoscaler(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a HorizontalPodAutoscaler that is created, or changed from ``before``."""
    spec, errors = wire.get("spec", {}), list[FieldError]()
    if before is not None:
        errors += validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
    else:
        errors += validate_metadata(wire.get("metadata", {}), names.dns1123_subdomain)
    least, most = spec.get("minReplicas"), spec.get("maxReplicas", 0)
    if least is not None and least < 1:
        errors.append(invalid_value("spec.minReplicas", least, "must be greater than or equal to 1"))
    if most < 1:
        errors.append(invalid_value("spec.maxReplicas", most, "must be greater than 0"))
    if least is not None and most < least:
        errors.append(invalid_value("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"))
    target = spec.get("scaleTargetRef", {})
    for field in ("kind", "name"):
        path = f"spec.scaleTargetRef.{field}"
        if not target.get(field):
            errors.append(required(path))
        else:
            errors += invalid_values(path, target[field], names.path_segment(target[field]))
    for index, metric in enumerate(spec.get("metrics") or []):
        errors += _metric(metric, f"spec.metrics[{index}]")
    return errors


def _metric(metric: Wire, path: str) -> list[FieldError]:
    kind = metric.get("type", "")
    if not kind:
        return [required(f"{path}.type", "must specify a metric source type")]
    if kind not in _SOURCES:
        return [not_supported(f"{path}.type", kind, _SOURCES)]
    field = _SOURCES[kind]
    if field not in metric:
        problem = "must populate information for the given metric source"
        return [required(f"{path}.{field}", problem)]
    return _target(metric[field], f"{path}.{field}", kind)


def _target(source: Wire, path: str, kind: str) -> list[FieldError]:
    errors, target = [], source.get("target", {})
    if kind in ("Resource", "ContainerResource") and not source.get("name"):
        errors.append(required(f"{path}.name", "must specify a resource name"))
    if not target.get("type"):
        errors.append(required(f"{path}.target.type", "must specify a metric target type"))
    elif target["type"] not in ("Utilization", "Value", "AverageValue"):
        problem = "must be either Utilization, Value, or AverageValue"
        errors.append(invalid_value(f"{path}.target.type", target["type"], problem))
    if target.get("averageUtilization", 1) < 1:
        problem = "must be greater than 0"
        errors.append(invalid_value(f"{path}.target.averageUtilization", target["averageUtilization"], problem))
    return errors
