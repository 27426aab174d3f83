"""Patching an object without the server: ``--dry-run=client`` and ``--overrides``."""

from __future__ import annotations

from typing import Any

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.kubectl.errors import KubectlError


def patched(wire: Wire, body: Any, kind: str) -> Wire:
    """The object after the patch.

    :param kind: ``strategic``, ``merge`` or ``json``.
    :raises KubectlError: where the patch does not fit.
    """
    from kubesim.api import patch

    try:
        return patch.apply(wire, body, kind)
    except ApiError as error:
        raise KubectlError(error.message) from None
