"""Watches: what has changed, for as long as it is remembered, and what of it one client wants to hear."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from kubesim.api.errors import ApiError, bad_request
from kubesim.api.field_selectors import FieldSelector, parse_field_selector, selectable, selectable_fields
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType
from kubesim.api.selectors import Selector, parse_label_selector
from kubesim.api.store import Change, EventType, Store

REMEMBERED = 20_000
"""Changes of all kinds that are remembered; a watch from before them is too old."""


class Noted(NamedTuple):
    """A change, and the version of the store after it."""

    version: int
    change: Change


class History:
    """The last changes of a store.

    :param wake: is called after each change, by whoever made it.
    """

    def __init__(self, store: Store, wake: Callable[[], object]) -> None:
        self._store = store
        self._wake = wake
        self._changes: deque[Noted] = deque(maxlen=REMEMBERED)
        self._first = 0
        """How many changes were remembered before the oldest that still is."""
        self.oldest = int(store.resource_version)
        """The version from which on nothing is missing."""
        self.last = self.oldest
        """The version up to which all has been told."""
        self._stop = store.watch(self._note)

    def close(self) -> None:
        """Stop listening."""
        self._stop()

    def _note(self, change: Change) -> None:
        told = (
            int(self._store.resource_version) if change.new is None else int(change.new["metadata"]["resourceVersion"])
        )
        self.last = max(told, self.last)
        if len(self._changes) == REMEMBERED:
            self.oldest = self._changes[0].version
            self._first += 1
        self._changes.append(Noted(self.last, change))
        self._wake()

    @property
    def end(self) -> int:
        """The place after the last change."""
        return self._first + len(self._changes)

    def place_after(self, version: int) -> int | None:
        """The place of the first change after a version; None where that is forgotten."""
        if version < self.oldest:
            return None
        before = sum(1 for _ in itertools.takewhile(lambda noted: noted.version > version, reversed(self._changes)))
        return self.end - before

    def since(self, place: int) -> list[Noted] | None:
        """The changes from a place on; None where they are forgotten."""
        if place < self._first:
            return None
        return list(itertools.islice(self._changes, place - self._first, None))


class Choice:
    """Which objects of a kind a request is about.

    :param namespace: None for all.
    :raises ApiError: 400 for a selector that cannot be understood.
    """

    def __init__(self, resource: ResourceType, namespace: str | None, labels: str, fields: str, name: str = "") -> None:
        self.resource = resource
        self._namespace = namespace
        self._name = name
        self._labels: Selector | None = None
        self._fields: FieldSelector | None = None
        try:
            if labels:
                self._labels = parse_label_selector(labels)
            if fields:
                self._fields = parse_field_selector(fields)
        except ValueError as error:
            raise bad_request(str(error)) from None
        for requirement in self._fields.requirements if self._fields else ():
            if requirement.field not in selectable(resource):
                raise bad_request(f"field label not supported: {requirement.field}")

    def has(self, wire: Wire) -> bool:
        """Whether an object is one of them."""
        metadata = wire["metadata"]
        if self._namespace is not None and metadata.get("namespace") != self._namespace:
            return False
        if self._name and metadata["name"] != self._name:
            return False
        if self._labels is not None and not self._labels.matches(metadata.get("labels") or {}):
            return False
        return self._fields is None or self._fields.matches(selectable_fields(wire))

    def events(self, changes: list[Noted]) -> Iterator[tuple[EventType, Wire]]:
        """What of some changes is told: an object that comes to be chosen is added, one that no longer is, deleted."""
        for version, change in changes:
            if change.kind != self.resource.kind:
                continue
            was = change.old is not None and self.has(change.old)
            if change.new is not None and self.has(change.new):
                yield ("MODIFIED" if was else "ADDED"), change.new
            elif was:
                old = change.object
                yield "DELETED", {**old, "metadata": {**old["metadata"], "resourceVersion": str(version)}}


def too_old(version: int, oldest: int) -> ApiError:
    """A version from before what is remembered."""
    return ApiError(410, "Expired", f"too old resource version: {version} ({oldest})")
