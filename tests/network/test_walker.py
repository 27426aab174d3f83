from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubesim.network.proxy import ProxyConfig
from kubesim.network.trace import Action, Outcome
from kubesim.views.reasons import cited, reason
from tests.network.small_cluster import GOOGLE, LAPTOP, PODS, actions, endpoints, network, service

CLIENT, WEB0, WEB1 = "pod/default/client", "pod/default/web-0", "pod/default/web-1"
MODES = ("iptables", "nftables")


def test_pods_reach_each_other_without_translation() -> None:
    for there, bridge in ((WEB0, ["node/master"]), (WEB1, ["node/master", "node/worker"])):
        name = there.rpartition("/")[2]
        (trace,) = network().trace(CLIENT, PODS[name][0], 8080)
        assert trace.outcome is Outcome.DELIVERED and trace.destination == there
        assert trace.delivered is not None and trace.delivered.source == PODS["client"][0]
        assert [hop.machine for hop in trace.hops] == [CLIENT, *bridge, there]
        assert [hop.machine for hop in trace.reply] == [there, *reversed(bridge), CLIENT]
        assert not {Action.DNAT, Action.SNAT} & set(actions(trace))


@pytest.mark.parametrize(
    ("address", "port", "outcome", "seconds"),
    [
        ("10.42.0.6", 81, Outcome.REFUSED, 0.0),
        ("10.42.0.99", 80, Outcome.UNREACHABLE, 3.0),
        ("10.42.1.99", 80, Outcome.UNREACHABLE, 3.0),
        (GOOGLE, 80, Outcome.DELIVERED, 0.0),
        ("192.0.2.1", 80, Outcome.LOST, inf),
        ("10.43.9.9", 80, Outcome.LOST, inf),
    ],
)
def test_where_no_service_is(address: str, port: int, outcome: Outcome, seconds: float) -> None:
    config = ProxyConfig(service_prefixes=())
    (trace,) = network(config=config).trace(CLIENT, address, port)
    assert (trace.outcome, trace.seconds) == (outcome, seconds)


@pytest.mark.parametrize("mode", MODES)
def test_a_cluster_ip_leads_to_every_endpoint_with_the_same_chance(mode: str) -> None:
    built = network([service()], [endpoints("web-0", "web-1")], ProxyConfig(mode=mode))
    traces = built.trace(CLIENT, "10.43.0.20", 80)
    assert {trace.destination for trace in traces} == {WEB0, WEB1}
    assert [trace.probability for trace in traces] == pytest.approx([0.5, 0.5])
    for trace in traces:
        assert trace.delivered is not None and trace.delivered.source == PODS["client"][0]
        answer = trace.reply[-1].steps[-1].after
        assert (answer.source, answer.source_port) == ("10.43.0.20", 80)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("source", "seen_at_web_0", "seen_at_web_1"),
    [
        ("laptop", "10.42.0.1", "10.42.0.0"),
        ("node/worker", "10.42.0.1", "10.42.0.0"),
        (CLIENT, "10.42.0.1", "10.42.0.0"),
    ],
)
def test_a_node_port_hides_the_client_behind_the_node(
    mode: str, source: str, seen_at_web_0: str, seen_at_web_1: str
) -> None:
    built = network([service(type="NodePort")], [endpoints("web-0", "web-1")], ProxyConfig(mode=mode))
    seen = {t.destination: t.delivered.source for t in built.trace(source, "172.31.0.10", 30080) if t.delivered}
    assert seen == {WEB0: seen_at_web_0, WEB1: seen_at_web_1}


@pytest.mark.parametrize("mode", MODES)
def test_a_local_policy_keeps_the_client_and_drops_where_no_endpoint_is(mode: str) -> None:
    local = service(type="NodePort", externalTrafficPolicy="Local")
    built = network([local], [endpoints("web-0")], ProxyConfig(mode=mode))
    (kept,) = built.trace("laptop", "172.31.0.10", 30080)
    assert kept.delivered is not None and kept.delivered.source == LAPTOP
    (dropped,) = built.trace("laptop", "172.31.0.11", 30080)
    assert (dropped.outcome, dropped.seconds) == (Outcome.DROPPED, inf)
    (inside,) = built.trace("node/worker", "172.31.0.11", 30080)
    assert inside.outcome is Outcome.DELIVERED


@pytest.mark.parametrize("mode", MODES)
def test_no_endpoints_are_rejected_at_once(mode: str) -> None:
    (trace,) = network([service()], [], ProxyConfig(mode=mode)).trace(CLIENT, "10.43.0.20", 80)
    assert (trace.outcome, trace.destination, trace.seconds) == (Outcome.REJECTED, "node/master", 0.0)
    assert (trace.steps[-1].action is Action.REJECT and "web" in reason(trace.steps[-1])) or mode == "nftables"
    assert trace.reply[-1].machine == CLIENT


@pytest.mark.parametrize(("mode", "outcome"), [("iptables", Outcome.LOST), ("nftables", Outcome.REJECTED)])
def test_a_wrong_port_of_a_live_cluster_ip(mode: str, outcome: Outcome) -> None:
    (trace,) = network([service()], [endpoints("web-0")], ProxyConfig(mode=mode)).trace(CLIENT, "10.43.0.20", 81)
    assert trace.outcome is outcome


