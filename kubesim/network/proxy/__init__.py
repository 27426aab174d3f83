"""Pass 1: the rules that kube-proxy (and flannel) write on a node, as a pure function of the cluster's objects.

::

    config         what kube-proxy was started with
    service_ports  each port of each Service as kube-proxy sees it
    endpoints      which endpoints a node may use, and for which kind of traffic
    node_addresses which of a node's addresses take node ports
    node_view      a node as the proxies look at it
    names          chain names, with upstream's hashes
    iptables       the rules of Services in iptables mode; iptables_chains has those that are always there
    nftables       the rules of Services in nftables mode; nftables_table has those that are always there
    node_rules     the complete rules of one node
    stale          which conntrack entries kube-proxy deletes
"""

from kubesim.network.proxy.config import LocalDetector, ProxyConfig
from kubesim.network.proxy.node_rules import ruleset

__all__ = ["LocalDetector", "ProxyConfig", "ruleset"]
