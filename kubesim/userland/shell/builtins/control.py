"""Builtins that change what runs next: ``exit``, ``return``, ``break``, ``eval``, ``.``, ``exec``, ``trap``."""

from __future__ import annotations

import re

from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.process import Steps
from kubesim.userland.shell.builtins.shell import Shell
from kubesim.userland.shell.signals import FunctionReturn, LoopJump, ShellExit, signal_name


def _number(shell: Shell, words: list[str], default: int) -> int:
    """The number after ``exit``, ``return``, ``break``; a bad one ends the shell."""
    if len(words) < 2:
        return default
    if re.fullmatch(r"[-+]?\d+", words[1]):
        return int(words[1])
    if shell.dialect.is_bash:
        shell.complain(f"{words[0]}: {words[1]}: numeric argument required")
    elif shell.dialect.name == "dash":
        shell.complain(f"{words[0]}: Illegal number: {words[1]}")
    else:
        shell.complain(f"{words[0]}: line 0: Illegal number: {words[1]}")
    raise ShellExit(2)


def exit_(shell: Shell, words: list[str]) -> int:
    """End the shell."""
    shell.leaves = True
    raise ShellExit(_number(shell, words, shell.state.status) & 255)


def return_(shell: Shell, words: list[str]) -> int:
    """End the function or sourced file."""
    if not shell.state.functions_running and shell.dialect.is_bash:
        shell.complain("return: can only `return' from a function or sourced script")
        return 2
    raise FunctionReturn(_number(shell, words, shell.state.status) & 255)


def jump(shell: Shell, words: list[str]) -> int:
    """``break`` and ``continue``."""
    if not shell.state.loops:
        if shell.dialect.is_bash:
            shell.complain(f"{words[0]}: only meaningful in a `for', `while', or `until' loop")
        return 0
    raise LoopJump(max(1, _number(shell, words, 1)), again=words[0] == "continue")


def eval_(shell: Shell, words: list[str]) -> Steps:
    """Run the words as a text of their own."""
    return shell.run_text(" ".join(words[1:]), shell.line)


def source(shell: Shell, words: list[str]) -> Steps:
    """``.``: run a file in this shell."""
    name = words[0]
    if len(words) < 2:
        shell.complain(f"{name}: filename argument required\n{name}: usage: {name} filename [arguments]")
        return 2
    try:
        text = shell.machine.files.read(absolute(words[1], shell.state.directory))
    except FileError as error:
        if shell.dialect.is_bash:
            shell.complain(f"{words[1]}: {error.reason}")
            return 1
        if shell.dialect.name == "ash":
            shell.complain(f".: line 0: can't open '{words[1]}': {error.reason}")
        else:
            shell.complain(f".: {shell.dialect.cannot_open(words[1], error.reason)}")
        raise ShellExit(2) from error
    outer = shell.state.positional
    if len(words) > 2:
        shell.state.positional = tuple(words[2:])
    shell.state.functions_running += 1
    try:
        return (yield from shell.run_text(text))
    except FunctionReturn as leaving:
        return leaving.status
    finally:
        shell.state.functions_running -= 1
        shell.state.positional = outer


def exec_(shell: Shell, words: list[str]) -> Steps:
    """Replace the shell by a program."""
    status = yield from shell.run_program(words[1:], {}, replaces=True)
    raise ShellExit(status)


def trap(shell: Shell, words: list[str]) -> int:
    """Set what runs when a signal, or the end, comes."""
    arguments = [word for word in words[1:] if word != "--"]
    if not arguments:
        for name, text in shell.state.traps.items():
            shell.write(f"trap -- '{text}' {name if name == 'EXIT' else 'SIG' + name}\n")
        return 0
    action, names = (arguments[0], arguments[1:]) if len(arguments) > 1 else ("-", arguments)
    for name in names:
        key = "EXIT" if name in ("0", "EXIT") else signal_name(name) or name
        if action == "-":
            shell.state.traps.pop(key, None)
        else:
            shell.state.traps[key] = action
    return 0
