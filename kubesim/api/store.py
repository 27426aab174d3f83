"""The store: every object in wire form, as etcd keeps them, and whoever watches.

An object has a key (kind, namespace, name). Writing it gives it the next *resource version*, one counter for
the whole store, and tells every watcher. Objects are never changed once stored: a writer copies, changes and puts.

Look-ups by namespace, label, owner and node go through indexes, so their cost does not grow with the number of
other objects.
"""

from __future__ import annotations

import builtins
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from kubesim.api.objects import View, Wire, view
from kubesim.api.selectors import Selector

EventType = Literal["ADDED", "MODIFIED", "DELETED"]
Key = tuple[str, str]
"""(namespace, name); the namespace is empty for kinds that have none."""

STATUS = frozenset({"status"})
"""The parts of a change of nothing but the status."""

V = TypeVar("V", bound=View)


def key_of(wire: Wire) -> Key:
    """The (namespace, name) of an object."""
    metadata = wire["metadata"]
    return metadata.get("namespace") or "", metadata["name"]


class Change(msgspec.Struct, eq=False):
    """What happened to one object, as watchers are told it.

    :param kind: of the object; ``key`` is its namespace and name.
    :param old: the object before; None when it is new.
    :param new: the object after; None when it is gone.
    :param object: the object after the change, or the last one known of it.
    :param parts: in what the two may differ (see :meth:`Store.commit`); None where nobody has said.
    """

    kind: str
    key: Key
    old: Wire | None
    new: Wire | None
    object: Wire
    parts: frozenset[str] | None = None

    @classmethod
    def of(cls, old: Wire | None, new: Wire | None) -> Change:
        """The change from one version of an object to another.

        :raises ValueError: where there is neither.
        """
        wire = new if new is not None else old
        if wire is None:
            raise ValueError("a change must have an old or a new object, got neither")
        return cls(wire.get("kind", ""), key_of(wire), old, new, wire)

    @property
    def type(self) -> EventType:
        """``ADDED``, ``MODIFIED`` or ``DELETED``."""
        return "ADDED" if self.old is None else "DELETED" if self.new is None else "MODIFIED"


Watcher = Callable[[Change], object]


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


class _Filing(NamedTuple):
    """By what objects are filed.

    :param part: the part of an object that says so: two versions that share it are filed alike.
    :param places: the part's values, under each of which the object is found.
    """

    part: Callable[[Wire], Any]
    places: Callable[[Any], Iterable[Hashable]]


_FILINGS = {
    "label": _Filing(
        lambda wire: wire["metadata"].get("labels"),
        lambda labels: [(key, str(value)) for key, value in labels.items()] if labels else (),
    ),
    "namespace": _Filing(lambda wire: wire["metadata"].get("namespace"), lambda namespace: (namespace or "",)),
    "node": _Filing(lambda wire: (wire.get("spec") or {}).get("nodeName"), lambda node: (node,) if node else ()),
    "owner": _Filing(
        lambda wire: wire["metadata"].get("ownerReferences"),
        lambda owners: {owner.get("uid", "") for owner in owners} if owners else (),
    ),
}


class _Index:
    """The keys of a kind's objects by one filing: made when somebody first looks there, and kept from then on."""

    __slots__ = ("_filed", "_part", "_places")

    def __init__(self, filing: _Filing, objects: Mapping[Key, Wire]) -> None:
        self._part, self._places = filing
        self._filed: dict[Hashable, _Keys] = {}
        for key, wire in objects.items():
            self.move(key, None, wire)

    def move(self, key: Key, old: Wire | None, new: Wire | None) -> None:
        """Take note of an object in the place of another; None stands for no object."""
        if old is not None:
            if new is not None and self._part(old) is self._part(new):
                return
            for place in self._places(self._part(old)):
                here = self._filed[place]
                here.discard(key)
                if not here:
                    del self._filed[place]
        if new is not None:
            for place in self._places(self._part(new)):
                if place not in self._filed:
                    self._filed[place] = _Keys()
                self._filed[place].add(key)

    def at(self, place: Hashable) -> _Keys | tuple[()]:
        """The keys of the objects filed at a place, in order."""
        return self._filed.get(place) or ()


