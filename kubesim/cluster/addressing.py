"""Where a cluster's addresses lie: from its cluster file, or from what a dump says.

Apart from the cluster file because a real cluster's ranges need not lie apart as a file's must: on EKS, Pods have
addresses of the nodes' own network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kubesim.cluster.configuration import ClusterConfiguration
from kubesim.network.topology import lan_prefix


@dataclass(frozen=True, slots=True)
class Addressing:
    """A cluster's address ranges and the names that go with them; all IPv4.

    :param pods: the range of the Pods' addresses, which kube-proxy tells Pods by.
    :param services: the range of cluster IPs.
    :param lan: the range of the nodes' LAN.
    :param gateway: the router's address on it.
    :param dns: the address of the cluster's DNS server, which the kubelet tells Pods.
    :param domain: the cluster's domain.
    :param outside: (name, address) of machines outside the cluster.
    :param firewalls: of those that have a firewall of their own: the ranges of ports that they may call.
    :param flannel: whether flannel's own rules are written on the nodes.
    """

    pods: str
    services: str
    lan: str
    gateway: str
    dns: str
    domain: str
    outside: tuple[tuple[str, str], ...] = ()
    flannel: bool = True
    firewalls: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, configuration: ClusterConfiguration) -> Addressing:
        """What a cluster file says."""
        networks = configuration.networks
        outside = tuple((each.name, each.address) for each in configuration.outside)
        firewalls = {each.name: each.admitted for each in configuration.outside if each.firewall}
        lan, ranges = lan_prefix(networks.gateway), (networks.pods, networks.services)
        names = networks.gateway, networks.dns, networks.domain
        return cls(*ranges, lan, *names, outside, firewalls=firewalls)
