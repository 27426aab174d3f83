"""The ordinary builtins: ``cd``, ``pwd``, ``echo``, ``printf``, ``test``, ``alias``, and those without effect here."""

from __future__ import annotations

import posixpath
import re
from datetime import UTC, datetime

from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.printf import Printf
from kubesim.userland.printing import echo_text
from kubesim.userland.shell.builtins.shell import Shell
from kubesim.userland.shell.conditions import Facts, TestError, holds


def succeed(shell: Shell, words: list[str]) -> int:
    """Do nothing, successfully."""
    return 0


def history(shell: Shell, words: list[str]) -> int:
    """``history [N]``, ``history -c``: the lines that were typed, this one the last."""
    lines, arguments = shell.state.history, words[1:]
    if arguments[:1] == ["-c"]:
        lines.clear()
        return 0
    if arguments and not arguments[0].isdecimal():
        return shell.fail("history", f"{arguments[0]}: numeric argument required", 1)
    first = max(0, len(lines) - int(arguments[0])) if arguments else 0
    for number, line in enumerate(lines[first:], first + 1):
        shell.write(f"{number:5}  {line}\n")
    return 0


def fail(shell: Shell, words: list[str]) -> int:
    """Do nothing, unsuccessfully."""
    return 1


def cd(shell: Shell, words: list[str]) -> int:
    """Change the working directory; ``-`` is the one before."""
    state, dialect = shell.state, shell.dialect
    rest = words[1:]
    while rest and rest[0] in ("-L", "-P", "-LP", "-PL", "-e", "--"):
        rest.pop(0)
    if len(rest) > 1 and dialect.is_bash:
        return shell.fail("cd", "too many arguments", 1)
    target = rest[0] if rest else state.get("HOME")
    if target is None:
        return shell.fail("cd", "HOME not set", 1) if dialect.is_bash else 0
    if target.startswith("-") and target != "-" and dialect.is_bash and len(target) > 1:
        shell.fail("cd", f"{target[:2]}: invalid option", 2)
        shell.write("cd: usage: cd [-L|[-P [-e]] [-@]] [dir]\n", 2)
        return 2
    shows = target == "-"
    if shows:
        previous = state.get("OLDPWD")
        if previous is None and dialect.is_bash:
            return shell.fail("cd", "OLDPWD not set", 1)
        target = previous or state.directory
    if not target:
        return 0
    path = absolute(target, state.directory)
    try:
        entry = shell.machine.files.stat(path)
        reason = "" if entry.kind == "directory" else "Not a directory"
    except FileError as error:
        reason = error.reason
    if reason:
        if dialect.is_bash:
            return shell.fail("cd", f"{target}: {reason}", 1)
        return shell.fail("cd", f"can't cd to {target}" + (f": {reason}" if dialect.name == "ash" else ""), 2)
    state.set("OLDPWD", state.directory, export="OLDPWD" in state.variables and state.variables["OLDPWD"].exported)
    state.directory = posixpath.normpath(path).replace("//", "/")
    state.set("PWD", state.directory)
    if shows:
        shell.write(f"{state.directory}\n")
    return 0


def _stack(shell: Shell) -> int:
    places = [shell.state.directory, *shell.state.directories]
    home = shell.state.get("HOME") or ""
    shell.write(
        " ".join("~" + each[len(home) :] if home and f"{each}/".startswith(f"{home}/") else each for each in places)
        + "\n"
    )
    return 0


def pushd(shell: Shell, words: list[str]) -> int:
    """Go to a directory and remember this one."""
    state = shell.state
    target = words[1] if len(words) > 1 else (state.directories[:1] or [""])[0]
    if not target:
        return shell.fail("pushd", "no other directory", 1)
    here = state.directory
    if cd(shell, ["cd", target]):
        return 1
    if len(words) < 2:
        state.directories.pop(0)
    state.directories.insert(0, here)
    return _stack(shell)


def popd(shell: Shell, words: list[str]) -> int:
    """Go back to the directory remembered last."""
    if not shell.state.directories:
        return shell.fail("popd", "directory stack empty", 1)
    if cd(shell, ["cd", shell.state.directories[0]]):
        return 1
    shell.state.directories.pop(0)
    return _stack(shell)


def dirs(shell: Shell, words: list[str]) -> int:
    """Show the remembered directories."""
    return _stack(shell)


def pwd(shell: Shell, words: list[str]) -> int:
    """Print the working directory."""
    shell.write(f"{shell.state.directory}\n")
    return 0


