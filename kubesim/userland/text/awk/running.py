"""A running awk program: its variables and fields, its input, and the files and commands that it opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Protocol, TypeAlias

from kubesim.turn import Interrupted
from kubesim.userland.bounds import LIMIT, WORDS, require
from kubesim.userland.command_line import Complaint
from kubesim.userland.process import Completed
from kubesim.userland.regular import Regex, RegexProblem, compile_posix
from kubesim.userland.text.awk.arrays import Array, BusyboxArray, MawkArray
from kubesim.userland.text.awk.values import UNSET, InputText, Value, integer_of, number_of, text_of

Expression: TypeAlias = "Callable[[Awk], Value]"
Statement: TypeAlias = "Callable[[Awk], None]"

_STEPS = 500_000
"""Rounds of loops and calls of functions after which a program is taken to run for ever."""
_MADE = 8 * LIMIT
"""Characters that a program may make in all."""
DEPTH = 60
"""Calls of functions inside one another, each of which takes a handful of Python's own."""


class Next(Exception):  # noqa: N818
    """``next``."""


class Exit(Exception):  # noqa: N818
    """``exit``."""


class Return(Exception):  # noqa: N818
    """``return``."""

    def __init__(self, value: Value) -> None:
        super().__init__(value)
        self.value = value


class LoopJump(Exception):  # noqa: N818
    """``break``, or ``continue`` (``again``)."""

    def __init__(self, again: bool) -> None:
        super().__init__(again)
        self.again = again


class World(Protocol):
    """What is outside the program."""

    @property
    def busybox(self) -> bool:
        """Whether it is busybox' awk that runs."""

    def read(self, path: str) -> str | None:
        """A file's text; None where it cannot be read."""

    def write(self, path: str, text: str, *, append: bool) -> str:
        """Write a file; why it could not be done."""

    def command(self, text: str, stdin: str | None, after: float) -> Completed:
        """Run a command.

        :param after: seconds since the start of awk.
        """


