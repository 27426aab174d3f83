"""A terminal's line discipline: keystrokes come, and lines, echoes and the end of the input go out.

A client that gives a program a terminal (``exec -it``) sends each key as it is pressed; the other end echoes it, as
Linux' does in its usual mode (``termios(3)``: ICANON, ECHO, ISIG). The arrows up and down bring back what was typed, as
the line editing of ash and bash does.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

LONGEST_LINE = 65_536
"""Characters of one line; further ones are not taken."""


class Typed(NamedTuple):
    """What a person has given to the program.

    :param key: a whole line, Ctrl-C, or the end of the input (Ctrl-D on an empty line).
    :param echo: what the terminal shows of it.
    """

    key: Literal["line", "interrupt", "end", ""]
    text: str = ""
    echo: str = ""


@dataclass(slots=True)
class LineDiscipline:
    """Turns bytes into lines; without a terminal (``tty``), lines as they stand and nothing echoed."""

    tty: bool
    _line: str = ""
    _escape: str = ""
    _after_return: bool = False
    _typed: list[str] = field(default_factory=list)
    _place: int = 0
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("surrogateescape")
    )

    def press(self, data: bytes) -> Iterator[Typed]:
        """What comes of some bytes, one after the other."""
        for character in self._decoder.decode(data):
            typed = self._press(character) if self.tty else self._take(character)
            if typed is not None:
                yield typed

    def rest(self) -> str:
        """What has no newline yet, forgetting it."""
        left, self._line = self._line, ""
        return left

    def _take(self, character: str) -> Typed | None:
        if character == "\n":
            return Typed("line", self.rest())
        self._line += character if len(self._line) < LONGEST_LINE else ""
        return None

    def _press(self, character: str) -> Typed | None:
        if self._escape:
            return self._escaped(character)
        after_return, self._after_return = self._after_return, character == "\r"
        match character:
            case "\n" if after_return:
                return None
            case "\r" | "\n":
                line = self.rest()
                if line.strip() and self._typed[-1:] != [line]:
                    self._typed.append(line)
                self._place = len(self._typed)
                return Typed("line", line, "\r\n")
            case "\x03":
                self._line, self._place = "", len(self._typed)
                return Typed("interrupt", "", "^C\r\n")
            case "\x04":
                return None if self._line else Typed("end")
            case "\x1b":
                self._escape = character
                return None
            case "\x7f" | "\b":
                return self._replace(self._line[:-1]) if self._line else None
            case "\x15":
                return self._replace("")
            case "\x17":
                return self._replace(self._line.rstrip().rpartition(" ")[0] + " " if " " in self._line.strip() else "")
        if not character.isprintable() or len(self._line) >= LONGEST_LINE:
            return None
        self._line += character
        return Typed("", "", character)

    def _escaped(self, character: str) -> Typed | None:
        """A key that sends several bytes, of which the arrows up and down are known."""
        self._escape += character
        if self._escape in ("\x1b[", "\x1bO") or (character in "0123456789;" and len(self._escape) < 16):
            return None
        key, self._escape = self._escape[-1], ""
        step = {"A": -1, "B": 1}.get(key, 0)
        if not step:
            return None
        self._place = min(max(0, self._place + step), len(self._typed))
        return self._replace(self._typed[self._place] if self._place < len(self._typed) else "")

    def _replace(self, line: str) -> Typed:
        """Show another line in the place of this one."""
        kept = 0
        while kept < min(len(line), len(self._line)) and line[kept] == self._line[kept]:
            kept += 1
        echo = "\b \b" * (len(self._line) - kept) + line[kept:]
        self._line = line
        return Typed("", "", echo)
