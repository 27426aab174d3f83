"""The streams of a shell's commands: text kept, appended to a file or to a log, and text that is read bit by bit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from kubesim.turn import Interrupted
from kubesim.userland.bounds import LIMIT, LINES, SCREENFUL
from kubesim.userland.filesystem import FileSystem

PIPE = 65_536
"""Bytes that a pipe holds: who writes more waits for the reader, and ends by SIGPIPE where that has gone."""


@runtime_checkable
class Output(Protocol):
    """Where a descriptor's text goes."""

    def write(self, text: str) -> None:
        """Take some text."""


@dataclass(slots=True)
class Capture:
    """Text kept in memory.

    :param terminal: whether it stands for a person's terminal.
    :param screen: another list that gets the text too: what a screen shows of several outputs, in order.
    """

    pieces: list[str] = field(default_factory=list)
    terminal: bool = False
    screen: list[str] = field(default_factory=list)
    size: int = 0
    lines: int = 0
    full: bool = False

    def write(self, text: str) -> None:
        """Keep the text.

        :raises Interrupted: where it becomes too long; the beginning is kept.
        """
        self.size += len(text)
        self.lines += text.count("\n")
        if self.size > LIMIT or self.lines > LINES:
            self.full = True
            self.size -= len(text)
            self.lines -= text.count("\n")
            kept = text[:SCREENFUL] if self.terminal else text[: LIMIT - self.size]
            self.pieces.append(kept)
            self.screen.append(kept)
            raise Interrupted
        if text:
            self.pieces.append(text)
            self.screen.append(text)

    @property
    def text(self) -> str:
        """Everything written so far."""
        return "".join(self.pieces)

    def take(self) -> str:
        """What was written since the last time, and forget it."""
        taken = self.text
        self.pieces.clear()
        self.size = self.lines = 0
        return taken


@dataclass(slots=True)
class FileOutput:
    """A file that is written to."""

    files: FileSystem
    path: str

    def write(self, text: str) -> None:
        """Append to the file."""
        if text:
            self.files.write(self.path, text, append=True)


@dataclass(slots=True)
class LineOutput:
    """A container's log: whole lines are appended to a list."""

    lines: list[str]
    rest: str = ""

    def write(self, text: str) -> None:
        """Keep whole lines; the rest waits for its newline."""
        whole = (self.rest + text).split("\n")
        self.rest = whole.pop()
        self.lines.extend(whole)


@dataclass(slots=True)
class Input:
    """Text that commands read, each from where the last one stopped."""

    text: str = ""
    position: int = 0
    taken: int = 0
    """Up to where somebody has read, who may have left some of it."""
    before: int = 0
    """Where the one began who reads it to the end."""
    closed: bool = False
    """Whether it is no stream at all (``<&-``)."""
    cut: bool = False
    """Whether more would come than is kept: who reads on to the end is interrupted."""

    def read_line(self) -> str | None:
        """The next line with its newline; None at the end."""
        if self.position >= len(self.text):
            if self.cut:
                raise Interrupted
            return None
        end = self.text.find("\n", self.position)
        stop = len(self.text) if end < 0 else end + 1
        line = self.text[self.position : stop]
        self.position = self.taken = stop
        return line

    def character(self) -> str:
        """The next character; empty at the end."""
        if self.position >= len(self.text):
            if self.cut:
                raise Interrupted
            return ""
        self.position += 1
        self.taken = self.position
        return self.text[self.position - 1]

    def rest(self) -> str:
        """What is left, without taking it."""
        return self.text[self.position :]

    def drain(self) -> str:
        """What is left, taking it."""
        left = self.rest()
        self.before = self.position
        self.position = self.taken = len(self.text)
        return left


@dataclass(slots=True)
class Keyboard(Input):
    """A person's terminal: a program finds nothing to read there; a shell's commands come one by one."""


Descriptors = dict[int, "Output | Input"]
