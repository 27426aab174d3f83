"""A node as the proxies look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kubesim.api.objects import Node
from kubesim.network.addresses import nth_address


@dataclass(frozen=True, slots=True)
class NodeView:
    """The node for which rules are written.

    :param address: its primary address.
    :param addresses: all of its addresses, the loopback's among them.
    :param labels: the node's labels (its zone).
    """

    name: str
    address: str
    addresses: tuple[str, ...]
    labels: Mapping[str, str]


def node_view(node: Node) -> NodeView:
    """A Node object as the proxies look at it: its name, addresses and labels."""
    addresses = [entry.address for entry in node.status.addresses or [] if entry.type in ("InternalIP", "ExternalIP")]
    primary = addresses[0] if addresses else ""
    prefix = node.spec.podCIDR
    bridge = [nth_address(prefix, 0), nth_address(prefix, 1)] if prefix else []
    return NodeView(node.metadata.name, primary, ("127.0.0.1", *addresses, *bridge), node.metadata.labels or {})
