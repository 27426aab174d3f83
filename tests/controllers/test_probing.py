"""A probe to a Pod on the kubelet's own node leaves the same behind whether kube-proxy's rules are asked or not."""

from __future__ import annotations

import pytest

from kubesim.cluster import Cluster
from kubesim.network.sockets import Sockets


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
@pytest.mark.parametrize("port", [8080, 9])
def test_no_rule_concerns_a_connection_from_a_node_to_a_pod_on_its_bridge(mode: str, port: int) -> None:
    cluster = Cluster(proxy_mode=mode)
    (pod,) = cluster.store.list("Pod", "kube-system", {"k8s-app": "kube-dns"})
    node = f"node/{pod['spec']['nodeName']}"
    sockets = Sockets(cluster.network, node)
    opened = [sockets.connect(pod["status"]["podIP"], port, source_port=40000, ruled=ruled) for ruled in (True, False)]
    one, other = opened
    assert (one.outcome, one.seconds, one.client, one.server) == (
        other.outcome,
        other.seconds,
        other.client,
        other.server,
    )
    assert one.way.entries == other.way.entries
    assert one.way.remembered == other.way.remembered
