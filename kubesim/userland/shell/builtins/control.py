"""Builtins that change what runs next: ``exit``, ``return``, ``break``, ``eval``, ``.``, ``exec``, ``trap``."""

from __future__ import annotations

import re

from kubesim.userland.filesystem import NO_SUCH_FILE, FileError, absolute
from kubesim.userland.machine import ExecutableNotFoundError
from kubesim.userland.process import Steps
from kubesim.userland.shell.builtins.shell import Shell
from kubesim.userland.shell.signals import NUMBERS, FunctionReturn, LoopJump, ShellExit, signal_name, signal_table


def _number(shell: Shell, words: list[str], default: int) -> int | None:
    """The number after ``exit``, ``return``, ``break``; a bad one has been told, and ends dash and ash."""
    if len(words) < 2:
        return default
    if re.fullmatch(r"\s*[-+]?\d+\s*", words[1]) and (shell.dialect.is_bash or "-" not in words[1]):
        return int(words[1].strip()[:19])
    text = f"{words[1]}: numeric argument required" if shell.dialect.is_bash else f"Illegal number: {words[1]}"
    shell.fail(words[0], text, 2, special=True)
    return None


def exit_(shell: Shell, words: list[str]) -> int:
    """End the shell."""
    shell.leaves = True
    status = _number(shell, words, shell.state.status)
    raise ShellExit(2 if status is None else status & 255)


def return_(shell: Shell, words: list[str]) -> int:
    """End the function or sourced file; dash and ash also end the script with it."""
    if not shell.state.calls and not shell.state.sourcing:
        if shell.dialect.is_bash:
            return shell.fail("return", "can only `return' from a function or sourced script", 2)
        status = _number(shell, words, shell.state.status)
        raise ShellExit((status or 0) & 255)
    status = _number(shell, words, shell.state.status)
    if status is not None and shell.dialect.name != "dash":  # dash cuts only what it exits with
        status &= 255
    raise FunctionReturn(2 if status is None else status)


def jump(shell: Shell, words: list[str]) -> int:
    """``break`` and ``continue``."""
    if not shell.state.loops:
        if shell.dialect.is_bash:
            shell.fail(words[0], "only meaningful in a `for', `while', or `until' loop", 0)
        return 0
    levels = _number(shell, words, 1)
    if levels is None:
        raise ShellExit(1)
    if levels < 1:
        if not shell.dialect.is_bash:
            return shell.fail(words[0], f"Illegal number: {words[1]}", 2, special=True)
        shell.fail(words[0], f"{words[1]}: loop count out of range", 1)
        raise LoopJump(shell.state.loops, again=False)
    raise LoopJump(levels, again=words[0] == "continue")


def eval_(shell: Shell, words: list[str]) -> Steps:
    """Run the words as a text of their own."""
    rest = words[2:] if words[1:2] == ["--"] else words[1:]
    return shell.run_text(" ".join(rest), shell.line, within="eval")


def source(shell: Shell, words: list[str]) -> Steps:
    """``.``: run a file in this shell."""
    name = words[0]
    if len(words) < 2:
        if shell.dialect.is_bash:
            shell.fail(name, "filename argument required", 2)
            shell.write(f"{name}: usage: {name} filename [arguments]\n", 2)
            return 2
        return 0 if shell.dialect.name == "dash" else 2
    try:
        text = shell.machine.files.read(absolute(words[1], shell.state.directory))
    except FileError as error:
        if "/" not in words[1] and not shell.dialect.is_bash and error.reason == NO_SUCH_FILE:  # sought in PATH
            return shell.fail(name, f"{words[1]}: not found", 2, special=True)
        if shell.dialect.is_bash:
            shell.complain(f"{words[1]}: {error.reason}")
            return 1
        if shell.dialect.name == "ash":
            return shell.fail(name, f"can't open '{words[1]}': {error.reason}", 2, special=True)
        return shell.fail(".", shell.dialect.cannot_open(words[1], error.reason), 2, special=True)
    outer = shell.state.positional
    if len(words) > 2:
        shell.state.positional = tuple(words[2:])
    shell.state.sourcing += 1
    script = shell.script
    if shell.dialect.is_bash:
        shell.script = words[1]
    try:
        return (yield from shell.run_text(text, within=words[1]))
    except FunctionReturn as leaving:
        return leaving.status
    finally:
        shell.script = script
        shell.state.sourcing -= 1
        if len(words) > 2:
            shell.state.positional = outer


def exec_(shell: Shell, words: list[str]) -> Steps:
    """Replace the shell by a program; its EXIT trap does not run."""
    rest = words[1:]
    while rest and rest[0].startswith("-") and shell.dialect.is_bash:
        option = rest.pop(0)
        if option == "-a" and rest:
            rest.pop(0)
    if not rest:
        return 0
    try:
        shell.machine.find(rest[0], shell.state.directory)
    except ExecutableNotFoundError as error:
        denied = error.reason == "permission denied"
        missing = "No such file or directory" if "/" in rest[0] and shell.dialect.is_bash else "not found"
        status = 126 if denied else 127
        shell.fail("exec", f"{rest[0]}: {'Permission denied' if denied else missing}", status)
        raise ShellExit(status) from error
    shell.state.traps.pop("EXIT", None)
    status = yield from shell.run_program(rest, {}, replaces=True)
    raise ShellExit(status)


def trap(shell: Shell, words: list[str]) -> int:
    """Set what runs when a signal, the end, or in bash an event of the shell comes."""
    arguments = words[2:] if words[1:2] == ["--"] else words[1:]
    bash = shell.dialect.is_bash
    if arguments[:1] == ["-l"] and bash:
        shell.write(signal_table())
        return 0
    if not arguments or arguments[0] == "-p":
        wanted = [_trapped(shell, name) or name for name in arguments[1:]]
        for key, text in sorted(
            shell.state.traps.items(), key=lambda item: _ORDER.get(item[0], NUMBERS.get(item[0], 99))
        ):
            if not wanted or key in wanted:
                shown = text.replace("'", "'\\''")
                shell.write(f"trap -- '{shown}' {key if key in _ORDER or not bash else 'SIG' + key}\n")
        return 0
    action, names = (arguments[0], arguments[1:])
    if not names or (re.fullmatch(r"\d+", action) and action != "0" and not names):
        action, names = "-", arguments
    status = 0
    for name in names:
        event = _trapped(shell, name)
        if event is None:
            if shell.dialect.name == "dash":
                shell.write(f"trap: {name}: bad trap\n", 2)
                status = 1
            else:
                status = shell.fail("trap", f"{name}: invalid signal specification", 1)
        elif action == "-":
            shell.state.traps.pop(event, None)
        else:
            shell.state.traps[event] = action
    return status


_ORDER = {"EXIT": 0, "DEBUG": 101, "ERR": 102, "RETURN": 103}


def _trapped(shell: Shell, name: str) -> str | None:
    """What a trap is for, by the name or number given; None where there is no such thing."""
    if name in ("0", "EXIT"):
        return "EXIT"
    if shell.dialect.is_bash and name.upper() in _ORDER:
        return name.upper()
    if name.upper().startswith("SIG") and not shell.dialect.is_bash and shell.dialect.name == "dash":
        return None
    return signal_name(name)
