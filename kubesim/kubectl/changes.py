"""Changing one object: ``label``, ``annotate``, ``set`` and ``rollout`` compute a new form and send the difference."""

from __future__ import annotations

from typing import Any

from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import DryRun


def merge_difference(before: Wire, after: Wire) -> Wire:
    """The JSON merge patch that makes ``after`` of ``before``."""
    patch: Wire = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if key in before and old == value:
            continue
        if isinstance(old, dict) and isinstance(value, dict):
            patch[key] = merge_difference(old, value)
        else:
            patch[key] = value
    return patch


def send_change(call: Call, info: Info, after: Wire, mode: DryRun) -> Wire:
    """Send an object's new form to the server as a merge patch; under a client-side dry run it is only returned.

    :raises ApiError: when the server refuses.
    """
    if mode == "client":
        return after
    patch: Any = merge_difference(info.object or {}, after)
    response = call.api.patch(info.type, info.name, info.namespace, patch, kind="merge", dry_run=mode == "server")
    call.warn(*response.warnings)
    return response.object
