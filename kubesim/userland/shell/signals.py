"""How control leaves the order of commands: ``exit``, ``return``, ``break``, a signal; and the signals' names."""

from __future__ import annotations

NAMES = {
    1: "HUP", 2: "INT", 3: "QUIT", 6: "ABRT", 9: "KILL", 10: "USR1", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM",
    17: "CHLD", 18: "CONT", 19: "STOP", 20: "TSTP", 28: "WINCH",
}  # fmt: skip
NUMBERS = {name: number for number, name in NAMES.items()}
ENDINGS = {"HUP": "Hangup", "KILL": "Killed", "TERM": "Terminated", "QUIT": "Quit", "ABRT": "Aborted"}


class ShellExit(Exception):  # noqa: N818
    """``exit``: the shell ends."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class LoopJump(Exception):  # noqa: N818
    """``break`` and ``continue``, out of some levels of loops."""

    def __init__(self, levels: int, *, again: bool) -> None:
        super().__init__(levels)
        self.levels = levels
        self.again = again


class FunctionReturn(Exception):  # noqa: N818
    """``return``."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Killed(Exception):  # noqa: N818
    """A signal ended this shell."""

    def __init__(self, signal: str) -> None:
        super().__init__(signal)
        self.signal = signal

    @property
    def status(self) -> int:
        """128 and the signal's number."""
        return 128 + NUMBERS.get(self.signal, 15)


def signal_name(text: str) -> str | None:
    """``9``, ``KILL`` or ``SIGKILL`` as ``KILL``; None where there is no such signal."""
    if text.isdigit():
        return "0" if text == "0" else NAMES.get(int(text))
    name = text.upper().removeprefix("SIG")
    return name if name in NUMBERS else None
