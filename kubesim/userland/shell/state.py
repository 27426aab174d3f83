"""What a shell remembers: variables, functions, options, where it is; and the streams its commands use."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from kubesim.userland.bounds import LIMIT, SCREENFUL, Interrupted
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.machine import Invocation
from kubesim.userland.shell.tree import Command


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
    full: bool = False

    def write(self, text: str) -> None:
        """Keep the text.

        :raises Interrupted: where it becomes too long; the beginning is kept.
        """
        self.size += len(text)
        if self.size > LIMIT:
            self.full = True
            self.size -= len(text)
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
        self.size = 0
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
        self.position = stop
        return line

    def rest(self) -> str:
        """What is left, without taking it."""
        return self.text[self.position :]

    def drain(self) -> str:
        """What is left, taking it."""
        left = self.rest()
        self.position = len(self.text)
        return left


Descriptors = dict[int, "Output | Input"]


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable; an array has elements by number."""

    value: str = ""
    elements: tuple[tuple[int, str], ...] | None = None
    exported: bool = False
    readonly: bool = False

    @property
    def text(self) -> str:
        """The value, or an array's element 0."""
        if self.elements is None:
            return self.value
        return dict(self.elements).get(0, "")


class ReadOnlyError(Exception):
    """An assignment to a read-only variable."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: readonly variable")
        self.name = name


@dataclass(slots=True)
class Job:
    """A command in the background; its output shows when its time has come."""

    number: int
    pid: int
    source: str
    ends: float
    status: int
    outputs: list[tuple[Output, str]] = field(default_factory=list)


@dataclass(slots=True)
class State:
    """A shell's memory; a subshell works on a copy."""

    variables: dict[str, Variable] = field(default_factory=dict)
    functions: dict[str, Command] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    options: set[str] = field(default_factory=set)
    traps: dict[str, str] = field(default_factory=dict)
    positional: tuple[str, ...] = ()
    name: str = "bash"
    directory: str = "/"
    status: int = 0
    pid: int = 1
    last_background: int | None = None
    jobs: list[Job] = field(default_factory=list)
    locals: list[dict[str, Variable | None]] = field(default_factory=list)
    loops: int = 0
    functions_running: int = 0

    def copy(self) -> State:
        """What a subshell starts with: everything but the jobs and the traps."""
        return replace(
            self,
            variables=dict(self.variables),
            functions=dict(self.functions),
            aliases=dict(self.aliases),
            options=set(self.options),
            traps={},
            jobs=[],
            locals=[dict(scope) for scope in self.locals],
        )

    def get(self, name: str) -> str | None:
        """A variable's value, or None where it is unset."""
        found = self.variables.get(name)
        return None if found is None else found.text

    def set(self, name: str, value: str, *, export: bool | None = None) -> None:
        """Assign a variable.

        :raises ReadOnlyError: where it may not change.
        """
        old = self.variables.get(name, Variable())
        if old.readonly:
            raise ReadOnlyError(name)
        exported = old.exported if export is None else export
        if old.elements is not None:
            elements = dict(old.elements) | {0: value}
            self.variables[name] = replace(old, elements=tuple(sorted(elements.items())))
        else:
            self.variables[name] = Variable(value, None, exported or "allexport" in self.options)

    def set_array(self, name: str, elements: dict[int, str]) -> None:
        """Assign an array.

        :raises ReadOnlyError: where it may not change.
        """
        old = self.variables.get(name, Variable())
        if old.readonly:
            raise ReadOnlyError(name)
        self.variables[name] = replace(old, value="", elements=tuple(sorted(elements.items())))

    def elements(self, name: str) -> dict[int, str]:
        """An array's elements; a plain variable is its element 0."""
        found = self.variables.get(name)
        if found is None:
            return {}
        return {0: found.value} if found.elements is None else dict(found.elements)

    def unset(self, name: str) -> None:
        """Forget a variable.

        :raises ReadOnlyError: where it may not change.
        """
        if name in self.variables and self.variables[name].readonly:
            raise ReadOnlyError(name)
        self.variables.pop(name, None)

    def environment(self) -> dict[str, str]:
        """The exported variables."""
        return {name: each.text for name, each in self.variables.items() if each.exported}

    def remember_local(self, name: str) -> None:
        """Keep a variable's value for the end of the running function."""
        if self.locals and name not in self.locals[-1]:
            self.locals[-1][name] = self.variables.get(name)


class Numbers(MutableMapping[str, str]):
    """A shell's variables as arithmetic sees them."""

    def __init__(self, state: State) -> None:
        self.state = state

    def __getitem__(self, name: str) -> str:
        value = self.state.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __setitem__(self, name: str, value: str) -> None:
        self.state.set(name, value)

    def __delitem__(self, name: str) -> None:
        self.state.unset(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.state.variables)

    def __len__(self) -> int:
        return len(self.state.variables)


def shell_state(invocation: Invocation, name: str, arguments: Sequence[str], pid: int) -> State:
    """The memory of a fresh shell: the environment's variables, exported."""
    variables = {key: Variable(value, exported=True) for key, value in invocation.environment.items()}
    state = State(variables=variables, positional=tuple(arguments), name=name, directory=invocation.directory, pid=pid)
    state.variables["PWD"] = Variable(invocation.directory, exported=True)
    depth = invocation.environment.get("SHLVL", "")
    state.variables["SHLVL"] = Variable(str(int(depth) + 1 if depth.isdigit() else 0), exported=True)
    return state
