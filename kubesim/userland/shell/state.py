"""What a shell remembers: variables, functions, options, jobs, where it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from kubesim.userland.process import Start
from kubesim.userland.shell.streams import Output
from kubesim.userland.shell.tree import Command


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

    def restore(self, saved: Mapping[str, Variable | None]) -> None:
        """Give variables the values that they had; None where they were unset."""
        for name, old in saved.items():
            if old is None:
                self.variables.pop(name, None)
            else:
                self.variables[name] = old

    @contextmanager
    def assigned(self, values: Sequence[tuple[str, str]]) -> Iterator[None]:
        """Assign and export variables for one command."""
        saved = {name: self.variables.get(name) for name, _ in values}
        for name, value in values:
            self.set(name, value, export=True)
        try:
            yield
        finally:
            self.restore(saved)

    @contextmanager
    def called(self, arguments: Sequence[str]) -> Iterator[None]:
        """A function's call: its own positional parameters, local variables and loops."""
        outer, self.positional = self.positional, tuple(arguments)
        loops, self.loops = self.loops, 0
        self.locals.append({})
        self.functions_running += 1
        try:
            yield
        finally:
            self.positional, self.loops = outer, loops
            self.functions_running -= 1
            self.restore(self.locals.pop())

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


def shell_state(invocation: Start[object], name: str, arguments: Sequence[str], pid: int) -> State:
    """The memory of a fresh shell: the environment's variables, exported."""
    variables = {key: Variable(value, exported=True) for key, value in invocation.environment.items()}
    state = State(variables=variables, positional=tuple(arguments), name=name, directory=invocation.directory, pid=pid)
    state.variables["PWD"] = Variable(invocation.directory, exported=True)
    depth = invocation.environment.get("SHLVL", "")
    state.variables["SHLVL"] = Variable(str(int(depth) + 1 if depth.isdigit() else 0), exported=True)
    return state
