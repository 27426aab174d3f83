"""Containers: names, images, ports, and everything else that one container declares.

Upstream: ``validateContainers``, ``validateInitContainers`` in ``pkg/apis/core/validation``.
"""

from __future__ import annotations

from kubesim.api import names
from kubesim.api.errors import FieldError
from kubesim.api.fields import duplicate, forbidden, invalid_value, invalid_values, required
from kubesim.api.objects import Wire
from kubesim.api.validation.endpoints import PROTOCOLS
from kubesim.api.validation.environment import validate_environment, validate_environment_sources
from kubesim.api.validation.metadata import validate_choice, validate_enumeration
from kubesim.api.validation.probe import validate_lifecycle, validate_probes
from kubesim.api.validation.resources import validate_resources
from kubesim.api.validation.security import validate_container_security
from kubesim.api.validation.volumes import validate_volume_mounts

_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_ONLY_SIDECARS = "may not be set for init containers without restartPolicy=Always"


def validate_containers(
    containers: list[Wire], volumes: dict[str, Wire], grace_period: int | None, path: str
) -> list[FieldError]:
    """The Pod's main containers: at least one, with different names and host ports."""
    if not containers:
        return [required(path)]
    errors = []
    seen: set[str] = set()
    for index, container in enumerate(containers):
        here, name = f"{path}[{index}]", container.get("name", "")
        errors += _common(container, volumes, here)
        if name in seen:
            errors.append(duplicate(f"{here}.name", name))
        seen.add(name)
        if "lifecycle" in container:
            errors += validate_lifecycle(container["lifecycle"], grace_period, f"{here}.lifecycle")
        errors += validate_probes(container, here)
        errors += validate_choice(container.get("restartPolicy"), f"{here}.restartPolicy", _RESTART_POLICIES)
    return errors + _host_ports(containers, path)


def validate_init_containers(
    containers: list[Wire], others: list[Wire], volumes: dict[str, Wire], grace_period: int | None, path: str
) -> list[FieldError]:
    """Containers that run before the main ones; with ``restartPolicy: Always`` they are sidecars and stay."""
    errors = []
    seen = {other.get("name", "") for other in others}
    for index, container in enumerate(containers):
        here, name = f"{path}[{index}]", container.get("name", "")
        errors += _common(container, volumes, here)
        errors += validate_choice(container.get("restartPolicy"), f"{here}.restartPolicy", _RESTART_POLICIES)
        if name in seen:
            errors.append(duplicate(f"{here}.name", name))
        elif name:
            seen.add(name)
        errors += _host_ports([container], path)
        if container.get("restartPolicy") == "Always":
            if "lifecycle" in container:
                errors += validate_lifecycle(container["lifecycle"], grace_period, f"{here}.lifecycle")
            errors += validate_probes(container, here)
        else:
            forbidden_here = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
            errors += [forbidden(f"{here}.{field}", _ONLY_SIDECARS) for field in forbidden_here if field in container]
    return errors


_NOT_EPHEMERAL = (
    "ports", "resources", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "restartPolicy",
    "resizePolicy",
)  # fmt: skip


def validate_ephemeral_containers(
    containers: list[Wire], others: list[Wire], volumes: dict[str, Wire], path: str
) -> list[FieldError]:
    """Containers added to a running Pod for debugging."""
    errors = []
    targets = {other.get("name", "") for other in others}
    seen = set(targets)
    for index, container in enumerate(containers):
        here, name = f"{path}[{index}]", container.get("name", "")
        errors += _common(container, volumes, here)
        errors += validate_padding(container, here)
        if name in seen:
            errors.append(duplicate(f"{here}.name", name))
        seen.add(name)
        target = container.get("targetContainerName", "")
        if target and target not in targets:
            errors.append(FieldError("FieldValueNotFound", f"{here}.targetContainerName", target))
        problem = "cannot be set for an Ephemeral Container"
        errors += [forbidden(f"{here}.{field}", problem) for field in _NOT_EPHEMERAL if container.get(field)]
    return errors


def validate_padding(container: Wire, path: str) -> list[FieldError]:
    """In a Pod, though not in a template, an image may not be padded with blanks."""
    image = container.get("image", "")
    if image == image.strip():
        return []
    return [invalid_value(f"{path}.image", image, "must not have leading or trailing whitespace")]


def _common(container: Wire, volumes: dict[str, Wire], path: str) -> list[FieldError]:
    name = container.get("name", "")
    if name:
        errors = invalid_values(f"{path}.name", name, names.dns1123_label(name))
    else:
        errors = [required(f"{path}.name")]
    if not container.get("image"):
        errors.append(required(f"{path}.image"))
    message_policy = container.get("terminationMessagePolicy", "")
    errors += validate_enumeration(message_policy, f"{path}.terminationMessagePolicy", _MESSAGE_POLICIES)
    errors += validate_container_ports(container.get("ports", []), f"{path}.ports")
    errors += validate_environment(container.get("env", []), f"{path}.env")
    errors += validate_environment_sources(container.get("envFrom", []), f"{path}.envFrom")
    errors += validate_volume_mounts(container, volumes, f"{path}.volumeMounts")
    errors += validate_pull_policy(container.get("imagePullPolicy", ""), f"{path}.imagePullPolicy")
    errors += validate_resources(container.get("resources", {}), f"{path}.resources")
    return errors + validate_container_security(container.get("securityContext"), f"{path}.securityContext")


def validate_pull_policy(policy: str, path: str) -> list[FieldError]:
    """When an image is pulled."""
    return validate_enumeration(policy, path, _PULL_POLICIES)


def validate_container_ports(ports: list[Wire], path: str) -> list[FieldError]:
    """The ports that a container declares; a name may be used once."""
    errors = []
    seen: set[str] = set()
    for index, port in enumerate(ports):
        here, name = f"{path}[{index}]", port.get("name", "")
        if name:
            problems = names.port_name(name)
            errors += invalid_values(f"{here}.name", name, problems)
            if not problems and name in seen:
                errors.append(duplicate(f"{here}.name", name))
            elif not problems:
                seen.add(name)
        number, host_port = port.get("containerPort", 0), port.get("hostPort", 0)
        if number == 0:
            errors.append(required(f"{here}.containerPort"))
        else:
            errors += invalid_values(f"{here}.containerPort", number, names.port_number(number))
        if host_port != 0:
            errors += invalid_values(f"{here}.hostPort", host_port, names.port_number(host_port))
        errors += validate_enumeration(port.get("protocol", ""), f"{here}.protocol", PROTOCOLS)
    return errors


def _host_ports(containers: list[Wire], path: str) -> list[FieldError]:
    errors = []
    taken: set[str] = set()
    for index, container in enumerate(containers):
        for position, port in enumerate(container.get("ports", [])):
            if not port.get("hostPort"):
                continue
            key = f"{port.get('protocol', '')}/{port.get('hostIP', '')}/{port['hostPort']}"
            if key in taken:
                errors.append(duplicate(f"{path}[{index}].ports[{position}].hostPort", key))
            taken.add(key)
    return errors
