"""Running a program: what it gets, and what it leaves.

A program is a plain function of an :class:`Invocation`. It runs to its end at once and says how many simulated
seconds it took; whoever started it lets that time pass. A server (nginx, CoreDNS) is a program that returns
:class:`Running` instead: it stays until it is stopped, and its listeners answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kubesim.network.service import Server

if TYPE_CHECKING:
    from kubesim.programs.machine import Machine


@dataclass(frozen=True, slots=True)
class Completed:
    """A program that ended; the names are subprocess'. ``seconds`` is simulated time."""

    stdout: str = ""
    stderr: str = ""
    returncode: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Running:
    """A program that goes on: what it wrote while starting, and what it listens on.

    :param listeners: (protocol, port) → the server behind it.
    :param log: lines written so far; the server appends to it (``kubectl logs`` reads it).
    :param stop_seconds: how long it takes to end after SIGTERM; None when it ignores SIGTERM (it is killed at the end
        of the grace period).
    """

    listeners: Mapping[tuple[str, int], Server]
    log: list[str] = field(default_factory=list)
    stop_seconds: float | None = 0.1
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Invocation:
    """One start of a program.

    :param argv: the words, the program's own name first.
    :param machine: where it runs: its files, its network, its clock, its name.
    :param environment: environment variables.
    """

    argv: tuple[str, ...]
    machine: Machine
    stdin: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: str = "/"


Program = Callable[[Invocation], Completed | Running]
