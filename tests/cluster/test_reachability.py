import pytest

from kubesim.cluster.reachability import Destination, diff, reach, reachability, service_destinations
from kubesim.network.trace import Outcome
from tests.network.small_cluster import endpoints, network, node, service

WEB = Destination("10.43.0.20", 80, name="web")
SOURCES = ["pod/default/client", "node/master", "laptop"]


def test_all_pairs() -> None:
    state = network([service()], [endpoints("web-0", "web-1")]).state
    found = reachability(state, SOURCES, [WEB, Destination("10.42.0.6", 8080)])
    assert [(each.source, each.outcome) for each in found if each.destination is WEB] == [
        ("pod/default/client", Outcome.DELIVERED),
        ("node/master", Outcome.DELIVERED),
        ("laptop", Outcome.LOST),
    ]
    first = found[0]
    assert first.reached and not first.uncertain
    assert first.endpoints == (
        ("pod/default/web-0", "10.42.0.6:8080", pytest.approx(0.5)),
        ("pod/default/web-1", "10.42.1.6:8080", pytest.approx(0.5)),
    )
    assert first.clients == ("10.42.0.5",)


def test_an_uncertain_reach_names_the_failure() -> None:
    built = network([service()], [endpoints("web-0", "client")])
    found = reach(built.state, "node/worker", WEB)
    assert found.uncertain and not found.reached
    assert dict(found.outcomes)[Outcome.REFUSED] == pytest.approx(0.5)
    assert found.reason.startswith("pod/default/client: Nothing listens on TCP port 8080")


def test_a_change_is_only_what_differs() -> None:
    before = reachability(network([service()], [endpoints("web-0", "web-1")]).state, SOURCES, [WEB])
    fewer = reachability(network([service()], [endpoints("web-0")]).state, SOURCES, [WEB])
    none = reachability(network([service()], []).state, SOURCES, [WEB])
    assert diff(before, before) == ()
    changes = diff(before, fewer)
    assert [change.source for change in changes] == ["pod/default/client", "node/master"]
    assert changes[0].why == "It no longer reaches pod/default/web-1 (10.42.1.6:8080)."
    assert diff(before, none)[0].why.startswith(
        "It was delivered and is now rejected: node/master: Service default/web has no endpoint"
    )
    assert diff(before, before[1:])[0].after is None
    assert diff(before[1:], before)[0].why


def test_where_services_can_be_reached() -> None:
    given = service(type="LoadBalancer", externalIPs=["198.51.100.9"], ingress=[{"ip": "172.31.0.200"}])
    assert [str(each) for each in service_destinations([given], [node("master")])] == [
        "service/default/web cluster IP (10.43.0.20:80)",
        "service/default/web external IP (198.51.100.9:80)",
        "service/default/web load balancer (172.31.0.200:80)",
        "service/default/web node port on master (172.31.0.10:30080)",
    ]
    assert str(Destination("10.43.0.10", 53, "UDP")) == "10.43.0.10:53/UDP"
