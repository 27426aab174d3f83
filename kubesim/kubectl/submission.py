"""Sending an object to the API server, or under a client-side dry run not sending it."""

from __future__ import annotations

from kubesim.api.apply import with_last_applied, without_version
from kubesim.api.decoding import FieldValidation
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.printing import DryRun


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


def field_validation(call: Call) -> FieldValidation:
    """What the server does with fields it does not know: ``Strict``, ``Warn`` or ``Ignore``."""
    if not call.flags.has("validate"):
        return "Strict"
    text = call.flags.text("validate")
    return "Warn" if text == "warn" else "Ignore" if text in ("ignore", "false") else "Strict"
