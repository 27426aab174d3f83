"""The Pods whose claims have no volume yet: they wait for the claims, whatever room there is on nodes.

Upstream: the scheduler's plugin ``volumebinding``.
"""

from __future__ import annotations

from kubesim.api.objects import Wire
from kubesim.api.store import Key, Store, key_of
from kubesim.controllers.pods import claim_names

KIND = "PersistentVolumeClaim"


class Claims:
    """Finds what keeps a Pod's claims from being mounted, and remembers who waits for which."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[Key, dict[Key, None]] = {}

    def problem(self, pod: Wire) -> str:
        """What is wrong with a Pod's claims, in upstream's words; empty where all are bound."""
        names = claim_names(pod["spec"])
        if not names:
            return ""
        key = key_of(pod)
        for name in names:
            claim = self._store.get(KIND, name, key[0])
            if claim is None:
                return self._wait(key, name, f'persistentvolumeclaim "{name}" not found')
            if claim["metadata"].get("deletionTimestamp"):
                return self._wait(key, name, f'persistentvolumeclaim "{name}" is being deleted')
        for name in names:
            claim = self._store.get(KIND, name, key[0]) or {}
            status = claim.get("status") or {}
            if status.get("phase") == "Lost":
                return self._wait(key, name, f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume')
            if status.get("phase") != "Bound":
                return self._wait(key, name, "pod has unbound immediate PersistentVolumeClaims")
        return ""

    def _wait(self, pod: Key, claim: str, why: str) -> str:
        self._waiting.setdefault((pod[0], claim), {})[pod] = None
        return why

    def changed(self, claim: Key) -> list[Key]:
        """A claim changed: who waits for it no longer does, and is to be looked at."""
        return list(self._waiting.pop(claim, ()))
