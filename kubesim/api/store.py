"""The store: every object in wire form, as etcd keeps them, and whoever watches.

An object has a key (kind, namespace, name). Writing it gives it the next *resource version*, one counter for
the whole store, and tells every watcher. Objects are never changed once stored: a writer copies, changes and puts.

Look-ups by namespace, label, owner and node go through indexes, so their cost does not grow with the number of
other objects.
"""

from __future__ import annotations

import builtins
from bisect import bisect_left, insort
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class _Collection:
    """The objects of one kind, with their indexes; each index maps to keys in a sorted list."""

    objects: dict[Key, Wire] = field(default_factory=dict)
    ordered: list[Key] = field(default_factory=list)
    by_namespace: defaultdict[str, list[Key]] = field(default_factory=lambda: defaultdict(list))
    by_label: defaultdict[tuple[str, str], list[Key]] = field(default_factory=lambda: defaultdict(list))
    by_owner: defaultdict[str, list[Key]] = field(default_factory=lambda: defaultdict(list))
    by_node: defaultdict[str, list[Key]] = field(default_factory=lambda: defaultdict(list))
    views: dict[Key, tuple[str, View]] = field(default_factory=dict)

    def add(self, wire: Wire) -> None:
        """Index an object that was not there."""
        key = key_of(wire)
        self.objects[key] = wire
        for index in self._indexes(wire):
            insort(index, key)

    def remove(self, wire: Wire) -> None:
        """Forget an object that is there."""
        key = key_of(wire)
        del self.objects[key]
        self.views.pop(key, None)
        for index in self._indexes(wire):
            del index[bisect_left(index, key)]

    def replace(self, old: Wire, new: Wire) -> None:
        """Put a new version in the place of an old one."""
        if _indexed_fields(old) == _indexed_fields(new):
            self.objects[key_of(new)] = new
            return
        self.remove(old)
        self.add(new)

    def _indexes(self, wire: Wire) -> Iterable[list[Key]]:
        namespace, labels, owners, node = _indexed_fields(wire)
        yield self.ordered
        yield self.by_namespace[namespace]
        for label in labels:
            yield self.by_label[label]
        for owner in owners:
            yield self.by_owner[owner]
        if node:
            yield self.by_node[node]


def _indexed_fields(wire: Wire) -> tuple[str, list[tuple[str, str]], list[str], str]:
    metadata = wire["metadata"]
    labels = [(key, str(value)) for key, value in (metadata.get("labels") or {}).items()]
    owners = list(dict.fromkeys(owner.get("uid", "") for owner in metadata.get("ownerReferences") or ()))
    node = (wire.get("spec") or {}).get("nodeName") or "" if wire.get("kind") == "Pod" else ""
    return metadata.get("namespace") or "", labels, owners, node


class Store:
    """All objects of a cluster.

    Watchers are called after the store has changed, in the order of the changes: a watcher that writes does not
    interrupt the telling of the change that woke it.
    """

    def __init__(self) -> None:
        self._collections: defaultdict[str, _Collection] = defaultdict(_Collection)
        self._version = 0
        self._watchers: list[tuple[frozenset[str] | None, Watcher]] = []
        self._pending: deque[tuple[EventType, Wire | None, Wire | None]] = deque()
        self._telling = False

    @property
    def resource_version(self) -> str:
        """The version of the last write."""
        return str(self._version)

    def put(self, wire: Wire) -> Wire:
        """Store an object, new or changed, and tell the watchers.

        The store takes the object over; the caller must not change it afterwards. It gets the next resource version.

        :returns: the object as stored.
        """
        self._version += 1
        stored = {**wire, "metadata": {**wire["metadata"], "resourceVersion": str(self._version)}}
        collection = self._collections[stored["kind"]]
        old = collection.objects.get(key_of(stored))
        if old is None:
            collection.add(stored)
        else:
            collection.replace(old, stored)
        self._tell("ADDED" if old is None else "MODIFIED", old, stored)
        return stored

    def delete(self, kind: str, name: str, namespace: str = "") -> Wire | None:
        """Remove an object for good.

        :returns: the object as it was last, or None if there was none.
        """
        collection = self._collections[kind]
        old = collection.objects.get((namespace, name))
        if old is None:
            return None
        self._version += 1
        collection.remove(old)
        self._tell("DELETED", old, None)
        return old

    def get(self, kind: str, name: str, namespace: str = "") -> Wire | None:
        """One object, or None."""
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
        collection = self._collections[kind]
        keys = self._candidates(collection, namespace, _exact_labels(selector))
        found = [collection.objects[key] for key in keys]
        if selector is None:
            return found
        if isinstance(selector, Selector):
            return [wire for wire in found if selector.matches(wire["metadata"].get("labels") or {})]
        wanted = selector.items()
        return [wire for wire in found if wanted <= (wire["metadata"].get("labels") or {}).items()]

    def _candidates(
        self, collection: _Collection, namespace: str | None, labels: Iterable[tuple[str, str]]
    ) -> Iterable[Key]:
        """The keys of the shortest index that has every match."""
        indexes = [collection.by_label.get(label, []) for label in labels]
        if indexes:
            return [key for key in min(indexes, key=len) if namespace is None or key[0] == namespace]
        return collection.ordered if namespace is None else collection.by_namespace.get(namespace, [])

    def owned_by(self, kind: str, uid: str) -> builtins.list[Wire]:
        """Objects of a kind that name ``uid`` as an owner, ordered by namespace and name."""
        collection = self._collections[kind]
        return [collection.objects[key] for key in collection.by_owner.get(uid, [])]

    def on_node(self, node: str) -> builtins.list[Wire]:
        """The Pods bound to a node, ordered by namespace and name."""
        collection = self._collections["Pod"]
        return [collection.objects[key] for key in collection.by_node.get(node, [])]

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
        cache = self._collections[wire["kind"]].views
        version = wire["metadata"]["resourceVersion"]
        known = cache.get(key_of(wire))
        if known is not None and known[0] == version and isinstance(known[1], as_type):
            return known[1]
        decoded = view(wire, as_type)
        cache[key_of(wire)] = (version, decoded)
        return decoded

    def kinds(self) -> builtins.list[str]:
        """The kinds that have objects, in alphabetical order."""
        return sorted(kind for kind, collection in self._collections.items() if collection.objects)

    def snapshot(self) -> dict[str, Any]:
        """Every object by ``kind/namespace/name``: to compare a state with another."""
        return {
            "/".join((kind, *key)): self._collections[kind].objects[key]
            for kind in self.kinds()
            for key in self._collections[kind].ordered
        }

    def watch(self, callback: Watcher, kinds: Iterable[str] | None = None) -> Callable[[], None]:
        """Be told of every change from now on.

        :param callback: called with ``("ADDED", None, new)``, ``("MODIFIED", old, new)`` or ``("DELETED", old, None)``.
        :param kinds: only these kinds; None for all.
        :returns: a function that ends the watch.
        """
        entry = (None if kinds is None else frozenset(kinds), callback)
        self._watchers.append(entry)

        def stop() -> None:
            if entry in self._watchers:
                self._watchers.remove(entry)

        return stop

    def _tell(self, event: EventType, old: Wire | None, new: Wire | None) -> None:
        self._pending.append((event, old, new))
        if self._telling:
            return
        self._telling = True
        try:
            while self._pending:
                event, old, new = self._pending.popleft()
                kind = (new or old or {})["kind"]
                for kinds, callback in tuple(self._watchers):
                    if kinds is None or kind in kinds:
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
