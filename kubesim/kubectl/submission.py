"""Sending an object to the API server, or under a client-side dry run not sending it."""

from __future__ import annotations

from kubesim.api import go_json
from kubesim.api.decoding import FieldValidation
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.printing import DryRun

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which ``apply`` remembers what it was last given."""


def submit(call: Call, wire: Wire, mode: DryRun, *, namespace: str = "") -> Wire:
    """Create an object; its warnings are printed.

    :param namespace: where the object says none; the call's, if empty.
    :returns: the object as the server answered, or as built under a client-side dry run.
    :raises ApiError: when the server refuses.
    """
    if call.flags.has("save-config") and call.flags.on("save-config"):
        wire = with_last_applied(wire)
    if mode == "client":
        return wire
    wire = without_version(wire)
    response = call.api.create(
        wire,
        namespace=namespace or call.namespace,
        dry_run=mode == "server",
        field_validation=field_validation(call),
    )
    call.warn(*response.warnings)
    return response.object


def without_version(wire: Wire) -> Wire:
    """The object without its resource version, which a manifest copied from a cluster still has."""
    metadata = wire.get("metadata")
    if not isinstance(metadata, dict) or "resourceVersion" not in metadata:
        return wire
    return {**wire, "metadata": {key: value for key, value in metadata.items() if key != "resourceVersion"}}


def field_validation(call: Call) -> FieldValidation:
    """What the server does with fields it does not know: ``Strict``, ``Warn`` or ``Ignore``."""
    if not call.flags.has("validate"):
        return "Strict"
    text = call.flags.text("validate")
    return "Warn" if text == "warn" else "Ignore" if text in ("ignore", "false") else "Strict"


def with_last_applied(wire: Wire) -> Wire:
    """The object with the annotation that holds its own configuration."""
    configuration = last_applied_text(wire)
    metadata = dict(wire.get("metadata") or {})
    metadata["annotations"] = {**(metadata.get("annotations") or {}), LAST_APPLIED: configuration}
    return {**wire, "metadata": metadata}


def last_applied_text(wire: Wire) -> str:
    """The configuration as the annotation holds it: JSON on one line, without the annotation itself."""
    metadata = dict(wire.get("metadata") or {})
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if k != LAST_APPLIED}
    metadata["annotations"] = annotations
    return go_json.dumps({**wire, "metadata": metadata}, None) + "\n"
