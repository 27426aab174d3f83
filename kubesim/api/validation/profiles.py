"""Seccomp and AppArmor profiles in annotations: how Pods asked for them before there were fields.

Both ways may be used together if they say the same. Upstream: ``ValidateSeccompPodAnnotations``,
``ValidateAppArmorPodAnnotations`` and what compares them with the fields, in ``pkg/apis/core/validation``.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubesim.api.errors import FieldError
from kubesim.api.fields import forbidden, go_quote, invalid_value
from kubesim.api.objects import Wire
from kubesim.api.validation.volumes import validate_local_path

_SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
_APPARMOR_CONTAINER = "container.apparmor.security.beta.kubernetes.io/"
_LOCAL = "localhost/"
_SPELLINGS = {"Unconfined": ("unconfined",), "RuntimeDefault": ("runtime/default", "docker/default")}


def containers_of(spec: Wire, path: str) -> Iterator[tuple[Wire, str]]:
    """Every container of a Pod with its path, in upstream's order."""
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(kind, [])):
            yield container, f"{path}.{kind}[{index}]"


def validate_profile_annotations(annotations: dict[str, str], spec: Wire, path: str) -> list[FieldError]:
    """The annotations for themselves."""
    errors = []
    if _SECCOMP_POD in annotations:
        errors += _seccomp(annotations[_SECCOMP_POD], f"{path}.{_SECCOMP_POD}")
    for key, profile in sorted(annotations.items()):
        if key.startswith(_SECCOMP_CONTAINER):
            errors += _seccomp(profile, f"{path}.{key}")
    names = {container.get("name", "") for container, _ in containers_of(spec, "")}
    for key, profile in sorted(annotations.items()):
        if not key.startswith(_APPARMOR_CONTAINER):
            continue
        container = key.removeprefix(_APPARMOR_CONTAINER)
        if container not in names:
            errors.append(invalid_value(f"{path}[{key}]", container, "container not found"))
        if profile not in ("", "runtime/default", "unconfined") and not profile.startswith(_LOCAL):
            problem = f"invalid AppArmor profile name: {go_quote(profile)}"
            errors.append(invalid_value(f"{path}[{key}]", profile, problem))
    return errors


def _seccomp(profile: str, path: str) -> list[FieldError]:
    if profile in ("runtime/default", "docker/default", "unconfined"):
        return []
    if profile.startswith(_LOCAL):
        return validate_local_path(profile.removeprefix(_LOCAL), path)
    return [invalid_value(path, profile, "must be a valid seccomp profile")]


def validate_profiles_agree(annotations: dict[str, str], spec: Wire, path: str) -> list[FieldError]:
    """The annotations against the fields, when a Pod or a template is created."""
    pod = spec.get("securityContext", {})
    errors = []
    if _SECCOMP_POD in annotations:
        where = f"{path}.securityContext.seccompProfile"
        errors += _agree(annotations[_SECCOMP_POD], pod.get("seccompProfile"), "seccomp", where)
    for container, here in containers_of(spec, path):
        annotation = annotations.get(f"{_SECCOMP_CONTAINER}{container.get('name', '')}")
        field = container.get("securityContext", {}).get("seccompProfile")
        if annotation is not None:
            errors += _agree(annotation, field, "seccomp", f"{here}.securityContext.seccompProfile")
    for container, here in containers_of(spec, path):
        annotation = annotations.get(f"{_APPARMOR_CONTAINER}{container.get('name', '')}")
        field = container.get("securityContext", {}).get("appArmorProfile", pod.get("appArmorProfile"))
        if annotation is not None:
            errors += _agree(annotation, field, "apparmor", f"{here}.securityContext.appArmorProfile")
    return errors


def _agree(annotation: str, field: Wire | None, word: str, path: str) -> list[FieldError]:
    kind = (field or {}).get("type", "")
    mismatch = forbidden(f"{path}.type", f"{word} type in annotation and field must match")
    if kind in _SPELLINGS:
        spellings = _SPELLINGS[kind] if word == "seccomp" else _SPELLINGS[kind][:1]
        return [] if annotation in spellings else [mismatch]
    if field is None or kind != "Localhost":
        return []
    if not annotation.startswith(_LOCAL):
        return [mismatch]
    if annotation.removeprefix(_LOCAL) == field.get("localhostProfile"):
        return []
    return [forbidden(f"{path}.localhostProfile", f"{word} profile in annotation and field must match")]
