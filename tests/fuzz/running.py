"""Trying many inputs: how one is watched, and what is kept of a failure."""

from __future__ import annotations

import resource
import signal
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, Protocol

import kubesim
from tests.fuzz.doors import DOORS
from tests.fuzz.grammars import GRAMMARS

LONGEST = 10.0
"""Seconds of computing (not of waiting: the machine may be busy otherwise) that one input may take."""
LARGEST = 300 * 1024
"""Kilobytes that one input may add to the process."""
_HOUSE = str(Path(kubesim.__file__).parent)


class Source(Protocol):
    """Where inputs come from, and what tries them: a door with a cluster behind it, or a grammar alone."""

    @property
    def world_inputs(self) -> int:
        """How many inputs are tried before all begins anew."""

    def draw(self, chance: Random) -> Any:
        """An input; its ``repr`` says all of it."""

    def enter(self, given: Any) -> None:
        """Try it; whatever this raises is a failure."""


def door_of(name: str) -> str:
    """The door that a source's inputs come in by."""
    return name if name in DOORS else GRAMMARS[name].door


class TooLong(BaseException):
    """An input took longer than :data:`LONGEST`; no ``except Exception`` may swallow it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What must not happen.

    :param what: ``exception``, ``hang`` or ``memory``.
    :param place: the type and the line of the house that raised it: failures of one place are one.
    :param source: the door, or the grammar.
    :param seed: of the world and its inputs, so that it can be drawn again; ``number`` is the input's.
    """

    source: str
    what: str
    place: str
    seed: int
    number: int
    given: str
    trace: str = ""


def world(name: str, seed: int) -> tuple[Source, Iterator[Any]]:
    """A world behind a door, or a grammar, and the inputs that are tried in it one after the other."""
    made: Source = DOORS[name]() if name in DOORS else GRAMMARS[name]

    def inputs() -> Iterator[Any]:
        for number in range(made.world_inputs):
            yield made.draw(Random(f"{name}/{seed}/{number}"))

    return made, inputs()


def attempt(source: Source, name: str, seed: int, number: int, given: Any) -> Failure | None:
    """Try one input under watch."""
    before = _peak()
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    try:
        source.enter(given)
    except TooLong as late:
        return Failure(name, "hang", _place(late), seed, number, repr(given), traceback.format_exc(limit=-12))
    except (Exception, MemoryError) as error:
        return Failure(name, "exception", _place(error), seed, number, repr(given), traceback.format_exc(limit=-8))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if _peak() - before > LARGEST:
        return Failure(name, "memory", f"{(_peak() - before) // 1024} MB", seed, number, repr(given))
    return None


def watch_time() -> None:
    """Let the process' timer end what takes too long."""

    def over(number: int, frame: FrameType | None) -> None:
        raise TooLong

    signal.signal(signal.SIGPROF, over)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _place(error: BaseException) -> str:
    """The innermost line of the house on the way to an error."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if frame.filename.startswith(_HOUSE)]
    if len(frames) > 900 and inside:  # too deep: the line that it turned at first
        inside = inside[:40]
    last = inside[-1] if inside else frames[-1]
    return f"{type(error).__name__} at {last.filename.removeprefix(_HOUSE).lstrip('/')}:{last.lineno} {last.name}"