class Records:
    """A text that is read record by record."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def next(self, separator: str, compiled: Callable[[str], Regex]) -> str | None:
        """The next record; None at the end.

        :param separator: ``RS``: one character, an expression, or empty for paragraphs.
        """
        text = self.text
        if separator == "":
            while self.position < len(text) and text[self.position] == "\n":
                self.position += 1
        if self.position >= len(text):
            return None
        if separator == "":
            end = text.find("\n\n", self.position)
            stop = len(text.rstrip("\n")) if end < 0 else end
            record, self.position = text[self.position : stop], len(text) if end < 0 else end + 2
            return record
        if len(separator) == 1:
            end = text.find(separator, self.position)
            record = text[self.position :] if end < 0 else text[self.position : end]
            self.position = len(text) if end < 0 else end + 1
        else:
            match = compiled(separator).search(text, self.position)
            while match is not None and not match[0]:
                match = compiled(separator).search(text, match.end() + 1) if match.end() < len(text) else None
            record = text[self.position :] if match is None else text[self.position : match.start()]
            self.position = len(text) if match is None else match.end()
        if self.position >= len(text) and separator != "\n" and record.endswith("\n"):
            record = record[:-1]
        return record


@dataclass(slots=True)
class Awk:
    """A running program.

    :param inputs: the texts of its operands, one after the other, each with its name; taken as they are needed.
    :param frame: what the running function's parameters and local variables hold.
    """

    world: World
    inputs: Iterator[tuple[str, str]]
    variables: dict[str, Value | Array] = field(default_factory=dict)
    record: str = ""
    fields: list[Value] = field(default_factory=list)
    frame: list[Value | Array] = field(default_factory=list)
    status: int = 0
    steps: int = 0
    depth: int = 0
    characters: int = 0
    seconds: float = 0.0
    chance: Random = field(default_factory=lambda: Random(0))
    seed: float = 0.0
    out: list[str] = field(default_factory=list)
    """What has been shown on standard output."""
    buffer: list[str] = field(default_factory=list)
    """What was printed and has not shown yet."""
    errors: list[str] = field(default_factory=list)
    current: Records | None = None
    readers: dict[str, Records] = field(default_factory=dict)
    """Files and commands that are read, by name."""
    statuses: dict[str, int] = field(default_factory=dict)
    pipes: dict[str, list[str]] = field(default_factory=dict)
    """What commands are to read, by command."""
    written: set[str] = field(default_factory=set)
    """Files that were opened for writing."""
    regexes: dict[str, Regex] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in (("FS", " "), ("OFS", " "), ("ORS", "\n"), ("RS", "\n"), ("SUBSEP", "\x1c")):
            self.variables[name] = value
        for name in ("CONVFMT", "OFMT"):
            self.variables[name] = "%.6g"
        for name in ("NR", "FNR", "RSTART"):
            self.variables[name] = 0.0
        self.variables["RLENGTH"] = -1.0
        self.variables["FILENAME"] = ""

    # --- values ---------------------------------------------------------------------------------------------------

    def array(self) -> Array:
        """A new array."""
        return BusyboxArray() if self.world.busybox else MawkArray()

    def value(self, name: str) -> Value:
        """A special variable's value."""
        found = self.variables.get(name, UNSET)
        return UNSET if isinstance(found, Array) else found

    def text(self, name: str) -> str:
        """A special variable's text."""
        found = self.variables.get(name, UNSET)
        return found if isinstance(found, str) else text_of(self.value(name))

    @property
    def form(self) -> str:
        """How numbers become texts: ``CONVFMT``."""
        return self.text("CONVFMT")

    def compiled(self, text: str) -> Regex:
        """An extended regular expression.

        :raises Complaint: where it is malformed.
        """
        found = self.regexes.get(text)
        if found is None:
            found = self.regexes[text] = compiled(text, self.world.busybox)
        return found

    def made(self, text: str) -> str:
        """A text that the program made; each counts, and together they are bounded."""
        self.characters += len(text)
        if len(text) > LIMIT or self.characters > _MADE:
            raise Interrupted
        return text

    def tick(self) -> None:
        """Stop a program that never ends."""
        self.steps += 1
        if self.steps > _STEPS:
            raise Interrupted

    def trouble(self, mawk: str, busybox: str) -> Complaint:
        """A problem while it runs, in the words of each family; what was printed stays."""
        if self.world.busybox:
            return Complaint(f"awk: cmd. line:1: {busybox}\n", 1)
        number, own = (text_of(self.value(name)) for name in ("NR", "FNR"))
        where = f'\tFILENAME="{self.text("FILENAME")}" FNR={own} NR={number}\n'
        return Complaint(f"awk: run time error: {mawk}\n{where}", 2)

    # --- the record -----------------------------------------------------------------------------------------------

    def split(self, text: str, separator: str) -> list[str]:
        """A text taken apart as fields are."""
        if separator == " ":
            return text.split()
        if not text:
            return []
        if separator == "":
            return list(text)
        if len(separator) == 1 and separator != "\\":
            return text.split(separator)
        return self.compiled(separator).split(text)

    def set_record(self, text: str) -> None:
        """Take a record apart."""
        self.record = text
        separator = self.text("FS")
        if self.value("RS") == "" and separator != " ":
            parts = [part for line in text.split("\n") for part in self.split(line, separator)]
        else:
            parts = self.split(text, separator)
        self.fields = [InputText(part) for part in parts]
        require(len(self.fields))

    def field_value(self, number: int) -> Value:
        """``$number``.

        :raises Complaint: for a negative one.
        """
        if number < 0:
            raise self.trouble(f"negative field index $-{-number}", "Access to negative field")
        if number == 0:
            return InputText(self.record)
        return self.fields[number - 1] if number <= len(self.fields) else UNSET

    def set_field(self, number: int, value: Value) -> None:
        """Assign ``$number``; the record is made anew."""
        if number == 0:
            self.set_record(text_of(value, self.form))
            return
        if number < 0:
            raise self.trouble(f"negative field index $-{-number}", "Access to negative field")
        if number > WORDS:
            raise Interrupted
        self.fields += [UNSET] * (number - len(self.fields))
        self.fields[number - 1] = value
        self.rejoin()

    def set_count(self, count: int) -> None:
        """Assign ``NF``: fields are cut or added."""
        require(count)
        self.fields = [*self.fields, *[UNSET] * (count - len(self.fields))][: max(0, count)]
        self.rejoin()

    def rejoin(self) -> None:
        """Make the record of its fields."""
        form = self.form
        self.record = self.made(self.text("OFS").join(text_of(each, form) for each in self.fields))

    # --- input ----------------------------------------------------------------------------------------------------

    def next_record(self) -> str | None:
        """The next record of the main input; None at its end."""
        while True:
            if self.current is not None:
                found = self.current.next(self.text("RS"), self.compiled)
                if found is not None:
                    self.variables["NR"] = number_of(self.value("NR")) + 1
                    self.variables["FNR"] = number_of(self.value("FNR")) + 1
                    return found
            following = next(self.inputs, None)
            if following is None:
                self.current = None
                return None
            self.variables["FILENAME"] = following[0]
            self.variables["FNR"] = 0.0
            self.current = Records(following[1])

    def read_file(self, name: str) -> str | None:
        """The next record of a file; None at the end.

        :raises OSError: where it cannot be read.
        """
        if name not in self.readers:
            text = self.world.read(name)
            if text is None:
                raise OSError(name)
            self.readers[name] = Records(text)
        return self.readers[name].next(self.text("RS"), self.compiled)

    def read_command(self, text: str) -> str | None:
        """The next record of what a command writes."""
        if text not in self.readers:
            self.flush()
            done = self.world.command(text, None, self.seconds)
            self.seconds += done.seconds
            self.errors.append(done.stderr)
            self.statuses[text] = done.returncode
            self.readers[text] = Records(done.stdout)
        return self.readers[text].next(self.text("RS"), self.compiled)

    # --- output ---------------------------------------------------------------------------------------------------

    def print(self, text: str) -> None:
        """Write to standard output."""
        self.buffer.append(self.made(text))

    def flush(self) -> None:
        """Show what was printed."""
        self.out += self.buffer
        self.buffer.clear()

    def write_file(self, name: str, text: str, *, append: bool) -> None:
        """Write to a file; the first time it is made empty.

        :raises Complaint: where it cannot be written.
        """
        if name in ("/dev/stdout", "-"):
            self.print(text)
        elif name == "/dev/stderr":
            self.errors.append(text)
        else:
            reason = self.world.write(name, self.made(text), append=append or name in self.written)
            if reason and self.world.busybox:
                raise Complaint(f"awk: can't open '{name}': {reason}\n", 1)
            if reason:
                raise Complaint(f'awk: cannot open "{name}" for output ({reason})\n', 2)
            self.written.add(name)

    def write_pipe(self, command: str, text: str) -> None:
        """Write to a command, which runs when the pipe is closed."""
        if command not in self.pipes:
            self.flush()
        self.pipes.setdefault(command, []).append(self.made(text))

    def system(self, command: str) -> float:
        """Run a command; its status."""
        self.flush()
        return float(self._show(self.world.command(command, None, self.seconds)))

    def _show(self, done: Completed) -> int:
        self.seconds += done.seconds
        self.out.append(self.made(done.stdout))
        self.errors.append(done.stderr)
        return done.returncode

    def close(self, name: str) -> float:
        """Close a file or command; a command's status, -1 for what was not open."""
        if name in self.pipes:
            return float(self._show(self.world.command(name, "".join(self.pipes.pop(name)), self.seconds)))
        if name in self.readers:
            del self.readers[name]
            return float(self.statuses.pop(name, 0))
        if name in self.written:
            self.written.discard(name)
            return 0.0
        return -1.0

    def finish(self) -> None:
        """Close everything."""
        self.flush()
        for name in list(self.pipes):
            self.close(name)

    def seeded(self, seed: float) -> float:
        """``srand``: the seed before."""
        before, self.seed = self.seed, seed
        self.chance = Random(integer_of(seed))
        return before


def compiled(text: str, busybox: bool) -> Regex:
    """An extended regular expression of a program.

    :raises Complaint: where it is malformed.
    """
    try:
        return Regex(compile_posix(text, extended=True))
    except RegexProblem as problem:
        if busybox:
            raise Complaint(f"awk: bad regex '{text}': {problem}\n", 1) from problem
        reason = _REASONS.get(str(problem), str(problem))
        raise Complaint(f"awk: line 1: regular expression compile failed ({reason})\n{text}\n", 2) from problem


_REASONS = {
    "Unmatched ( or \\(": "missing ')'",
    "Unmatched ) or \\)": "missing '('",
    "Unmatched [, [^, [:, [., or [=": "bad class -- [], [^] or [",
    "Invalid preceding regular expression": "missing operand",
}
"""mawk's words for what is wrong."""
