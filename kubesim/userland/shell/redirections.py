"""Redirections: which stream each descriptor of a command is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.numerals import is_number, whole_number
from kubesim.userland.shell.expansion import Expander, Surroundings
from kubesim.userland.shell.streams import Capture, Descriptors, FileOutput, Input, Output
from kubesim.userland.shell.tree import Redirect

_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2, "/dev/fd/1": 1, "/dev/fd/2": 2, "/proc/1/fd/1": 1, "/dev/tty": 1}
"""Files that are descriptors."""


@dataclass(frozen=True, slots=True)
class Opened:
    """How opening a connection where a redirection names one ended.

    :param problem: what is wrong with the path, in the shell's words; empty where the connection stands.
    :param before: a complaint that stands before that one, on a line of its own.
    :param counts: whether that complaint names the line of the script.
    """

    problem: str = ""
    before: str = ""
    counts: bool = False
    seconds: float = 0.0


Opener = Callable[[Any, str], Opened | None]
"""Opens what a path means on a machine where it is no file of its disk (``/dev/tcp/…``); None for any other path."""


class RedirectionError(Exception):
    """A file that cannot be opened; the command does not run.

    :param opened: the connection that it stands for, where it is none of a disk.
    """

    def __init__(self, message: str, opened: Opened | None = None) -> None:
        super().__init__(message)
        self.opened = opened or Opened()


class Redirecting(Surroundings, Protocol):
    """The shell whose commands are redirected."""

    descriptors: Descriptors
    expander: Expander
    opener: Opener


def redirected(shell: Redirecting, redirects: Sequence[Redirect]) -> Descriptors:
    """The descriptors of a command after its redirections, left to right.

    :raises RedirectionError: with the shell's words.
    """
    descriptors = dict(shell.descriptors)
    for redirect in redirects:
        _apply(shell, redirect, descriptors)
    return descriptors


def _apply(shell: Redirecting, redirect: Redirect, descriptors: Descriptors) -> None:
    operator, number = redirect.operator, redirect.descriptor
    if redirect.variable:
        number = _named(shell, redirect, descriptors)
    if operator in ("<<", "<<-"):
        descriptors[number] = Input(shell.expander.text(redirect.body) if redirect.body else "")
        return
    if operator == "<<<":
        descriptors[number] = Input(shell.expander.text(redirect.target) + "\n")
        return
    names = shell.expander.fields([redirect.target])
    if len(names) != 1:
        if shell.dialect.is_bash or len(names) > 1:
            raise RedirectionError(f"{redirect.target.source}: ambiguous redirect")
        names = [""]
    name = names[0]
    if operator in (">&", "<&") and (name == "-" or name.rstrip("-").isdigit()):
        _duplicate(number, name, descriptors)
        return
    path = absolute(name, shell.state.directory)
    opened = shell.opener(shell.machine, path)
    if opened is not None:
        if opened.problem:
            raise RedirectionError(f"{name}: {opened.problem}", opened)
        descriptors[number] = Input() if operator in ("<", "<>") else Capture()
    elif operator in ("<", "<>"):
        descriptors[number] = _open(shell, name, path, descriptors)
    else:
        descriptors[number] = output = _create(shell, name, path, operator, descriptors)
        if operator in ("&>", "&>>") or (operator == ">&" and number == 1):
            descriptors[1] = descriptors[2] = output


def _named(shell: Redirecting, redirect: Redirect, descriptors: Descriptors) -> int:
    """The descriptor of ``{name}>file``: a new one, whose number the variable gets; with ``>&-`` the one it has."""
    if redirect.operator in (">&", "<&") and redirect.target.source == "-":
        text = shell.state.get(redirect.variable) or ""
        return whole_number(text) if is_number(text) else -1
    number = 10
    while number in descriptors:
        number += 1
    shell.state.set(redirect.variable, str(number))
    return number


def _duplicate(number: int, name: str, descriptors: Descriptors) -> None:
    if name == "-":
        descriptors.pop(number, None)
        return
    source = whole_number(name.rstrip("-"))
    if source not in descriptors:
        raise RedirectionError(f"{source}: Bad file descriptor")
    descriptors[number] = descriptors[source]


def _open(shell: Redirecting, name: str, path: str, descriptors: Descriptors) -> Input:
    if path in ("/dev/stdin", "/dev/fd/0"):
        current = descriptors.get(0)
        return current if isinstance(current, Input) else Input()
    try:
        return Input(shell.machine.files.read(path))
    except FileError as error:
        raise RedirectionError(shell.dialect.cannot_open(name, error.reason)) from error


def _create(shell: Redirecting, name: str, path: str, operator: str, descriptors: Descriptors) -> Output | Input:
    if _STREAMS.get(path) in descriptors:
        return descriptors[_STREAMS[path]]
    files = shell.machine.files
    if operator == ">" and "noclobber" in shell.state.options and files.is_file(path) and path != "/dev/null":
        if shell.dialect.is_bash:
            raise RedirectionError(f"{name}: cannot overwrite existing file")
        raise RedirectionError(shell.dialect.cannot_create(name, "File exists"))
    try:
        files.write(path, "", append=operator in (">>", "&>>"))
    except FileError as error:
        raise RedirectionError(shell.dialect.cannot_create(name, error.reason)) from error
    return FileOutput(files, path)
