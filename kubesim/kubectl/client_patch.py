"""Patching an object without the server: ``--dry-run=client`` and ``--overrides``."""

from __future__ import annotations

from typing import Any

from kubesim.api.errors import ApiError
from kubesim.api.lookup import kind_type
from kubesim.api.objects import Wire
from kubesim.api.patch import PatchKind, apply_patch
from kubesim.api.schema import prune_unknown
from kubesim.kubectl.errors import KubectlError


def patched(wire: Wire, body: Any, kind: PatchKind) -> Wire:
    """The object after the patch.

    :param kind: ``strategic``, ``merge`` or ``json``.
    :raises KubectlError: where the patch does not fit.
    """
    found = kind_type(wire["apiVersion"], wire["kind"])
    if found is None:
        raise KubectlError(f'no matches for kind "{wire["kind"]}" in version "{wire["apiVersion"]}"')
    try:
        return prune_unknown(apply_patch(wire, body, kind, found, "Ignore")[0], found.kind, found.api_version)
    except ApiError as error:
        raise KubectlError(error.message) from None
