"""bash's ``/dev/tcp/HOST/PORT`` and ``/dev/udp/HOST/PORT``: opening them connects, for want of any other program.

They are no files: bash itself opens a connection where a redirection names one. What is written is not sent on, and
there is nothing to read; the connection itself, and how it fails, is what people try this for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kubesim.programs.lookup import look_up
from kubesim.programs.net.attempt import SERVICES, attempt
from kubesim.userland.machine import Machine

_PATH = re.compile(r"/dev/(tcp|udp)/([^/]+)/([^/]+)")


@dataclass(frozen=True, slots=True)
class Opened:
    """How opening ended.

    :param problem: what is wrong with the path, in the shell's words; empty where the connection stands.
    :param before: a complaint that stands before that one, on a line of its own.
    :param counts: whether that complaint names the line of the script.
    """

    problem: str = ""
    before: str = ""
    counts: bool = False
    seconds: float = 0.0


def open_connection(machine: Machine, path: str) -> Opened | None:
    """Connect where a path means a connection; None for any other path."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    protocol, host, service = found.groups()
    numbers = [number for number, name in SERVICES.items() if name == service]
    if not service.isdigit() and not numbers:
        return Opened("Invalid argument", f"{service}: Servname not supported for ai_socktype", counts=True)
    lookup = look_up(machine, host)
    if not lookup.addresses:
        return Opened("Invalid argument", f"{host}: {lookup.error}", True, lookup.seconds)
    if protocol == "udp":  # nothing is sent before something is written
        return Opened(seconds=lookup.seconds)
    made = attempt(machine, lookup.addresses[0], int(service) if service.isdigit() else numbers[0])
    before = f"connect: {made.problem}" if made.problem else ""
    return Opened(made.problem, before, False, lookup.seconds + made.seconds)
