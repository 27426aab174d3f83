"""What holds or configures Pods: Namespaces, ConfigMaps, Secrets, ServiceAccounts.

A Namespace's name is a DNS label, for it is part of every Service's DNS name. Upstream: ``ValidateNamespace``,
``ValidateConfigMap``, ``ValidateSecret`` in ``pkg/apis/core/validation``.
"""

from __future__ import annotations

import base64
import binascii

from kubesim.api import go_json, names
from kubesim.api.errors import FieldError
from kubesim.api.fields import forbidden, invalid_value, invalid_values, required, too_long
from kubesim.api.objects import Wire
from kubesim.api.validation.metadata import (
    validate_immutable,
    validate_kube_finalizers,
    validate_metadata,
    validate_metadata_update,
)

_SIZE_LIMIT = 1 << 20
_FROZEN = "field is immutable when `immutable` is set"


def validate_config_map(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a ConfigMap: its keys, its size, and what ``immutable`` froze."""
    data, binary = wire.get("data", {}), wire.get("binaryData", {})
    errors = []
    if before is not None:
        errors += validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
        errors += _frozen(wire, before, ("data", "binaryData"))
    errors += validate_metadata(wire.get("metadata", {}), names.dns1123_subdomain)
    for key in sorted(data):
        errors += invalid_values(f"data[{key}]", key, names.config_map_key(key))
        if key in binary:
            errors.append(invalid_value(f"data[{key}]", key, "duplicate of key present in binaryData"))
    for key in sorted(binary):
        errors += invalid_values(f"binaryData[{key}]", key, names.config_map_key(key))
    text_size = sum(map(names.byte_length, data.values()))
    size = text_size + sum(len(_decoded(value)) for value in binary.values())
    return [*errors, too_long("[]", _SIZE_LIMIT)] if size > _SIZE_LIMIT else errors  # how Go prints a path of no name


def validate_secret(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a Secret, of which each well-known type demands its keys."""
    data, kind = wire.get("data", {}), wire.get("type", "")
    errors = []
    if before is not None:
        errors += validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
        errors += validate_immutable(kind, before.get("type", ""), "type")
        errors += _frozen(wire, before, ("data",))
    errors += validate_metadata(wire.get("metadata", {}), names.dns1123_subdomain)
    for key in sorted(data):
        errors += invalid_values(f"data[{key}]", key, names.config_map_key(key))
    if sum(len(_decoded(value)) for value in data.values()) > _SIZE_LIMIT:
        errors.append(too_long("data", _SIZE_LIMIT))
    if kind == "kubernetes.io/service-account-token":
        account = "kubernetes.io/service-account.name"
        if not wire.get("metadata", {}).get("annotations", {}).get(account):
            errors.append(required(f"metadata.annotations[{account}]"))
    elif kind == "kubernetes.io/basic-auth":
        if "username" not in data and "password" not in data:
            errors += [required("data[username]"), required("data[password]")]
    elif kind == "kubernetes.io/ssh-auth":
        if not data.get("ssh-privatekey"):
            errors.append(required("data[ssh-privatekey]"))
    elif kind == "kubernetes.io/tls":
        errors += [required(f"data[{key}]") for key in ("tls.crt", "tls.key") if key not in data]
    elif kind in _DOCKER_KEYS:
        errors += _docker(data, _DOCKER_KEYS[kind])
    return errors


_DOCKER_KEYS = {"kubernetes.io/dockercfg": ".dockercfg", "kubernetes.io/dockerconfigjson": ".dockerconfigjson"}


def _docker(data: dict[str, str], key: str) -> list[FieldError]:
    if key not in data:
        return [required(f"data[{key}]")]
    try:
        well_formed = isinstance(go_json.loads(_decoded(data[key]).decode()), dict)
    except ValueError:
        well_formed = False
    problem = "invalid character looking for beginning of value"
    return [] if well_formed else [invalid_value(f"data[{key}]", "<secret contents redacted>", problem)]


def validate_service_account(new: Wire, old: Wire | None = None) -> list[FieldError]:
    """The problems of a ServiceAccount: its metadata."""
    metadata = new.get("metadata", {})
    errors = []
    if old is not None:
        errors += validate_metadata_update(metadata, old.get("metadata", {}))
    return errors + validate_metadata(metadata, names.dns1123_subdomain)


def _frozen(wire: Wire, before: Wire, fields: tuple[str, ...]) -> list[FieldError]:
    if not before.get("immutable"):
        return []
    errors = [] if wire.get("immutable") else [forbidden("immutable", _FROZEN)]
    return errors + [forbidden(field, _FROZEN) for field in fields if wire.get(field) != before.get(field)]


def _decoded(text: str) -> bytes:
    """Base64 as strict decoding has already accepted it; anything else counts as empty."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def validate_namespace(wire: Wire, old: Wire | None = None) -> list[FieldError]:
    """The problems of a Namespace; on an update only its metadata is looked at."""
    metadata = wire.get("metadata", {})
    if old is not None:
        return validate_metadata_update(metadata, old.get("metadata", {}))
    errors = validate_metadata(metadata, names.dns1123_label, namespaced=False)
    for finalizer in wire.get("spec", {}).get("finalizers", []):
        errors += invalid_values("spec.finalizers", finalizer, names.qualified_name(finalizer))
        errors += validate_kube_finalizers([finalizer], "spec.finalizers", indexed=False)
    return errors


def validate_namespace_finalizers(wire: Wire, old: Wire) -> list[FieldError]:
    """The problems of a change of what holds a Namespace."""
    errors = validate_metadata_update(wire.get("metadata", {}), old.get("metadata", {}))
    for index, finalizer in enumerate((wire.get("spec") or {}).get("finalizers") or ()):
        path = f"spec.finalizers[{index}]"
        errors += invalid_values(path, finalizer, names.qualified_name(finalizer))
        errors += validate_kube_finalizers([finalizer], path, indexed=False)
    return errors


def validate_namespace_status(wire: Wire, old: Wire) -> list[FieldError]:
    """The problems of a status update: the phase follows from the deletion timestamp."""
    metadata = wire.get("metadata", {})
    errors = validate_metadata_update(metadata, old.get("metadata", {}))
    phase = wire.get("status", {}).get("phase", "")
    if metadata.get("deletionTimestamp") is None:
        wanted, condition = "Active", "empty"
    else:
        wanted, condition = "Terminating", "not empty"
    if phase != wanted:
        problem = f"may only be '{wanted}' if `deletionTimestamp` is {condition}"
        errors.append(invalid_value("status.Phase", phase, problem))
    return errors
