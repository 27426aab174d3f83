"""Small builtins: parameters, arithmetic, aliases, and those that have nothing to do here."""

from __future__ import annotations

from kubesim.userland.shell import variables
from kubesim.userland.shell.variables import Shell


def succeed(shell: Shell, words: list[str]) -> int:
    """Do nothing, successfully."""
    return 0


def fail(shell: Shell, words: list[str]) -> int:
    """Do nothing, unsuccessfully."""
    return 1


def shift(shell: Shell, words: list[str]) -> int:
    """Drop the first positional parameters."""
    count = int(words[1]) if len(words) > 1 and words[1].isdigit() else 1
    if count > len(shell.state.positional):
        return 1
    shell.state.positional = shell.state.positional[count:]
    return 0


def let(shell: Shell, words: list[str]) -> int:
    """Evaluate arithmetic; the status says whether it was zero."""
    value = 0
    for word in words[1:]:
        value = shell.expander.arithmetic(word)
    return int(value == 0)


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


def read(shell: Shell, words: list[str]) -> int:
    """Read a line into variables."""
    return variables.read(shell, words)


def umask(shell: Shell, words: list[str]) -> int:
    """Show the mask for new files; it cannot be changed."""
    if len(words) == 1:
        shell.write("0022\n")
    return 0


def history(shell: Shell, words: list[str]) -> int:
    """Keep no history."""
    return 0
