"""Redirections: which stream each descriptor of a command is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.shell.state import Capture, Descriptors, FileOutput, Input, Output
from kubesim.userland.shell.tree import Redirect

if TYPE_CHECKING:
    from kubesim.userland.shell.execution import Interpreter


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


def redirected(interpreter: Interpreter, redirects: Sequence[Redirect]) -> Descriptors:
    """The descriptors of a command after its redirections, left to right.

    :raises RedirectionError: with the shell's words.
    """
    descriptors = dict(interpreter.descriptors)
    for redirect in redirects:
        _apply(interpreter, redirect, descriptors)
    return descriptors


def _apply(interpreter: Interpreter, redirect: Redirect, descriptors: Descriptors) -> None:
    operator = redirect.operator
    if operator in ("<<", "<<-"):
        descriptors[redirect.descriptor] = Input(interpreter.expander.text(redirect.body) if redirect.body else "")
        return
    if operator == "<<<":
        descriptors[redirect.descriptor] = Input(interpreter.expander.text(redirect.target) + "\n")
        return
    names = interpreter.expander.fields([redirect.target])
    if len(names) != 1:
        if interpreter.dialect.is_bash or len(names) > 1:
            raise RedirectionError(f"{redirect.target.source}: ambiguous redirect")
        names = [""]
    name = names[0]
    if operator in (">&", "<&") and (name == "-" or name.rstrip("-").isdigit()):
        _duplicate(interpreter, redirect, name, descriptors)
        return
    path = absolute(name, interpreter.state.directory)
    opened = interpreter.opener(interpreter.machine, path)
    if opened is not None:
        if opened.problem:
            raise RedirectionError(f"{name}: {opened.problem}", opened)
        descriptors[redirect.descriptor] = Input() if operator in ("<", "<>") else Capture()
        return
    if operator in ("<", "<>"):
        descriptors[redirect.descriptor] = _open(interpreter, name, path, descriptors)
        return
    output = _create(interpreter, name, path, operator, descriptors)
    descriptors[redirect.descriptor] = output
    if operator in ("&>", "&>>") or (operator == ">&" and redirect.descriptor == 1):
        descriptors[1] = descriptors[2] = output


def _duplicate(interpreter: Interpreter, redirect: Redirect, name: str, descriptors: Descriptors) -> None:
    if name == "-":
        descriptors.pop(redirect.descriptor, None)
        return
    number = int(name.rstrip("-"))
    if number not in descriptors:
        raise RedirectionError(f"{number}: Bad file descriptor")
    descriptors[redirect.descriptor] = descriptors[number]


def _open(interpreter: Interpreter, name: str, path: str, descriptors: Descriptors) -> Input:
    if path in ("/dev/stdin", "/dev/fd/0"):
        current = descriptors.get(0)
        return current if isinstance(current, Input) else Input()
    try:
        text = interpreter.machine.files.read(path)
    except FileError as error:
        raise RedirectionError(interpreter.dialect.cannot_open(name, error.reason)) from error
    return Input(text)


def _create(interpreter: Interpreter, name: str, path: str, operator: str, descriptors: Descriptors) -> Output | Input:
    special = {"/dev/stdout": 1, "/dev/stderr": 2, "/dev/fd/1": 1, "/dev/fd/2": 2, "/proc/1/fd/1": 1, "/dev/tty": 1}
    if path in special and special[path] in descriptors:
        return descriptors[special[path]]
    files = interpreter.machine.files
    try:
        if operator == ">" and "noclobber" in interpreter.state.options and files.is_file(path) and path != "/dev/null":
            if interpreter.dialect.is_bash:
                raise RedirectionError(f"{name}: cannot overwrite existing file")
            raise RedirectionError(interpreter.dialect.cannot_create(name, "File exists"))
        files.write(path, "", append=operator in (">>", "&>>"))
    except FileError as error:
        raise RedirectionError(interpreter.dialect.cannot_create(name, error.reason)) from error
    return FileOutput(files, path)
