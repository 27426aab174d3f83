"""``test`` and ``[``: conditions, and each shell's complaints about them."""

from __future__ import annotations

from kubesim.userland.shell.conditions import Conditions, TestError
from kubesim.userland.shell.variables import Shell


def test(shell: Shell, words: list[str]) -> int:
    """``test`` and ``[``: 0 where the condition holds, 1 where not, 2 for a malformed one."""
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
