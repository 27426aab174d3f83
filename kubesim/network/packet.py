"""A packet, as far as the path to a Pod depends on it: who to whom, which protocol, and netfilter's mark.

A packet is a value: a rewrite (DNAT, masquerade) makes a new one. Addresses are dotted IPv4 strings, ports 0–65535.
"""

from __future__ import annotations

import msgspec


class Packet(msgspec.Struct, frozen=True, gc=False):
    """One packet's header.

    :param protocol: ``TCP``, ``UDP``, ``SCTP`` or ``ICMP`` (whose ports are 0).
    :param mark: netfilter's packet mark; kube-proxy sets 0x4000 on what must be masqueraded.
    """

    protocol: str
    source: str
    source_port: int
    destination: str
    destination_port: int
    mark: int = 0

    def __str__(self) -> str:
        return f"{self.protocol} {self.source}:{self.source_port} → {self.destination}:{self.destination_port}"

    def reply(self) -> Packet:
        """The packet that answers this one: ends exchanged, no mark."""
        return Packet(self.protocol, self.destination, self.destination_port, self.source, self.source_port)

    def rewritten(
        self,
        *,
        source: str | None = None,
        source_port: int | None = None,
        destination: str | None = None,
        destination_port: int | None = None,
        mark: int | None = None,
    ) -> Packet:
        """A copy with some fields changed."""
        return Packet(
            self.protocol,
            self.source if source is None else source,
            self.source_port if source_port is None else source_port,
            self.destination if destination is None else destination,
            self.destination_port if destination_port is None else destination_port,
            self.mark if mark is None else mark,
        )
