"""How control leaves the order of commands: ``exit``, ``return``, ``break``, a signal; and the signals' names."""

from __future__ import annotations

from kubesim.userland.numerals import is_number, whole_number

NAMES = {
    1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1",
    11: "SEGV", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 16: "STKFLT", 17: "CHLD", 18: "CONT", 19: "STOP",
    20: "TSTP", 21: "TTIN", 22: "TTOU", 23: "URG", 24: "XCPU", 25: "XFSZ", 26: "VTALRM", 27: "PROF", 28: "WINCH",
    29: "IO", 30: "PWR", 31: "SYS",
}  # fmt: skip
NUMBERS = {name: number for number, name in NAMES.items()}
HARMLESS = frozenset({"0", "CHLD", "CONT", "URG", "WINCH"})
"""Signals that end nothing."""
ENDINGS = {
    "HUP": "Hangup", "KILL": "Killed", "TERM": "Terminated", "QUIT": "Quit", "ABRT": "Aborted", "ALRM": "Alarm clock",
    "USR1": "User defined signal 1", "USR2": "User defined signal 2",
}  # fmt: skip


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


class Discard(Exception):  # noqa: N818
    """An expansion failed: bash gives up the rest of the line, and goes on with the next."""

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
    if is_number(text):
        return "0" if text == "0" else NAMES.get(whole_number(text))
    name = text.upper().removeprefix("SIG")
    return name if name in NUMBERS else None


def signal_table() -> str:
    """What ``kill -l`` and ``trap -l`` of bash print; the real-time signals are left out."""
    cells = [f"{number:2d}) SIG{name}" for number, name in NAMES.items()]
    rows = [cells[start : start + 5] for start in range(0, len(cells), 5)]
    return "".join("\t".join(row) + "\n" for row in rows)
