"""Simulated time, seeded choice and the order of events.

A :class:`Simulation` is the only clock and the only source of chance in the project. Time is SimPy's: seconds since
the simulation began, mapped onto a fixed calendar date so that timestamps look like a cluster's. Chance comes from
named streams: the same seed and name always give the same sequence, and drawing from one stream never shifts another,
so adding a Pod does not change which endpoint an unrelated request picks.

Work is either *progress* (an image pull, a container starting: a person would wait for it) or *background* (a crash
back-off, a periodic probe: it never ends). :meth:`Simulation.settle` runs until no progress is outstanding.
"""

from __future__ import annotations

import gc
import random
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import simpy

from kubesim.doors import Gate, door

EPOCH = datetime(2026, 7, 1, 9, 0, 0, tzinfo=UTC)
"""The calendar moment at which every simulation begins, unless told otherwise."""

LEAST_EVENTS = 20_000
"""After so many events, and a quarter more than at the last time, everything is looked through for cycles once."""


@contextmanager
def without_collecting() -> Iterator[None]:
    """Let a burst of work make many objects that stay, without Python searching all of them for cycles meanwhile.

    A cluster that comes up makes objects and hardly any cycles: the collector would read through a growing heap again
    and again and find nothing (a tenth to a fifth of the time). Reference counts free what is dropped in any case. What
    the burst leaves counts as old at once: it is looked through when everything is.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if not gc.get_freeze_count():  # else somebody wants objects to stay frozen
                gc.freeze()
                gc.unfreeze()
            gc.enable()


class _Calendar(NamedTuple):
    """A moment on the calendar, and as Kubernetes writes it."""

    date: datetime
    text: str


class Simulation:
    """A clock, a queue of events and seeded chance.

    :param seed: the same seed gives the same run, byte for byte.
    :param start: the calendar time of second 0.
    """

    caller = "clock"

    def __init__(self, seed: int = 0, start: datetime = EPOCH) -> None:
        self.seed = seed
        self.start = start
        self.gate = Gate()
        self.now = 0.0
        """Seconds since the simulation began."""
        self._environment = simpy.Environment()
        self._present: deque[Scheduled] = deque()
        """What is due now, in the order in which it was planned."""
        self._planned = {self.now: self._present}
        """The same by moment, for now and for the future: one event of SimPy for all that falls due together."""
        self._calendar: _Calendar | None = None
        self._streams: dict[str, random.Random] = {}
        self._progress = 0
        self._events = 0
        self._next_search = LEAST_EVENTS
        self._start_second = start.timestamp()

    @property
    def datetime(self) -> datetime:
        """The simulated calendar time, in UTC."""
        return (self._calendar or self._look_up()).date

    def unix_time(self) -> float:
        """The simulated time in seconds since 1970."""
        return self._start_second + self.now

    def timestamp(self) -> str:
        """The simulated time as Kubernetes writes it in objects: ``2026-07-01T09:00:00Z`` (whole seconds)."""
        return (self._calendar or self._look_up()).text

    def _look_up(self) -> _Calendar:
        """This moment on the calendar: worked out once, however often it is asked for."""
        date = self.start + timedelta(seconds=self.now)
        self._calendar = _Calendar(date, f"{date:%Y-%m-%dT%H:%M:%SZ}")
        return self._calendar

    def random(self, stream: str) -> random.Random:
        """The random generator of a named stream; independent of every other stream."""
        if stream not in self._streams:
            self._streams[stream] = random.Random(f"{self.seed}/{stream}")
        return self._streams[stream]

    def after(self, delay: float, action: Callable[[], object], *, progress: bool = True) -> Scheduled:
        """Call ``action`` after ``delay`` seconds.

        :param progress: whether :meth:`settle` waits for it.
        :returns: a handle whose :meth:`Scheduled.cancel` withdraws it.
        """
        scheduled, due = Scheduled(self, action, progress), self.now + delay
        planned = self._planned.get(due)
        if planned is None:
            planned = self._planned[due] = deque()
            self._environment.timeout(delay).callbacks.append(self._begin)
        planned.append(scheduled)
        return scheduled

    def _begin(self, event: simpy.Event) -> None:
        """It is another moment now."""
        moment = float(self._environment.now)
        if moment != self.now:
            del self._planned[self.now]
            self.now, self._calendar = moment, None
            self._present = self._planned.setdefault(moment, deque())

    @property
    def following(self) -> float:
        """When the next action is due; infinity where none is planned."""
        return self.now if self._present else float(self._environment.peek())

    def step(self) -> None:
        """Run the next action, at its time; there must be one."""
        if not self._present:
            self._environment.step()
        if self._present:
            self._present.popleft().fire()

    @door
    def advance(self, seconds: float) -> None:
        """Let ``seconds`` of simulated time pass, running everything that falls due.

        :raises ValueError: if ``seconds`` is negative.
        """
        if seconds < 0:
            raise ValueError(f"seconds must not be negative, got {seconds}")
        self.run_until(self.now + seconds)

    def run_until(self, moment: float, reached: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass until a moment, or until something is true between two events.

        :returns: whether it is.
        """
        self._work_off(lambda: self.following <= moment and not reached())
        if reached():
            return True
        if moment > self.now:
            self._environment.timeout(moment - self.now).callbacks.append(self._begin)
            self._environment.step()
        return reached()

    def _work_off(self, more: Callable[[], bool]) -> None:
        """Take one event after the other; between two of them Ctrl-C takes effect."""
        turn = self.gate.turn
        with turn, without_collecting():
            while more():
                turn.pause()
                turn.event(self.step)
                self._events += 1
                if self._events == self._next_search:
                    gc.collect()
                    self._next_search += max(LEAST_EVENTS, self._events // 4)

    @door
    def settle(self, limit: float = 120.0) -> bool:
        """Run until no progress is outstanding, or ``limit`` simulated seconds have passed.

        :returns: whether everything settled within the limit.
        """
        deadline = self.now + limit
        self._work_off(lambda: self._progress > 0 and self.following <= deadline)
        return not self._progress


class Scheduled:
    """One action that waits for its time."""

    __slots__ = ("_action", "_progress", "_simulation")

    def __init__(self, simulation: Simulation, action: Callable[[], object], progress: bool) -> None:
        self._simulation = simulation
        self._action: Callable[[], object] | None = action
        self._progress = progress
        if progress:
            simulation._progress += 1

    @property
    def waits(self) -> bool:
        """Whether it is still to run."""
        return self._action is not None

    def cancel(self) -> None:
        """Withdraw the action; a no-op when it has run or was cancelled."""
        if self._action is not None:
            self._action = None
            if self._progress:
                self._simulation._progress -= 1

    def fire(self) -> None:
        """Run the action, unless it was cancelled."""
        action, self._action = self._action, None
        if action is not None:
            if self._progress:
                self._simulation._progress -= 1
            action()  # an exception leaves the loop at once
