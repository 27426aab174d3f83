"""What programs of the command line share: one table of options each, inputs, complaints in the words of its family.

A program is written for its :class:`CommandLine`, which :func:`program` reads for it by the letters of its options.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Generic, TypeAlias, TypeVar

from kubesim.data_directory import DATA, read_yaml
from kubesim.userland.filesystem import FileError, FileSystem, absolute
from kubesim.userland.machine import Machine
from kubesim.userland.numerals import is_number, whole_number
from kubesim.userland.process import Completed, Running, Start

AnyMachine = TypeVar("AnyMachine", bound=Machine)
Result = TypeVar("Result", bound=Completed | Running)
Wording: TypeAlias = Callable[[str, str], str]
"""(An input's name, why it cannot be read) → the complaint."""

USAGE = "Try '{name} --help' for more information.\n"
"""What the coreutils say where they are misused; busybox' programs say all of their usage."""


@cache
def _usages() -> Mapping[str, str]:
    texts: Mapping[str, str] = read_yaml(DATA / "usages.yaml")
    return texts


def usage(name: str) -> str:
    """What a program says of how it is used; busybox' is that of ``busybox/NAME``.

    :raises KeyError: where there is none in ``data/usages.yaml``.
    """
    return _usages()[name]


class Complaint(Exception):  # noqa: N818
    """A program's refusal of its command line.

    :param text: everything on stderr.
    """

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


def lines_of(text: str) -> list[str]:
    """The lines of a text without their newlines."""
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    return lines


def joined(lines: Iterable[str]) -> str:
    """Lines as a text."""
    return "".join(f"{line}\n" for line in lines)


@dataclass(slots=True)
class CommandLine(Generic[AnyMachine]):
    """A program's command line, read, and what the program complains of while it works.

    :param options: by letter, each with its last value; empty for a flag.
    :param repeated: every value of a letter, in order.
    :param usage: what it says of how it is used, where it is misused.
    :param status: how it ends then.
    """

    invocation: Start[AnyMachine]
    usage: str = USAGE
    status: int = 1
    options: dict[str, str] = field(default_factory=dict)
    operands: list[str] = field(default_factory=list)
    repeated: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The program's name as it was called."""
        return self.invocation.name

    @property
    def machine(self) -> AnyMachine:
        """Where it runs."""
        return self.invocation.machine

    @property
    def files(self) -> FileSystem:
        """The files of its machine."""
        return self.invocation.machine.files

    @property
    def began(self) -> float:
        """The simulated second at which it was started; to be asked before time passes."""
        return self.invocation.machine.simulation.now + self.invocation.elapsed

    @property
    def stdin(self) -> str:
        """Its standard input, read to the end."""
        return self.invocation.stdin

    @property
    def busybox(self) -> bool:
        """Whether the machine has busybox' programs, which word things their own way."""
        return self.invocation.machine.flavour in ("busybox", "alpine")

    def worded(self, usual: str, busybox: str) -> str:
        """The words of the program's family."""
        return busybox if self.busybox else usual

    def on(self, letters: str) -> bool:
        """Whether one of these options was given."""
        return any(letter in self.options for letter in letters)

    def number(self, letter: str, default: int, problem: str, least: int = 0) -> int:
        """The value of an option that takes a number.

        :param problem: what is said of a value that is none, ``{}`` in its place.
        """
        text = self.options.get(letter, str(default))
        if is_number(text) and whole_number(text) >= least:
            return whole_number(text)
        told = self.worded(problem.format(text), f"invalid number '{text}'")
        raise Complaint(f"{self.name}: {told}\n", self.status)

    def misuse(self, reason: str, status: int | None = None) -> Complaint:
        """What it says of a command line that it cannot use; busybox' programs tell their usage instead."""
        text = self._applet_usage() or f"{self.name}: {reason}\n{self.usage.format(name=self.name)}"
        return Complaint(text, self.status if status is None else status)

    def usage_only(self, usual: str = "") -> Complaint:
        """How it is used, without a reason.

        :param usual: what it says where it is not busybox'; else its usage.
        """
        return Complaint(self._applet_usage() or usual or self.usage.format(name=self.name), self.status)

    def _applet_usage(self) -> str:
        """The usage of a program of busybox; empty where there is none, or the program is another family's."""
        return _usages().get(f"busybox/{self.name}", "") if self.busybox else ""

    def path(self, name: str) -> str:
        """An operand as an absolute path."""
        return absolute(name, self.invocation.directory)

    def complain(self, text: str) -> None:
        """Tell of a problem, and go on."""
        self.problems.append(f"{self.name}: {text}")

    @contextmanager
    def trying(self, what: str) -> Iterator[None]:
        """Do something with files; where that fails, it is told as ``PROGRAM: WHAT: REASON``."""
        try:
            yield
        except FileError as error:
            self.complain(f"{what}: {error.reason}")

    def inputs(self, names: Sequence[str] | None = None, wording: Wording | None = None) -> Iterator[tuple[str, str]]:
        """Each input's name and text, standard input where there are none; an unreadable one adds a complaint instead.

        :param names: the operands, unless others are given.
        """
        for name in (self.operands if names is None else names) or ("-",):
            try:
                text = self.invocation.read(name)
            except FileError as error:
                self.problems.append((wording or self._unreadable)(name, error.reason))
                continue
            yield name, text

    def _unreadable(self, name: str, reason: str) -> str:
        if not self.busybox:
            return f"{self.name}: {name}: {reason}"
        problem = "read error" if reason == "Is a directory" else f"can't open '{name}'"
        return f"{self.name}: {problem}: {reason}"

    def text(self, names: Sequence[str] | None = None, wording: Wording | None = None) -> str:
        """All inputs, one after the other."""
        return "".join(text for _, text in self.inputs(names, wording))

    def lines(self, names: Sequence[str] | None = None, wording: Wording | None = None) -> list[str]:
        """The lines of all inputs."""
        return [line for _, text in self.inputs(names, wording) for line in lines_of(text)]

    def finished(self, out: str | Iterable[str] = "", status: int = 0, failing: int = 1) -> Completed:
        """How it ends: with a text or lines, and the complaints.

        :param failing: the status where there were any.
        """
        text = out if isinstance(out, str) else joined(out)
        return Completed(text, joined(self.problems), failing if self.problems else status)

    def _bad(self, reason: str) -> Complaint:
        if not self.busybox:
            return self.misuse(reason)
        if self.machine.libc == "musl":
            reason = reason.replace("invalid", "unrecognized").replace(" -- ", ": ").replace("'", "")
        return Complaint(f"{self.name}: {reason}\n{self._applet_usage()}", self.status)

    def read(self, form: Form) -> None:
        """Take the words apart.

        :raises Complaint: as getopt and the coreutils word it.
        """
        words = list(self.invocation.argv[1:])
        while words:
            word = words.pop(0)
            if word == "--":
                self.operands += words
                return
            if form.digits and word[1:].isdecimal() and word[0] == "-":
                self._set(form.digits, word[1:])
            elif word.startswith("--"):
                self._long(form, word, words)
            elif word.startswith("-") and word != "-":
                self._short(form, word[1:], words)
            else:
                self.operands.append(word)
                if form.in_order:
                    self.operands += words
                    return

    def _set(self, letter: str, value: str) -> None:
        self.options[letter] = value
        self.repeated.setdefault(letter, []).append(value)

    def _long(self, form: Form, word: str, words: list[str]) -> None:
        name, equals, value = word[2:].partition("=")
        names = form.long
        found = names.get(name) or next((letter for each, letter in names.items() if each.startswith(name)), None)
        if found is None:
            raise self._bad(f"unrecognized option '{word}'")
        if found in form.values and not equals:
            if not words:
                raise self._bad(f"option '{word}' requires an argument")
            value = words.pop(0)
        self._set(found, value)

    def _short(self, form: Form, letters: str, words: list[str]) -> None:
        while letters:
            letter, letters = letters[0], letters[1:]
            if self.busybox and letter in form.lacking:
                raise self._bad(f"invalid option -- '{letter}'")
            if letter in form.values:
                if not letters and not words:
                    raise self._bad(f"option requires an argument -- '{letter}'")
                self._set(letter, letters or words.pop(0))
                return
            if letter in form.optional:
                self._set(letter, letters)
                return
            if letter not in form.flags:
                raise self._bad(f"invalid option -- '{letter}'")
            self._set(letter, "")


@dataclass(frozen=True, slots=True)
class Form:
    """Which options a program has.

    :param flags: letters without a value; ``values`` those that take one, ``optional`` those with one attached or none.
    :param long: long names for them; a name may be cut short.
    :param digits: the option that ``-NUMBER`` stands for.
    :param lacking: letters that busybox' version has not.
    :param in_order: whether the first operand ends the options, because another program's words follow.
    """

    flags: str
    values: str
    optional: str
    long: dict[str, str]
    digits: str
    in_order: bool
    lacking: str = ""


def program(
    flags: str | None = None,
    values: str = "",
    long: str = "",
    *,
    optional: str = "",
    digits: str = "",
    in_order: bool = False,
    lacking: str = "",
    least: int = 0,
    missing: str = "missing operand",
    usage: str = USAGE,
    status: int = 1,
) -> Callable[[Callable[[CommandLine[AnyMachine]], Result]], Callable[[Start[AnyMachine]], Result | Completed]]:
    """A program written for its command line, as :class:`Form` and :class:`CommandLine` have it.

    :param flags: None where the program reads its words itself: all of them are operands.
    :param long: as ``number=n lines=l``.
    :param least: how many operands it needs; ``missing`` is what it says without them.
    """
    form = Form(
        flags or "", values, optional, dict(pair.split("=") for pair in long.split()), digits, in_order, lacking
    )

    def decorate(
        body: Callable[[CommandLine[AnyMachine]], Result],
    ) -> Callable[[Start[AnyMachine]], Result | Completed]:
        def run(invocation: Start[AnyMachine]) -> Result | Completed:
            line = CommandLine(invocation, usage, status)
            try:
                if flags is None:
                    line.operands += invocation.argv[1:]
                else:
                    line.read(form)
                if len(line.operands) < least:
                    raise line.misuse(missing)
                return body(line)
            except Complaint as complaint:
                return Completed("", complaint.text, complaint.status)

        run.__doc__ = body.__doc__
        run.__name__ = body.__name__
        return run

    return decorate


Run: TypeAlias = CommandLine[Machine]
"""The command line of a program that needs no network."""
