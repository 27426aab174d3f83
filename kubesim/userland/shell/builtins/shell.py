"""What a running shell is to its builtins."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Protocol

from kubesim.userland.process import Running, Steps
from kubesim.userland.shell.expansion import Expander, Surroundings
from kubesim.userland.shell.streams import Input


class Shell(Surroundings, Protocol):
    """The running shell; the interpreter is one.

    :param expander: expands the shell's words.
    :param from_option: whether the commands came from ``-c``.
    :param clock: the simulated second that this shell has come to; it may be ahead of the simulation.
    :param leaves: whether ``exit`` was typed.
    """

    expander: Expander
    from_option: bool
    clock: float
    leaves: bool

    @property
    def stdin(self) -> Input:
        """What commands read."""

    def write(self, text: str, descriptor: int = 1) -> None:
        """Write to one of the shell's own descriptors."""

    def complain(self, message: str) -> None:
        """A message with the shell's name and line before it."""

    def wait(self, seconds: float) -> Generator[float | Running, None, None]:
        """Let time pass."""

    def show_jobs(self, until: float) -> None:
        """Write what background jobs have written by a moment."""

    def run_text(self, text: str, first_line: int = 1) -> Steps:
        """Run a text."""

    def run_program(self, words: list[str], extra: dict[str, str], *, replaces: bool = False) -> Steps:
        """Run a program of the machine."""


Builtin = Callable[[Shell, list[str]], int | Steps]
"""A builtin gets the shell and its words; what it gives is its status, or steps that end with one."""
