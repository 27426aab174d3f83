"""A machine on the simulated network: what the programs of this floor run on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from kubesim.api.store import Store
from kubesim.network.sockets import Sockets
from kubesim.userland import machine as userland
from kubesim.userland.command_line import CommandLine
from kubesim.userland.process import Listener, Start


@dataclass(slots=True)
class Machine(userland.Machine):
    """A container, a node or a host outside, with its network.

    :param sockets: what its programs open connections with.
    :param store: the API's objects, for programs that watch them (CoreDNS); None outside the cluster.
    :param image_version: which version of its image a container runs.
    """

    sockets: Sockets = field(kw_only=True)
    store: Store | None = field(default=None, kw_only=True)
    image_version: str = field(default="", kw_only=True)

    @property
    def address(self) -> str:
        """The machine's first IPv4 address."""
        return self.sockets.address

    def listen(self, protocol: str, port: int, listener: Listener) -> None:
        """Let a process of this machine answer on a port.

        :raises OSError: where the port is taken.
        """
        self.sockets.listen(protocol, port, listener)

    def stop_listening(self, protocol: str, port: int) -> None:
        """Close a port."""
        self.sockets.close(protocol, port)


Invocation: TypeAlias = Start[Machine]
Run: TypeAlias = CommandLine[Machine]
