"""The complete rules of one node: kube-proxy's and flannel's."""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.objects import EndpointSlice, Node, Service
from kubesim.network.flannel import flannel_rules
from kubesim.network.proxy.config import ProxyConfig
from kubesim.network.proxy.endpoints import endpoints_map
from kubesim.network.proxy.iptables import iptables_rules
from kubesim.network.proxy.nftables import nftables_rules
from kubesim.network.proxy.node_view import node_view
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