def umask(shell: Shell, words: list[str]) -> int:
    """Show the mask for new files, or set what is shown."""
    text = shell.state.mask
    if len(words) > 1 and words[1] != "-S":
        if re.fullmatch(r"[0-7]{1,4}", words[1]):
            shell.state.mask = words[1].zfill(4)
        return 0
    if len(words) > 1:
        bits = [int(digit) ^ 7 for digit in text[-3:]]
        shown = ["".join(letter for letter, bit in (("r", 4), ("w", 2), ("x", 1)) if each & bit) for each in bits]
        shell.write(f"u={shown[0]},g={shown[1]},o={shown[2]}\n")
    else:
        shell.write(f"{text}\n")
    return 0


def alias(shell: Shell, words: list[str]) -> int:
    """Set or show aliases."""
    status = 0
    start = "alias " if shell.dialect.is_bash else ""
    names = [word for word in words[1:] if word != "-p"]
    for word in names:
        name, equals, value = word.partition("=")
        if equals:
            shell.state.aliases[name] = value
        elif name in shell.state.aliases:
            shell.write(f"{start}{name}={_aliased(shell.state.aliases[name])}\n")
        else:
            status = _no_alias(shell, "alias", name)
    if not names:
        for name, value in sorted(shell.state.aliases.items()):
            shell.write(f"{start}{name}={_aliased(value)}\n")
    return status


def _aliased(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


def _no_alias(shell: Shell, command: str, name: str) -> int:
    if shell.dialect.is_bash:
        return shell.fail(command, f"{name}: not found", 1)
    shell.write(f"{command}: {name} not found\n", 2)
    return 1


def unalias(shell: Shell, words: list[str]) -> int:
    """Forget aliases."""
    status = 0
    if words[1:] == ["-a"]:
        shell.state.aliases.clear()
        return 0
    for word in words[1:]:
        if shell.state.aliases.pop(word, None) is None:
            status = _no_alias(shell, "unalias", word)
    return status


def echo(shell: Shell, words: list[str]) -> int:
    """The builtin ``echo``."""
    if shell.cannot_write("echo"):
        return 1
    shell.write(echo_text(words[1:], shell.dialect.name))
    return 0


def printf(shell: Shell, words: list[str]) -> int:
    """The builtin ``printf``."""
    arguments = words[1:]
    target = ""
    dialect = shell.dialect
    if len(arguments) > 1 and arguments[0] == "-v" and dialect.is_bash:
        target = arguments[1]
        arguments = arguments[2:]
    if arguments and arguments[0] == "--":
        arguments = arguments[1:]
    elif arguments and re.match(r"-[a-zA-Z]", arguments[0]) and dialect.name != "ash":
        letter = arguments[0][:2]
        if dialect.name == "dash":
            return shell.fail("printf", f"Illegal option {letter}", 2)
        shell.fail("printf", f"{letter}: invalid option", 2)
        arguments = []
    if not arguments:
        if dialect.is_bash:
            shell.write("printf: usage: printf [-v var] format [arguments]\n", 2)
        elif dialect.name == "dash":
            shell.fail("printf", "usage: printf format [arg ...]", 2)
        else:
            shell.complain("usage: printf FORMAT [ARGUMENT...]")
        return 1 if dialect.name == "ash" else 2

    def moment(form: str, seconds: int | None) -> str:
        now = shell.machine.datetime(shell.elapsed)
        return (now if seconds is None else datetime.fromtimestamp(min(max(seconds, 0), 2**35), UTC)).strftime(form)

    printed = Printf(dialect.name, arguments[1:], moment).run(arguments[0])
    if target:
        element = re.fullmatch(r"([A-Za-z_]\w*)\[(.+)\]", target)
        if element:
            shell.state.set_element(element[1], shell.expander.key(element[1], element[2]), printed.text)
        elif re.fullmatch(r"[A-Za-z_]\w*", target):
            shell.state.set(target, printed.text)
        else:
            return shell.fail("printf", f"`{target}': not a valid identifier", 2)
    elif printed.text and shell.cannot_write("printf"):
        return 1
    else:
        shell.write(printed.text)
    for problem in printed.problems:
        shell.complain(problem)
    return printed.status


def test(shell: Shell, words: list[str]) -> int:
    """``test`` and ``[``: 0 where the condition holds, 1 where not, 2 for a malformed one."""
    arguments = words[1:]
    dialect = shell.dialect
    closing = {"[": "]", "[[": "]]"}.get(words[0])
    if closing:
        if not arguments or arguments[-1] != closing:
            if dialect.name == "ash":
                shell.complain(f"missing {closing}")
                return 2
            return shell.fail("[", "missing `]'" if dialect.is_bash else "missing ]", 2)
        arguments = arguments[:-1]
    try:
        return int(not holds(arguments, Facts.of(shell)))
    except TestError as error:
        if dialect.name == "ash":
            shell.complain(error.worded("ash", musl=shell.machine.libc == "musl"))
            return 2
        return shell.fail(words[0], error.worded(dialect.name), 2)
