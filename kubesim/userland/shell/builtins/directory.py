"""``cd`` and ``pwd``."""

from __future__ import annotations

import posixpath

from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.shell.variables import Shell


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
