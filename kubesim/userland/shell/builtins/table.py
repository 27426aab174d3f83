"""What each shell does itself, and what a word means to it: ``command``, ``type``, ``builtin``."""

from __future__ import annotations

from kubesim.userland.machine import ExecutableNotFoundError
from kubesim.userland.process import Steps
from kubesim.userland.shell.builtins import control, ordinary, variables
from kubesim.userland.shell.builtins.jobs import jobs, kill, wait
from kubesim.userland.shell.builtins.shell import Builtin, Shell


def _command(shell: Shell, words: list[str]) -> Steps:
    rest = words[1:]
    if rest and rest[0] in ("-v", "-V"):
        found = 1
        for name in rest[1:]:
            place = _where(shell, name)
            if place is None:
                if rest[0] == "-V":
                    shell.complain(f"command: {name}: not found")
                continue
            found = 0
            described = place if rest[0] == "-v" else _describe(shell, name, place)
            shell.write(f"{described}\n")
        return found
    if rest and rest[0] == "-p":
        rest = rest[1:]
    if not rest:
        return 0
    builtin = BUILTINS[shell.dialect.name].get(rest[0])
    if builtin is not None:
        result = builtin(shell, rest)
        return result if isinstance(result, int) else (yield from result)
    return (yield from shell.run_program(rest, {}))


def _where(shell: Shell, name: str) -> str | None:
    if (
        name in shell.state.functions
        or name in BUILTINS[shell.dialect.name]
        or name in ("if", "for", "while", "case", "[[")
    ):
        return name
    try:
        shell.machine.find(name, shell.state.directory)
    except ExecutableNotFoundError:
        return None
    return name if "/" in name else shell.machine.path_of(name)


def _describe(shell: Shell, name: str, place: str) -> str:
    if name in shell.state.functions:
        return f"{name} is a function"
    if name in BUILTINS[shell.dialect.name]:
        return f"{name} is a shell builtin"
    if place == name and "/" not in name:
        return f"{name} is a shell keyword"
    return f"{name} is {place}"


def _type(shell: Shell, words: list[str]) -> int:
    status = 0
    for name in words[1:]:
        if name.startswith("-"):
            continue
        place = _where(shell, name)
        if place is None:
            if shell.dialect.is_bash:
                shell.complain(f"type: {name}: not found")
            else:
                shell.write(f"{name}: not found\n", 1)
            status = 1 if shell.dialect.is_bash else 127
        else:
            shell.write(f"{_describe(shell, name, place)}\n")
    return status


def _builtin(shell: Shell, words: list[str]) -> int | Steps:
    if len(words) < 2:
        return 0
    found = BUILTINS[shell.dialect.name].get(words[1])
    if found is None:
        shell.complain(f"builtin: {words[1]}: not a shell builtin")
        return 1
    return found(shell, words[1:])


POSIX: dict[str, Builtin] = {
    ":": ordinary.succeed,
    "true": ordinary.succeed,
    "false": ordinary.fail,
    "cd": ordinary.cd,
    "pwd": ordinary.pwd,
    "exit": control.exit_,
    "return": control.return_,
    "break": control.jump,
    "continue": control.jump,
    "test": ordinary.test,
    "[": ordinary.test,
    "eval": control.eval_,
    ".": control.source,
    "exec": control.exec_,
    "command": _command,
    "type": _type,
    "wait": wait,
    "jobs": jobs,
    "kill": kill,
    "trap": control.trap,
    "shift": variables.shift,
    "alias": ordinary.alias,
    "unalias": ordinary.unalias,
    "read": variables.read,
    "umask": ordinary.umask,
    "hash": ordinary.succeed,
    "ulimit": ordinary.succeed,
    "times": ordinary.succeed,
    "fg": ordinary.succeed,
    "bg": ordinary.succeed,
    "echo": ordinary.echo,
    "printf": ordinary.printf,
    "export": variables.export,
    "readonly": variables.readonly,
    "unset": variables.unset,
    "set": variables.set_options,
    "local": variables.declare,
    "getopts": variables.getopts,
}


_BASH: dict[str, Builtin] = {
    "source": control.source,
    "let": variables.let,
    "declare": variables.declare,
    "typeset": variables.declare,
    "builtin": _builtin,
    "shopt": ordinary.succeed,
    "history": ordinary.succeed,
    "disown": ordinary.succeed,
    "complete": ordinary.succeed,
    "enable": ordinary.succeed,
    "logout": control.exit_,
    "mapfile": variables.mapfile,
    "readarray": variables.mapfile,
}


BUILTINS: dict[str, dict[str, Builtin]] = {
    "bash": POSIX | _BASH,
    "dash": POSIX,
    "ash": POSIX | {"source": control.source, "let": variables.let},
}
"""What each shell does itself."""


SPECIAL = frozenset(
    {":", ".", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift", "trap"}
) | {"unset"}
"""Builtins after which a variable assignment in front stays."""
