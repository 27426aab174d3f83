"""A container's log: its lines, and when each was written.

The container runtime stamps every line that a process writes; ``kubectl logs --timestamps`` shows the stamps and
``--since`` chooses by them. A program appends to its log as to any list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line, with its newline where it has one, and the moment at which it was written."""

    moment: datetime
    text: str


class Log(list[str]):
    """Lines that are stamped as they are appended.

    :param now: the clock of the machine that the program runs on.
    :param lines: what is written at once.
    """

    def __init__(self, now: Callable[[], datetime], lines: Iterable[str] = ()) -> None:
        super().__init__(lines)
        self._now = now
        self.moments = [now()] * len(self) if self else []
        """When each line was written."""

    def append(self, line: str) -> None:
        """Write a line."""
        super().append(line)
        self.moments.append(self._now())

    def extend(self, lines: Iterable[str]) -> None:
        """Write lines."""
        super().extend(lines)
        self.moments += [self._now()] * (len(self) - len(self.moments))

    def __iadd__(self, lines: Iterable[str]) -> Self:  # type: ignore[misc,override]
        self.extend(lines)
        return self

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self.moments.clear()

    def __setitem__(self, index: Any, value: Any) -> None:
        """Put lines in place of others; those of another log keep their moments."""
        super().__setitem__(index, value)
        if isinstance(index, slice):
            self.moments[index] = value.moments if isinstance(value, Log) else [self._now()] * len(value)
        else:
            self.moments[index] = self._now()


def stamped(lines: Sequence[str], otherwise: datetime) -> list[LogLine]:
    """The lines of a log with their moments; those of a plain list were all written at one."""
    moments = lines.moments if isinstance(lines, Log) else [otherwise] * len(lines)
    return [LogLine(moment, f"{line}\n") for moment, line in zip(moments, lines, strict=True)]
