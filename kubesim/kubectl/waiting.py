"""Commands that wait let simulated time pass, event by event, until what they wait for is true."""

from __future__ import annotations

from collections.abc import Callable

from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import SilentExit

PATIENCE = 600.0
"""Simulated seconds after which a wait without end is given up, as a person would with Ctrl-C."""

INTERRUPTED = 130
"""The exit status of a command that Ctrl-C ended."""


def wait_until(call: Call, done: Callable[[], bool], timeout: float | None) -> bool:
    """Let time pass until ``done``.

    :param timeout: simulated seconds; None waits for ever, which ends after :data:`PATIENCE`.
    :returns: whether it became true in time.
    :raises SilentExit: when an endless wait is given up.
    """
    simulation = call.simulation
    deadline = simulation.now + (PATIENCE if timeout is None else timeout)
    while not done():
        following = simulation.environment.peek()
        if following > deadline:
            simulation.advance(max(0.0, deadline - simulation.now))
            if done():
                return True
            if timeout is None:
                call.stderr.append("^C\n")
                raise SilentExit(INTERRUPTED)
            return False
        simulation.environment.step()
    return True
