"""Probes and lifecycle hooks: exactly one way to ask a container how it is, or to tell it something.

Upstream: ``validateProbe``, ``validateHandler`` in ``pkg/apis/core/validation``.
"""

from __future__ import annotations

from kubesim.api import names
from kubesim.api.errors import FieldError
from kubesim.api.fields import forbidden, invalid_value, invalid_values, not_supported, required
from kubesim.api.objects import Wire
from kubesim.api.validation.metadata import validate_non_negative
from kubesim.api.validation.service import validate_port_number_or_name

_TIMES = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_SCHEMES = ("HTTP", "HTTPS")


def validate_probes(container: Wire, path: str) -> list[FieldError]:
    """All three probes of a container."""
    errors = []
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        if probe is None:
            continue
        here = f"{path}.{name}"
        errors += _probe(probe, here)
        if name == "readinessProbe":
            if "terminationGracePeriodSeconds" in probe:
                given = probe["terminationGracePeriodSeconds"]
                problem = "must not be set for readinessProbes"
                errors.append(invalid_value(f"{here}.terminationGracePeriodSeconds", given, problem))
        elif probe.get("successThreshold", 0) != 1:
            errors.append(invalid_value(f"{here}.successThreshold", probe.get("successThreshold", 0), "must be 1"))
    return errors


def _probe(probe: Wire, path: str) -> list[FieldError]:
    errors = _handler(probe, None, path)
    for name in _TIMES:
        errors += validate_non_negative(probe.get(name, 0), f"{path}.{name}")
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None and grace <= 0:
        errors.append(invalid_value(f"{path}.terminationGracePeriodSeconds", grace, "must be greater than 0"))
    return errors


def validate_lifecycle(lifecycle: Wire, grace_period: int | None, path: str) -> list[FieldError]:
    """The hooks run after a container starts and before it stops."""
    errors = []
    for name in ("postStart", "preStop"):
        if name in lifecycle:
            errors += _handler(lifecycle[name], grace_period, f"{path}.{name}")
    return errors


def _handler(handler: Wire, grace_period: int | None, path: str) -> list[FieldError]:
    given = [name for name in ("exec", "httpGet", "tcpSocket", "grpc", "sleep") if name in handler]
    if not given:
        return [required(path, "must specify a handler type")]
    action, here = handler[given[0]], f"{path}.{given[0]}"
    match given[0]:
        case "exec":
            errors = [] if action.get("command") else [required(f"{here}.command")]
        case "httpGet":
            errors = _http(action, here)
        case "sleep":
            errors = _sleep(action.get("seconds", 0), grace_period, here)
        case _:
            errors = validate_port_number_or_name(action.get("port", 0), f"{here}.port")
    return errors + [forbidden(f"{path}.{name}", "may not specify more than 1 handler type") for name in given[1:]]


def _http(action: Wire, path: str) -> list[FieldError]:
    errors = [] if action.get("path") else [required(f"{path}.path")]
    errors += validate_port_number_or_name(action.get("port", 0), f"{path}.port")
    scheme = action.get("scheme", "")
    if scheme not in _SCHEMES:
        errors.append(not_supported(f"{path}.scheme", scheme, _SCHEMES))
    for header in action.get("httpHeaders", []):
        name = header.get("name", "")
        errors += invalid_values(f"{path}.httpHeaders", name, names.http_header_name(name))
    return errors


def _sleep(seconds: int, grace_period: int | None, path: str) -> list[FieldError]:
    if grace_period is None or 0 <= seconds <= grace_period:
        return []
    problem = f"must be non-negative and less than terminationGracePeriodSeconds ({grace_period})"
    return [invalid_value(path, seconds, problem)]
