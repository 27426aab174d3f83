"""Lines of klog, the log that kubectl writes to standard error."""

from __future__ import annotations

from kubesim.simulation import Simulation

PROCESS = 1000
"""The process' id is made up."""


def klog_line(simulation: Simulation, severity: str, place: str, text: str) -> str:
    """One line.

    :param severity: ``W``, ``E`` or ``F``.
    :param place: the file and the line of upstream's program.
    """
    moment = simulation.datetime
    return f"{severity}{moment:%m%d %H:%M:%S}.{moment.microsecond:06d} {PROCESS:>7} {place}] {text}"
