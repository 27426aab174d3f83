"""The store: every object in wire form, as etcd keeps them, and whoever watches.

An object has a key (kind, namespace, name). Writing it gives it the next *resource version*, one counter for
the whole store, and tells every watcher. Objects are never changed once stored: a writer copies, changes and puts.

Look-ups by namespace, label, owner and node go through indexes, so their cost does not grow with the number of
other objects.
"""

from __future__ import annotations

import builtins
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, TypeVar

from kubesim.api.objects import View, Wire, view
from kubesim.api.selectors import Selector

EventType = Literal["ADDED", "MODIFIED", "DELETED"]
Watcher = Callable[[EventType, Wire | None, Wire | None], object]
Key = tuple[str, str]
"""(namespace, name); the namespace is empty for kinds that have none."""

V = TypeVar("V", bound=View)


def key_of(wire: Wire) -> Key:
    """The (namespace, name) of an object."""
    metadata = wire["metadata"]
    return metadata.get("namespace") or "", metadata["name"]


class _Keys:
    """A set of keys that is put in order when somebody reads it, not when it is written."""

    __slots__ = ("_in_order", "_keys")

    def __init__(self) -> None:
        self._keys: dict[Key, None] = {}
        self._in_order = True

    def add(self, key: Key) -> None:
        self._keys[key] = None
        self._in_order = False

    def discard(self, key: Key) -> None:
        self._keys.pop(key, None)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[Key]:
        if not self._in_order:  # what was in order before is one long run: sorting what came since costs little
            self._keys = dict.fromkeys(sorted(self._keys))
            self._in_order = True
        return iter(self._keys)


_Place = tuple[str, ...]
"""Where an object is filed: ``("namespace", N)``, ``("label", K, V)``, ``("owner", UID)`` or ``("node", N)``."""


class _Collection:
    """The objects of one kind, and the places where they are filed."""

    __slots__ = ("filed", "keys", "objects", "views")

    def __init__(self) -> None:
        self.objects: dict[Key, Wire] = {}
        self.keys = _Keys()
        self.filed: dict[_Place, _Keys] = {}
        self.views: dict[Key, tuple[Wire, View]] = {}

    def swap(self, key: Key, old: Wire | None, new: Wire | None) -> None:
        """Put an object in the place of another; None stands for no object."""
        if new is None:
            del self.objects[key]
            self.views.pop(key, None)
            self.keys.discard(key)
        else:
            self.objects[key] = new
            if old is None:
                self.keys.add(key)
            elif _filed_alike(old, new):
                return
        before, after = _places(old), _places(new)
        for place in before - after:
            here = self.filed[place]
            here.discard(key)
            if not here:
                del self.filed[place]
        for place in after - before:
            self.filed.setdefault(place, _Keys()).add(key)

    def at(self, *place: str) -> _Keys | tuple[()]:
        """The keys of the objects filed at a place, in order."""
        return self.filed.get(place) or ()


def _filed_alike(old: Wire, new: Wire) -> bool:
    """Whether two versions surely belong to the same places: they share the parts that say so."""
    was, now = old["metadata"], new["metadata"]
    return (
        was.get("labels") is now.get("labels")
        and was.get("ownerReferences") is now.get("ownerReferences")
        and (old.get("spec") is new.get("spec") or _node(old) == _node(new))
    )


def _places(wire: Wire | None) -> set[_Place]:
    if wire is None:
        return set()
    metadata = wire["metadata"]
    places: set[_Place] = {("label", key, str(value)) for key, value in (metadata.get("labels") or {}).items()}
    places.add(("namespace", metadata.get("namespace") or ""))
    for owner in metadata.get("ownerReferences") or ():
        places.add(("owner", owner.get("uid", "")))
    node = _node(wire)
    if node:
        places.add(("node", node))
    return places


def _node(wire: Wire) -> str:
    return (wire.get("spec") or {}).get("nodeName") or "" if wire.get("kind") == "Pod" else ""


