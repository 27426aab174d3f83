"""What kube-proxy was started with: the parts of ``KubeProxyConfiguration`` that change its rules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kubesim.network.matches import InInterface, Match, Source
from kubesim.releases import DEFAULT, Release

MASQUERADE_MARK = 0x4000
"""The bit of the packet mark that means "masquerade this" (``iptables.masqueradeBit`` 14)."""


class DetectLocalMode(StrEnum):
    """How kube-proxy tells Pods of this node from the rest of the world (``detectLocalMode``)."""

    CLUSTER_CIDR = "ClusterCIDR"
    """By the source address: any Pod of the cluster."""
    NODE_CIDR = "NodeCIDR"
    """By the source address: a Pod of this node."""
    BRIDGE_INTERFACE = "BridgeInterface"
    """By the interface that the packet came in by."""
    INTERFACE_NAME_PREFIX = "InterfaceNamePrefix"
    """By the beginning of that interface's name."""
    NONE = ""
    """Not at all."""


@dataclass(frozen=True, slots=True)
class LocalDetector:
    """A way to tell Pods from the rest.

    :param value: the prefix, the bridge or the beginning of an interface name, by mode.
    """

    mode: DetectLocalMode = DetectLocalMode.NONE
    value: str = ""

    @property
    def implemented(self) -> bool:
        """Whether kube-proxy can tell at all."""
        return self.mode is not DetectLocalMode.NONE

    def match(self, local: bool) -> Match:
        """The condition that a packet is (not) from a Pod.

        :raises ValueError: if there is no way to tell.
        """
        match self.mode:
            case DetectLocalMode.CLUSTER_CIDR | DetectLocalMode.NODE_CIDR:
                return Source(self.value, negated=not local)
            case DetectLocalMode.BRIDGE_INTERFACE:
                return InInterface(self.value, negated=not local)
            case DetectLocalMode.INTERFACE_NAME_PREFIX:
                return InInterface(f"{self.value}+", negated=not local)
            case _:
                raise ValueError("local traffic cannot be detected without a mode")

    def nft(self, local: bool) -> str:
        """The same condition as nft writes it."""
        equals = "" if local else "!= "
        match self.mode:
            case DetectLocalMode.CLUSTER_CIDR | DetectLocalMode.NODE_CIDR:
                return f"ip saddr {equals}{self.value}"
            case DetectLocalMode.BRIDGE_INTERFACE:
                return f'iifname {equals}"{self.value}"'
            case DetectLocalMode.INTERFACE_NAME_PREFIX:
                return f'iifname {equals}"{self.value}*"'
            case _:
                raise ValueError("local traffic cannot be detected without a mode")


@dataclass(frozen=True, slots=True)
class ProxyConfig:
    """kube-proxy's configuration.

    :param mode: ``iptables`` or ``nftables``.
    :param pod_prefix: the addresses of all Pods (``clusterCIDR``); flannel's rules are written from it too. Empty: no
        flannel.
    :param detect_local: how Pods are told from the rest; None takes ``ClusterCIDR`` with ``pod_prefix``.
    :param masquerade_all: rewrite the source of every packet for a cluster IP.
    :param node_port_addresses: prefixes of the node's addresses that take node ports. Empty is the mode's default:
        every address in iptables mode, the node's primary address in nftables mode (``primary``).
    :param localhost_node_ports: whether node ports answer on 127.0.0.1 (iptables mode only).
    :param random_fully: whether the kernel can pick masqueraded ports at random.
    :param count_packets: whether the kernel has ``xt_nfacct``, with which kube-proxy counts some packets.
    :param tcp_liberal: whether conntrack is told to accept segments outside the window, so that no rule has to drop
        them.
    :param service_prefixes: the cluster's ServiceCIDRs; nftables mode drops packets to addresses in them that no
        Service has.
    :param release: which version of kube-proxy it is.
    """

    mode: str = "iptables"
    pod_prefix: str = "10.42.0.0/16"
    detect_local: LocalDetector | None = None
    masquerade_all: bool = False
    node_port_addresses: tuple[str, ...] = ()
    localhost_node_ports: bool = True
    random_fully: bool = True
    count_packets: bool = True
    tcp_liberal: bool = False
    service_prefixes: tuple[str, ...] = ("10.43.0.0/16",)
    flannel: bool = True
    release: Release = DEFAULT

    @property
    def detector(self) -> LocalDetector:
        """How Pods are told from the rest."""
        if self.detect_local is not None:
            return self.detect_local
        if not self.pod_prefix:
            return LocalDetector()
        return LocalDetector(DetectLocalMode.CLUSTER_CIDR, self.pod_prefix)

    def node_port_prefixes(self, address: str) -> tuple[str, ...]:
        """The prefixes of the addresses that take node ports, on a node.

        :param address: the node's own, which ``primary`` stands for; empty where it has none.
        """
        own = (f"{address}/32",) if address else ()
        return tuple(each for given in self.node_port_addresses for each in (own if given == "primary" else (given,)))
