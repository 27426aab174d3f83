"""The loop that every controller shares: watch, queue, reconcile, until nothing is left to do at this instant.

A controller never acts on the change itself. A change only names *keys* (usually an object's namespace and name) that
must be looked at again; the manager keeps them in one queue without duplicates, and a reconcile reads the store afresh
and moves it towards the wanted state. A hundred changes of one Service's Pods at one instant are therefore one
reconcile, and no cost grows with the number of objects that did not change.

A reconcile that the API server refuses is tried again later, with the waiting time doubling, as client-go does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.store import Store
from kubesim.simulation import Scheduled, Simulation

FIRST_RETRY_SECONDS = 0.005
LONGEST_RETRY_SECONDS = 1000.0
"""client-go's ItemExponentialFailureRateLimiter: 5 ms, doubled up to 1,000 s."""


class Change:
    """One event of the store's watch.

    :ivar type: ``ADDED``, ``MODIFIED`` or ``DELETED``.
    :ivar old: the object before; None when it is new.
    :ivar new: the object after; None when it is gone.
    :ivar object: the object after the change, or the last one known of it.
    """

    __slots__ = ("new", "object", "old", "type")

    def __init__(self, type: str, old: Wire | None, new: Wire | None) -> None:
        wire = new if new is not None else old
        if wire is None:
            raise ValueError("a change must have an old or a new object, got neither")
        self.type, self.old, self.new, self.object = type, old, new, wire

    @property
    def kind(self) -> str:
        """The kind of the object that changed."""
        return str(self.object["kind"])


class Parts(NamedTuple):
    """Some parts of a kind: a controller that names them sleeps through every change of anything else.

    :param names: top-level fields (``spec``, ``status``) and fields of the metadata (``labels``, ``finalizers``);
        without any, the controller hears only of objects that come and go.
    """

    kind: str
    names: frozenset[str]

    @classmethod
    def of(cls, kind: str, *names: str) -> Parts:
        """``Parts.of("Pod", "spec", "labels")``."""
        return cls(kind, frozenset(names))


class Controller(Protocol):
    """What the manager drives."""

    @property
    def name(self) -> str:
        """What tells it apart from other controllers."""

    @property
    def kinds(self) -> Sequence[str | Parts]:
        """The kinds whose changes it wants to hear of, or the parts of a kind if the rest is nothing to it."""

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The keys that must be reconciled after a change of one of ``kinds``."""

    def reconcile(self, key: Hashable) -> None:
        """Read the store and take the next steps for ``key``; called again whenever something relevant changes."""


_Task = tuple[Controller, Hashable]
"""A controller and the key that it is to reconcile."""

_ALWAYS = frozenset({"metadata", "resourceVersion"})
"""What differs between any two versions."""


class Manager:
    """Drives controllers from the store's changes.

    The queue is worked off by an event of the simulation at the instant of the change, never inside the request that
    made the change: a request's own answer is always what it did itself.
    """

    def __init__(self, simulation: Simulation, store: Store) -> None:
        self._simulation = simulation
        self._store = store
        self._listeners: dict[str, list[tuple[frozenset[str] | None, Controller]]] = {}
        self._queue: deque[_Task] = deque()
        self._queued: set[_Task] = set()
        self._timers: dict[_Task, tuple[float, Scheduled]] = {}
        self._failures: dict[_Task, int] = {}
        self._wake: Scheduled | None = None
        self._running = False

    def add(self, controller: Controller) -> None:
        """Start a controller: it first sees every existing object as added."""
        for wanted in controller.kinds:
            kind, parts = (wanted, None) if isinstance(wanted, str) else wanted
            if kind not in self._listeners:
                self._listeners[kind] = []
                self._store.watch(partial(self._changed, self._listeners[kind]), [kind])
            self._listeners[kind].append((parts, controller))
            for wire in self._store.list(kind):
                for key in controller.keys(Change("ADDED", None, wire)):
                    self.enqueue(controller, key)

    def _changed(
        self,
        listeners: list[tuple[frozenset[str] | None, Controller]],
        type: str,
        old: Wire | None,
        new: Wire | None,
    ) -> None:
        change = Change(type, old, new)
        changed = changed_parts(old, new) if old is not None and new is not None else None
        for parts, controller in listeners:
            if parts is None or changed is None or not parts.isdisjoint(changed):
                for key in controller.keys(change):
                    self.enqueue(controller, key)

    def enqueue(self, controller: Controller, key: Hashable) -> None:
        """Have ``key`` reconciled at this instant."""
        task = (controller, key)
        if task in self._queued:
            return
        self._queued.add(task)
        self._queue.append(task)
        if not self._running and self._wake is None:
            self._wake = self._simulation.after(0, self.run)

    def enqueue_after(self, controller: Controller, key: Hashable, delay: float, *, progress: bool) -> None:
        """Have ``key`` reconciled in ``delay`` seconds; an earlier moment already planned stays.

        :param progress: whether a person would wait for it.
        """
        task = (controller, key)
        due = self._simulation.now + delay
        planned = self._timers.get(task)
        if planned is not None:
            if planned[0] <= due:
                return
            planned[1].cancel()

        def fire() -> None:
            self._timers.pop(task, None)
            self.enqueue(controller, key)

        self._timers[task] = (due, self._simulation.after(delay, fire, progress=progress))

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do at this instant."""
        return not self._queue

    def run(self) -> None:
        """Reconcile until the queue is empty."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if self._running:
            return
        self._running = True
        try:
            while self._queue:
                task = self._queue.popleft()
                self._queued.discard(task)
                controller, key = task
                try:
                    controller.reconcile(key)
                except ApiError:
                    self._retry(task)
                else:
                    self._failures.pop(task, None)
        finally:
            self._running = False

    def _retry(self, task: _Task) -> None:
        failures = self._failures.get(task, 0)
        self._failures[task] = failures + 1
        delay = min(FIRST_RETRY_SECONDS * 2.0**failures, LONGEST_RETRY_SECONDS)
        self.enqueue_after(*task, delay, progress=False)


def changed_parts(old: Wire, new: Wire) -> set[str]:
    """The parts in which two versions of an object may differ: those that they do not share.

    Versions that share a part hold the very same dict or list, so nothing is compared in depth. The resource version,
    which always differs, is not counted.
    """
    was, now = old["metadata"], new["metadata"]
    changed = {name for name, value in new.items() if old.get(name) is not value}
    changed |= {name for name, value in now.items() if was.get(name) is not value}
    if old.keys() != new.keys() or was.keys() != now.keys():
        changed |= old.keys() - new.keys() | was.keys() - now.keys()
    return changed - _ALWAYS
