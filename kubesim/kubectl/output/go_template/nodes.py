"""The parts of a template, and what goes wrong with one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Text:
    """Text outside the braces."""

    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, number, boolean or nil."""

    value: Any
    shown: str
    position: int


@dataclass(frozen=True, slots=True)
class Variable:
    """``$`` or ``$name``, with the fields after it."""

    name: str
    fields: tuple[str, ...]
    position: int

    @property
    def shown(self) -> str:
        """As it was written."""
        return self.name + "".join(f".{field}" for field in self.fields)


@dataclass(frozen=True, slots=True)
class Dot:
    """``.`` or ``.a.b``: the current value, and fields of it."""

    fields: tuple[str, ...]
    position: int

    @property
    def shown(self) -> str:
        """As it was written."""
        return "".join(f".{field}" for field in self.fields) or "."


@dataclass(frozen=True, slots=True)
class Function:
    """The name of a function."""

    name: str
    position: int

    @property
    def shown(self) -> str:
        """As it was written."""
        return self.name


@dataclass(frozen=True, slots=True)
class Chain:
    """Fields of a pipeline in parentheses."""

    pipeline: Pipeline
    fields: tuple[str, ...]
    position: int
    shown: str


Operand = Literal | Variable | Dot | Function | Chain
Command = tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands that feed each other; the result may go to variables.

    :param declares: ``:=`` makes new variables, ``=`` sets known ones.
    """

    commands: tuple[Command, ...]
    variables: tuple[str, ...] = ()
    declares: bool = True


@dataclass(frozen=True, slots=True)
class Action:
    """``{{pipeline}}``: print a value."""

    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class Branch:
    """``if``, ``with`` or ``range``, with what comes after ``else``."""

    keyword: str
    pipeline: Pipeline
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Jump:
    """``break`` or ``continue`` of a range."""

    keyword: str


Node = Text | Action | Branch | Jump


NAME = "output"
"""What kubectl calls its only template."""


class TemplateError(ValueError):
    """A template that cannot be parsed, or does not fit the document."""


def parse_error(text: str, position: int, message: str) -> TemplateError:
    """An error with the line it is on: ``template: output:1: unclosed action``."""
    line = text.count("\n", 0, position) + 1
    return TemplateError(f"template: {NAME}:{line}: {message}")


def execution_error(text: str, position: int, shown: str, message: str) -> TemplateError:
    """An error with line, column and the expression it is in."""
    line = text.count("\n", 0, position) + 1
    start = text.rfind("\n", 0, position) + 1
    return TemplateError(f'template: {NAME}:{line}:{position - start}: executing "{NAME}" at <{shown}>: {message}')
