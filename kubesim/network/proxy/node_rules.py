"""The complete rules of one node: kube-proxy's and flannel's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kubesim.api.objects import EndpointSlice, Node, Service
from kubesim.network.flannel import flannel_rules
from kubesim.network.proxy.config import ProxyConfig
from kubesim.network.proxy.endpoints import endpoints_map
from kubesim.network.proxy.iptables import iptables_rules
from kubesim.network.proxy.nftables import nftables_rules
from kubesim.network.proxy.node_addresses import NodePortAddresses
from kubesim.network.proxy.node_view import NodeView, node_view
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
    config = _on_node(config, view)
    ports = service_port_map(services)
    endpoints = endpoints_map(slices, view.name)
    write = iptables_rules if config.mode == "iptables" else nftables_rules
    own = write(view, ports, endpoints, config)
    prefix = node.spec.podCIDR
    if not (config.flannel and config.pod_prefix and prefix):
        return own
    return merged(own, flannel_rules(config.pod_prefix, prefix, config.mode, config.random_fully))


def _on_node(config: ProxyConfig, node: NodeView) -> ProxyConfig:
    """The configuration as it is resolved on a node: ``primary`` is the node's own address, and without an address of
    the loopback network among those that take node ports, none works on 127.0.0.1.
    """
    primary = (f"{node.address}/32",) if node.address else ()
    prefixes = tuple(
        prefix for given in config.node_port_addresses for prefix in (primary if given == "primary" else (given,))
    )
    loopback = NodePortAddresses.of(prefixes).contains_loopback
    return replace(config, node_port_addresses=prefixes, localhost_node_ports=config.localhost_node_ports and loopback)
