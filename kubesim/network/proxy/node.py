"""A node as the proxies look at it, and which of its addresses take node ports (``--nodeport-addresses``; upstream's
``pkg/proxy/util/nodeport_addresses.go``).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kubesim.api.objects import Node
from kubesim.network.addresses import is_prefix, nth_address

ZERO_PREFIXES = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}
_LOOPBACKS = {"IPv4": ipaddress.ip_network("127.0.0.0/8"), "IPv6": ipaddress.ip_network("::1/128")}


@dataclass(frozen=True, slots=True, eq=False)
class NodeView:
    """The node for which rules are written. Another view of it is another value, so that a changed node is no old key.

    :param address: its primary address.
    :param addresses: all of its addresses, the loopback's among them.
    :param labels: the node's labels (its zone).
    :param pod_prefix: the addresses of its Pods; empty where it has none yet.
    """

    name: str
    address: str
    addresses: tuple[str, ...]
    labels: Mapping[str, str]
    pod_prefix: str = ""


def node_view(node: Node) -> NodeView:
    """A Node object as the proxies look at it."""
    addresses = [entry.address for entry in node.status.addresses or [] if entry.type in ("InternalIP", "ExternalIP")]
    primary = addresses[0] if addresses else ""
    # an update may give a Node a range that is none (the API server looks at ranges of new Nodes only)
    prefix = node.spec.podCIDR if is_prefix(node.spec.podCIDR) else ""
    annotations = node.metadata.annotations or {}
    first = 1 if annotations.get("flannel.alpha.coreos.com/backend-type") == "host-gw" else 0  # no tunnel's address
    bridge = [nth_address(prefix, number) for number in range(first, 2)] if prefix else []
    every = ("127.0.0.1", *addresses, *bridge)
    return NodeView(node.metadata.name, primary, every, node.metadata.labels or {}, prefix)


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
        """Whether an address of the loopback network is chosen."""
        loopback = _LOOPBACKS[self.family]
        return any(ipaddress.ip_network(prefix, strict=False).overlaps(loopback) for prefix in self.prefixes)

    def chosen(self, addresses: Sequence[str]) -> tuple[str, ...]:
        """The addresses among these that are chosen, each once, in their order."""
        return tuple(dict.fromkeys(address for address in addresses if self.holds(address)))
