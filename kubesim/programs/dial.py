"""Opening connections from a program, the loopback's IPv6 address included.

The simulated network is IPv4. ``::1`` is the one IPv6 address that works, because programs try it first for
``localhost``: it reaches what listens on this machine, which then sees ``::1`` as its client.
"""

from __future__ import annotations

from dataclasses import replace

from kubesim.network.service import Client
from kubesim.network.sockets import Connection
from kubesim.programs.machine import Machine

LOOPBACK_6 = "::1"


def dial(machine: Machine, address: str, port: int, protocol: str = "TCP") -> Connection:
    """Open a connection to an IPv4 address or to ``::1``."""
    if address != LOOPBACK_6:
        return machine.sockets.connect(address, port, protocol)
    connection = machine.sockets.connect("127.0.0.1", port, protocol)
    seen = Client(LOOPBACK_6, connection.client.port)
    return replace(connection, client=seen, local=(LOOPBACK_6, connection.local[1]))
