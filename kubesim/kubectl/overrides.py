"""``--overrides``: a piece of JSON laid over an object that kubectl built."""

from __future__ import annotations

import json

from kubesim.api.objects import Wire
from kubesim.kubectl.errors import KubectlError


def overridden(wire: Wire, text: str, kind: str) -> Wire:
    """The object with the overrides applied.

    :param kind: ``merge``, ``strategic`` or ``json``.
    :raises KubectlError: where the text is no JSON, or the kind is unknown.
    """
    if not text:
        return wire
    from kubesim.api import patch

    if kind not in ("merge", "strategic", "json"):
        raise KubectlError(f"invalid override type: {kind}")
    try:
        override = json.loads(text)
    except json.JSONDecodeError as error:
        raise KubectlError(f"Invalid JSON Patch: {error}" if kind == "json" else f"invalid overrides: {error}") from None
    if kind == "json":
        return patch.json_patch(wire, override)
    if kind == "strategic":
        return patch.strategic_merge(wire, override, wire["kind"])
    return patch.merge_patch(wire, override)
