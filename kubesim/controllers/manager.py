"""The loop that every controller shares: watch, queue, reconcile, until nothing is left to do at this instant.

A controller never acts on the change itself. A change only names *keys* (usually an object's namespace and name) that
must be looked at again; the manager keeps them in one queue without duplicates, and a reconcile reads the store afresh
and moves it towards the wanted state. A hundred changes of one Service's Pods at one instant are therefore one
reconcile, and no cost grows with the number of objects that did not change.

A reconcile that the API server refuses is tried again later, with the waiting time doubling, as client-go does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Protocol

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.store import Store
from kubesim.simulation import Scheduled, Simulation

FIRST_RETRY_SECONDS = 0.005
LONGEST_RETRY_SECONDS = 1000.0
"""client-go's ItemExponentialFailureRateLimiter: 5 ms, doubled up to 1,000 s."""


@dataclass(frozen=True, slots=True)
class Change:
    """One event of the store's watch.

    :param type: ``ADDED``, ``MODIFIED`` or ``DELETED``.
    :param old: the object before; None when it is new.
    :param new: the object after; None when it is gone.
    """

    type: str
    old: Wire | None
    new: Wire | None

    @property
    def object(self) -> Wire:
        """The object after the change, or the last one known of it."""
        wire = self.new if self.new is not None else self.old
        assert wire is not None, "a change has an old or a new object"
        return wire

    @property
    def kind(self) -> str:
        """The kind of the object that changed."""
        return str(self.object["kind"])


class Controller(Protocol):
    """What the manager drives."""

    @property
    def name(self) -> str:
        """What tells it apart from other controllers."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds whose changes it wants to hear of."""

    def keys(self, change: Change) -> Iterable[Hashable]:
        """The keys that must be reconciled after a change of one of ``kinds``."""

    def reconcile(self, key: Hashable) -> None:
        """Read the store and take the next steps for ``key``; called again whenever something relevant changes."""


Key = tuple[str, str]
"""Namespace and name: the key most controllers use."""


def key_of(wire: Wire) -> Key:
    """The namespace and name of an object."""
    metadata = wire["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


class Manager:
    """Drives controllers from the store's changes.

    The queue is worked off by an event of the simulation at the instant of the change, never inside the request that
    made the change: a request's own answer is always what it did itself.
    """

    def __init__(self, simulation: Simulation, store: Store) -> None:
        self._simulation = simulation
        self._store = store
        self._interested: dict[str, list[Controller]] = {}
        self._queue: deque[tuple[Controller, Hashable]] = deque()
        self._queued: set[tuple[str, Hashable]] = set()
        self._timers: dict[tuple[str, Hashable], tuple[float, Scheduled]] = {}
        self._failures: dict[tuple[str, Hashable], int] = {}
        self._wake: Scheduled | None = None
        self._running = False
        store.watch(self._changed)

    def add(self, controller: Controller) -> None:
        """Start a controller: it first sees every existing object as added."""
        for kind in controller.kinds:
            self._interested.setdefault(kind, []).append(controller)
            for wire in self._store.list(kind):
                self._offer(controller, Change("ADDED", None, wire))

    def _changed(self, type: str, old: Wire | None, new: Wire | None) -> None:
        change = Change(type, old, new)
        for controller in self._interested.get(change.kind, ()):
            self._offer(controller, change)

    def _offer(self, controller: Controller, change: Change) -> None:
        for key in controller.keys(change):
            self.enqueue(controller, key)

    def enqueue(self, controller: Controller, key: Hashable) -> None:
        """Have ``key`` reconciled at this instant."""
        marker = (controller.name, key)
        if marker in self._queued:
            return
        self._queued.add(marker)
        self._queue.append((controller, key))
        if not self._running and self._wake is None:
            self._wake = self._simulation.after(0, self.run)

    def enqueue_after(self, controller: Controller, key: Hashable, delay: float, *, progress: bool) -> None:
        """Have ``key`` reconciled in ``delay`` seconds; an earlier moment already planned stays.

        :param progress: whether a person would wait for it.
        """
        marker = (controller.name, key)
        due = self._simulation.now + delay
        planned = self._timers.get(marker)
        if planned is not None:
            if planned[0] <= due:
                return
            planned[1].cancel()

        def fire() -> None:
            self._timers.pop(marker, None)
            self.enqueue(controller, key)

        self._timers[marker] = (due, self._simulation.after(delay, fire, progress=progress))

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
                controller, key = self._queue.popleft()
                marker = (controller.name, key)
                self._queued.discard(marker)
                try:
                    controller.reconcile(key)
                except ApiError:
                    self._retry(controller, key)
                else:
                    self._failures.pop(marker, None)
        finally:
            self._running = False

    def _retry(self, controller: Controller, key: Hashable) -> None:
        marker = (controller.name, key)
        failures = self._failures.get(marker, 0)
        self._failures[marker] = failures + 1
        delay = min(FIRST_RETRY_SECONDS * 2.0**failures, LONGEST_RETRY_SECONDS)
        self.enqueue_after(controller, key, delay, progress=False)
