"""The resource quota controller: what each ResourceQuota's Namespace holds, counted anew when something goes.

What comes is counted by admission at once (:mod:`kubesim.api.quota`). Upstream: ``pkg/controller/resourcequota``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from kubesim.api.objects import Wire
from kubesim.api.quantities import ZERO
from kubesim.api.quota import KIND, counts, total, usage
from kubesim.api.resources import RESOURCE_TYPES
from kubesim.api.store import Change, key_of
from kubesim.controllers.client import Client
from kubesim.controllers.manager import Parts
from kubesim.controllers.pods import is_active

_COUNTED = {each.kind: each for each in RESOURCE_TYPES if each.namespaced and each.kind not in (KIND, "Event")}


class ResourceQuotaController:
    """Writes what may be used, and what is."""

    name = "resourcequota-controller"
    kinds: Sequence[str | Parts] = (
        KIND,
        Parts("Pod", frozenset({"status"}), come=False),
        *(Parts.gone(kind) for kind in _COUNTED if kind not in ("Pod", "Service")),
        Parts("Service", frozenset({"spec"}), come=False),
    )

    def __init__(self, client: Client) -> None:
        self._client = client

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The quota itself; those of a Namespace where something went, or ended."""
        if change.kind == KIND:
            return (change.key,)
        if change.kind == "Pod" and change.new is not None and is_active(change.new):
            return ()
        return [key_of(each) for each in self._client.store.list(KIND, change.key[0])]

    def reconcile(self, key: Hashable) -> None:
        """Count what a quota counts."""
        assert isinstance(key, tuple)
        wire = self._client.get(KIND, *key)
        if wire is None:
            return
        hard: Wire = {name: str(amount) for name, amount in (wire["spec"].get("hard") or {}).items()}
        store, found = self._client.store, []
        for kind, resource in _COUNTED.items():
            found += [usage(resource, each) for each in store.list(kind, key[0]) if counts(wire, resource, each)]
        found += [usage(_QUOTAS, each) for each in store.list(KIND, key[0]) if counts(wire, _QUOTAS, each)]
        taken = total({name: amount for name, amount in each.items() if name in hard} for each in found)
        used = {name: taken.get(name, ZERO) for name in hard}
        if hard:
            self._client.update_status(wire, {"hard": hard, "used": used})


_QUOTAS = next(each for each in RESOURCE_TYPES if each.kind == KIND)
