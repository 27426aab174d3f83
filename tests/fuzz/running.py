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
from typing import Any

import kubesim
from tests.fuzz.doors import DOORS, Door

LONGEST = 10.0
"""Seconds of computing that one input may take."""
LARGEST = 300 * 1024
"""Kilobytes that one input may add to the process."""
_HOUSE = str(Path(kubesim.__file__).parent)


class TooLong(BaseException):
    """An input took longer than :data:`LONGEST`; no ``except Exception`` may swallow it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What must not happen.

    :param what: ``exception``, ``hang`` or ``memory``.
    :param place: the type and the line of the house that raised it: failures of one place are one.
    :param seed: of the world and its inputs, so that it can be drawn again; ``number`` is the input's.
    """

    door: str
    what: str
    place: str
    seed: int
    number: int
    given: str
    trace: str = ""


def world(door: str, seed: int) -> tuple[Door, Iterator[Any]]:
    """A world behind a door, and the inputs that are tried in it one after the other."""
    made = DOORS[door]()

    def inputs() -> Iterator[Any]:
        for number in range(made.world_inputs):
            yield made.draw(Random(f"{door}/{seed}/{number}"))

    return made, inputs()


def attempt(door: Door, name: str, seed: int, number: int, given: Any) -> Failure | None:
    """Try one input under watch."""
    before = _peak()
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    try:
        door.enter(given)
    except TooLong as late:
        return Failure(name, "hang", _place(late), seed, number, repr(given), traceback.format_exc(limit=-12))
    except (Exception, RecursionError) as error:
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
