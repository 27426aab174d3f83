"""Rows under headings: a pandas frame, or the same rows as text where pandas cannot be had.

pandas is slow to load, so that it is asked for when the first table is. In a browser's Python it is not there at all
until it is fetched from Pyodide's host; a page that is not online says so once, and shows its tables as text.
"""

from __future__ import annotations

import html
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import pandas

AS_TEXT = "Tables are shown as text: pandas cannot be fetched from Pyodide's host now."


def frame(
    rows: Sequence[Sequence[Any]], columns: Iterable[str], index: Iterable[Any] | None = None, dtype: Any = object
) -> pandas.DataFrame:
    """Rows under headings.

    :param index: what stands before each row; None counts from 0.
    :param dtype: as of a frame; None lets pandas say which columns are numbers.
    """
    names, marks = list(columns), None if index is None else list(index)
    if not has_pandas():  # a table that shows itself the same way, and can nothing else
        return cast("pandas.DataFrame", TextTable(rows, names, list(range(len(rows))) if marks is None else marks))
    import pandas

    return pandas.DataFrame(rows, columns=names, index=marks, dtype=dtype)


def unabridged(table: pandas.DataFrame) -> str:
    """A frame as HTML, no cell of it cut short."""
    if not has_pandas():
        return table.to_html()
    import pandas

    with pandas.option_context("display.max_colwidth", None):
        return table.to_html()


@cache
def has_pandas() -> bool:
    """Whether pandas can be imported; in a browser it is fetched first, and where that fails, the page says so."""
    if sys.platform == "emscripten" and importlib.util.find_spec("pandas") is None:
        with suppress(Exception):  # whatever Pyodide, the browser or the network raises: then it is not there
            _fetch()
    try:
        importlib.import_module("pandas")
    except ImportError:
        print(AS_TEXT)
        return False
    return True


def _fetch() -> None:
    """Let Pyodide load pandas and what it needs, and wait for it."""
    pyodide, browser = (importlib.import_module(name) for name in ("pyodide.ffi", "pyodide_js"))
    pyodide.run_sync(browser.loadPackage("pandas"))
    importlib.invalidate_caches()


class TextTable:
    """A table that shows itself in words and in HTML, and has nothing else of a frame.

    :param index: what stands before each row.
    """

    def __init__(self, rows: Sequence[Sequence[Any]], columns: list[str], index: list[Any]) -> None:
        self.columns = columns
        self.index = index
        self._cells = [[str(cell) for cell in row] for row in rows]

    def __len__(self) -> int:
        return len(self._cells)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"a table has no {name!r} without pandas")

    def to_string(self, index: bool = True) -> str:
        """The headings and the rows, in columns."""
        lines = self._lines(index)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)

    def to_html(self, index: bool = True, border: int = 1, classes: str = "") -> str:
        """The same as an HTML table."""
        lines = [[html.escape(cell) for cell in line] for line in self._lines(index)]
        head = "".join(f"<th>{cell}</th>" for cell in lines[0])
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in lines[1:])
        return f'<table border="{border}" class="{classes}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'

    def _lines(self, index: bool) -> list[list[str]]:
        marks = ["", *map(str, self.index)]
        lines = [self.columns, *self._cells]
        return [[mark, *line] if index else list(line) for mark, line in zip(marks, lines, strict=True)]

    def __repr__(self) -> str:
        return self.to_string()

    def _repr_html_(self) -> str:
        return self.to_html()