class _Collection:
    """The objects of one kind, and how they are found."""

    __slots__ = ("_indexes", "keys", "objects", "views")

    def __init__(self) -> None:
        self.objects: dict[Key, Wire] = {}
        self.keys = _Keys()
        self.views: dict[Key, tuple[Wire, View]] = {}
        self._indexes: dict[str, _Index] = {}

    def put(self, key: Key, old: Wire | None, new: Wire) -> None:
        """File an object, new or in the place of another."""
        if old is None:
            self.keys.add(key)
        elif _are_filed_alike(old, new):
            return
        for index in self._indexes.values():
            index.move(key, old, new)

    def drop(self, key: Key, old: Wire) -> None:
        """Forget an object."""
        del self.objects[key]
        self.views.pop(key, None)
        self.keys.discard(key)
        for index in self._indexes.values():
            index.move(key, old, None)

    def by(self, filing: str) -> _Index:
        """The index of a filing: ``label``, ``namespace``, ``node`` or ``owner``."""
        index = self._indexes.get(filing)
        if index is None:
            index = self._indexes[filing] = _Index(_FILINGS[filing], self.objects)
        return index


def _are_filed_alike(old: Wire, new: Wire) -> bool:
    """Whether two versions share all parts by which objects are filed."""
    was, now = old["metadata"], new["metadata"]
    return (
        was.get("labels") is now.get("labels")
        and was.get("ownerReferences") is now.get("ownerReferences")
        and old.get("spec") is new.get("spec")
    )


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
        self._pending: deque[Change] = deque()
        self._telling = False
        self._late: dict[str, Callable[[], None]] = {}

    @property
    def resource_version(self) -> str:
        """The version of the last write."""
        return str(self._version)

    def commit(self, wire: Wire, version: int | None = None, parts: frozenset[str] | None = None) -> Wire:
        """Store an object, new or changed, and tell the watchers: what every write of every door ends in.

        The store takes the object and its metadata over (the other parts may be shared): the caller must not change
        them afterwards. It gets the next resource version.

        :param version: the resource version that was reserved for this write, instead of the next.
        :param parts: where the writer knows in what the object differs from the one before: these top-level fields, and
            fields of the metadata; the others are shared.
        :returns: the object as stored.
        """
        if version is None:
            version = self._version = self._version + 1
        metadata = wire["metadata"]
        metadata["resourceVersion"] = str(version)
        kind, key = wire["kind"], (metadata.get("namespace") or "", metadata["name"])
        collection = self._collections[kind]
        old = collection.objects.get(key)
        collection.objects[key] = wire
        if parts is not STATUS:  # by which nothing is filed
            collection.put(key, old, wire)
        self._tell(Change(kind, key, old, wire, wire, parts))
        return wire

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
        collection.drop((namespace, name), old)
        self._tell(Change(kind, (namespace, name), old, None, old))
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
        if not collection.objects:
            return []
        keys = self._candidates(collection, namespace, _exact_labels(selector))
        if not keys:
            return []
        found = [collection.objects[key] for key in keys]
        if selector is None:
            return found
        if isinstance(selector, Selector):
            return [wire for wire in found if selector.matches(wire["metadata"].get("labels") or {})]
        wanted = selector.items()
        return [wire for wire in found if wanted <= (wire["metadata"].get("labels") or {}).items()]

    def _candidates(
        self, collection: _Collection, namespace: str | None, labels: builtins.list[tuple[str, str]]
    ) -> _Keys | tuple[()] | builtins.list[Key]:
        """The keys of the shortest index that has every match."""
        if labels:
            index = collection.by("label")
            found = [index.at(label) for label in labels]
            shortest = found[0] if len(found) == 1 else min(found, key=len)
            return shortest if namespace is None else [key for key in shortest if key[0] == namespace]
        return collection.keys if namespace is None else collection.by("namespace").at(namespace)

    def owned_by(self, kind: str, uid: str) -> builtins.list[Wire]:
        """Objects of a kind that name ``uid`` as an owner, ordered by namespace and name."""
        collection = self._read(kind)
        return [collection.objects[key] for key in collection.by("owner").at(uid)]

    def on_node(self, node: str) -> builtins.list[Wire]:
        """The Pods bound to a node, ordered by namespace and name."""
        collection = self._collections["Pod"]
        return [collection.objects[key] for key in collection.by("node").at(node)]

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

    def _tell(self, change: Change) -> None:
        if self._telling:
            self._pending.append(change)
            return
        self._telling = True
        try:
            for callback in self._watchers_of.get(change.kind) or self._listening(change.kind):
                callback(change)
            while self._pending:
                change = self._pending.popleft()
                for callback in self._listening(change.kind):
                    callback(change)
        except BaseException:
            self._pending.clear()
            raise
        finally:
            self._telling = False


def _exact_labels(selector: Selector | Mapping[str, str] | None) -> list[tuple[str, str]]:
    """The labels whose value a selector fixes."""
    if isinstance(selector, Selector):
        return [
            (requirement.key, requirement.values[0])
            for requirement in selector.requirements
            if requirement.operator in ("=", "==", "in") and len(requirement.values) == 1
        ]
    return list((selector or {}).items())
