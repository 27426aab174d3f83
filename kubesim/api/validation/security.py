"""Security contexts: user and group ids, privileges, profiles. The simulation carries them; here they are only checked.

Seccomp and AppArmor profiles may also stand in annotations, as before there were fields; both ways may be used together
if they say the same. Upstream: ``validatePodSpecSecurityContext``, ``ValidateSecurityContext``,
``ValidateSeccompPodAnnotations``, ``ValidateAppArmorPodAnnotations`` in ``pkg/apis/core/validation``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kubesim.api import names
from kubesim.api.errors import FieldError
from kubesim.api.fields import duplicate, forbidden, invalid_value, invalid_values, required
from kubesim.api.go_format import quote
from kubesim.api.objects import Wire
from kubesim.api.validation.internal_form import internal_form
from kubesim.api.validation.metadata import validate_choice
from kubesim.api.validation.volumes import validate_local_path

_LARGEST_ID = (1 << 32) - 1
_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_SYSCTL = r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?"


def _id(context: Wire, field: str, path: str) -> list[FieldError]:
    given = context.get(field)
    if given is None:
        return []
    return invalid_values(f"{path}.{field}", given, names.in_range(given, 0, _LARGEST_ID))


def _profile(profile: Wire | None, word: str, path: str) -> list[FieldError]:
    """A seccomp or AppArmor profile."""
    if profile is None:
        return []
    kind, local = profile.get("type", ""), profile.get("localhostProfile")
    field = path.rpartition(".")[2]
    if not kind:
        return [required(f"{path}.type", f"type is required when {field} is set")]
    errors = validate_choice(kind, f"{path}.type", _PROFILES)
    if kind == "Localhost":
        if local is None:
            errors.append(required(f"{path}.localhostProfile", f"must be set when {word} type is Localhost"))
    elif local is not None and kind in _PROFILES:
        problem = f"can only be set when {word} type is Localhost"
        errors.append(invalid_value(f"{path}.localhostProfile", local, problem))
    return errors


def validate_pod_security(spec: Wire, path: str) -> list[FieldError]:
    """The Pod's own security context."""
    context = spec.get("securityContext", {})
    errors = []
    for field in ("fsGroup", "runAsUser", "runAsGroup"):
        errors += _id(context, field, path)
    for index, group in enumerate(context.get("supplementalGroups", [])):
        problems = names.in_range(group, 0, _LARGEST_ID)
        errors += invalid_values(f"{path}.supplementalGroups[{index}]", group, problems)
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        problem = "ShareProcessNamespace and HostPID cannot both be enabled"
        errors.append(invalid_value(f"{path}.shareProcessNamespace", True, problem))
    errors += _sysctls(context.get("sysctls", []), f"{path}.sysctls")
    for field, allowed in (
        ("fsGroupChangePolicy", ("Always", "OnRootMismatch")),
        ("supplementalGroupsPolicy", ("Merge", "Strict")),
        ("seLinuxChangePolicy", ("MountOption", "Recursive")),
    ):
        errors += validate_choice(context.get(field), f"{path}.{field}", allowed)
        if field == "fsGroupChangePolicy":
            errors += _profile(context.get("seccompProfile"), "seccomp", f"{path}.seccompProfile")
            errors += _profile(context.get("appArmorProfile"), "AppArmor", f"{path}.appArmorProfile")
    return errors


def _sysctls(sysctls: list[Wire], path: str) -> list[FieldError]:
    errors = []
    seen: set[str] = set()
    for index, sysctl in enumerate(sysctls):
        name, here = sysctl.get("name", ""), f"{path}[{index}].name"
        if not name:
            errors.append(required(here))
        elif len(name) > 253 or re.fullmatch(_SYSCTL, name) is None:
            problem = f"must have at most 253 characters and match regex ^{_SYSCTL}$"
            errors.append(invalid_value(here, name, problem))
        elif name in seen:
            errors.append(duplicate(here, name))
        seen.add(name)
    return errors


def validate_container_security(context: Wire | None, path: str) -> list[FieldError]:
    """A container's security context."""
    if context is None:
        return []
    errors = _id(context, "runAsUser", path) + _id(context, "runAsGroup", path)
    errors += validate_choice(context.get("procMount"), f"{path}.procMount", ("Default", "Unmasked"))
    errors += _profile(context.get("seccompProfile"), "seccomp", f"{path}.seccompProfile")
    if context.get("allowPrivilegeEscalation") is False:
        if context.get("privileged"):
            problem = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
            errors.append(invalid_value(path, internal_form(context, "SecurityContext"), problem))
        if "CAP_SYS_ADMIN" in context.get("capabilities", {}).get("add", []):
            problem = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
            errors.append(invalid_value(path, internal_form(context, "SecurityContext"), problem))
    return errors + _profile(context.get("appArmorProfile"), "AppArmor", f"{path}.appArmorProfile")


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
    known = {container.get("name", "") for container, _ in containers_of(spec, "")}
    for key, profile in sorted(annotations.items()):
        if not key.startswith(_APPARMOR_CONTAINER):
            continue
        container = key.removeprefix(_APPARMOR_CONTAINER)
        if container not in known:
            errors.append(invalid_value(f"{path}[{key}]", container, "container not found"))
        if profile not in ("", "runtime/default", "unconfined") and not profile.startswith(_LOCAL):
            problem = f"invalid AppArmor profile name: {quote(profile)}"
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
