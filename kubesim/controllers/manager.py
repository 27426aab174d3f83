"""The loop that every controller shares: watch, queue, reconcile, until nothing is left to do at this instant.

A controller never acts on the change itself. A change only names *keys* (usually an object's namespace and name) that
must be looked at again; the manager keeps them in one queue without duplicates, and a reconcile reads the store afresh
and moves it towards the wanted state. A hundred changes of one Service's Pods at one instant are therefore one
reconcile, and no cost grows with the number of objects that did not change.

A reconcile that the API server refuses is tried again later, with the waiting time doubling, as client-go does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from kubesim.api.errors import ApiError
from kubesim.api.objects import ObjectMeta, Wire
from kubesim.api.store import Change, Store
from kubesim.simulation import Scheduled, Simulation

_OF_METADATA = frozenset(ObjectMeta.__struct_fields__)

FIRST_RETRY_SECONDS = 0.005
LONGEST_RETRY_SECONDS = 1000.0
"""client-go's ItemExponentialFailureRateLimiter: 5 ms, doubled up to 1,000 s."""


class Parts(NamedTuple):
    """Some of what happens to a kind: a controller that names it sleeps through everything else.

    :param names: top-level fields (``spec``, ``status``) and fields of the metadata (``labels``, ``finalizers``);
        without any, the controller hears only of objects that come and go.
    :param come: whether it hears of objects that come.
    """

    kind: str
    names: frozenset[str] = frozenset()
    come: bool = True

    @classmethod
    def of(cls, kind: str, *names: str) -> Parts:
        """``Parts.of("Pod", "spec", "labels")``."""
        return cls(kind, frozenset(names))

    @classmethod
    def gone(cls, kind: str) -> Parts:
        """Nothing but that objects go."""
        return cls(kind, come=False)


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


class _Audience:
    """Who hears of one kind, in the order in which the controllers were added."""

    def __init__(self) -> None:
        self.coming: list[Controller] = []
        self.going: list[Controller] = []
        self._names: frozenset[str] = frozenset()
        self._changing: list[tuple[frozenset[str] | None, Controller]] = []
        self._concerned: dict[frozenset[str], list[Controller]] = {}
        """Who hears of changes of exactly these parts, as it was found out."""

    def add(self, controller: Controller, parts: Parts | None) -> None:
        """Let a controller hear of everything, or of some parts."""
        self.going.append(controller)
        if parts is None or parts.come:
            self.coming.append(controller)
        if parts is None or parts.names:
            self._changing.append((None if parts is None else parts.names, controller))
            self._names |= parts.names if parts is not None else frozenset()
        self._concerned.clear()

    def of(self, change: Change) -> list[Controller]:
        """Who hears of a change."""
        old, new = change.old, change.new
        if old is None:
            return self.coming
        if new is None:
            return self.going
        changed = changed_parts(old, new, self._names) if change.parts is None else change.parts
        concerned = self._concerned.get(changed)
        if concerned is None:
            concerned = [each for names, each in self._changing if names is None or not names.isdisjoint(changed)]
            self._concerned[changed] = concerned
        return concerned


class Manager:
    """Drives controllers from the store's changes.

    The queue is worked off by an event of the simulation at the instant of the change, never inside the request that
    made the change: a request's own answer is always what it did itself.
    """

    def __init__(self, simulation: Simulation, store: Store) -> None:
        self._simulation = simulation
        self._store = store
        self._audiences: dict[str, _Audience] = {}
        self._queue: deque[_Task] = deque()
        self._queued: set[_Task] = set()
        self._timers: dict[_Task, tuple[float, Scheduled]] = {}
        self._failures: dict[_Task, int] = {}
        self._wake: Scheduled | None = None
        self._running = False

    def add(self, controller: Controller) -> None:
        """Start a controller: it first sees every existing object as added."""
        for wanted in controller.kinds:
            parts = None if isinstance(wanted, str) else wanted
            kind = wanted if isinstance(wanted, str) else wanted.kind
            audience = self._audiences.get(kind)
            if audience is None:
                audience = self._audiences[kind] = _Audience()
                self._store.watch(partial(self._told, audience), [kind])
            audience.add(controller, parts)
            if parts is None or parts.come:
                for wire in self._store.list(kind):
                    for key in controller.keys(Change.of(None, wire)):
                        self.enqueue(controller, key)

    def add_with_first(self, make: Callable[[], Controller], *kinds: str) -> None:
        """Start a controller when there is an object of one of these kinds; until then it costs nothing.

        :param make: makes it.
        """
        if any(self._store.list(kind) for kind in kinds):
            self.add(make())
            return

        def begin(change: Change) -> None:
            stop()
            self.add(make())

        stop = self._store.watch(begin, kinds)

    def _told(self, audience: _Audience, change: Change) -> None:
        queued = self._queued
        for controller in audience.of(change):
            for key in controller.keys(change):
                if (controller, key) not in queued:
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
                    if self._failures:
                        self._failures.pop(task, None)
        finally:
            self._running = False

    def _retry(self, task: _Task) -> None:
        failures = self._failures.get(task, 0)
        self._failures[task] = failures + 1
        delay = min(FIRST_RETRY_SECONDS * 2.0**failures, LONGEST_RETRY_SECONDS)
        self.enqueue_after(*task, delay, progress=False)


def changed_parts(old: Wire, new: Wire, names: Iterable[str]) -> frozenset[str]:
    """The parts, of those named, in which two versions of an object may differ: those that they do not share.

    Versions that share a part hold the very same dict or list, so nothing is compared in depth.
    """
    of_metadata = old["metadata"], new["metadata"]
    changed = []
    for name in names:
        was, now = of_metadata if name in _OF_METADATA else (old, new)
        if was.get(name) is not now.get(name):
            changed.append(name)
    return frozenset(changed)
