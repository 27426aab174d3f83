"""A running awk program: its values, its record and fields, its variables, what can be assigned to."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from kubesim.userland.bounds import LIMIT, WORDS, Interrupted, require
from kubesim.userland.regular import Regex, compile_posix

Value = str | float


ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "/": "/"}


_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+)\s*")


def number_of(value: Value) -> float:
    """A value as a number: the number at its beginning."""
    if isinstance(value, float):
        return value
    match = re.match(r"\s*[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+)", value)
    return float(match[0]) if match else 0.0


def text_of(value: Value) -> str:
    """A value as text: whole numbers without a point."""
    if isinstance(value, str):
        return value
    if value == int(value) if math.isfinite(value) else False:
        return str(int(value))
    return f"{value:.6g}"


def truth(value: Value) -> bool:
    """Whether a condition with this value holds."""
    return number_of(value) != 0 if looks_numeric(value) else value != ""


class InputText(str):
    """Text that came from outside (a field, ``-v``, ``split``): compared as a number where it looks like one."""

    __slots__ = ()


UNSET = InputText("")
"""The value of what was never assigned: both the empty text and zero."""


def looks_numeric(value: Value) -> bool:
    """Whether comparisons take it as a number; a text constant is never one."""
    if isinstance(value, float) or value is UNSET:
        return True
    return isinstance(value, InputText) and _NUMBER.fullmatch(value) is not None


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


class Place(ABC):
    """An expression that can stand on the left of ``=``."""

    @abstractmethod
    def __call__(self, awk: Awk) -> Value:
        """Its value."""

    @abstractmethod
    def assign(self, awk: Awk, value: Value) -> None:
        """Give it a value."""


@dataclass(frozen=True, slots=True)
class Variable(Place):
    """A variable, or an array where a function takes one; assigning to ``NF`` cuts or fills the record."""

    name: str

    def __call__(self, awk: Awk) -> Value:
        """Its value; the empty text before the first assignment."""
        return float(len(awk.fields)) if self.name == "NF" else awk.variables.get(self.name, UNSET)

    def assign(self, awk: Awk, value: Value) -> None:
        """Give it a value."""
        if self.name == "NF":
            count = int(number_of(value))
            require(count)
            awk.fields = (awk.fields + [""] * count)[:count]
            awk.record = str(awk.variables["OFS"]).join(awk.fields)
        awk.variables[self.name] = value


@dataclass(frozen=True, slots=True)
class Field(Place):
    """``$number``."""

    number: Expression

    def __call__(self, awk: Awk) -> Value:
        """The field's text."""
        return awk.field_value(int(number_of(self.number(awk))))

    def assign(self, awk: Awk, value: Value) -> None:
        """Change the field, and with it the record."""
        awk.set_field(int(number_of(self.number(awk))), text_of(value))


@dataclass(frozen=True, slots=True)
class Element(Place):
    """``name[subscript]``; reading makes it exist."""

    name: str
    subscript: Expression

    def __call__(self, awk: Awk) -> Value:
        """Its value."""
        return awk.arrays.setdefault(self.name, {}).setdefault(text_of(self.subscript(awk)), UNSET)

    def assign(self, awk: Awk, value: Value) -> None:
        """Give it a value."""
        awk.arrays.setdefault(self.name, {})[text_of(self.subscript(awk))] = value


RECORD = Field(lambda awk: 0.0)
"""``$0``."""
