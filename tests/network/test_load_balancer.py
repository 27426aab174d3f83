import pytest

from kubesim.network.load_balancer import balanced_addresses, balancer_ruleset, healthy_nodes
from kubesim.network.network import Network
from kubesim.network.proxy.endpoints import endpoints_map, local_ready_addresses
from kubesim.network.trace import Outcome
from kubesim.views.reasons import reason
from tests.network.small_cluster import NODES, endpoints, network, node, service

VIP = "172.31.0.200"


def _service(**spec: object) -> object:
    return service(type="LoadBalancer", ingress=[{"ip": VIP, "ipMode": "VIP"}], **spec)


def _behind_a_balancer(balanced: object) -> Network:
    nodes = [node("master"), node("worker")]
    built = network([balanced], [endpoints("web-0")])  # type: ignore[list-item]
    provider = built.ruleset_provider
    rules = balancer_ruleset([balanced], nodes)  # type: ignore[list-item]
    built.ruleset_provider = lambda machine: rules if machine == "load-balancer" else provider(machine)
    built.add_outside("load-balancer", balanced_addresses([balanced], nodes), forwards=True)  # type: ignore[list-item]
    return built


def test_it_spreads_over_the_node_ports_of_ready_nodes() -> None:
    built = _behind_a_balancer(_service())
    traces = built.trace("laptop", VIP, 80)
    ways = {tuple(hop.machine for hop in trace.hops)[:3] for trace in traces}
    assert ways == {("laptop", "load-balancer", f"node/{name}") for name in NODES}
    assert [trace.probability for trace in traces] == pytest.approx([0.5, 0.5])
    assert all(trace.outcome is Outcome.DELIVERED for trace in traces)
    # Inside the cluster the nodes serve the address themselves.
    assert all(
        "load-balancer" not in {hop.machine for hop in t.hops} for t in built.trace("pod/default/client", VIP, 80)
    )


@pytest.mark.parametrize(
    ("ranges", "outcome"),
    [
        (["10.0.0.0/8"], Outcome.DROPPED),
        (["172.31.0.0/16"], Outcome.DELIVERED),
        (["10.0.0.0/8", "172.31.0.50/32"], Outcome.DELIVERED),
        (["0.0.0.0/0"], Outcome.DELIVERED),
    ],
)
def test_it_lets_in_the_source_ranges_only(ranges: list[str], outcome: Outcome) -> None:
    built = _behind_a_balancer(_service(loadBalancerSourceRanges=ranges))
    assert {trace.outcome for trace in built.trace("laptop", VIP, 80)} == {outcome}
    # The node port is not the balancer's: it stays open.
    assert {trace.outcome for trace in built.trace("laptop", "172.31.0.10", 30080)} == {Outcome.DELIVERED}


def test_a_refused_sender_is_told_why() -> None:
    (trace,) = _behind_a_balancer(_service(loadBalancerSourceRanges=["10.0.0.0/8"])).trace("laptop", VIP, 80)
    last = trace.hops[-1]
    assert last.machine == "load-balancer"
    assert "172.31.0.50 is in none of the source ranges" in reason(last.steps[-1])


def test_which_nodes_are_healthy() -> None:
    nodes = [node("master", ready=False), node("worker")]
    assert healthy_nodes(_service(), nodes) == ("172.31.0.11",)  # type: ignore[arg-type]
    excluded = [node("master"), node("worker", labels={"node.kubernetes.io/exclude-from-external-load-balancers": ""})]
    assert healthy_nodes(_service(), excluded) == ("172.31.0.10",)  # type: ignore[arg-type]
    local, both = _service(externalTrafficPolicy="Local"), [node("master"), node("worker")]
    assert healthy_nodes(local, both, local_ready_addresses(endpoints_map([endpoints("web-1")]))) == ("172.31.0.11",)  # type: ignore[arg-type]


def test_the_nodes_own_addresses_need_no_machine() -> None:
    own = service(type="LoadBalancer", ingress=[{"ip": "172.31.0.10"}])
    assert balanced_addresses([own], [node("master")]) == ()
    assert balancer_ruleset([own], [node("master")]).chain("nat", "PREROUTING").rules == ()
