"""Environment variables: values written down, or taken from the Pod, its resources, ConfigMaps and Secrets.

Upstream: ``ValidateEnv``, ``ValidateEnvFrom`` in ``pkg/apis/core/validation``.
"""

from __future__ import annotations

import re

from kubesim.api import names
from kubesim.api.errors import FieldError
from kubesim.api.fields import invalid_value, invalid_values, not_supported, required
from kubesim.api.objects import Wire

_POD_FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP",
    "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
_VOLUME_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
_KNOWN_FIELDS = frozenset({
    *_POD_FIELDS, *_VOLUME_FIELDS, "spec.restartPolicy", "spec.schedulerName", "status.phase",
})  # fmt: skip
_RESOURCES = (
    "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage",
    "requests.memory",
)  # fmt: skip
_SUBSCRIPT = re.compile(r"(.*)\['(.*)'\]", re.DOTALL)


def validate_environment(variables: list[Wire], path: str) -> list[FieldError]:
    """The problems of ``env``."""
    errors = []
    for index, variable in enumerate(variables):
        here, name = f"{path}[{index}]", variable.get("name", "")
        if not name:
            errors.append(required(f"{here}.name"))
        else:
            errors += invalid_values(f"{here}.name", name, names.environment_variable(name))
        if "valueFrom" in variable:
            errors += _value_from(variable["valueFrom"], variable.get("value", ""), f"{here}.valueFrom")
    return errors


def _value_from(source: Wire, value: str, path: str) -> list[FieldError]:
    errors = []
    count = 0
    if "fieldRef" in source:
        count += 1
        errors += validate_field_reference(source["fieldRef"], _POD_FIELDS, f"{path}.fieldRef")
    if "resourceFieldRef" in source:
        count += 1
        errors += validate_resource_reference(source["resourceFieldRef"], f"{path}.resourceFieldRef")
    for name in ("configMapKeyRef", "secretKeyRef"):
        if name in source:
            count += 1
            errors += _key_reference(source[name], f"{path}.{name}")
    if count == 0:
        problem = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        errors.append(invalid_value(path, "", problem))
    elif value:
        errors.append(invalid_value(path, "", "may not be specified when `value` is not empty"))
    elif count > 1:
        errors.append(invalid_value(path, "", "may not have more than one field specified at a time"))
    return errors


def _key_reference(reference: Wire, path: str) -> list[FieldError]:
    name, key = reference.get("name", ""), reference.get("key", "")
    errors = invalid_values(f"{path}.name", name, names.dns1123_subdomain(name))
    if not key:
        return [*errors, required(f"{path}.key")]
    return errors + invalid_values(f"{path}.key", key, names.config_map_key(key))


def validate_field_reference(reference: Wire, allowed: tuple[str, ...], path: str) -> list[FieldError]:
    """The path of one of the Pod's own fields, such as ``metadata.labels['app']``."""
    version, field = reference.get("apiVersion", ""), reference.get("fieldPath", "")
    if not version:
        return [required(f"{path}.apiVersion")]
    if not field:
        return [required(f"{path}.fieldPath")]
    subscripted = _SUBSCRIPT.fullmatch(field)
    if subscripted and subscripted[1] in ("metadata.annotations", "metadata.labels"):
        key = subscripted[2].lower() if subscripted[1] == "metadata.annotations" else subscripted[2]
        return invalid_values(path, key, names.qualified_name(key))
    if field not in _KNOWN_FIELDS:
        problem = f"error converting fieldPath: field label not supported: {field}"
        return [invalid_value(f"{path}.fieldPath", field, problem)]
    return [] if field in allowed else [not_supported(f"{path}.fieldPath", field, allowed)]


def validate_volume_field_reference(reference: Wire, path: str) -> list[FieldError]:
    """The same for a file of a downward API volume, which has other fields."""
    return validate_field_reference(reference, _VOLUME_FIELDS, path)


def validate_resource_reference(reference: Wire, path: str, volume: bool = False) -> list[FieldError]:
    """A container's request or limit."""
    resource = reference.get("resource", "")
    if volume and not reference.get("containerName"):
        return [required(f"{path}.containerName")]
    if not resource:
        return [required(f"{path}.resource")]
    if resource in _RESOURCES or resource.startswith(("limits.hugepages-", "requests.hugepages-")):
        return []
    return [not_supported(f"{path}.resource", resource, _RESOURCES)]


def validate_environment_sources(sources: list[Wire], path: str) -> list[FieldError]:
    """The problems of ``envFrom``."""
    errors = []
    for index, source in enumerate(sources):
        here, prefix = f"{path}[{index}]", source.get("prefix", "")
        if prefix:
            errors += invalid_values(f"{here}.prefix", prefix, names.environment_variable(prefix))
        given = [name for name in ("configMapRef", "secretRef") if name in source]
        for kind in given:
            name = source[kind].get("name", "")
            if not name:
                errors.append(required(f"{here}.{kind}.name"))
            else:
                problems = names.dns1123_subdomain(names.without_trailing_dash(name))
                errors += invalid_values(f"{here}.{kind}.name", name, problems)
        if not given:
            errors.append(invalid_value(path, "", "must specify one of: `configMapRef` or `secretRef`"))
        elif len(given) > 1:
            errors.append(invalid_value(path, "", "may not have more than one field specified at a time"))
    return errors