@pytest.mark.parametrize(("mode", "outcome"), [("iptables", Outcome.DELIVERED), ("nftables", Outcome.REFUSED)])
def test_a_node_port_on_the_loopback(mode: str, outcome: Outcome) -> None:
    built = network([service(type="NodePort")], [endpoints("web-0")], ProxyConfig(mode=mode))
    (trace,) = built.trace("node/master", "127.0.0.1", 30080)
    assert trace.outcome is outcome


def test_without_route_localnet_the_loopback_stays_inside() -> None:
    config = ProxyConfig(localhost_node_ports=False)
    (trace,) = network([service(type="NodePort")], [endpoints("web-0")], config).trace(
        "node/master", "127.0.0.1", 30080
    )
    assert trace.outcome is Outcome.REFUSED


@pytest.mark.parametrize("mode", MODES)
def test_a_hairpin_comes_back_with_the_bridges_address(mode: str) -> None:
    (trace,) = network([service()], [endpoints("web-0")], ProxyConfig(mode=mode)).trace(WEB0, "10.43.0.20", 80)
    assert trace.destination == WEB0
    assert trace.delivered is not None and trace.delivered.source == "10.42.0.1"


def test_a_cluster_ip_is_nowhere_outside_the_cluster() -> None:
    (trace,) = network([service()], [endpoints("web-0")]).trace("laptop", "10.43.0.20", 80)
    assert trace.outcome is Outcome.LOST


def test_pinging_a_cluster_ip_loses_everything_in_iptables_mode() -> None:
    built = network([service()], [endpoints("web-0")])
    (trace,) = built.trace(CLIENT, "10.43.0.20", 0, "ICMP")
    assert trace.outcome is Outcome.LOST
    (trace,) = built.trace(CLIENT, PODS["web-1"][0], 0, "ICMP")
    assert trace.outcome is Outcome.DELIVERED


def test_udp_that_the_sender_s_own_rules_stop_is_not_permitted() -> None:
    ports = [{"port": 53, "protocol": "UDP", "targetPort": 8080}]
    built = network([service(ports=ports)], [])
    (own,) = built.trace("node/master", "10.43.0.20", 53, "UDP")
    (pod,) = built.trace(CLIENT, "10.43.0.20", 53, "UDP")
    assert own.not_permitted and not pod.not_permitted


def test_every_step_says_why() -> None:
    for trace in network([service(type="NodePort")], [endpoints("web-0", "web-1")]).trace(
        "laptop", "172.31.0.10", 30080
    ):
        for hop in (*trace.hops, *trace.reply):
            for step in hop.steps:
                assert reason(step).endswith(".") and "None" not in reason(step)
                assert hop.machine not in reason(step), "a step is shown beside its machine"
        assert cited(next(s for s in trace.steps if s.action is Action.DNAT)).startswith("-A KUBE-SEP-")


services = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"]),
        "internalTrafficPolicy": st.sampled_from(["Cluster", "Local"]),
        "externalTrafficPolicy": st.sampled_from(["Cluster", "Local"]),
        "sessionAffinity": st.sampled_from(["None", "ClientIP"]),
        "externalIPs": st.sampled_from([[], ["198.51.100.7"]]),
        "loadBalancerSourceRanges": st.sampled_from([[], ["172.31.0.0/24"], ["203.0.113.0/24"]]),
        "ingress": st.sampled_from([[], [{"ip": "172.31.0.11"}], [{"ip": "198.51.100.8", "ipMode": "Proxy"}]]),
    }
)


@settings(max_examples=60, deadline=None)
@given(
    spec=services,
    names=st.lists(st.sampled_from(["web-0", "web-1", "client"]), unique=True),
    mode=st.sampled_from(MODES),
    source=st.sampled_from([CLIENT, WEB0, "node/master", "node/worker", "laptop"]),
    target=st.sampled_from(
        [
            ("10.43.0.20", 80),
            ("172.31.0.10", 30080),
            ("172.31.0.11", 80),
            ("198.51.100.7", 80),
            ("127.0.0.1", 30080),
            ("10.42.1.6", 8080),
        ]
    ),
    protocol=st.sampled_from(["TCP", "UDP"]),
)
def test_invariants(
    spec: dict[str, object], names: list[str], mode: str, source: str, target: tuple[str, int], protocol: str
) -> None:
    built = network([service(**dict(spec))], [endpoints(*names)], ProxyConfig(mode=mode))
    traces = built.trace(source, *target, protocol)
    assert sum(trace.probability for trace in traces) == pytest.approx(1)
    for trace in traces:
        # A packet is delivered at most once, and then it ends there.
        delivered = [n for n, step in enumerate(trace.steps) if step.action is Action.DELIVER]
        assert len(delivered) <= 1 and delivered in ([], [len(trace.steps) - 1])
        if trace.outcome is Outcome.DELIVERED:
            # A reply returns to the address that asked, from the address that was asked.
            assert trace.reply[-1].machine == source
            answer, asked = trace.reply[-1].steps[-1].after, trace.packet
            assert (answer.destination, answer.destination_port) == (asked.source, asked.source_port)
            assert (answer.source, answer.source_port) == (asked.destination, asked.destination_port)
