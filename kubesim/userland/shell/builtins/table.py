"""What each shell does itself, and what a word means to it: ``command``, ``type``, ``builtin``."""

from __future__ import annotations

from collections.abc import Callable

from kubesim.userland.machine import ExecutableNotFoundError
from kubesim.userland.process import Steps
from kubesim.userland.shell import variables
from kubesim.userland.shell.builtins.directory import cd, pwd
from kubesim.userland.shell.builtins.flow import eval_, exec_, exit_, jump, return_, source, trap
from kubesim.userland.shell.builtins.jobs import jobs, kill, wait
from kubesim.userland.shell.builtins.settings import alias, fail, history, let, read, shift, succeed, umask, unalias
from kubesim.userland.shell.builtins.test import test
from kubesim.userland.shell.printing import echo, printf
from kubesim.userland.shell.programs import path_of, run_program
from kubesim.userland.shell.variables import Shell

Builtin = Callable[[Shell, list[str]], "int | Steps"]


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
    return (yield from run_program(shell, rest, {}))


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
    return name if "/" in name else path_of(shell, name)


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
    ":": succeed,
    "true": succeed,
    "false": fail,
    "cd": cd,
    "pwd": pwd,
    "exit": exit_,
    "return": return_,
    "break": jump,
    "continue": jump,
    "test": test,
    "[": test,
    "eval": eval_,
    ".": source,
    "exec": exec_,
    "command": _command,
    "type": _type,
    "wait": wait,
    "jobs": jobs,
    "kill": kill,
    "trap": trap,
    "shift": shift,
    "alias": alias,
    "unalias": unalias,
    "read": read,
    "umask": umask,
    "hash": succeed,
    "ulimit": succeed,
    "times": succeed,
    "fg": succeed,
    "bg": succeed,
    "echo": echo,
    "printf": printf,
    "export": variables.export,
    "readonly": variables.readonly,
    "unset": variables.unset,
    "set": variables.set_options,
    "local": variables.declare,
    "getopts": variables.getopts,
}


_BASH: dict[str, Builtin] = {
    "source": source,
    "let": let,
    "declare": variables.declare,
    "typeset": variables.declare,
    "builtin": _builtin,
    "shopt": succeed,
    "history": history,
    "disown": succeed,
    "complete": succeed,
    "enable": succeed,
    "logout": exit_,
    "mapfile": variables.mapfile,
    "readarray": variables.mapfile,
}


BUILTINS: dict[str, dict[str, Builtin]] = {
    "bash": POSIX | _BASH,
    "dash": POSIX,
    "ash": POSIX | {"source": source, "let": let},
}
"""What each shell does itself."""


SPECIAL = frozenset(
    {
        ":",
        ".",
        "break",
        "continue",
        "eval",
        "exec",
        "exit",
        "export",
        "readonly",
        "return",
        "set",
        "shift",
        "trap",
        "unset",
    }
)
"""Builtins after which a variable assignment in front stays."""
