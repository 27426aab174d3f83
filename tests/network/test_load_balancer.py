import pytest

from kubesim.network.load_balancer import balanced_addresses, balancer_ruleset, healthy_nodes
from kubesim.network.trace import Outcome
from tests.network.small_cluster import NODES, endpoints, network, node, service

VIP = "172.31.0.200"


def _service(**spec: object) -> object:
    return service(type="LoadBalancer", ingress=[{"ip": VIP, "ipMode": "VIP"}], **spec)


def test_it_spreads_over_the_node_ports_of_ready_nodes() -> None:
    balanced = _service()
    nodes = [node("master"), node("worker")]
    built = network([balanced], [endpoints("web-0")])  # type: ignore[list-item]
    provider = built.ruleset_provider
    rules = balancer_ruleset([balanced], nodes)  # type: ignore[list-item]
    built.ruleset_provider = lambda machine: rules if machine == "load-balancer" else provider(machine)
    built.add_outside("load-balancer", balanced_addresses([balanced], nodes), forwards=True)  # type: ignore[list-item]
    traces = built.trace("laptop", VIP, 80)
    ways = {tuple(hop.machine for hop in trace.hops)[:3] for trace in traces}
    assert ways == {("laptop", "load-balancer", f"node/{name}") for name in NODES}
    assert [trace.probability for trace in traces] == pytest.approx([0.5, 0.5])
    assert all(trace.outcome is Outcome.DELIVERED for trace in traces)
    # Inside the cluster the nodes serve the address themselves.
    assert all(
        "load-balancer" not in {hop.machine for hop in t.hops} for t in built.trace("pod/default/client", VIP, 80)
    )


def test_which_nodes_are_healthy() -> None:
    nodes = [node("master", ready=False), node("worker")]
    assert healthy_nodes(_service(), nodes) == ("172.31.0.11",)  # type: ignore[arg-type]
    excluded = [node("master"), node("worker", labels={"node.kubernetes.io/exclude-from-external-load-balancers": ""})]
    assert healthy_nodes(_service(), excluded) == ("172.31.0.10",)  # type: ignore[arg-type]
    local, both = _service(externalTrafficPolicy="Local"), [node("master"), node("worker")]
    assert healthy_nodes(local, both, [endpoints("web-1")]) == ("172.31.0.11",)  # type: ignore[arg-type]


def test_the_nodes_own_addresses_need_no_machine() -> None:
    own = service(type="LoadBalancer", ingress=[{"ip": "172.31.0.10"}])
    assert balanced_addresses([own], [node("master")]) == ()
    assert balancer_ruleset([own], [node("master")]).chain("nat", "PREROUTING").rules == ()
