"""What the processes of one Pod listen on: bound when one starts, closed by the kernel when it ends, however it ends.

A process that hangs still has its sockets. The kernel goes on accepting connections and taking datagrams for it, but
nobody reads them: a client waits for an answer until its own time-out.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from kubesim.network.network import Network
from kubesim.network.service import Client, Server, bound_address
from kubesim.userland.process import Running


class HungServer:
    """Takes every request and answers none."""

    def handle(self, request: Any, client: Client) -> None:
        """No answer, ever."""
        return


class PodSockets(msgspec.Struct):
    """Which container has bound which port of a Pod.

    :param machine: the Pod's, or the node's for a Pod of the host's network.
    """

    network: Network
    machine: str
    _bound: dict[tuple[str, int], tuple[str, Server]] = {}

    def bind(self, container: str, process: Running) -> None:
        """Bind everything that a process listens on.

        :raises OSError: if a port is in use (``Address already in use``).
        """
        for (protocol, port), server in process.listeners.items():
            self.network.listen(self.machine, protocol, port, server, bound_address(server))
            self._bound[protocol, port] = container, server

    def close(self, container: str) -> None:
        """The container's process has ended."""
        for (protocol, port), (owner, server) in list(self._bound.items()):
            if owner == container:
                self.network.close(self.machine, protocol, port, bound_address(server))
                del self._bound[protocol, port]

    def hang(self, container: str, ports: Collection[int] | None = None) -> None:
        """The container's process takes requests and answers none, on these ports or on all."""
        for (protocol, port), (owner, server) in self._bound.items():
            if owner == container and (ports is None or port in ports):
                self._put(protocol, port, HungServer(), bound_address(server))

    def go_on(self, container: str) -> None:
        """The container's process answers again."""
        for (protocol, port), (owner, server) in self._bound.items():
            if owner == container:
                self._put(protocol, port, server, bound_address(server))

    def _put(self, protocol: str, port: int, server: Server, address: str) -> None:
        self.network.close(self.machine, protocol, port, address)
        self.network.listen(self.machine, protocol, port, server, address)
