"""Sets of ``ipset``: addresses and prefixes that a rule of any table may ask about by the set's name.

A ``hash:ip`` has single addresses. A ``hash:net`` has prefixes, some of them with ``nomatch``: the longest prefix that
holds an address decides, and a ``nomatch`` there means that the set does not have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kubesim.network.addresses import address_number, prefix_bounds, prefix_length

HASH_SIZE = 1024
MOST_ELEMENTS = 65536
"""What ``ipset`` takes where a set's maker says nothing of it."""


class Kind(StrEnum):
    """What a set holds."""

    ADDRESSES = "hash:ip"
    PREFIXES = "hash:net"


@dataclass(frozen=True, slots=True)
class IpSet:
    """One set.

    :param members: address or prefix → whether it is one with ``nomatch`` (for addresses, anything).
    """

    name: str
    kind: Kind
    members: Mapping[str, object] = field(default_factory=dict)

    def has(self, address: str) -> bool:
        """Whether the set has an address."""
        if self.kind is Kind.ADDRESSES:
            return address in self.members
        number = address_number(address)
        longest, decides = -1, False
        for prefix, excepted in self.members.items():
            first, last = prefix_bounds(prefix)
            if first <= number <= last and prefix_length(prefix) > longest:
                longest, decides = prefix_length(prefix), not excepted
        return decides
