"""The sum of fragments is the list that is written from nothing, whatever came before, and however it is asked."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubesim.network import iptables_text, nftables_text
from kubesim.network.matches import Situation
from kubesim.network.packet import Packet
from kubesim.network.proxy import ProxyConfig
from kubesim.network.proxy.endpoints import EndpointInfo
from kubesim.network.proxy.names import ServicePortName
from kubesim.network.proxy.node import NodeView
from kubesim.network.proxy.proxier import rule_sum
from kubesim.network.proxy.rule_sum import OrderedCounts, RuleSum
from kubesim.network.proxy.service_ports import ServicePort
from kubesim.network.rules import Chain, Ruleset

MODES = ("iptables", "nftables")
NODES = tuple(
    NodeView(
        f"n{number}",
        f"172.31.0.1{number}",
        ("127.0.0.1", f"172.31.0.1{number}"),
        {"topology.kubernetes.io/zone": f"z{number % 2}"},
        f"10.42.{number}.0/24",
    )
    for number in range(3)
)
NAMES = st.builds(ServicePortName, st.sampled_from(["a", "b"]), st.sampled_from(["one", "two", "web"]))
ENDPOINTS = st.builds(
    EndpointInfo,
    st.sampled_from(["10.42.0.5", "10.42.1.5", "10.42.1.6"]),
    st.just(8080),
    st.sampled_from(["", "n0", "n1"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([frozenset(), frozenset({"z0"}), frozenset({"z1"})]),
)
LISTED = st.lists(ENDPOINTS, max_size=4).map(lambda listed: tuple(sorted(listed, key=str)))
PORTS = st.builds(
    ServicePort,
    st.sampled_from(["10.43.0.1", "10.43.0.2"]),
    st.sampled_from([80, 81]),
    st.sampled_from(["TCP", "UDP"]),
    node_port=st.sampled_from([0, 30080]),
    external_ips=st.sampled_from([(), ("172.31.9.9",)]),
    load_balancer_vips=st.sampled_from([(), ("172.31.8.8",)]),
    load_balancer_source_ranges=st.sampled_from([(), ("172.31.0.10/32",), ("8.8.8.0/24",)]),
    session_affinity=st.sampled_from(["", "ClientIP"]),
    sticky_max_age_seconds=st.just(10),
    external_policy_local=st.booleans(),
    internal_policy_local=st.booleans(),
)
Put = tuple[ServicePort, tuple[EndpointInfo, ...]]
CHANGES = st.lists(
    st.tuples(NAMES, st.one_of(st.none(), st.tuples(PORTS, LISTED))),
    max_size=14,
)


def printed(ruleset: Ruleset) -> str:
    return iptables_text.save(ruleset) if ruleset.mode == "iptables" else nftables_text.list_ruleset(ruleset)


def from_nothing(state: Mapping[ServicePortName, Put], mode: str) -> RuleSum:
    total = rule_sum(ProxyConfig(mode=mode))
    for name in sorted(state):
        total.put(name, *state[name])
    return total


@pytest.mark.parametrize("mode", MODES)
@given(changes=CHANGES, asked=st.integers(0, 14))
@settings(max_examples=40, deadline=None)
def test_after_any_changes_the_rules_are_those_written_from_nothing(
    mode: str, changes: list[tuple[ServicePortName, Put | None]], asked: int
) -> None:
    total, state = rule_sum(ProxyConfig(mode=mode)), dict[ServicePortName, Put]()
    held = {}
    for number, (name, put) in enumerate(changes):
        if number == asked:
            held = {node: total.on(node) for node in NODES}
            assert all(printed(ruleset) for ruleset in held.values())
        if put is None:
            total.put(name, None)
            state.pop(name, None)
        else:
            total.put(name, *put)
            state[name] = put
    fresh = from_nothing(state, mode)
    for node in NODES:
        assert printed(total.on(node)) == printed(fresh.on(node))
        # Who holds a node's rules holds those that are there by now.
        assert node not in held or held[node] is total.on(node)


@given(changes=CHANGES)
@settings(max_examples=40, deadline=None)
def test_a_packet_meets_the_rules_that_it_would_meet_in_the_whole_list(
    changes: list[tuple[ServicePortName, Put | None]],
) -> None:
    state = {name: put for name, put in changes if put is not None}
    total = from_nothing(state, "iptables")
    for node in NODES:
        situation = Situation(is_local=lambda address, node=node: address in node.addresses)  # type: ignore[misc]
        for destination, port in (("10.43.0.1", 80), ("172.31.9.9", 81), ("172.31.0.10", 30080), ("127.0.0.1", 30080)):
            packet = Packet("TCP", "10.42.0.9", 1, destination, port)
            for composed in total.on(node).chains.values():
                whole = Chain(composed.name, tuple(composed.rules))
                assert len(composed.rules) == len(whole.rules)
                met = [
                    [
                        (position, rule)
                        for position, rule in chain.candidates("tcp", destination, port)
                        if all(match.holds(packet, situation) for match in rule.matches)
                    ]
                    for chain in (composed, whole)
                ]
                assert met[0] == met[1]


@given(changes=CHANGES)
@settings(max_examples=40, deadline=None)
def test_a_set_has_by_key_what_it_lists(changes: list[tuple[ServicePortName, Put | None]]) -> None:
    total = from_nothing({name: put for name, put in changes if put is not None}, "nftables")
    for node in NODES:
        for (table, name), named in total.on(node).sets.items():
            assert total.on(node).members(table)[name] == named.elements
            assert ("10.43.99.99", "tcp", "80") not in named.elements
            assert len(named.elements) == len(list(named.elements))


def test_of_two_services_with_one_address_the_first_rule_and_the_last_element_count() -> None:
    first, last = ServicePortName("a", "first"), ServicePortName("b", "last")
    endpoints = (EndpointInfo("10.42.0.5", 8080, "n0"),)
    for order in ((first, last), (last, first)):
        for mode in MODES:
            total = rule_sum(ProxyConfig(mode=mode))
            for name in order:
                total.put(name, ServicePort("10.43.0.1", 80, "TCP"), endpoints)
            rules = total.on(NODES[0])
            if mode == "iptables":
                found = [rule for _, rule in rules.chain("nat", "KUBE-SERVICES").candidates("tcp", "10.43.0.1", 80)]
                assert ["a/first" in str(found[0]), "b/last" in str(found[1])] == [True, True]
            else:
                assert "b/last" in str(rules.sets["ip kube-proxy", "service-ips"].elements["10.43.0.1", "tcp", "80"])


@pytest.mark.parametrize("mode", MODES)
def test_services_stand_in_the_order_of_their_names_however_they_came(mode: str) -> None:
    names, endpoints = [ServicePortName("a", f"s{n}") for n in range(4)], (EndpointInfo("10.42.0.5", 8080, "n0"),)
    total = rule_sum(ProxyConfig(mode=mode))
    for name in (names[2], names[0], names[3], names[1]):
        total.put(name, ServicePort(f"10.43.0.{name.name[1]}", 80, "TCP"), endpoints)
    text = printed(total.on(NODES[0]))
    places = [text.index(f"10.43.0.{n}") for n in range(4)]
    assert places == sorted(places)
    if mode == "iptables":
        services = total.on(NODES[0]).chain("nat", "KUBE-SERVICES")
        assert [next(services.candidates("tcp", f"10.43.0.{n}", 80))[0] for n in range(4)] == [0, 1, 2, 3]


def test_a_change_writes_no_rules_but_its_own() -> None:
    total, endpoints = rule_sum(ProxyConfig()), (EndpointInfo("10.42.0.5", 8080, "n0"),)
    names = [ServicePortName("default", f"s{number}") for number in range(50)]
    for number, name in enumerate(names):
        total.put(name, ServicePort(f"10.43.0.{number}", 80, "TCP"), endpoints)
    ruleset = total.on(NODES[0])
    before = dict(ruleset.chains)
    total.put(names[7], ServicePort("10.43.0.7", 81, "TCP"), endpoints)
    after = dict(ruleset.chains)
    changed = {place for place in after if after[place] is not before[place]}
    assert {len(after[place].rules) for place in changed} == {2} and len(changed) == 2


def test_nodes_that_see_a_port_alike_share_its_rules() -> None:
    total, name = rule_sum(ProxyConfig()), ServicePortName("default", "web")
    hinted = [EndpointInfo(f"10.42.{n}.5", 8080, f"n{n}", zone_hints=frozenset({f"z{n % 2}"})) for n in range(3)]
    total.put(name, ServicePort("10.43.0.1", 80, "TCP"), tuple(hinted))
    of_node = [total.on(node).chains for node in NODES]
    (service,) = [place for place in of_node[0] if place[1].startswith("KUBE-SVC-")]
    assert of_node[0][service] is of_node[2][service] is not of_node[1][service]


def test_a_cluster_becomes_large_and_small_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubesim.network.proxy.rule_sum.LARGE_CLUSTER_ENDPOINTS", 1)
    total, port = rule_sum(ProxyConfig()), ServicePort("10.43.0.1", 80, "TCP")
    one = EndpointInfo("10.42.0.5", 8080, "n0")
    small = printed(from_nothing({ServicePortName("a", "web"): (port, (one,))}, "iptables").on(NODES[0]))
    total.put(ServicePortName("a", "web"), port, (one,))
    assert "KUBE-SEP-" in small and printed(total.on(NODES[0])) == small
    total.put(ServicePortName("b", "web"), ServicePort("10.43.0.2", 80, "TCP"), (one,))
    assert all("a/web" not in line for line in printed(total.on(NODES[0])).splitlines() if "-A KUBE-SEP" in line)
    total.put(ServicePortName("b", "web"), None)
    assert printed(total.on(NODES[0])) == small


def test_a_node_with_other_labels_sees_other_hints() -> None:
    total = rule_sum(ProxyConfig())
    endpoints = tuple(EndpointInfo(f"10.42.{n}.5", 80, f"n{n}", zone_hints=frozenset({f"z{n}"})) for n in range(2))
    total.put(ServicePortName("a", "web"), ServicePort("10.43.0.1", 80, "TCP"), endpoints)
    assert "10.42.0.5" in printed(total.on(NODES[0])) and "10.42.1.5" not in printed(total.on(NODES[0]))
    moved = NodeView(NODES[0].name, NODES[0].address, NODES[0].addresses, NODES[1].labels, NODES[0].pod_prefix)
    assert "10.42.0.5" not in printed(total.on(moved)) and "10.42.1.5" in printed(total.on(moved))


def test_a_chain_that_is_not_there() -> None:
    total = rule_sum(ProxyConfig())
    with pytest.raises(KeyError):
        total.on(NODES[0]).chain("nat", "KUBE-SEP-NOBODY")


@given(st.lists(st.tuples(NAMES, st.integers(-2, 5), st.booleans()), max_size=60))
def test_sums_before_names(steps: list[tuple[ServicePortName, int, bool]]) -> None:
    counts, plain = OrderedCounts(), dict[ServicePortName, int]()
    for name, number, gone in steps:
        if gone and name in plain:
            del counts[name], plain[name]
        else:
            counts[name] = plain[name] = number
        for each in [*plain, ServicePortName("", ""), ServicePortName("z", "z")]:
            assert counts.before(each) == sum(number for other, number in plain.items() if other < each)
        assert counts.total == sum(plain.values())


def test_sums_of_many_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OrderedCounts, "BLOCK", 4)
    counts, names = OrderedCounts(), [ServicePortName("a", f"s{number:03}") for number in range(100)]
    for position in range(100):
        counts[names[position * 37 % 100]] = 2
    assert [counts.before(name) for name in names] == list(range(0, 200, 2))
    for name in names[::2]:
        del counts[name]
    assert [counts.before(name) for name in names[1::2]] == list(range(0, 100, 2))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", ["abc", "cba", "bca"])
def test_rules_stand_in_the_order_of_the_services_names_whenever_those_came(mode: str, order: str) -> None:
    total = rule_sum(ProxyConfig(mode=mode))
    ports = {name: ServicePort(f"10.43.0.{number}", 80, "TCP") for number, name in enumerate("abc", 1)}
    state = {ServicePortName("ns", name, ""): (port, (EndpointInfo("10.42.0.5", 80),)) for name, port in ports.items()}
    for letter in order:
        name = ServicePortName("ns", letter, "")
        total.put(name, *state[name])
    rules = total.on(NODES[0])
    assert printed(rules) == printed(from_nothing(state, mode).on(NODES[0]))
    told = [line for line in printed(rules).splitlines() if "10.43.0." in line]
    places = [min(number for number, line in enumerate(told) if port.cluster_ip in line) for port in ports.values()]
    assert places == sorted(places)
