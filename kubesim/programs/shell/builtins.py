"""What a shell does itself: variables, jobs, control, ``cd``; ``echo`` and ``printf`` are in :mod:`.printing`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from kubesim.programs.filesystem import FileError, absolute
from kubesim.programs.machine import ExecutableNotFoundError
from kubesim.programs.process import Steps
from kubesim.programs.shell import variables
from kubesim.programs.shell.conditions import Conditions, TestError
from kubesim.programs.shell.printing import echo, printf
from kubesim.programs.shell.signals import NAMES, FunctionReturn, Interrupted, Killed, LoopJump, ShellExit, signal_name
from kubesim.programs.shell.variables import Shell

Builtin = Callable[[Shell, list[str]], "int | Steps"]
_NAME = re.compile(r"[A-Za-z_]\w*\Z")


def _true(shell: Shell, words: list[str]) -> int:
    return 0


def _false(shell: Shell, words: list[str]) -> int:
    return 1


def _cd(shell: Shell, words: list[str]) -> int:
    state = shell.state
    target = next((word for word in words[1:] if not word.startswith("-") or word == "-"), state.get("HOME") or "/root")
    shows = target == "-"
    if shows:
        previous = state.get("OLDPWD")
        if previous is None:
            shell.complain("cd: OLDPWD not set")
            return 1
        target = previous
    path = absolute(target, state.directory)
    try:
        entry = shell.machine.files.stat(path)
        reason = "" if entry.kind == "directory" else "Not a directory"
    except FileError as error:
        reason = error.reason
    if reason:
        if shell.dialect.is_bash:
            shell.complain(f"cd: {target}: {reason}")
            return 1
        place = "line 0: " if shell.dialect.name == "ash" and shell.from_option else ""
        detail = f": {reason}" if shell.dialect.name == "ash" else ""
        shell.complain(f"cd: {place}can't cd to {target}{detail}")
        return 2 if shell.from_option else 1
    state.set("OLDPWD", state.directory)
    state.directory = posixpath.normpath(path).replace("//", "/")
    state.set("PWD", state.directory)
    if shows:
        shell.write(f"{state.directory}\n")
    return 0


def _pwd(shell: Shell, words: list[str]) -> int:
    shell.write(f"{shell.state.directory}\n")
    return 0


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


def _exit(shell: Shell, words: list[str]) -> int:
    shell.leaves = True
    raise ShellExit(_number(shell, words, shell.state.status) & 255)


def _return(shell: Shell, words: list[str]) -> int:
    if not shell.state.functions_running and shell.dialect.is_bash:
        shell.complain("return: can only `return' from a function or sourced script")
        return 2
    raise FunctionReturn(_number(shell, words, shell.state.status) & 255)


def _jump(shell: Shell, words: list[str]) -> int:
    if not shell.state.loops:
        if shell.dialect.is_bash:
            shell.complain(f"{words[0]}: only meaningful in a `for', `while', or `until' loop")
        return 0
    raise LoopJump(max(1, _number(shell, words, 1)), again=words[0] == "continue")


def _test(shell: Shell, words: list[str]) -> int:
    arguments = words[1:]
    if words[0] == "[":
        if not arguments or arguments[-1] != "]":
            shell.complain("[: missing `]'" if shell.dialect.is_bash else "[: missing ]")
            return 2
        arguments = arguments[:-1]
    state = shell.state
    try:
        conditions = Conditions(shell.machine.files, state.directory, lambda name: name in state.variables)
        return int(not conditions.evaluate(arguments))
    except TestError as error:
        if shell.dialect.is_bash:
            shell.complain(f"{words[0]}: {error.message}")
        elif error.number and shell.dialect.name == "dash":
            shell.complain(f"{words[0]}: Illegal number: {error.number}")
        elif error.number:
            shell.complain(f"{error.number}: out of range")
        else:
            reason = error.message.replace("unary operator expected", "unexpected operator").replace(
                "binary operator", "unexpected operator"
            )
            shell.complain(f"{words[0]}: {reason}")
        return 2


def _eval(shell: Shell, words: list[str]) -> Steps:
    return shell.run_text(" ".join(words[1:]), shell.line)


def _source(shell: Shell, words: list[str]) -> Steps:
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
            shell.complain(
                f".: cannot open {words[1]}: {'No such file' if 'No such' in error.reason else error.reason}"
            )
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


def _exec(shell: Shell, words: list[str]) -> Steps:
    status = yield from shell.program(words[1:], {}, replaces=True)
    raise ShellExit(status)


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
    return (yield from shell.program(rest, {}))


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
    return name if "/" in name else shell._path_of(name)


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


def _wait(shell: Shell, words: list[str]) -> Steps:
    wanted = [int(word.lstrip("%")) for word in words[1:] if word.lstrip("%").isdigit()]
    jobs = [job for job in shell.state.jobs if not wanted or job.pid in wanted or job.number in wanted]
    if wanted and not jobs:
        if shell.dialect.is_bash:
            shell.complain(f"wait: pid {wanted[0]} is not a child of this shell")
        return 127
    status = 0
    for job in jobs:
        left = job.ends - max(shell.clock, shell.machine.simulation.now)
        if left == float("inf"):
            raise Interrupted
        if left > 0:
            yield from shell.wait(left)
        shell.show_jobs(job.ends)
        status = job.status
    shell.state.jobs = [job for job in shell.state.jobs if job not in jobs]
    return status if wanted else 0


def _jobs(shell: Shell, words: list[str]) -> int:
    now = max(shell.clock, shell.machine.simulation.now)
    for job in shell.state.jobs:
        done = job.ends <= now
        mark = "+" if job is shell.state.jobs[-1] else "-" if job is shell.state.jobs[-2:][0] else " "
        state = ("Done" if job.status == 0 else f"Exit {job.status}") if done else "Running"
        shell.write(f"[{job.number}]{mark}  {state:<23} {job.source}{'' if done else ' &'}\n")
    shell.state.jobs = [job for job in shell.state.jobs if job.ends > now]
    return 0


def _kill(shell: Shell, words: list[str]) -> int:
    signal = "TERM"
    targets = words[1:]
    if targets and targets[0] == "-l":
        shell.write(" ".join(NAMES.values()) + "\n")
        return 0
    if targets and targets[0].startswith("-") and targets[0] != "--":
        option = targets.pop(0)
        text = targets.pop(0) if option in ("-s", "-n") and targets else option[1:]
        named = signal_name(text)
        if named is None:
            shell.complain(f"kill: {text}: invalid signal specification")
            return 1
        signal = named
    if not targets:
        shell.write("kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n", 2)
        return 2
    status = 0
    for target in targets:
        status = max(status, _kill_one(shell, target, signal))
    return status


def _kill_one(shell: Shell, target: str, signal: str) -> int:
    job = next((each for each in shell.state.jobs if target in (f"%{each.number}", str(each.pid))), None)
    if job is not None:
        shell.machine.send_signal(job.pid, signal)
        if signal not in ("0", "CONT"):
            shell.state.jobs.remove(job)
        return 0
    if not re.fullmatch(r"-?\d+", target):
        if target.startswith("%"):
            shell.complain(f"kill: {target}: no such job")
        else:
            shell.complain(f"kill: {target}: arguments must be process or job IDs")
        return 1
    pid = int(target)
    if pid == shell.state.pid and signal not in ("0", "CONT", "CHLD", "WINCH"):
        if signal in shell.state.traps:
            return 0
        raise Killed(signal)
    if shell.machine.send_signal(pid, signal):
        return 0
    shell.complain(f"kill: ({pid}) - No such process" if shell.dialect.is_bash else "kill: No such process")
    return 1


def _trap(shell: Shell, words: list[str]) -> int:
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


def _shift(shell: Shell, words: list[str]) -> int:
    count = int(words[1]) if len(words) > 1 and words[1].isdigit() else 1
    if count > len(shell.state.positional):
        return 1
    shell.state.positional = shell.state.positional[count:]
    return 0


def _let(shell: Shell, words: list[str]) -> int:
    value = 0
    for word in words[1:]:
        value = shell.expander.arithmetic(word)
    return int(value == 0)


def _alias(shell: Shell, words: list[str]) -> int:
    status = 0
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if equals:
            shell.state.aliases[name] = value
        elif name in shell.state.aliases:
            shell.write(f"alias {name}='{shell.state.aliases[name]}'\n")
        else:
            shell.complain(f"alias: {name}: not found")
            status = 1
    if len(words) == 1:
        for name, value in sorted(shell.state.aliases.items()):
            shell.write(f"alias {name}='{value}'\n")
    return status


def _unalias(shell: Shell, words: list[str]) -> int:
    for word in words[1:]:
        shell.state.aliases.pop(word, None)
    return 0


def _read(shell: Shell, words: list[str]) -> int:
    return variables.read(shell, words)


def _builtin(shell: Shell, words: list[str]) -> int | Steps:
    if len(words) < 2:
        return 0
    found = BUILTINS[shell.dialect.name].get(words[1])
    if found is None:
        shell.complain(f"builtin: {words[1]}: not a shell builtin")
        return 1
    return found(shell, words[1:])


def _umask(shell: Shell, words: list[str]) -> int:
    if len(words) == 1:
        shell.write("0022\n")
    return 0


def _history(shell: Shell, words: list[str]) -> int:
    return 0


POSIX: dict[str, Builtin] = {
    ":": _true,
    "true": _true,
    "false": _false,
    "cd": _cd,
    "pwd": _pwd,
    "exit": _exit,
    "return": _return,
    "break": _jump,
    "continue": _jump,
    "test": _test,
    "[": _test,
    "eval": _eval,
    ".": _source,
    "exec": _exec,
    "command": _command,
    "type": _type,
    "wait": _wait,
    "jobs": _jobs,
    "kill": _kill,
    "trap": _trap,
    "shift": _shift,
    "alias": _alias,
    "unalias": _unalias,
    "read": _read,
    "umask": _umask,
    "hash": _true,
    "ulimit": _true,
    "times": _true,
    "fg": _true,
    "bg": _true,
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
    "source": _source,
    "let": _let,
    "declare": variables.declare,
    "typeset": variables.declare,
    "builtin": _builtin,
    "shopt": _true,
    "history": _history,
    "disown": _true,
    "complete": _true,
    "enable": _true,
    "logout": _exit,
    "mapfile": variables.mapfile,
    "readarray": variables.mapfile,
}
BUILTINS: dict[str, dict[str, Builtin]] = {
    "bash": POSIX | _BASH,
    "dash": POSIX,
    "ash": POSIX | {"source": _source, "let": _let},
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
