"""What a shell remembers: variables, functions, options, jobs, where it is."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from kubesim.userland.numerals import is_number, whole_number
from kubesim.userland.process import Start, Steps, WithFiles
from kubesim.userland.shell.streams import Capture, Output
from kubesim.userland.shell.tree import Command

Elements = dict[int | str, str]
"""An array by number, or an associative one by text."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable.

    :param value: None where it was declared and never set.
    :param elements: an array's; None for a plain variable.
    :param case: ``upper`` or ``lower`` where every value is made so.
    """

    value: str | None = ""
    elements: Mapping[int | str, str] | None = None
    associative: bool = False
    exported: bool = False
    readonly: bool = False
    integer: bool = False
    case: str = ""

    @property
    def text(self) -> str | None:
        """The value, or an array's element 0; None where there is none."""
        if self.elements is None:
            return self.value
        return self.elements.get("0" if self.associative else 0)

    def items(self) -> list[tuple[int | str, str]]:
        """An array's elements in their order: by number, or as bash's table of texts has them."""
        elements = self.elements if self.elements is not None else {} if self.value is None else {0: self.value}
        if self.associative:
            newest_first = list(elements.items())[::-1]
            return sorted(newest_first, key=lambda item: _bucket(str(item[0])))
        return sorted(elements.items())

    @property
    def letters(self) -> str:
        """Its attributes as ``declare -p`` has them; ``-`` for none."""
        marks = (
            (self.elements is not None and not self.associative, "a"),
            (self.associative, "A"),
            (self.integer, "i"),
            (self.case == "lower", "l"),
            (self.readonly, "r"),
            (self.case == "upper", "u"),
            (self.exported, "x"),
        )
        return "".join(letter for holds, letter in marks if holds) or "-"


def _bucket(key: str) -> int:
    """Where bash's table of an associative array keeps a key (FNV-1 of 32 bits, 1,024 buckets)."""
    number = 2166136261
    for byte in key.encode("utf-8", "surrogateescape"):
        number = ((number * 16777619) & 0xFFFFFFFF) ^ byte
    return number & 1023


class ReadOnlyError(Exception):
    """An assignment to a read-only variable."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: readonly variable")
        self.name = name


class SubscriptError(Exception):
    """A subscript that names no element."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: bad array subscript")
        self.name = name


class Definition(NamedTuple):
    """A function.

    :param source: the name of the script that it stands in, which its complaints begin with.
    """

    body: Command
    source: str


@dataclass(slots=True)
class Job:
    """A command in the background: it takes each of its steps when the time for that has come.

    :param outputs: what it writes into, each with where that is shown.
    :param steps: what it has still to do; None when it has ended, or serves.
    :param moment: says which simulated second it has come to.
    :param due: when it takes its next step; infinite where there is none.
    :param latest: when it is given up, should it go on for so long.
    """

    number: int
    pid: int
    source: str
    outputs: list[tuple[Capture, Output]]
    steps: Steps | None
    moment: Callable[[], float]
    due: float
    latest: float
    ends: float = math.inf
    status: int = 0
    log: list[str] = field(default_factory=list)
    """What a server in the background writes, as it comes."""
    told: int = 0
    """How many lines of that have been shown."""
    screen: Output | None = None
    """Where it writes."""


def _no_calculation(text: str) -> int:
    return whole_number(text) if is_number(text) else 0


