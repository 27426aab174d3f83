"""The values behind ``$name``: variables, arrays, positional and special parameters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubesim.userland.machine import Machine
from kubesim.userland.shell.tree import Parameter

if TYPE_CHECKING:
    from kubesim.userland.shell.execution import Interpreter


class ParameterValues:
    """Looks parameters up."""

    def __init__(self, machine: Machine, interpreter: Interpreter) -> None:
        self.machine = machine
        self.interpreter = interpreter

    def items(self, part: Parameter) -> list[str]:
        """The values of ``$@``, ``$*`` or an array's ``[@]``."""
        state = self.interpreter.state
        if part.name in ("@", "*"):
            return list(state.positional)
        elements = state.elements(part.name)
        return [elements[index] for index in sorted(elements)]

    def value(self, part: Parameter) -> str | None:
        """One value; None where the parameter is unset."""
        state = self.interpreter.state
        name = part.name
        if part.index:
            if part.index in ("@", "*"):
                separator = (state.get("IFS") or " ")[:1]
                return separator.join(self.items(part))
            subscript = self.interpreter.expander.subscript(part.index)
            elements = state.elements(name)
            if subscript < 0 and elements:
                subscript += max(elements) + 1
            return elements.get(subscript)
        if name in ("@", "*"):
            blanks = state.get("IFS")
            return (" " if blanks is None else blanks[:1]).join(state.positional)
        if name.isdigit():
            number = int(name)
            if number == 0:
                return state.name
            return state.positional[number - 1] if number <= len(state.positional) else None
        special = self._special(name)
        return special if special is not None else state.get(name)

    def _special(self, name: str) -> str | None:
        state = self.interpreter.state
        if name == "?":
            return str(state.status)
        if name == "#":
            return str(len(state.positional))
        if name == "$":
            return str(state.pid)
        if name == "!":
            return str(state.last_background) if state.last_background is not None else ""
        if name == "-":
            letters = {"errexit": "e", "nounset": "u", "xtrace": "x", "noglob": "f", "noclobber": "C"}
            return "h" + "".join(letter for option, letter in letters.items() if option in state.options) + "B"
        if name == "LINENO":
            return str(self.interpreter.line)
        if re.fullmatch(r"RANDOM|SRANDOM", name) and self.interpreter.dialect.name != "dash":
            return str(self.machine.simulation.random(f"shell/{self.machine.name}").randrange(32768))
        if not self.interpreter.dialect.is_bash:
            return None
        if name == "SECONDS":
            return str(int(self.interpreter.elapsed))
        if name in ("UID", "EUID"):
            return "0" if self.machine.user == "root" else "1000"
        if name == "BASH_VERSION":
            return "5.2.37(1)-release"
        if name == "EPOCHSECONDS":
            return str(int(self.machine.datetime(self.interpreter.elapsed).timestamp()))
        if name == "HOSTNAME" and state.get("HOSTNAME") is None:
            return self.machine.hostname
        return None
