"""Pass 1: the rules that kube-proxy (and flannel) write on a node, as a pure function of the cluster's objects.

::

    config         what kube-proxy was started with
    service_ports  each port of each Service as kube-proxy sees it
    endpoints      which endpoints a node may use, and for which kind of traffic
    node           a node as the proxies look at it, and which of its addresses take node ports
    names          chain names, with upstream's hashes
    rule_sum       the rules of nodes as a sum of what each Service port adds
    iptables       how iptables mode writes them
    nftables       how nftables mode does
    proxier        the complete rules of a node
    stale          which conntrack entries kube-proxy deletes
"""

from kubesim.network.proxy.config import LocalDetector, ProxyConfig
from kubesim.network.proxy.proxier import ruleset

__all__ = ["LocalDetector", "ProxyConfig", "ruleset"]
