"""Namespaces: their names are DNS labels, for they are part of every Service's DNS name."""

from __future__ import annotations

from kubesim.api import names
from kubesim.api.errors import FieldError
from kubesim.api.fields import invalid_value, invalid_values
from kubesim.api.objects import Wire
from kubesim.api.validation.metadata import (
    validate_kube_finalizers,
    validate_metadata,
    validate_metadata_update,
)


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
