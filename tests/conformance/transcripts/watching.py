"""Comparing what a watch printed: when it began, and how often a kubelet wrote the same, is chance.

A row that repeats the row before it of the same object says nothing new. Of each object the two sides may begin at
different rows; from the later beginning on they must be the same, in the same order across all objects.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence


def is_watch(command: str) -> bool:
    """Whether a command prints changes as they come."""
    return re.search(r"kubectl get .*(\s-w\b|--watch)", command) is not None


def common_ends(one: str, other: str) -> tuple[str, str]:
    """Both outputs without what only one of them can have seen of each object's beginning.

    What an object was when one side began to look comes first: the other saw it become so.
    """
    rows = [_without_repeats(text.splitlines()) for text in (one, other)]
    counts = [Counter(map(_name, side)) for side in rows]
    kept = {name: min(side[name] for side in counts) for name in {**counts[0], **counts[1]}}
    alone = [sorted(name for name in side if not kept[name]) for side in counts]
    left, right = ("\n".join([*_ends(side, kept), *lost]) for side, lost in zip(rows, alone, strict=True))
    return left, right


def _name(row: str) -> str:
    return row.split(" ", 1)[0]


def _without_repeats(rows: Sequence[str]) -> list[str]:
    last: dict[str, str] = {}
    found = []
    for row in rows:
        if last.get(_name(row)) != row:
            found.append(row)
        last[_name(row)] = row
    return found


def _ends(rows: Sequence[str], counts: Mapping[str, int]) -> list[str]:
    """The last rows of each object, as many as are counted: each one's first, then the others in their order."""
    left = dict(counts)
    first: list[str] = []
    following: list[str] = []
    for row in reversed(rows):
        if left.get(_name(row), 0):
            left[_name(row)] -= 1
            (following if left[_name(row)] else first).append(row)
    return sorted(first) + following[::-1]
