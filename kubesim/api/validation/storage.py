"""PersistentVolumes and the claims to them.

Upstream: ``ValidatePersistentVolume`` and ``ValidatePersistentVolumeClaim`` in ``pkg/apis/core/validation``.
"""

from __future__ import annotations

from kubesim.api import names
from kubesim.api.errors import FieldError
from kubesim.api.fields import forbidden, not_supported, required
from kubesim.api.objects import Wire
from kubesim.api.schema.tree import struct_named
from kubesim.api.validation.metadata import validate_label_selector, validate_metadata, validate_metadata_update

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_RECLAIM = ("Delete", "Recycle", "Retain")
_MODES = ("Block", "Filesystem")
_NOT_A_SOURCE = frozenset({
    "accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy",
    "storageClassName", "volumeAttributesClassName", "volumeMode",
})  # fmt: skip
_FIXED = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"


def validate_persistent_volume(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a PersistentVolume: where it is, how large, and who may write to it."""
    spec, errors = wire.get("spec", {}), list[FieldError]()
    if before is not None:
        errors += validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
    errors += validate_metadata(wire.get("metadata", {}), names.dns1123_subdomain, namespaced=False)
    errors += _access_modes(spec)
    if not spec.get("capacity"):
        errors.append(required("spec.capacity"))
    elif list(spec["capacity"]) != ["storage"]:
        errors.append(not_supported("spec.capacity", spec["capacity"], ("storage",)))
    policy = spec.get("persistentVolumeReclaimPolicy", "")
    if policy and policy not in _RECLAIM:
        errors.append(not_supported("spec.persistentVolumeReclaimPolicy", policy, _RECLAIM))
    sources = [field for field in struct_named("PersistentVolumeSpec").fields if field not in _NOT_A_SOURCE]
    given = [field for field in sources if field in spec]
    if not given:
        errors.append(required("spec", "must specify a volume type"))
    errors += [forbidden(f"spec.{field}", "may not specify more than 1 volume type") for field in given[1:]]
    errors += _volume_mode(spec)
    if before is not None:
        was = {field: before.get("spec", {}).get(field) for field in sources}
        if was != {field: spec.get(field) for field in sources}:
            errors.append(
                forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation")
            )
    return errors


def validate_persistent_volume_claim(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a PersistentVolumeClaim: what it asks for, which stays as it is."""
    spec, errors = wire.get("spec", {}), list[FieldError]()
    if before is not None:
        errors += validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
    errors += validate_metadata(wire.get("metadata", {}), names.dns1123_subdomain)
    errors += validate_claim_spec(spec, "spec")
    if before is not None and _asked(spec, before) != _asked(before.get("spec", {}), before):
        errors.append(forbidden("spec", _FIXED))
    return errors


def validate_claim_spec(spec: Wire, path: str) -> list[FieldError]:
    """The problems of what a claim asks for."""
    errors = _access_modes(spec, path)
    errors += validate_label_selector(spec.get("selector"), f"{path}.selector")
    if "storage" not in (spec.get("resources", {}).get("requests") or {}):
        errors.append(required(f"{path}.resources[storage]"))
    return errors + _volume_mode(spec, path)


def _access_modes(spec: Wire, path: str = "spec") -> list[FieldError]:
    modes = spec.get("accessModes") or []
    if not modes:
        return [required(f"{path}.accessModes", "at least 1 access mode is required")]
    errors = [not_supported(f"{path}.accessModes", mode, ACCESS_MODES) for mode in modes if mode not in ACCESS_MODES]
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        problem = "may not use ReadWriteOncePod with other access modes"
        errors.append(forbidden(f"{path}.accessModes", problem))
    return errors


def _volume_mode(spec: Wire, path: str = "spec") -> list[FieldError]:
    mode = spec.get("volumeMode", "Filesystem")
    return [] if mode in _MODES else [not_supported(f"{path}.volumeMode", mode, _MODES)]


def _asked(spec: Wire, before: Wire) -> Wire:
    """What may not change: all, but the volume of a claim that has none yet and the size of one that is bound."""
    bound = bool(before.get("spec", {}).get("volumeName"))
    changeable = ("resources", "volumeAttributesClassName") if bound else ("volumeName",)
    return {field: value for field, value in spec.items() if field not in changeable}
