"""``--overrides``: a piece of JSON laid over an object that kubectl built."""

from __future__ import annotations

import json

from kubesim.api.objects import Wire
from kubesim.kubectl.client_patch import patched
from kubesim.kubectl.errors import KubectlError


def overridden(wire: Wire, text: str, kind: str) -> Wire:
    """The object with the overrides applied.

    :param kind: ``merge``, ``strategic`` or ``json``.
    :raises KubectlError: where the text is no JSON, or the kind is unknown.
    """
    if not text:
        return wire
    try:
        override = json.loads(text)
    except json.JSONDecodeError as error:
        raise KubectlError(f"Invalid JSON in overrides: {error}") from None
    match kind:
        case "merge" | "strategic" | "json":
            return patched(wire, override, kind)
    raise KubectlError(f"invalid override type: {kind}")
