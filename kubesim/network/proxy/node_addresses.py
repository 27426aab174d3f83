"""Which of a node's addresses take node ports (``--nodeport-addresses``; upstream's
``pkg/proxy/util/nodeport_addresses.go``).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ZERO_PREFIXES = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}


@dataclass(frozen=True, slots=True)
class NodePortAddresses:
    """A choice among a node's addresses.

    :param prefixes: those of the family; the family's zero prefix where none was given.
    """

    family: str
    prefixes: tuple[str, ...]

    @classmethod
    def of(cls, prefixes: Iterable[str], family: str = "IPv4") -> NodePortAddresses:
        """The choice that a list of prefixes of any family makes for one family."""
        own = [prefix for prefix in prefixes if f"IPv{ipaddress.ip_network(prefix, strict=False).version}" == family]
        zero = ZERO_PREFIXES[family]
        return cls(family, (zero,) if not own or zero in own else tuple(own))

    @property
    def matches_all(self) -> bool:
        """Whether every address of the node is chosen."""
        return ZERO_PREFIXES[self.family] in self.prefixes

    def holds(self, address: str) -> bool:
        """Whether an address is chosen."""
        parsed = ipaddress.ip_address(address)
        return f"IPv{parsed.version}" == self.family and any(
            parsed in ipaddress.ip_network(prefix, strict=False) for prefix in self.prefixes
        )

    @property
    def contains_loopback(self) -> bool:
        """Whether an address of the loopback network is chosen by name."""
        loopback = ipaddress.ip_network("127.0.0.0/8" if self.family == "IPv4" else "::1/128")
        return any(ipaddress.ip_network(prefix, strict=False).overlaps(loopback) for prefix in self.prefixes)

    def chosen(self, addresses: Sequence[str]) -> tuple[str, ...]:
        """The addresses among these that are chosen, each once, in their order."""
        return tuple(dict.fromkeys(address for address in addresses if self.holds(address)))
