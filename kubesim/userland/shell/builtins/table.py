"""What each shell does itself, and what a word means to it: ``command``, ``type``, ``builtin``."""

from __future__ import annotations

from kubesim.userland.machine import ExecutableNotFoundError
from kubesim.userland.process import Steps
from kubesim.userland.shell.builtins import control, declaring, ordinary, parameters, reading
from kubesim.userland.shell.builtins.jobs import jobs, kill, wait
from kubesim.userland.shell.builtins.shell import Builtin, Shell
from kubesim.userland.shell.listing import function_text


def _command(shell: Shell, words: list[str]) -> Steps:
    rest = words[1:]
    if rest and rest[0] in ("-v", "-V"):
        return _located(shell, rest)
    if rest and rest[0] == "-p":
        rest = rest[1:]
    if not rest:
        return 0
    builtin = BUILTINS[shell.dialect.name].get(rest[0])
    if builtin is not None:
        result = builtin(shell, rest)
        return result if isinstance(result, int) else (yield from result)
    return (yield from shell.run_program(rest, {}))


def _located(shell: Shell, words: list[str]) -> int:
    """``command -v`` and ``-V``; dash and ash look at one name only."""
    found = 1 if shell.dialect.is_bash else 127
    for name in words[1:] if shell.dialect.is_bash else words[1:2]:
        place = _where(shell, name)
        if place is None:
            if words[0] == "-V" and shell.dialect.is_bash:
                shell.fail("command", f"{name}: not found", 1)
            elif words[0] == "-V":
                shell.write(f"{name}: not found\n")
            continue
        found = 0
        alias = shell.state.aliases.get(name) if name in shell.state.aliases else None
        if words[0] == "-v":
            shell.write(f"{place}\n" if alias is None else f"alias {name}='{alias}'\n")
        else:
            shell.write(f"{_describe(shell, name, place)}\n")
    return found


