"""Elastic tab stops: the layout under every table and every ``describe``.

Go's ``text/tabwriter`` aligns *column blocks*: consecutive lines that have a cell (text that ends in a tab) in the same
position share a width. The last piece of a line ends no cell, so it neither sets a width nor is padded. kubectl's own
variant can also *remember* widths, so that a later block of the same table is never narrower than an earlier one.
"""

from __future__ import annotations

from collections.abc import Sequence


def layout(text: str, *, minimum: int = 0, padding: int = 2) -> str:
    """Replace the tabs in a text by blanks.

    :param minimum: the least width of a column.
    :param padding: blanks between the widest cell of a column and the next column.
    """
    lines = [line.split("\t") for line in text.split("\n")]
    return "\n".join(TabStops(minimum, padding, remember=False).lines(lines))


class TabStops:
    """Lays out lines of cells; with ``remember`` a column never gets narrower from one call to the next."""

    def __init__(self, minimum: int = 6, padding: int = 3, *, remember: bool = True) -> None:
        self.minimum = minimum
        self.padding = padding
        self.remember = remember
        self._remembered: list[int] = []

    def forget(self) -> None:
        """Start a new table: earlier widths no longer count."""
        self._remembered = []

    def lines(self, lines: Sequence[Sequence[str]]) -> list[str]:
        """The lines, laid out; the last cell of each is its unpadded end."""
        done: list[str] = []
        self._block(lines, 0, len(lines), [], done)
        return done

    def _block(self, lines: Sequence[Sequence[str]], start: int, end: int, widths: list[int], done: list[str]) -> None:
        column = len(widths)
        this = start
        while this < end:
            if column >= len(lines[this]) - 1:
                this += 1
                continue
            done.extend(self._write(line, widths) for line in lines[start:this])
            start = this
            while this < end and column < len(lines[this]) - 1:
                this += 1
            width = self._width(lines[start:this], column)
            self._block(lines, start, this, [*widths, width], done)
            start = this
        done.extend(self._write(line, widths) for line in lines[start:end])

    def _width(self, block: Sequence[Sequence[str]], column: int) -> int:
        width = max(self.minimum, max(len(line[column]) for line in block) + self.padding)
        if not self.remember:
            return width
        if column < len(self._remembered):
            width = max(width, self._remembered[column])
            self._remembered[column] = width
        else:
            self._remembered.append(width)
        return width

    @staticmethod
    def _write(line: Sequence[str], widths: Sequence[int]) -> str:
        return "".join(
            cell.ljust(widths[index]) if index < min(len(widths), len(line) - 1) else cell
            for index, cell in enumerate(line)
        )
