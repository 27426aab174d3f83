"""The doors of a cluster: one caller at a time goes through, and who keeps a journal hears of it.

Everything that changes a cluster from outside comes in by a method marked as a :func:`door`: a line typed, a manifest
applied, a request sent, time let pass. A method marked as a :func:`window` only looks in. Both wait for whoever is
inside, so that a picture never shows half a change. What a call does inside, by other doors, belongs to the call:
only the outermost is noted. Nothing else may change a cluster; so the same seed and the same notes make the same
cluster again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from kubesim.turn import Cut, Turn


class Clerk(Protocol):
    """Who notes what comes through the doors."""

    def begins(self, caller: str, method: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> None:
        """Note a call before anything has happened; its arguments are the caller's own and may change later."""

    def ends(self, problem: BaseException | None, cuts: Sequence[Cut]) -> None:
        """Note how the call ended: well, or by an exception; and what in it ended early."""


class Gate:
    """What all doors and windows of one cluster lead through."""

    __slots__ = ("_inside", "clerk", "turn")

    def __init__(self) -> None:
        self.turn = Turn()
        """Whose turn it is: who is inside holds it."""
        self._inside = False
        self.clerk: Clerk | None = None
        """Who notes; None until the cluster is up."""

    @property
    def is_mine(self) -> bool:
        """Whether the present thread is inside."""
        return self._inside and self.turn.is_mine

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Be inside for a while: others wait, and nothing that happens meanwhile is noted."""
        with self.turn:
            before, self._inside = self._inside, True
            try:
                yield
            finally:
                self._inside = before

    def call(self, caller: str, method: str, run: Callable[[], R], arguments: tuple[Any, ...], options: Any) -> R:
        """Go in by a door."""
        with self.turn:
            if self._inside:
                return run()
            clerk, problem = self.clerk, None
            if clerk is not None:
                clerk.begins(caller, method, arguments, options)
            self._inside = True
            try:
                return run()
            except BaseException as raised:
                problem = raised
                raise
            finally:
                self._inside = False
                if clerk is not None:
                    clerk.ends(problem, self.turn.cuts)


class Guarded(Protocol):
    """What has doors: it knows its gate, and what it is called in a note."""

    @property
    def gate(self) -> Gate:
        """The gate that its doors lead through."""

    @property
    def caller(self) -> str:
        """Its name in notes: ``cluster``, ``server``, ``terminal/0``…"""


G = TypeVar("G", bound=Guarded)
P = ParamSpec("P")
R = TypeVar("R")

_MARK = "is_door"


def door(method: Callable[Concatenate[G, P], R]) -> Callable[Concatenate[G, P], R]:
    """Mark a method that changes the cluster: one at a time, and noted."""
    name = method.__name__

    @functools.wraps(method)
    def through(self: G, /, *arguments: P.args, **options: P.kwargs) -> R:
        if self.gate.is_mine:
            return method(self, *arguments, **options)
        run = functools.partial(method, self, *arguments, **options)
        return self.gate.call(self.caller, name, run, arguments, options)

    through.__dict__[_MARK] = True
    return through


def is_door(method: object) -> bool:
    """Whether a method is marked as a door."""
    return getattr(method, _MARK, False) is True


def window(method: Callable[Concatenate[G, P], R]) -> Callable[Concatenate[G, P], R]:
    """Mark a method that looks at the cluster: it waits for who is inside."""

    @functools.wraps(method)
    def look(self: G, /, *arguments: P.args, **options: P.kwargs) -> R:
        with self.gate.inside():
            return method(self, *arguments, **options)

    return look
