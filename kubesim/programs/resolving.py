"""What the resolving programs share: their machine's files and addresses, and the time that a start takes."""

from __future__ import annotations

from kubesim.programs.machine import Machine
from kubesim.userland.filesystem import FileError

START_SECONDS = 0.005
"""From the shell's fork to a small program's first packet."""


def text_of(machine: Machine, path: str) -> str:
    """A file's text; empty where it cannot be read."""
    try:
        return machine.files.read(path)
    except FileError:
        return ""


def local_networks(machine: Machine) -> tuple[str, ...]:
    """The machine's own address with its network; Pods and nodes are in networks of 24 bits."""
    address = getattr(machine.sockets, "address", "")
    return (f"{address}/24",) if address else ()
