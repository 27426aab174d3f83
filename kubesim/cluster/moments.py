"""The objects as they were at a moment, for pictures that are drawn later, or never.

Nothing is copied when a moment is kept. While somebody holds one, each change that follows notes what the object was,
once for each object; from the objects by now and these notes the moment is found again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from weakref import WeakSet

from kubesim.api.objects import Wire
from kubesim.api.store import Change, Key, Store, key_of


class Moment:
    """The objects at one moment."""

    def __init__(self, keeper: MomentKeeper, position: int) -> None:
        self._keeper = keeper
        self._position = position

    def list(self, kind: str) -> list[Wire]:
        """The objects of a kind at that moment, ordered by namespace and name."""
        return self._keeper.at(self._position, kind)


class MomentKeeper:
    """Notes what is needed for the moments that somebody holds.

    :param kinds: the kinds whose objects a moment has.
    """

    def __init__(self, store: Store, kinds: Iterable[str]) -> None:
        self._store = store
        self._kinds = tuple(kinds)
        self._notes: list[tuple[str, Key, Wire | None]] = []
        self._noted: set[tuple[str, Key]] = set()
        """What was noted since the last moment that is held: an earlier note says all."""
        self._held: WeakSet[Moment] = WeakSet()
        self._stop: Callable[[], None] | None = None
        """Ends the watch, which lasts while somebody holds a moment."""

    def now(self) -> Moment:
        """This moment."""
        if self._stop is None:
            self._stop = self._store.watch(self._changed, self._kinds)
        if not self._held:
            self._notes.clear()
        self._noted.clear()
        moment = Moment(self, len(self._notes))
        self._held.add(moment)
        return moment

    def at(self, position: int, kind: str) -> list[Wire]:
        """The objects of a kind before the notes from a position on."""
        objects: dict[Key, Wire | None] = {key_of(wire): wire for wire in self._store.list(kind)}
        objects |= {key: before for of, key, before in reversed(self._notes[position:]) if of == kind}
        return [wire for _, wire in sorted(objects.items(), key=lambda item: item[0]) if wire is not None]

    def _changed(self, change: Change) -> None:
        if not self._held:
            if self._stop is not None:
                self._stop()
                self._stop = None
            return
        noted = change.kind, change.key
        if noted not in self._noted:
            self._noted.add(noted)
            self._notes.append((*noted, change.old))
