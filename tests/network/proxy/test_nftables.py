from typing import Any

from kubesim.network.nftables_text import list_ruleset
from kubesim.network.proxy import ProxyConfig, ruleset
from kubesim.network.proxy.nftables import TABLE
from kubesim.network.rules import Ruleset
from kubesim.network.targets import Drop, Goto
from tests.network.small_cluster import endpoints, node, service


def written(slices: Any = None, config: ProxyConfig | None = None, **spec: Any) -> Ruleset:
    given = [endpoints("web-0", "web-1")] if slices is None else slices
    return ruleset(node("master"), [service(**spec)], given, config or ProxyConfig(mode="nftables"))


def elements(rules: Ruleset, name: str) -> dict[tuple[str, ...], Any]:
    return dict(rules.sets[TABLE, name].elements)


def test_a_node_port_service() -> None:
    rules = written(type="NodePort")
    assert list(elements(rules, "cluster-ips")) == [("10.43.0.20",)]
    assert list(elements(rules, "nodeport-ips")) == [("172.31.0.10",)]
    assert list(elements(rules, "service-ips")) == [("10.43.0.20", "tcp", "80")]
    assert list(elements(rules, "service-nodeports")) == [("tcp", "30080")]
    assert list(elements(rules, "hairpin-connections")) == [("10.42.0.6", "10.42.0.6", "tcp", "8080")]


def test_refusals() -> None:
    assert elements(written([]), "no-endpoint-services") == {("10.43.0.20", "tcp", "80"): Goto("reject-chain")}
    remote = written([endpoints("web-1")], type="NodePort", externalTrafficPolicy="Local")
    assert elements(remote, "no-endpoint-nodeports") == {("tcp", "30080"): Drop()}


def test_source_ranges() -> None:
    rules = written(
        type="LoadBalancer",
        ingress=[{"ip": "172.31.0.200"}],
        loadBalancerSourceRanges=["172.31.0.0/24", "172.31.0.50/32"],
    )
    (firewall,) = [c for (_, name), c in rules.chains.items() if name.startswith("firewall-") and "/" in name]
    assert firewall.rules[0].text == "ip saddr != { 172.31.0.0/24, 172.31.0.50, 172.31.0.200 } drop"


def test_every_address_of_the_node() -> None:
    rules = written(config=ProxyConfig(mode="nftables", node_port_addresses=("0.0.0.0/0",)))
    assert (TABLE, "nodeport-ips") not in rules.sets
    assert "fib daddr type local ip daddr != 127.0.0.0/8" in list_ruleset(rules)


def test_masquerade_all_and_unallocated_addresses() -> None:
    text = list_ruleset(written(config=ProxyConfig(mode="nftables", masquerade_all=True)))
    assert "ip daddr @cluster-ips meta mark set meta mark | 0x00004000" in text
    assert 'ip daddr 10.43.0.0/16 drop comment "Drop traffic to unallocated ClusterIPs"' in text


def test_several_service_ranges_are_one_rule() -> None:
    config = ProxyConfig(mode="nftables", service_prefixes=("10.43.0.0/16", "10.96.0.0/12"))
    *_, last = written(config=config).chains[TABLE, "cluster-ips-check"].rules
    assert last.text.startswith("ip daddr { 10.43.0.0/16, 10.96.0.0/12 } drop")
    assert len(written(config=config).chains[TABLE, "cluster-ips-check"].rules) == 2
