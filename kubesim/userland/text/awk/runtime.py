"""A running awk program: its record, fields, variables and output, and the jumps that end a statement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kubesim.userland.bounds import LIMIT, WORDS, Interrupted
from kubesim.userland.regular import Regex, compile_posix
from kubesim.userland.text.awk.values import UNSET, InputText, Value

Expression = Callable[["Awk"], Value]


Statement = Callable[["Awk"], None]


_STEPS = 500_000
"""Rounds of loops after which a program is taken to run for ever."""
_MADE = 8 * LIMIT
"""Characters that a program may make in all."""


class Next(Exception):  # noqa: N818
    """``next``."""


class Exit(Exception):  # noqa: N818
    """``exit``."""


class LoopJump(Exception):  # noqa: N818
    """``break``, or ``continue`` (``again``)."""

    def __init__(self, again: bool) -> None:
        super().__init__(again)
        self.again = again


@dataclass(slots=True)
class Awk:
    """A running program: its record, variables and output."""

    variables: dict[str, Value] = field(
        default_factory=lambda: {"FS": " ", "OFS": " ", "ORS": "\n", "NR": 0.0, "SUBSEP": "\x1c"}
    )
    arrays: dict[str, dict[str, Value]] = field(default_factory=dict)
    record: str = ""
    fields: list[str] = field(default_factory=list)
    out: list[str] = field(default_factory=list)
    status: int = 0
    steps: int = 0
    characters: int = 0

    def made(self, text: str) -> str:
        """A text that the program made; each counts, and together they are bounded."""
        self.characters += len(text)
        if len(text) > LIMIT or self.characters > _MADE:
            raise Interrupted
        return text

    def set_record(self, text: str) -> None:
        """Take a line apart."""
        self.record = text
        separator = str(self.variables["FS"])
        if separator == " ":
            self.fields = text.split()
        elif not text:
            self.fields = []
        elif len(separator) == 1 and separator != "\\":
            self.fields = text.split(separator)
        else:
            self.fields = Regex(compile_posix(separator, extended=True)).split(text)

    def field_value(self, number: int) -> InputText:
        """``$number``."""
        if number == 0:
            return InputText(self.record)
        return InputText(self.fields[number - 1]) if 0 < number <= len(self.fields) else UNSET

    def set_field(self, number: int, text: str) -> None:
        """Assign ``$number``."""
        if number == 0:
            self.set_record(text)
            return
        if number > WORDS:
            raise Interrupted
        while len(self.fields) < number:
            self.fields.append("")
        self.fields[number - 1] = text
        self.record = str(self.variables["OFS"]).join(self.fields)

    def tick(self) -> None:
        """Stop a program that never ends."""
        self.steps += 1
        if self.steps > _STEPS:
            raise Interrupted