@dataclass(slots=True)
class State:
    """A shell's memory; a subshell works on a copy.

    :param calculate: evaluates what is assigned to an integer.
    """

    variables: dict[str, Variable] = field(default_factory=dict)
    functions: dict[str, Definition] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    options: set[str] = field(default_factory=set)
    switches: set[str] = field(default_factory=set)
    """What ``shopt`` has set."""
    traps: dict[str, str] = field(default_factory=dict)
    positional: tuple[str, ...] = ()
    name: str = "bash"
    directory: str = "/"
    status: int = 0
    pid: int = 1
    last_background: int | None = None
    last_argument: str = ""
    jobs: list[Job] = field(default_factory=list)
    locals: list[dict[str, Variable | None]] = field(default_factory=list)
    loops: int = 0
    calls: list[str] = field(default_factory=list)
    """The functions that are running, the innermost last."""
    sourcing: int = 0
    """Files that are being read by ``.``."""
    directories: list[str] = field(default_factory=list)
    """What ``pushd`` put away."""
    history: list[str] = field(default_factory=list)
    """The lines that a person typed."""
    mask: str = "0022"
    option_index: int = 1
    """Which word dash's and ash's ``getopts`` looks at: ``OPTIND`` as it was assigned, but 1 after ``set --``."""
    option_place: int = 1
    """Where in its word ``getopts`` is."""
    calculate: Callable[[str], int] = _no_calculation

    def copy(self) -> State:
        """What a subshell starts with: everything but the jobs; traps are forgotten, save those that ignore."""
        return replace(
            self,
            variables=dict(self.variables),
            functions=dict(self.functions),
            aliases=dict(self.aliases),
            options=set(self.options),
            switches=set(self.switches),
            traps={name: action for name, action in self.traps.items() if not action},
            jobs=[],
            locals=[dict(scope) for scope in self.locals],
            calls=list(self.calls),
            directories=list(self.directories),
        )

    def get(self, name: str) -> str | None:
        """A variable's value, or None where it is unset."""
        found = self.variables.get(name)
        return None if found is None else found.text

    def converted(self, variable: Variable, value: str) -> str:
        """A value as a variable's attributes make it."""
        if variable.integer:
            return str(self.calculate(value))
        if variable.case:
            return value.upper() if variable.case == "upper" else value.lower()
        return value

    def set(self, name: str, value: str, *, export: bool | None = None) -> None:
        """Assign a variable.

        :raises ReadOnlyError: where it may not change.
        """
        old = self._changing(name)
        value = self.converted(old, value)
        exported = old.exported if export is None else export
        if old.elements is not None:
            first = "0" if old.associative else 0
            self.variables[name] = replace(old, elements={**old.elements, first: value}, exported=exported)
        else:
            self.variables[name] = replace(old, value=value, exported=exported or "allexport" in self.options)
        if name == "OPTIND":
            self.option_place = 1
            self.option_index = int(value[:9]) if value.isdecimal() else 1

    def _changing(self, name: str) -> Variable:
        old = self.variables.get(name, Variable(None))
        if old.readonly:
            raise ReadOnlyError(name)
        return old

    def set_array(self, name: str, elements: Elements) -> None:
        """Assign an array.

        :raises ReadOnlyError: where it may not change.
        """
        old = self._changing(name)
        self.variables[name] = replace(old, value="", elements=elements)

    def set_element(self, name: str, key: int | str, value: str, *, append: bool = False) -> None:
        """Assign one element; a negative number counts from the end.

        :raises ReadOnlyError: where it may not change.
        :raises SubscriptError: before the first element.
        """
        old = self._changing(name)
        elements = self.elements(name)
        if isinstance(key, int) and key < 0:
            key += self.length(elements)
            if key < 0:
                raise SubscriptError(f"{name}[{key - self.length(elements)}]")
        before = elements.get(key, "") if append else ""
        if old.integer and append:
            value = f"{before or 0}+({value})" if value.strip() else before
            before = ""
        elements[key] = before + self.converted(old, value)
        self.variables[name] = replace(old, value="", elements=elements)

    @staticmethod
    def length(elements: Elements) -> int:
        """One more than the highest number."""
        return max((number for number in elements if isinstance(number, int)), default=-1) + 1

    def elements(self, name: str) -> Elements:
        """An array's elements; a plain variable is its element 0."""
        found = self.variables.get(name)
        return dict(found.items()) if found is not None else {}

    def is_associative(self, name: str) -> bool:
        """Whether an array's subscripts are texts."""
        found = self.variables.get(name)
        return found is not None and found.associative

    def unset(self, name: str) -> None:
        """Forget a variable.

        :raises ReadOnlyError: where it may not change.
        """
        if name in self.variables and self.variables[name].readonly:
            raise ReadOnlyError(name)
        self.variables.pop(name, None)
        if name == "OPTIND":
            self.option_place = 1

    def environment(self) -> dict[str, str]:
        """The exported variables."""
        return {
            name: each.value
            for name, each in self.variables.items()
            if each.exported and each.elements is None and each.value is not None
        }

    def restore(self, saved: Mapping[str, Variable | None]) -> None:
        """Give variables the values that they had; None where they were unset."""
        for name, old in saved.items():
            if old is None:
                self.variables.pop(name, None)
            else:
                self.variables[name] = old
            if name == "OPTIND":
                self.option_place = 1

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
    def called(self, name: str, arguments: Sequence[str]) -> Iterator[None]:
        """A function's call: its own positional parameters, local variables and loops."""
        outer, self.positional = self.positional, tuple(arguments)
        loops, self.loops = self.loops, 0
        self.locals.append({})
        self.calls.append(name)
        try:
            yield
        finally:
            self.positional, self.loops = outer, loops
            self.calls.pop()
            self.restore(self.locals.pop())

    def remember_local(self, name: str) -> bool:
        """Keep a variable's value for the end of the running function; whether it was not kept before."""
        if self.locals and name not in self.locals[-1]:
            self.locals[-1][name] = self.variables.get(name)
            return True
        return False


_ELEMENT = re.compile(r"(\w+)\[(.*)\]", re.DOTALL)


class Numbers(MutableMapping[str, str]):
    """A shell's variables as arithmetic sees them; ``name[subscript]`` is an element.

    :param special: the values of parameters that are no variables.
    :param subscript: what a subscript's text stands for.
    """

    def __init__(
        self, state: State, special: Callable[[str], str | None], subscript: Callable[[str, str], int | str]
    ) -> None:
        self.state = state
        self.special = special
        self.subscript = subscript

    def __getitem__(self, name: str) -> str:
        element = _ELEMENT.fullmatch(name)
        if element:
            elements = self.state.elements(element[1])
            key = self.subscript(element[1], element[2])
            if isinstance(key, int) and key < 0:
                key += State.length(elements)
            value = elements.get(key)
        else:
            value = self.special(name)
            if value is None:
                value = self.state.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __setitem__(self, name: str, value: str) -> None:
        element = _ELEMENT.fullmatch(name)
        if element:
            self.state.set_element(element[1], self.subscript(element[1], element[2]), value)
        else:
            self.state.set(name, value)

    def __delitem__(self, name: str) -> None:
        self.state.unset(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.state.variables)

    def __len__(self) -> int:
        return len(self.state.variables)


def shell_state(invocation: Start[WithFiles], name: str, arguments: Sequence[str], pid: int) -> State:
    """The memory of a fresh shell: the environment's variables, exported."""
    variables = {
        key: Variable(value, exported=True)
        for key, value in invocation.environment.items()
        if re.fullmatch(r"[A-Za-z_]\w*", key)
    }
    state = State(variables=variables, positional=tuple(arguments), name=name, directory=invocation.directory, pid=pid)
    state.variables["PWD"] = Variable(invocation.directory, exported=True)
    return state
