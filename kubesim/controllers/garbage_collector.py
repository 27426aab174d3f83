"""The garbage collector: what has lost its last owner goes too, and an owner that waits for its dependents is let go.

``Background`` (the default): the owner goes at once, dependents follow. ``Foreground``: the owner waits, with a
finalizer, for the dependents that block it. ``Orphan``: dependents lose the reference and stay. Upstream:
``pkg/controller/garbagecollector``. Many dependents go one batch after the other, as fast as the API server takes the
requests: two for each, at twice a controller's usual rate.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND
from kubesim.api.store import Change
from kubesim.controllers.client import Client
from kubesim.controllers.manager import Manager, Parts
from kubesim.controllers.pods import without_owner
from kubesim.controllers.request_budget import MOST_AT_ONCE, REQUESTS_PER_SECOND, RequestBudget
from kubesim.simulation import Simulation

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
WATCHED = tuple(kind for kind in BY_KIND if kind != "Event")
"""Any kind may own any other; what is said of an object does not belong to it."""


class GarbageCollector:
    """Deletes dependents of owners that are gone."""

    name = "garbage-collector"
    kinds = tuple(Parts.of(kind, "deletionTimestamp", "finalizers", "ownerReferences") for kind in WATCHED)

    def __init__(self, simulation: Simulation, manager: Manager, client: Client) -> None:
        self._manager = manager
        self._client = client
        self._budget = RequestBudget(simulation, per_second=2 * REQUESTS_PER_SECOND)
        self._dependents_of: dict[str, None] = {}
        """The kinds of which an object has ever had an owner: only those need be asked."""

    def keys(self, change: Change) -> Iterable[Hashable]:
        """Owners that went or want to go, and dependents that went or appeared with an owner."""
        wire = change.object
        metadata = wire["metadata"]
        if "ownerReferences" in metadata:
            self._dependents_of[wire["kind"]] = None
        if change.type == "DELETED":
            found = [(wire["kind"], metadata.get("namespace", ""), metadata["name"], metadata.get("uid", ""))]
            found += _owners(wire)
            return found
        if "deletionTimestamp" in metadata and set(metadata.get("finalizers") or ()) & {FOREGROUND, ORPHAN}:
            return [(wire["kind"], metadata.get("namespace", ""), metadata["name"], metadata.get("uid", ""))]
        if "ownerReferences" not in metadata:
            return ()
        known = change.old["metadata"].get("ownerReferences") if change.old is not None else None
        return () if known == metadata["ownerReferences"] else _owners(wire)

    def reconcile(self, key: Hashable) -> None:
        """Look at one owner and its dependents."""
        assert isinstance(key, tuple)
        kind, namespace, name, uid = key
        if kind not in BY_KIND:
            return
        if not BY_KIND[kind].namespaced:
            namespace = ""
        owner = self._client.get(kind, namespace, name)
        if owner is not None and owner["metadata"].get("uid") != uid:
            owner = None
        if owner is None:
            left = [wire for wire in self._dependents(uid) if self._holds(wire, uid)]
            self._each(key, left, lambda wire: self._collect(wire, uid))
            return
        finalizers = owner["metadata"].get("finalizers") or []
        if not owner["metadata"].get("deletionTimestamp"):
            return
        if ORPHAN in finalizers:
            if self._each(key, self._dependents(uid), lambda wire: self._without_owner(wire, uid)):
                self._client.set_finalizers(owner, [f for f in finalizers if f != ORPHAN])
        elif FOREGROUND in finalizers:
            left = [wire for wire in self._dependents(uid) if not wire["metadata"].get("deletionTimestamp")]
            if self._each(key, left, lambda wire: self._collect(wire, uid)) and not self._is_blocked(uid):
                self._client.set_finalizers(owner, [f for f in finalizers if f != FOREGROUND])

    def _each(self, key: Hashable, wires: list[Wire], treat: Callable[[Wire], object]) -> bool:
        """Treat dependents, some at a time; returns whether none is left over for later."""
        if not wires:
            return True
        if not self._budget.wait:
            for wire in wires[:MOST_AT_ONCE]:
                treat(wire)
                self._budget.take(2)
            if len(wires) <= MOST_AT_ONCE:
                return True
        self._manager.enqueue_after(self, key, self._budget.wait, progress=True)
        return False

    def _dependents(self, uid: str) -> list[Wire]:
        return [wire for kind in self._dependents_of for wire in self._client.store.owned_by(kind, uid)]

    def _is_blocked(self, uid: str) -> bool:
        """Whether an owner has dependents without which it must not go."""
        return any(
            reference.get("uid") == uid and reference.get("blockOwnerDeletion")
            for wire in self._dependents(uid)
            for reference in wire["metadata"]["ownerReferences"]
        )

    def _collect(self, wire: Wire, uid: str) -> None:
        """A dependent whose owner is gone, or waits for it: it goes, unless another owner still lives."""
        others = [reference for reference in wire["metadata"]["ownerReferences"] if reference.get("uid") != uid]
        if any(self._lives(reference, wire) for reference in others):
            self._without_owner(wire, uid)
        else:
            self._client.delete(wire)

    def _holds(self, wire: Wire, uid: str) -> bool:
        """Whether a dependent of a lost owner is still to be treated: it stays for another owner, or is not going."""
        references = wire["metadata"]["ownerReferences"]
        return not wire["metadata"].get("deletionTimestamp") or any(
            self._lives(reference, wire) for reference in references if reference.get("uid") != uid
        )

    def _lives(self, reference: Wire, wire: Wire) -> bool:
        """Whether an owner is there and does not itself wait for its dependents to go."""
        kind = reference.get("kind", "")
        namespace = wire["metadata"].get("namespace", "") if kind in BY_KIND and BY_KIND[kind].namespaced else ""
        found = self._client.get(kind, namespace, reference.get("name", ""))
        if found is None or found["metadata"].get("uid") != reference.get("uid"):
            return False
        metadata = found["metadata"]
        return not (metadata.get("deletionTimestamp") and FOREGROUND in (metadata.get("finalizers") or ()))

    def _without_owner(self, wire: Wire, uid: str) -> None:
        self._client.update(without_owner(wire, uid))


def _owners(wire: Wire) -> list[tuple[str, str, str, str]]:
    references = wire["metadata"].get("ownerReferences")
    if not references:
        return []
    namespace = wire["metadata"].get("namespace", "")
    return [
        (reference.get("kind", ""), namespace, reference.get("name", ""), reference.get("uid", ""))
        for reference in references
    ]
