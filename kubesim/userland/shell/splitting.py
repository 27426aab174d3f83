"""Text split at the characters of ``IFS``: the words of an expansion, and what ``read`` puts into its names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

BLANKS = " \t\n"
"""``IFS`` where it is unset, and those of its characters that count once in a row."""


class Character(NamedTuple):
    """One character of a line that is read; one behind a backslash separates nothing."""

    text: str
    escaped: bool = False


class Splitter:
    """Splits characters one after the other, as field splitting does.

    A blank separator ends a field that has begun; another one ends a field even where it is empty, unless it follows
    blanks that have ended one already.

    :param separators: the value of ``IFS``.
    """

    def __init__(self, separators: str) -> None:
        self.blank = {each for each in separators if each in BLANKS}
        self.other = set(separators) - self.blank
        self.begun = False
        self.absorbs = False
        """Whether blanks have just ended a field: the separator after them belongs to them."""

    def ends(self, character: str) -> bool | None:
        """Whether a character ends a field (perhaps an empty one); None where it is part of one.

        An answer of False is a separator that ends nothing.
        """
        if character in self.blank:
            if self.begun:
                self.begun, self.absorbs = False, True
                return True
            return False
        if character in self.other:
            if self.begun:
                self.begun = self.absorbs = False
                return True
            if self.absorbs:
                self.absorbs = False
                return False
            return True
        self.begun, self.absorbs = True, False
        return None


def read_fields(line: Sequence[Character], separators: str, count: int | None) -> list[str]:
    """What ``read`` puts into so many names, the last of which gets the rest; None is an array, which takes all.

    The rest keeps its separators, but not blanks at its end, nor the one separator behind a single field.
    """
    found: list[str] = []
    splitter = Splitter(separators)
    position = 0
    current: list[str] = []
    last_start = 0
    while position < len(line):
        if count is not None and len(found) == count - 1 and not splitter.begun:
            position = _behind_blanks(line, position, splitter)
            last_start = position
            break
        character = line[position]
        position += 1
        ended = None if character.escaped else splitter.ends(character.text)
        if character.escaped:
            splitter.begun, splitter.absorbs = True, False
        if ended is None:
            current.append(character.text)
        elif ended:
            found.append("".join(current))
            current = []
    else:
        if splitter.begun:
            found.append("".join(current))
        return found
    return [*found, _rest(line[last_start:], splitter)]


def _behind_blanks(line: Sequence[Character], position: int, splitter: Splitter) -> int:
    """Behind the blanks that belong to the separator before the last name, and behind that separator."""
    while position < len(line) and not line[position].escaped and line[position].text in splitter.blank:
        position += 1
    if splitter.absorbs and position < len(line) and not line[position].escaped:
        separator = line[position].text in splitter.other
        splitter.absorbs = False
        if separator:
            return _behind_blanks(line, position + 1, splitter)
    return position


def _rest(line: Sequence[Character], splitter: Splitter) -> str:
    end = len(line)
    while end and not line[end - 1].escaped and line[end - 1].text in splitter.blank:
        end -= 1
    separators = splitter.blank | splitter.other
    first = next((n for n in range(end) if not line[n].escaped and line[n].text in separators), end)
    splitter.absorbs = True
    if first < end and _behind_blanks(line[:end], first, splitter) >= end:
        end = first
    return "".join(each.text for each in line[:end])
