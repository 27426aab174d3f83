"""The garbage collector: what has lost its last owner goes too, and an owner that waits for its dependents is let go.

``Background`` (the default): the owner goes at once, dependents follow. ``Foreground``: the owner waits, with a
finalizer, for the dependents that block it. ``Orphan``: dependents lose the reference and stay. Upstream:
``pkg/controller/garbagecollector``.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterable

from kubesim.api.objects import Wire
from kubesim.controllers.client import TYPES, Client
from kubesim.controllers.manager import Change

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
OWNERS = ("Deployment", "ReplicaSet", "Service", "Endpoints", "DaemonSet", "StatefulSet", "Pod", "ConfigMap", "Node")
DEPENDENTS = ("ReplicaSet", "Pod", "EndpointSlice", "DaemonSet", "ConfigMap")


class GarbageCollector:
    """Deletes dependents of owners that are gone."""

    name = "garbage-collector"
    kinds = tuple(dict.fromkeys((*OWNERS, *DEPENDENTS)))

    def __init__(self, client: Client) -> None:
        self._client = client

    def keys(self, change: Change) -> Iterable[Hashable]:
        """Owners that went or want to go, and dependents that went or appeared with an owner."""
        wire = change.object
        metadata = wire["metadata"]
        if change.type == "DELETED":
            found = [(wire["kind"], metadata.get("namespace", ""), metadata["name"], metadata.get("uid", ""))]
            found += _owners(wire)
            return found
        if metadata.get("deletionTimestamp") and set(metadata.get("finalizers") or ()) & {FOREGROUND, ORPHAN}:
            return [(wire["kind"], metadata.get("namespace", ""), metadata["name"], metadata.get("uid", ""))]
        return _owners(wire) if change.type == "ADDED" else ()

    def reconcile(self, key: Hashable) -> None:
        """Look at one owner and its dependents."""
        assert isinstance(key, tuple)
        kind, namespace, name, uid = key
        if kind not in TYPES:
            return
        if not TYPES[kind].namespaced:
            namespace = ""
        owner = self._client.get(kind, namespace, name)
        if owner is not None and owner["metadata"].get("uid") != uid:
            owner = None
        if owner is None:
            for wire in self._dependents(uid):
                self._collect(wire, uid)
            return
        finalizers = owner["metadata"].get("finalizers") or []
        if not owner["metadata"].get("deletionTimestamp"):
            return
        if ORPHAN in finalizers:
            for wire in self._dependents(uid):
                self._without_owner(wire, uid)
            self._client.set_finalizers(owner, [f for f in finalizers if f != ORPHAN])
        elif FOREGROUND in finalizers:
            blocking = False
            for wire in self._dependents(uid):
                blocking = blocking or any(
                    o.get("uid") == uid and o.get("blockOwnerDeletion") for o in wire["metadata"]["ownerReferences"]
                )
                if not wire["metadata"].get("deletionTimestamp"):
                    self._client.delete(wire)
            if not blocking:
                self._client.set_finalizers(owner, [f for f in finalizers if f != FOREGROUND])

    def _dependents(self, uid: str) -> list[Wire]:
        return [wire for kind in DEPENDENTS for wire in self._client.store.owned_by(kind, uid)]

    def _collect(self, wire: Wire, uid: str) -> None:
        """A dependent whose owner is gone: it goes, unless another owner still lives."""
        others = [reference for reference in wire["metadata"]["ownerReferences"] if reference.get("uid") != uid]
        if any(self._lives(reference, wire) for reference in others):
            self._without_owner(wire, uid)
        elif not wire["metadata"].get("deletionTimestamp"):
            self._client.delete(wire)

    def _lives(self, reference: Wire, wire: Wire) -> bool:
        kind = reference.get("kind", "")
        namespace = wire["metadata"].get("namespace", "") if kind in TYPES and TYPES[kind].namespaced else ""
        found = self._client.get(kind, namespace, reference.get("name", ""))
        return found is not None and found["metadata"].get("uid") == reference.get("uid")

    def _without_owner(self, wire: Wire, uid: str) -> None:
        changed = copy.deepcopy(wire)
        references = [r for r in changed["metadata"]["ownerReferences"] if r.get("uid") != uid]
        changed["metadata"]["ownerReferences"] = references
        if not references:
            del changed["metadata"]["ownerReferences"]
        self._client.update(changed)


def _owners(wire: Wire) -> list[tuple[str, str, str, str]]:
    namespace = wire["metadata"].get("namespace", "")
    return [
        (reference.get("kind", ""), namespace, reference.get("name", ""), reference.get("uid", ""))
        for reference in wire["metadata"].get("ownerReferences") or []
    ]
