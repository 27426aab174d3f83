"""The columns of printed tables: cells told apart, and whether they stand where they should.

A column is as wide as its widest cell, which may be an address or an age; so two tables cannot be compared blank by
blank. What is compared instead is that every cell begins where its column does, and how many blanks the widest leaves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_HEADER = re.compile(r"[^\s:{}\[\]\"'#][^:{}\[\]\"'#]* {2,}\S.*")
"""The first line of a table: several cells, and no sign that it is something else."""
_RULES = re.compile(r"\s*-+(?:\s{2,}-+)+\s*")
"""The second line of a table inside a description."""


def by_columns(text: str) -> str:
    """A text whose tables are taken apart: cells with bars between them, and a line of gaps after the header."""
    lines = text.split("\n")
    done: list[str] = []
    position = 0
    while position < len(lines):
        end = position
        while end < len(lines) and lines[end].strip():
            end += 1
        table = _table(lines[position:end]) if position == 0 or not lines[position - 1].strip() else None
        if table is not None:
            done += table
            position = end
        elif position + 1 < end and _RULES.fullmatch(lines[position + 1]):
            last = position
            indent = len(lines[position]) - len(lines[position].lstrip())
            while last < end and len(lines[last]) - len(lines[last].lstrip()) == indent:
                last += 1
            done += _laid_out(lines[position:last], _starts(lines[position + 1]))
            position = last
        else:
            done.append(lines[position])
            position += 1
    return "\n".join(done)


def _table(lines: Sequence[str]) -> list[str] | None:
    """The lines of a table taken apart; None where they are none."""
    if not lines or not _HEADER.fullmatch(lines[0]):
        return None
    return _laid_out(lines, _starts(lines[0]))


def _starts(header: str) -> list[int]:
    """Where the columns begin."""
    return [match.start() for match in re.finditer(r"(?<![^\s])\S(?:\S| (?! ))*", header)]


def _laid_out(lines: Sequence[str], starts: Sequence[int]) -> list[str]:
    rows = [_cells(line, starts) for line in lines]
    if any(len(row) != len(starts) for row in rows):  # not one table, or one without headers
        return [re.sub(r"(?<=\S) {2,}", " | ", line) for line in lines]
    widest = [max(len(row[column]) for row in rows if column < len(row)) for column in range(len(starts))]
    gaps = [right - left - width for left, right, width in zip(starts, starts[1:], widest, strict=False)]
    shown = [" | ".join(row) for row in rows]
    return [shown[0], f"<gaps {gaps}>", *shown[1:]]


def _cells(line: str, starts: Sequence[int]) -> list[str]:
    """The cells of a line; one that does not keep to the columns is a single cell."""
    edges = [*starts, max(len(line), starts[-1])]
    if any(start < len(line) and (line[start - 1] != " " or line[start] == " ") for start in starts[1:]):
        return [line.rstrip()]
    return [line[left:right].rstrip() for left, right in pairwise(edges)]
