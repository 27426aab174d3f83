"""bash's ``/dev/tcp/HOST/PORT`` and ``/dev/udp/HOST/PORT``: opening them connects, for want of any other program.

They are no files: bash itself opens a connection where a redirection names one. What is written is not sent on, and
there is nothing to read; the connection itself, and how it fails, is what people try this for.
"""

from __future__ import annotations

import re

from kubesim.programs.connecting import SERVICES, attempt
from kubesim.programs.machine import Machine
from kubesim.programs.name_lookup import look_up
from kubesim.userland.numerals import is_number, whole_number
from kubesim.userland.shell.dialect import BASH
from kubesim.userland.shell.redirections import Opened
from kubesim.userland.shell.script import ShellProgram

_PATH = re.compile(r"/dev/(tcp|udp)/([^/]+)/([^/]+)")


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
    made = attempt(machine, lookup.addresses[0], whole_number(service) if is_number(service) else numbers[0])
    before = f"connect: {made.problem}" if made.problem else ""
    return Opened(made.problem, before, False, lookup.seconds + made.seconds)


bash = ShellProgram(BASH, open_connection)
"""bash with connections; dash and ash have none."""
