"""Whose turn it is: one caller at a time, for as much work as a line may cost, and Ctrl-C between two steps.

Whoever changes a cluster does so in its :class:`Turn`. Another thread waits until it is over. Ctrl-C is noted and takes
effect at the next :meth:`Turn.pause`, which is where nothing is half done: between two events of the simulation, two
requests of kubectl, two commands of a shell; never within an event. Whoever works in a loop that the user's input can
make long says so with :meth:`Turn.work`, which ends what has taken too long. Programs that run on for ever are stopped
by bounds of their own, always at the same place; this one, in seconds of computing, is for what only takes very long.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

LINE_SECONDS = 6.0
"""Seconds of computing that one typed line may take."""
EVENT_SECONDS = 3.0
"""The same of a program that an event of the simulation starts: a probe, a hook, a container's own."""
_ROUNDS = 32
"""How many rounds of work pass between two looks at the clock."""
_LISTENING_SECONDS = 0.05
"""How often somebody who waits for the turn looks whether Ctrl-C was pressed."""


BROWSER = 8.0
"""Seconds that pass in a browser, whose Python cannot count its own, where a machine computes for one: WebAssembly is
slower, modules come from the page, and other tabs have their share."""


def _passing() -> float:
    return time.perf_counter() / BROWSER


computing: Callable[[], float] = getattr(time, "thread_time", _passing)
"""The seconds of computing so far."""


class Interrupted(Exception):  # noqa: N818
    """The learner's Ctrl-C, pressed for them: something ran on without end."""


Cut = tuple[int, str]
"""Something that ended early: at which look at the clock and at Ctrl-C, and the name of the exception."""


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
        self.interrupted = False
        """Whether Ctrl-C took effect in the present turn, or the last one."""
        self._until = math.inf
        """The moment, in seconds of computing, at which the present line or event has had its share."""
        self._in_event = False
        self._rounds = 0
        self.cuts: list[Cut] = []
        """What ended early in the present turn, or the last one: at which look at the clock and at Ctrl-C, and how."""
        self._looks = 0
        self._planned: Mapping[int, str] | None = None

    @property
    def is_mine(self) -> bool:
        """Whether the present thread has the turn."""
        return self._holder is threading.current_thread()

    def __enter__(self) -> Self:
        me = threading.current_thread()
        if self._holder is not me:
            if me is threading.main_thread():
                self._listen_and_wait()
            else:
                self._lock.acquire()
                self._before = None
            self._holder, self.interrupted = me, False
            self.cuts, self._looks, self._rounds = [], 0, 0
        self._depth += 1
        return self

    def __exit__(self, *problem: object) -> None:
        self._depth -= 1
        if self._depth:
            return
        before, self._holder, self._planned = self._before, None, None
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
        :raises Interrupted: where the line has had its share.
        """
        if self._in_event or self._follows_the_plan():
            return
        if self._asked and self._before is not None:
            self._asked, self.interrupted = False, True
            self.cuts.append((self._looks, KeyboardInterrupt.__name__))
            self._before(signal.SIGINT, None)
        if self._until < math.inf and computing() > self._until:
            self._give_up()

    def work(self) -> None:
        """Say that another round of work begins.

        :raises Interrupted: where the line, or the program that an event started, has had its share.
        :raises KeyboardInterrupt: where Ctrl-C was pressed, but for an event's programs.
        """
        self._rounds += 1
        if self._rounds % _ROUNDS:
            return
        self.pause()
        if self._in_event and not self._follows_the_plan():
            if self._until == math.inf:
                self._until = computing() + EVENT_SECONDS
            elif computing() > self._until:
                self._give_up()

    def _give_up(self) -> None:
        self.cuts.append((self._looks, Interrupted.__name__))
        raise Interrupted

    def plan(self, cuts: Iterable[Cut]) -> None:
        """Have the next turn end early exactly where another did, whatever the clock says: a journal is followed."""
        self._planned = dict(cuts)

    def _follows_the_plan(self) -> bool:
        """Count a look at the clock and at Ctrl-C; whether neither matters, because all is planned."""
        self._looks += 1
        if self._planned is None:
            return False
        how = self._planned.get(self._looks)
        if how is not None:
            self.cuts.append((self._looks, how))
            self.interrupted = self.interrupted or how == KeyboardInterrupt.__name__
            raise KeyboardInterrupt if how == KeyboardInterrupt.__name__ else Interrupted
        return True

    @contextmanager
    def limited(self, seconds: float = LINE_SECONDS) -> Iterator[None]:
        """Do the work of one typed line, which may take so many seconds of computing; inside another, the rest."""
        outer = self._until
        self._until = min(outer, computing() + seconds)
        try:
            yield
        finally:
            self._until = outer

    def event(self, run: Callable[[], object]) -> None:
        """Run one event to its end."""
        outer, self._until = (self._until, self._in_event), math.inf
        self._in_event = True
        try:
            run()
        finally:
            self._until, self._in_event = outer
