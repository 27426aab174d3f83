"""The complete rules of one node: kube-proxy's and flannel's."""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.objects import EndpointSlice, Node, Service
from kubesim.network.addresses import nth_address
from kubesim.network.flannel import flannel_rules
from kubesim.network.proxy.config import ProxyConfig
from kubesim.network.proxy.endpoints import endpoints_map
from kubesim.network.proxy.iptables import NodeView, iptables_rules
from kubesim.network.proxy.nftables import nftables_rules
from kubesim.network.proxy.service_ports import service_port_map
from kubesim.network.rules import Ruleset, merged


def ruleset(
    node: Node, services: Sequence[Service], slices: Sequence[EndpointSlice], config: ProxyConfig | None = None
) -> Ruleset:
    """Everything kube-proxy and flannel write on a node.

    :param config: kube-proxy's configuration; None takes k3s' defaults.
    :raises ValueError: if the mode is neither ``iptables`` nor ``nftables``.
    """
    config = config or ProxyConfig()
    if config.mode not in ("iptables", "nftables"):
        raise ValueError(f"mode must be iptables or nftables, got {config.mode}")
    view = node_view(node)
    ports = service_port_map(services)
    endpoints = endpoints_map(slices, view.name)
    write = iptables_rules if config.mode == "iptables" else nftables_rules
    own = write(view, ports, endpoints, config)
    prefix = node.spec.podCIDR
    if not (config.flannel and config.pod_prefix and prefix):
        return own
    return merged(own, flannel_rules(config.pod_prefix, prefix, config.mode, config.random_fully))


def node_view(node: Node) -> NodeView:
    """A Node object as the proxies look at it: its name, addresses and labels."""
    addresses = [entry.address for entry in node.status.addresses or [] if entry.type in ("InternalIP", "ExternalIP")]
    primary = addresses[0] if addresses else ""
    prefix = node.spec.podCIDR
    bridge = [nth_address(prefix, 0), nth_address(prefix, 1)] if prefix else []
    return NodeView(node.metadata.name, primary, ("127.0.0.1", *addresses, *bridge), node.metadata.labels or {})
