"""Throws of dice: which way a packet takes where a rule leaves several open.

A walk asks its dice each time a rule throws. One packet follows one way: :class:`Thrown` picks it by chance, so what
the packet does not meet costs nothing. Who wants every way walks again and again with :func:`every`, until each
outcome of each throw had its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

Found = TypeVar("Found")


class Dice(Protocol):
    """What decides a throw."""

    def pick(self, shares: Sequence[float]) -> int:
        """The number of the outcome that is taken.

        :param shares: the probability of each outcome, given what was thrown before; they add up to 1.
        """


class Thrown:
    """One number between 0 and 1 decides every throw of a walk.

    All ways of the walk, in the order of the rules, lie side by side between 0 and 1, each as wide as it is likely. A
    throw narrows the interval to the outcome that holds the number. So the walk takes the same way as if all were
    known and one were picked among them.

    :param throw: gives the number; it is asked only if there is something to decide.
    """

    def __init__(self, throw: Callable[[], float]) -> None:
        self._throw = throw
        self._left: float | None = None
        self._width = 1.0

    @property
    def thrown(self) -> bool:
        """Whether there was anything to decide."""
        return self._left is not None

    def pick(self, shares: Sequence[float]) -> int:
        """The outcome whose part of the interval holds the number; the last one where rounding leaves none."""
        left = self._throw() if self._left is None else self._left
        last = len(shares) - 1
        for number, share in enumerate(shares):
            part = self._width * share
            if number == last or left < part:
                self._left, self._width = left, part
                return number
            left -= part
        raise ValueError("a throw must have an outcome, got none")


class First:
    """Always the first outcome."""

    def pick(self, shares: Sequence[float]) -> int:
        """The first."""
        return 0


class Told:
    """Outcomes that were decided before, and the first one of every later throw.

    :ivar taken: of each throw, the outcome and how many there were.
    """

    def __init__(self, before: Sequence[int]) -> None:
        self._before = before
        self.taken: list[tuple[int, int]] = []

    @property
    def told(self) -> tuple[int, ...]:
        """The outcome of each throw by now."""
        return tuple(number for number, _ in self.taken)

    def pick(self, shares: Sequence[float]) -> int:
        """The outcome that is due."""
        position = len(self.taken)
        number = self._before[position] if position < len(self._before) else 0
        self.taken.append((number, len(shares)))
        return number


def every(walk: Callable[[Dice], Found]) -> Iterator[Found]:
    """What a walk comes to with every outcome of its throws, in the order of the outcomes.

    :param walk: must throw the same dice whenever the earlier ones fell alike.
    """
    return (found for _, found in every_told(walk))


def every_told(walk: Callable[[Dice], Found]) -> Iterator[tuple[tuple[int, ...], Found]]:
    """Likewise, each with the outcomes that led there; :class:`Told` leads there again."""
    before: list[int] | None = []
    while before is not None:
        dice = Told(before)
        found = walk(dice)
        yield dice.told, found
        taken = dice.taken
        while taken and taken[-1][0] == taken[-1][1] - 1:
            taken.pop()
        before = [*(number for number, _ in taken[:-1]), taken[-1][0] + 1] if taken else None
