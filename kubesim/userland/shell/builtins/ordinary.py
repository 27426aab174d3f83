"""The ordinary builtins: ``cd``, ``pwd``, ``echo``, ``printf``, ``test``, ``alias``, and those without effect here."""

from __future__ import annotations

import posixpath

from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.printing import echo_text, printf_text
from kubesim.userland.shell.builtins.shell import Shell
from kubesim.userland.shell.conditions import Facts, TestError, holds


def succeed(shell: Shell, words: list[str]) -> int:
    """Do nothing, successfully."""
    return 0


def fail(shell: Shell, words: list[str]) -> int:
    """Do nothing, unsuccessfully."""
    return 1


def cd(shell: Shell, words: list[str]) -> int:
    """Change the working directory; ``-`` is the one before."""
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


def pwd(shell: Shell, words: list[str]) -> int:
    """Print the working directory."""
    shell.write(f"{shell.state.directory}\n")
    return 0


def umask(shell: Shell, words: list[str]) -> int:
    """Show the mask for new files; it cannot be changed."""
    if len(words) == 1:
        shell.write("0022\n")
    return 0


def alias(shell: Shell, words: list[str]) -> int:
    """Set or show aliases."""
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


def unalias(shell: Shell, words: list[str]) -> int:
    """Forget aliases."""
    for word in words[1:]:
        shell.state.aliases.pop(word, None)
    return 0


def echo(shell: Shell, words: list[str]) -> int:
    """The builtin ``echo``."""
    if shell.dialect.name == "dash":
        shell.write(echo_text(words[1:], options="n", always_escapes=True))
    else:
        shell.write(echo_text(words[1:]))
    return 0


def printf(shell: Shell, words: list[str]) -> int:
    """The builtin ``printf``."""
    arguments = words[1:]
    target = ""
    if len(arguments) > 1 and arguments[0] == "-v" and shell.dialect.is_bash:
        target = arguments[1]
        arguments = arguments[2:]
    if arguments and arguments[0] == "--":
        arguments = arguments[1:]
    if not arguments:
        shell.write("printf: usage: printf [-v var] format [arguments]\n", 2)
        return 2
    text, problems = printf_text(arguments[0], arguments[1:])
    if target:
        shell.state.set(target, text)
    else:
        shell.write(text)
    for problem in problems:
        shell.complain(f"printf: {problem}")
    return int(bool(problems))


def test(shell: Shell, words: list[str]) -> int:
    """``test`` and ``[``: 0 where the condition holds, 1 where not, 2 for a malformed one."""
    arguments = words[1:]
    if words[0] == "[":
        if not arguments or arguments[-1] != "]":
            shell.complain("[: missing `]'" if shell.dialect.is_bash else "[: missing ]")
            return 2
        arguments = arguments[:-1]
    try:
        return int(not holds(arguments, Facts.of(shell)))
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