class Store:
    """All objects of a cluster.

    Watchers are called after the store has changed, in the order of the changes: a watcher that writes does not
    interrupt the telling of the change that woke it.
    """

    def __init__(self) -> None:
        self._collections: defaultdict[str, _Collection] = defaultdict(_Collection)
        self._version = 0
        self._watchers: list[tuple[frozenset[str] | None, Watcher]] = []
        self._watchers_of: dict[str, tuple[Watcher, ...]] = {}
        self._pending: deque[tuple[str, EventType, Wire | None, Wire | None]] = deque()
        self._telling = False
        self._late: dict[str, Callable[[], None]] = {}

    @property
    def resource_version(self) -> str:
        """The version of the last write."""
        return str(self._version)

    def commit(self, wire: Wire, version: int | None = None) -> Wire:
        """Store an object, new or changed, and tell the watchers: what every write of every door ends in.

        The store takes the object over; the caller must not change it afterwards. It gets the next resource version.

        :param version: the resource version that was reserved for this write, instead of the next.
        :returns: the object as stored.
        """
        metadata = wire["metadata"]
        stored = {**wire, "metadata": {**metadata, "resourceVersion": str(version or self.reserve_version())}}
        kind, key = wire["kind"], (metadata.get("namespace") or "", metadata["name"])
        collection = self._collections[kind]
        old = collection.objects.get(key)
        collection.swap(key, old, stored)
        self._tell(kind, "ADDED" if old is None else "MODIFIED", old, stored)
        return stored

    def reserve_version(self) -> int:
        """Count a write that is committed later."""
        self._version += 1
        return self._version

    def expect(self, kind: str, deliver: Callable[[], None]) -> None:
        """Let objects of a kind come late.

        :param deliver: commits what has been put off; called before anyone reads, watches or deletes that kind.
        """
        self._late[kind] = deliver

    def is_watched(self, kind: str) -> bool:
        """Whether anyone is told of this kind at once."""
        return bool(self._listening(kind))

    def _read(self, kind: str) -> _Collection:
        if kind in self._late:
            self._late[kind]()
        return self._collections[kind]

    def delete(self, kind: str, name: str, namespace: str = "") -> Wire | None:
        """Remove an object for good.

        :returns: the object as it was last, or None if there was none.
        """
        collection = self._read(kind)
        old = collection.objects.get((namespace, name))
        if old is None:
            return None
        self._version += 1
        collection.swap((namespace, name), old, None)
        self._tell(kind, "DELETED", old, None)
        return old

    def get(self, kind: str, name: str, namespace: str = "") -> Wire | None:
        """One object, or None."""
        if kind in self._late:
            self._late[kind]()
        return self._collections[kind].objects.get((namespace, name))

    def list(
        self,
        kind: str,
        namespace: str | None = None,
        selector: Selector | Mapping[str, str] | None = None,
    ) -> builtins.list[Wire]:
        """Objects of a kind, ordered by namespace and name.

        :param namespace: only this one; None for all.
        :param selector: label values that must all match (found through the index), or a selector.
        """
        collection = self._read(kind)
        keys = self._candidates(collection, namespace, _exact_labels(selector))
        found = [collection.objects[key] for key in keys]
        if selector is None:
            return found
        if isinstance(selector, Selector):
            return [wire for wire in found if selector.matches(wire["metadata"].get("labels") or {})]
        wanted = selector.items()
        return [wire for wire in found if wanted <= (wire["metadata"].get("labels") or {}).items()]

    def _candidates(
        self, collection: _Collection, namespace: str | None, labels: builtins.list[tuple[str, str]]
    ) -> Iterable[Key]:
        """The keys of the shortest index that has every match."""
        if labels:
            shortest = min((collection.at("label", *label) for label in labels), key=len)
            return shortest if namespace is None else [key for key in shortest if key[0] == namespace]
        return collection.keys if namespace is None else collection.at("namespace", namespace)

    def owned_by(self, kind: str, uid: str) -> builtins.list[Wire]:
        """Objects of a kind that name ``uid`` as an owner, ordered by namespace and name."""
        collection = self._read(kind)
        return [collection.objects[key] for key in collection.at("owner", uid)]

    def on_node(self, node: str) -> builtins.list[Wire]:
        """The Pods bound to a node, ordered by namespace and name."""
        collection = self._collections["Pod"]
        return [collection.objects[key] for key in collection.at("node", node)]

    def view(self, as_type: type[V], name: str, namespace: str = "") -> V | None:
        """One object as a typed view, or None."""
        wire = self.get(as_type.__name__, name, namespace)
        return None if wire is None else self._view(wire, as_type)

    def views(
        self,
        as_type: type[V],
        namespace: str | None = None,
        selector: Selector | Mapping[str, str] | None = None,
    ) -> builtins.list[V]:
        """Objects as typed views; a view is decoded once for each version of its object."""
        return [self._view(wire, as_type) for wire in self.list(as_type.__name__, namespace, selector)]

    def _view(self, wire: Wire, as_type: type[V]) -> V:
        cache, key = self._collections[wire["kind"]].views, key_of(wire)
        known = cache.get(key)
        if known is not None and known[0] is wire and isinstance(known[1], as_type):
            return known[1]
        decoded = view(wire, as_type)
        cache[key] = (wire, decoded)
        return decoded

    def kinds(self) -> builtins.list[str]:
        """The kinds that have objects, in alphabetical order."""
        for deliver in self._late.values():
            deliver()
        return sorted(kind for kind, collection in self._collections.items() if collection.objects)

    def snapshot(self) -> dict[str, Any]:
        """Every object by ``kind/namespace/name``: to compare a state with another."""
        return {
            "/".join((kind, *key)): self._collections[kind].objects[key]
            for kind in self.kinds()
            for key in self._collections[kind].keys
        }

    def watch(self, callback: Watcher, kinds: Iterable[str] | None = None) -> Callable[[], None]:
        """Be told of every change from now on.

        :param callback: called with ``("ADDED", None, new)``, ``("MODIFIED", old, new)`` or ``("DELETED", old, None)``.
        :param kinds: only these kinds; None for all.
        :returns: a function that ends the watch.
        """
        entry = (None if kinds is None else frozenset(kinds), callback)
        for kind, deliver in self._late.items():
            if entry[0] is None or kind in entry[0]:
                deliver()
        self._watchers.append(entry)
        self._watchers_of.clear()

        def stop() -> None:
            if entry in self._watchers:
                self._watchers.remove(entry)
                self._watchers_of.clear()

        return stop

    def _listening(self, kind: str) -> tuple[Watcher, ...]:
        """Who watches a kind, in the order in which the watches began."""
        listening = self._watchers_of.get(kind)
        if listening is None:
            listening = tuple(callback for kinds, callback in self._watchers if kinds is None or kind in kinds)
            self._watchers_of[kind] = listening
        return listening

    def _tell(self, kind: str, event: EventType, old: Wire | None, new: Wire | None) -> None:
        self._pending.append((kind, event, old, new))
        if self._telling:
            return
        self._telling = True
        try:
            while self._pending:
                kind, event, old, new = self._pending.popleft()
                for callback in self._listening(kind):
                    callback(event, old, new)
        finally:
            self._telling = False
            self._pending.clear()


def _exact_labels(selector: Selector | Mapping[str, str] | None) -> list[tuple[str, str]]:
    """The labels whose value a selector fixes."""
    if isinstance(selector, Selector):
        return [
            (requirement.key, requirement.values[0])
            for requirement in selector.requirements
            if requirement.operator in ("=", "==", "in") and len(requirement.values) == 1
        ]
    return list((selector or {}).items())
