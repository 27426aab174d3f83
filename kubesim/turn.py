"""Whose turn it is: one caller at a time, for as much work as a line may cost, and Ctrl-C between two steps.

Whoever changes a cluster does so in its :class:`Turn`. Another thread waits until it is over. Ctrl-C is noted and takes
effect at the next :meth:`Turn.pause`, which is where nothing is half done: between two events of the simulation, two
requests of kubectl, two commands of a shell. Work is counted in *steps* rather than seconds, so that the same line ends
at the same place on every machine; whoever does work in a loop that the user's input can make long counts it with
:meth:`Turn.spend`.
"""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

LINE_STEPS = 400_000
"""Steps of about 25 µs that one typed line may take: some 10 s of computing."""
EVENT_STEPS = 200_000
"""Steps that the programs may take which one event of the simulation starts: a probe, a hook, a container."""
_LISTENING_SECONDS = 0.05
"""How often somebody who waits for the turn looks whether Ctrl-C was pressed."""


class Interrupted(Exception):  # noqa: N818
    """The learner's Ctrl-C, pressed for them: something ran on without end."""


class Turn:
    """The right to use a cluster; it is entered by ``with`` and may be entered again by who has it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: threading.Thread | None = None
        self._depth = 0
        self._before: Any = None
        """What Ctrl-C did before this turn began; None where it did nothing, or where another thread hears it."""
        self._asked = False
        """Whether Ctrl-C was pressed and has not taken effect."""
        self._left = math.inf
        """Steps that may still be taken."""

    def __enter__(self) -> Self:
        me = threading.current_thread()
        if self._holder is not me:
            if me is threading.main_thread():
                self._listen_and_wait()
            else:
                self._lock.acquire()
                self._before = None
            self._holder = me
        self._depth += 1
        return self

    def __exit__(self, *problem: object) -> None:
        self._depth -= 1
        if self._depth:
            return
        before, self._holder = self._before, None
        self._lock.release()
        self._hand_back(before)

    def _listen_and_wait(self) -> None:
        """Note Ctrl-C from now on, then wait for the turn; pressed while waiting, it ends the wait."""
        before = signal.getsignal(signal.SIGINT)
        if not callable(before):  # it is ignored, or ends the process at once
            self._lock.acquire()
            self._before = None
            return
        self._asked = False
        signal.signal(signal.SIGINT, self._note)
        while not self._lock.acquire(timeout=_LISTENING_SECONDS):
            if self._asked:
                self._hand_back(before)
        self._before = before

    def _hand_back(self, before: Any) -> None:
        """Let Ctrl-C do again what it did before, and do it now where it was pressed meanwhile."""
        if before is not None:
            signal.signal(signal.SIGINT, before)
            if self._asked:
                self._asked = False
                before(signal.SIGINT, None)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._asked = True

    # --- between two steps ---------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Say that nothing is half done: Ctrl-C takes effect here, and so does the end of what a line may cost.

        :raises KeyboardInterrupt: where Ctrl-C was pressed.
        :raises Interrupted: where the line has had its steps.
        """
        if self._asked and self._before is not None:
            self._asked = False
            self._before(signal.SIGINT, None)
        if self._left < 0:
            raise Interrupted

    def spend(self, steps: int = 1) -> None:
        """Count work that is about to be done.

        :raises Interrupted: where that is more than the line may take.
        """
        self._left -= steps
        if self._left < 0:
            raise Interrupted

    @contextmanager
    def limited(self, steps: int = LINE_STEPS) -> Iterator[None]:
        """Do the work of one typed line, which may take so many steps."""
        outer, self._left = self._left, steps
        try:
            yield
        finally:
            self._left = outer

    def of_event(self) -> float:
        """Begin an event, whose programs have steps of their own; the result is what :meth:`event_over` wants."""
        outer, self._left = self._left, EVENT_STEPS
        return outer

    def event_over(self, outer: float) -> None:
        """End an event: the line that let time pass pays for it, between this event and the next."""
        self._left = outer - 1 - (EVENT_STEPS - self._left)
