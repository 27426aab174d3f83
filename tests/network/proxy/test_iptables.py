from typing import Any

import pytest

from kubesim.network.iptables_text import save
from kubesim.network.matches import Comment
from kubesim.network.proxy import LocalDetector, ProxyConfig, ruleset
from kubesim.network.proxy.config import DetectLocalMode
from kubesim.network.proxy.iptables import Iptables
from kubesim.network.proxy.node import node_view
from kubesim.network.proxy.proxier import put_all
from kubesim.network.proxy.rule_sum import RuleSum
from tests.network.small_cluster import endpoints, node, service


def chain(table: str, name: str, config: ProxyConfig | None = None, slices: Any = None, **spec: Any) -> list[str]:
    """A chain's rules on the node called master, as iptables-save prints them."""
    given = [endpoints("web-0", "web-1")] if slices is None else slices
    written = ruleset(node("master"), [service(**spec)], given, config)
    return [line for line in save(written, table).splitlines() if line.startswith(f"-A {name}")]


@pytest.mark.parametrize("kind", ["headless", "external name", "other proxy"])
def test_services_without_rules(kind: str) -> None:
    given = service(clusterIP="None") if kind == "headless" else service(type="ExternalName", externalName="google.com")
    if kind == "other proxy":
        given = service()
        given.metadata.labels = {"service.kubernetes.io/service-proxy-name": "another"}
    written = ruleset(node("master"), [given], [endpoints("web-0")])
    assert "default/web" not in save(written)


def test_a_cluster_ip() -> None:
    (services, last) = chain("nat", "KUBE-SERVICES")
    assert services.startswith('-A KUBE-SERVICES -d 10.43.0.20/32 -p tcp -m comment --comment "default/web cluster IP"')
    assert last.endswith("--dst-type LOCAL -j KUBE-NODEPORTS")


@pytest.mark.parametrize(
    ("slices", "table", "verdict"),
    [([], "filter", "REJECT"), ([endpoints("web-1")], "filter", "DROP")],
)
def test_what_has_no_endpoint_here(slices: Any, table: str, verdict: str) -> None:
    (rule,) = chain(table, "KUBE-SERVICES", slices=slices, internalTrafficPolicy="Local")
    assert f"-j {verdict}" in rule


def test_external_traffic_under_a_local_policy() -> None:
    rules = chain("nat", "KUBE-EXT-", type="NodePort", externalTrafficPolicy="Local")
    assert [rule.rpartition("-j ")[2][:8] for rule in rules] == ["KUBE-SVC", "KUBE-MAR", "KUBE-SVC", "KUBE-SVL"]


def test_without_a_way_to_tell_pods_nothing_is_short_cut() -> None:
    config = ProxyConfig(detect_local=LocalDetector())
    rules = chain("nat", "KUBE-EXT-", config, type="NodePort", externalTrafficPolicy="Local")
    assert len(rules) == 3
    assert not [rule for rule in chain("nat", "KUBE-SVC-", config) if "KUBE-MARK-MASQ" in rule]


def test_bridge_interface() -> None:
    config = ProxyConfig(detect_local=LocalDetector(DetectLocalMode.BRIDGE_INTERFACE, "cni0"))
    assert "! -i cni0" in chain("nat", "KUBE-SVC-", config)[0]


def test_masquerade_all() -> None:
    assert "! -s" not in chain("nat", "KUBE-SVC-", ProxyConfig(masquerade_all=True))[0]


def test_node_port_addresses() -> None:
    config = ProxyConfig(node_port_addresses=("172.31.0.0/24", "127.0.0.0/8"))
    calls = chain("nat", "KUBE-SERVICES", config, type="NodePort")[1:]
    assert [rule.split()[3] for rule in calls] == ["127.0.0.1/32", "172.31.0.10/32"]
    config = ProxyConfig(node_port_addresses=("172.31.0.0/24", "127.0.0.0/8"), localhost_node_ports=False)
    assert len(chain("nat", "KUBE-SERVICES", config, type="NodePort")) == 2
    whole = ruleset(node("master"), [], [], ProxyConfig(localhost_node_ports=False))
    assert not whole.route_localnet and "! -d 127.0.0.0/8" in save(whole, "nat")


def test_the_loopback_takes_node_ports_only_where_it_is_among_the_addresses() -> None:
    config = ProxyConfig(node_port_addresses=("172.31.0.0/24",))
    assert not ruleset(node("master"), [], [], config).route_localnet
    assert not [rule for rule in chain("nat", "KUBE-NODEPORTS", config, type="NodePort") if "127.0.0.0/8" in rule]
    primary = chain("nat", "KUBE-SERVICES", ProxyConfig(node_port_addresses=("primary",)), type="NodePort")
    assert [rule.split()[3] for rule in primary[1:]] == ["172.31.0.10/32"]


def test_source_ranges_admit_the_node_when_it_is_in_them() -> None:
    spec = {"type": "LoadBalancer", "ingress": [{"ip": "172.31.0.200"}], "loadBalancerSourceRanges": ["172.31.0.0/24"]}
    rules = chain("nat", "KUBE-FW-", **spec)
    assert len(rules) == 3 and "-s 172.31.0.200/32" in rules[1] and "-j" not in rules[2]
    assert "-j DROP" in chain("filter", "KUBE-PROXY-FIREWALL", **spec)[0]
    spec["ingress"] = [{"ip": "172.31.0.200", "ipMode": "Proxy"}]
    assert chain("nat", "KUBE-FW-", **spec) == []


def test_a_health_check_port_is_open() -> None:
    spec = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30999}
    (rule,) = chain("filter", "KUBE-NODEPORTS", **spec)
    assert rule.endswith("--dport 30999 -j ACCEPT")


def test_a_large_cluster_leaves_comments_out() -> None:
    from kubesim.network.proxy.endpoints import endpoints_map
    from kubesim.network.proxy.service_ports import service_port_map

    ports, listed = service_port_map([service()]), endpoints_map([endpoints("web-0")])
    for large in (False, True):
        written = put_all(RuleSum(Iptables(ProxyConfig()), large), ports, listed).on(node_view(node("master")))
        of_endpoints = [c for (_, name), c in written.chains.items() if name.startswith("KUBE-SEP-")]
        comments = [m for c in of_endpoints for rule in c.rules for m in rule.matches if isinstance(m, Comment)]
        assert bool(comments) is not large


def test_endpoints_of_what_is_no_service_do_not_make_a_cluster_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubesim.network.proxy.rule_sum.LARGE_CLUSTER_ENDPOINTS", 1)
    strangers = endpoints("web-0", "web-1", of="gone")
    assert "--comment" in next(iter(chain("nat", "KUBE-SEP-", slices=[endpoints("web-0"), strangers])))
    assert "--comment" not in next(iter(chain("nat", "KUBE-SEP-")))


def test_an_unknown_mode() -> None:
    with pytest.raises(ValueError, match="mode must be iptables or nftables, got ipvs"):
        ruleset(node("master"), [], [], ProxyConfig(mode="ipvs"))
