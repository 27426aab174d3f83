"""The complete rules of nodes: kube-proxy's, in either mode, and flannel's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kubesim.api.objects import EndpointSlice, Node, Service
from kubesim.network.proxy.config import ProxyConfig
from kubesim.network.proxy.endpoints import EndpointsMap, endpoints_map
from kubesim.network.proxy.iptables import Iptables
from kubesim.network.proxy.names import ServicePortName
from kubesim.network.proxy.nftables import Nftables
from kubesim.network.proxy.node import NodePortAddresses, node_view
from kubesim.network.proxy.rule_sum import RuleSum
from kubesim.network.proxy.service_ports import ServicePort, service_port_map
from kubesim.network.rules import Ruleset


def rule_sum(config: ProxyConfig) -> RuleSum:
    """The rules of a cluster without Services; node ports work on 127.0.0.1 only where an address of the loopback
    network is among those that take them.

    :raises ValueError: if the mode is neither ``iptables`` nor ``nftables``.
    """
    if config.mode not in ("iptables", "nftables"):
        raise ValueError(f"mode must be iptables or nftables, got {config.mode}")
    if config.mode == "nftables":
        return RuleSum(Nftables(config), large=False)
    # A node's primary address is never the loopback's, so any other stands for it.
    loopback = NodePortAddresses.of(config.node_port_prefixes("0.0.0.1")).contains_loopback
    return RuleSum(Iptables(replace(config, localhost_node_ports=config.localhost_node_ports and loopback)))


def put_all(total: RuleSum, ports: Mapping[ServicePortName, ServicePort], endpoints: EndpointsMap) -> RuleSum:
    """Put all of these ports."""
    for name, port in ports.items():
        total.put(name, port, endpoints.get(name, ()))
    return total


def ruleset(
    node: Node, services: Iterable[Service], slices: Iterable[EndpointSlice], config: ProxyConfig | None = None
) -> Ruleset:
    """Everything kube-proxy and flannel write on a node.

    :param config: kube-proxy's configuration; None takes k3s' defaults.
    :raises ValueError: if the mode is neither ``iptables`` nor ``nftables``.
    """
    total = put_all(rule_sum(config or ProxyConfig()), service_port_map(services), endpoints_map(slices))
    return total.on(node_view(node))
