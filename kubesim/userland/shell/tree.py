"""What the parser builds: words in parts, and commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands for itself; where it is quoted nothing in it is special any more."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """``$name`` or ``${name…}``.

    :param operator: ``:-``, ``#``, ``%%``, ``/``, ``length``, ``substring``…; empty for the bare value.
    :param index: an array's subscript, ``@`` and ``*`` among them.
    :param source: as written, for complaints.
    """

    name: str
    quoted: bool = False
    operator: str = ""
    argument: Word | None = None
    second: Word | None = None
    index: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class CommandSubstitution:
    """``$(…)`` or backquotes: commands whose output takes their place."""

    text: str
    line: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``$((…))``."""

    expression: Word
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class ProcessSubstitution:
    """``<(…)``: a file that holds the output of commands; ``>(…)``: one that commands read.

    :param reads: whether the commands read it.
    """

    text: str
    line: int
    quoted: bool = False
    reads: bool = False


Part: TypeAlias = Literal | Parameter | CommandSubstitution | Arithmetic | ProcessSubstitution


@dataclass(frozen=True, slots=True)
class Word:
    """One word before expansion."""

    parts: tuple[Part, ...]
    source: str = ""

    @property
    def bare(self) -> str | None:
        """The text, where nothing in the word is quoted or expanded."""
        if all(isinstance(part, Literal) and not part.quoted for part in self.parts):
            return "".join(part.text for part in self.parts if isinstance(part, Literal))
        return None


@dataclass(slots=True)
class Redirect:
    """``2>file``, ``<<EOF``, ``>&1``; a here-document's body comes when its lines have been read."""

    descriptor: int
    operator: str
    target: Word
    line: int
    body: Word | None = None
    variable: str = ""
    """The variable that gets the descriptor's number: ``{name}>file``."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """``name=value``, ``name+=value`` or ``name=(…)``."""

    name: str
    value: Word | tuple[Word, ...]
    append: bool = False
    index: Word | None = None
    argument: bool = False
    """Whether it is an argument of ``declare`` and its like."""


@dataclass(frozen=True, slots=True)
class Simple:
    """A simple command."""

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    line: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class Compound:
    """A command made of others, with redirections around the whole."""

    body: Body
    redirects: tuple[Redirect, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by ``|``."""

    commands: tuple[Command, ...]
    negated: bool = False
    timed: bool = False
    merges_errors: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class AndOr:
    """Pipelines joined by ``&&`` and ``||``."""

    first: Pipeline
    rest: tuple[tuple[str, Pipeline], ...] = ()


@dataclass(frozen=True, slots=True)
class CommandList:
    """Commands one after the other; each with whether it runs in the background, and its text."""

    items: tuple[tuple[AndOr, bool, str], ...]


@dataclass(frozen=True, slots=True)
class Subshell:
    """``( … )``."""

    body: CommandList


@dataclass(frozen=True, slots=True)
class Group:
    """``{ …; }``."""

    body: CommandList


@dataclass(frozen=True, slots=True)
class If:
    """``if``: conditions with what follows each, and the rest."""

    branches: tuple[tuple[CommandList, CommandList], ...]
    otherwise: CommandList | None


@dataclass(frozen=True, slots=True)
class While:
    """``while`` and ``until``."""

    condition: CommandList
    body: CommandList
    until: bool


@dataclass(frozen=True, slots=True)
class For:
    """``for name in words``; ``None`` words are the positional parameters."""

    name: str
    words: tuple[Word, ...] | None
    body: CommandList


@dataclass(frozen=True, slots=True)
class Select:
    """``select name in words``: a menu on standard error, and a choice that is read."""

    name: str
    words: tuple[Word, ...] | None
    body: CommandList


@dataclass(frozen=True, slots=True)
class ForArithmetic:
    """``for ((start; condition; step))``."""

    start: str
    condition: str
    step: str
    body: CommandList


@dataclass(frozen=True, slots=True)
class Case:
    """``case``: patterns, what they run, and how the branch ends (``;;``, ``;&``, ``;;&``)."""

    subject: Word
    branches: tuple[tuple[tuple[Word, ...], CommandList, str], ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function's definition."""

    name: str
    body: Command


@dataclass(frozen=True, slots=True)
class Primary:
    """One condition of ``[[ … ]]``: an operator and its one or two words."""

    operator: str
    operands: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """``! condition``."""

    inner: Condition


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions joined by ``&&`` or ``||``."""

    operator: str
    left: Condition
    right: Condition


Condition: TypeAlias = "Primary | Negation | Joined"


@dataclass(frozen=True, slots=True)
class Conditional:
    """``[[ … ]]``."""

    condition: Condition
    source: str


@dataclass(frozen=True, slots=True)
class ArithmeticCommand:
    """``(( … ))``."""

    expression: str


Body: TypeAlias = (
    "Subshell | Group | If | While | For | Select | ForArithmetic | Case | Function | Conditional | ArithmeticCommand"
)
Command: TypeAlias = Simple | Compound
