"""The strategies of volumes and of claims to them: neither goes while it is in use.

Upstream: ``pkg/registry/core/{persistentvolume,persistentvolumeclaim}`` and the admission plugin
``StorageObjectInUseProtection``.
"""

from __future__ import annotations

from kubesim.api.objects import Wire
from kubesim.api.strategies.base import Strategy

CLAIM_PROTECTION = "kubernetes.io/pvc-protection"
VOLUME_PROTECTION = "kubernetes.io/pv-protection"


class StorageStrategy(Strategy):
    """A volume or a claim: pending at first, and held by a finalizer.

    :param finalizer: what holds it.
    """

    def __init__(self, finalizer: str) -> None:
        self._finalizer = finalizer

    def prepare_create(self, new: Wire) -> None:
        """Begin pending, and held."""
        new["status"] = {"phase": "Pending"}
        finalizers = new["metadata"].get("finalizers") or []
        if self._finalizer not in finalizers:
            new["metadata"]["finalizers"] = [*finalizers, self._finalizer]
