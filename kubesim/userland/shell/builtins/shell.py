"""What a running shell is to its builtins."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Protocol

from kubesim.userland.process import Running, Steps
from kubesim.userland.shell.expansion import Expander, Surroundings
from kubesim.userland.shell.streams import Descriptors, Input
from kubesim.userland.shell.tree import Assignment


class Shell(Surroundings, Protocol):
    """The running shell; the interpreter is one.

    :param expander: expands the shell's words.
    :param clock: the simulated second that this shell has come to; it may be ahead of the simulation.
    :param leaves: whether ``exit`` was typed.
    """

    expander: Expander
    clock: float
    leaves: bool
    descriptors: Descriptors
    compound: list[Assignment]
    """The arrays among the arguments of ``declare`` and its like."""

    @property
    def stdin(self) -> Input:
        """What commands read."""

    def write(self, text: str, descriptor: int = 1) -> None:
        """Write to one of the shell's own descriptors."""

    def complain(self, message: str) -> None:
        """A message with the shell's name and line before it."""

    def fail(self, command: str, message: str, status: int, *, special: bool = False) -> int:
        """A builtin's complaint, and its status; dash and ash end where the builtin is a special one."""

    def cannot_write(self, command: str) -> bool:
        """Whether standard output is closed, which has been told then."""

    def assign(self, assignment: Assignment) -> None:
        """Carry out an assignment."""

    def assign_text(self, name: str, value: str, *, command: str = "") -> None:
        """Give a variable a value, as its attributes have it.

        :param command: stands before a complaint about a number.
        """

    def calculated(self, text: str, command: str) -> int | None:
        """The value of an expression; None where it is malformed, which has been told then."""

    def receive(self, signal: str) -> None:
        """A signal for the shell itself: its trap runs when the command is over.

        :raises Killed: where it has none.
        """

    def wait(self, seconds: float) -> Generator[float | Running, None, None]:
        """Let time pass."""

    def show_jobs(self, until: float) -> None:
        """Write what background jobs have written by a moment."""

    def run_text(self, text: str, first_line: int = 1, *, within: str = "") -> Steps:
        """Run a text.

        :param within: ``eval`` or a file's name, which syntax errors tell.
        """

    def run_program(self, words: list[str], extra: dict[str, str], *, replaces: bool = False) -> Steps:
        """Run a program of the machine."""


Builtin = Callable[[Shell, list[str]], int | Steps]
"""A builtin gets the shell and its words; what it gives is its status, or steps that end with one."""