_KEYWORDS = frozenset(
    {"if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "{", "}", "!"}
)
_BASH_KEYWORDS = _KEYWORDS | {"[[", "]]", "function", "select", "time", "coproc"}


def _is_keyword(shell: Shell, name: str) -> bool:
    return name in (_BASH_KEYWORDS if shell.dialect.is_bash else _KEYWORDS)


def _kind(shell: Shell, name: str) -> str:
    """``alias``, ``keyword``, ``function``, ``builtin``, ``file``, or nothing."""
    if name in shell.state.aliases and shell.dialect.interactive:
        return "alias"
    if _is_keyword(shell, name):
        return "keyword"
    if name in shell.state.functions:
        return "function"
    if name in BUILTINS[shell.dialect.name]:
        return "builtin"
    return "" if _where(shell, name) is None else "file"


def _where(shell: Shell, name: str) -> str | None:
    if _is_keyword(shell, name) or name in shell.state.functions or name in BUILTINS[shell.dialect.name]:
        return name
    try:
        shell.machine.find(name, shell.state.directory)
    except ExecutableNotFoundError:
        return None
    return name if "/" in name else shell.machine.path_of(name)


def _describe(shell: Shell, name: str, place: str) -> str:
    kind = _kind(shell, name)
    if kind == "alias":
        return f"{name} is aliased to `{shell.state.aliases[name]}'"
    if kind == "function":
        if shell.dialect.is_bash:
            return f"{name} is a function\n{function_text(name, shell.state.functions[name].body)}".rstrip("\n")
        return f"{name} is a shell function" if shell.dialect.name == "dash" else f"{name} is a function"
    if kind == "keyword":
        return f"{name} is a shell keyword"
    if kind == "builtin":
        special = not shell.dialect.is_bash and name in SPECIAL
        return f"{name} is a {'special ' if special else ''}shell builtin"
    return f"{name} is {place}"


def _type(shell: Shell, words: list[str]) -> int:
    status = 0
    letters = "".join(word[1:] for word in words[1:] if word.startswith("-")) if shell.dialect.is_bash else ""
    for name in (word for word in words[1:] if not (word.startswith("-") and shell.dialect.is_bash)):
        place = _where(shell, name)
        if place is None:
            if shell.dialect.is_bash:
                status = 1
                if not set("tpP") & set(letters):
                    shell.fail("type", f"{name}: not found", 1)
            else:
                shell.write(f"{name}: not found\n")
                status = 127
        elif "t" in letters:
            shell.write(f"{_kind(shell, name)}\n")
        elif "p" in letters or "P" in letters:
            if _kind(shell, name) == "file":
                shell.write(f"{place}\n")
        else:
            shell.write(f"{_describe(shell, name, place)}\n")
    return status


def _builtin(shell: Shell, words: list[str]) -> int | Steps:
    if len(words) < 2:
        return 0
    found = BUILTINS[shell.dialect.name].get(words[1])
    if found is None:
        return shell.fail("builtin", f"{words[1]}: not a shell builtin", 1)
    return found(shell, words[1:])


def _hash(shell: Shell, words: list[str]) -> int:
    status = 0
    names = [word for word in words[1:] if not word.startswith("-")]
    for name in names:
        if _where(shell, name) is None:
            status = shell.fail("hash", f"{name}: not found", 1)
    if len(words) == 1 and shell.dialect.is_bash:
        shell.write("hash: hash table empty\n")
    return status


def _times(shell: Shell, words: list[str]) -> int:
    form = "0m0.000s 0m0.000s\n" if shell.dialect.is_bash else "0m0.000000s 0m0.000000s\n"
    shell.write(form * 2)
    return 0


def _ulimit(shell: Shell, words: list[str]) -> int:
    shell.write("0\n" if words[1:] == ["-c"] else "1048576\n" if words[1:] == ["-n"] else "unlimited\n")
    return 0


def _enable(shell: Shell, words: list[str]) -> int:
    names = [word for word in words[1:] if not word.startswith("-")]
    missing = [name for name in names if name not in BUILTINS[shell.dialect.name]]
    for name in missing:
        shell.fail("enable", f"{name}: not a shell builtin", 1)
    return int(bool(missing))


def _help(shell: Shell, words: list[str]) -> int:
    topics = [word for word in words[1:] if not word.startswith("-")]
    if topics and topics[0] not in BUILTINS["bash"]:
        hint = f"Try `help help' or `man -k {topics[0]}' or `info {topics[0]}'."
        return shell.fail("help", f"no help topics match `{topics[0]}'.  {hint}", 1)
    return _not_simulated(shell, words)


def _not_simulated(shell: Shell, words: list[str]) -> int:
    return shell.fail(words[0], "this builtin is not simulated", 1)


def _no_jobs(shell: Shell, words: list[str]) -> int:
    if shell.dialect.is_bash:
        return shell.fail(words[0], "no job control" if not shell.dialect.interactive else "current: no such job", 1)
    return shell.fail(
        words[0], "No current job" if shell.dialect.name == "dash" else "job (null) not created under job control", 2
    )


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
    "shift": parameters.shift,
    "alias": ordinary.alias,
    "unalias": ordinary.unalias,
    "read": reading.read,
    "umask": ordinary.umask,
    "hash": _hash,
    "ulimit": _ulimit,
    "times": _times,
    "fg": _no_jobs,
    "bg": _no_jobs,
    "echo": ordinary.echo,
    "printf": ordinary.printf,
    "export": declaring.export,
    "readonly": declaring.readonly,
    "unset": declaring.unset,
    "set": parameters.set_options,
    "local": declaring.declare,
    "getopts": parameters.getopts,
}


_BASH: dict[str, Builtin] = {
    "source": control.source,
    "let": parameters.let,
    "declare": declaring.declare,
    "typeset": declaring.declare,
    "builtin": _builtin,
    "shopt": parameters.shopt,
    "history": ordinary.history,
    "disown": ordinary.succeed,
    "complete": ordinary.succeed,
    "compgen": ordinary.fail,
    "compopt": ordinary.fail,
    "caller": ordinary.fail,
    "bind": ordinary.succeed,
    "suspend": _not_simulated,
    "fc": _not_simulated,
    "help": _help,
    "pushd": ordinary.pushd,
    "popd": ordinary.popd,
    "dirs": ordinary.dirs,
    "enable": _enable,
    "logout": control.exit_,
    "mapfile": reading.mapfile,
    "readarray": reading.mapfile,
}


BUILTINS: dict[str, dict[str, Builtin]] = {
    "bash": POSIX | _BASH,
    "dash": POSIX,
    "ash": POSIX | {"source": control.source, "let": parameters.let, "history": ordinary.history, "[[": ordinary.test},
}
"""What each shell does itself."""


SPECIAL = frozenset(
    {":", ".", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift", "trap"}
) | {"unset"}
"""Builtins after which a variable assignment in front stays."""
