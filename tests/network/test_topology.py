import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.network.addresses import address_number
from kubesim.network.topology import (
    LAN,
    Host,
    Interface,
    PodRoutes,
    Route,
    Topology,
    bridge_link,
    lan_host,
    lan_prefix,
    node_host,
    pod_host,
    pod_name,
    routes_of_pods,
)

LINK = bridge_link("worker")
ROUTES = routes_of_pods("10.42.1.0/24", "10.42.0.0/16")
WORKER = node_host("worker", "172.31.0.11", "10.42.1.0/24", PodRoutes(["10.42.0.0/24", "10.42.1.0/24"]), "172.31.0.1")


def test_a_node_as_flannel_makes_it() -> None:
    assert WORKER.addresses == ("172.31.0.11", "10.42.1.0", "10.42.1.1")
    assert [str(route) for route in WORKER.routes] == [
        "default via 172.31.0.1 dev eth0",
        "10.42.0.0/24 via 10.42.0.0 dev flannel.1 onlink",
        "10.42.1.0/24 dev cni0",
        "172.31.0.0/24 dev eth0",
    ]


@pytest.mark.parametrize(
    ("destination", "interface", "source"),
    [
        ("10.42.0.5", "flannel.1", "10.42.1.0"),
        ("10.42.1.5", "cni0", "10.42.1.1"),
        ("172.31.0.10", "eth0", "172.31.0.11"),
        ("10.43.0.1", "eth0", "172.31.0.11"),
    ],
)
def test_the_longest_prefix_wins_and_gives_the_source(destination: str, interface: str, source: str) -> None:
    route = WORKER.route_to(destination)
    assert route is not None and route.interface == interface
    assert WORKER.source_for(destination) == source


def test_own_addresses() -> None:
    assert WORKER.source_for("127.0.0.1") == "127.0.0.1"
    assert WORKER.source_for("172.31.0.11") == "172.31.0.11"
    assert WORKER.owns("127.9.9.9") and WORKER.owns("10.42.1.1") and not WORKER.owns("10.42.1.5")


def test_without_a_route_there_is_no_source() -> None:
    lonely = Host("lonely", (Interface("eth0", "10.0.0.1", "wire"),), (Route("10.0.0.0/24", "eth0"),))
    assert lonely.route_to("8.8.8.8") is None
    assert lonely.source_for("8.8.8.8") == ""


def test_a_name_that_is_unknown() -> None:
    with pytest.raises(KeyError, match="worker has no interface wlan0"):
        WORKER.interface("wlan0")
    with pytest.raises(KeyError, match="there is no machine named nobody"):
        Topology().host("nobody")


def test_neighbours_and_bridges() -> None:
    topology = Topology()
    topology.add(WORKER)
    pod = pod_host(pod_name("default", "web"), "10.42.1.5", LINK, ROUTES)
    topology.add(pod)
    assert topology.neighbour(bridge_link("worker"), "10.42.1.5") is pod
    assert topology.neighbour(LAN, "10.42.1.5") is None
    assert topology.bridge_of(bridge_link("worker")) is WORKER
    assert topology.bridge_of(LAN) is None
    assert topology.owner("10.42.1.5") is pod
    topology.remove("pod/default/web")
    assert topology.neighbour(bridge_link("worker"), "10.42.1.5") is None
    assert "pod/default/web" not in topology


def test_an_address_is_never_given_twice() -> None:
    topology = Topology()
    topology.add(WORKER)
    topology.add(pod_host(pod_name("default", "one"), "10.42.1.5", LINK, ROUTES))
    with pytest.raises(ValueError, match=r"10\.42\.1\.5 of pod/default/two is already taken by pod/default/one"):
        topology.add(pod_host(pod_name("default", "two"), "10.42.1.5", LINK, ROUTES))
    assert "pod/default/two" not in topology


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(2, 12)), max_size=30))
def test_owners_stay_consistent_whatever_comes_and_goes(steps: list[tuple[str, int]]) -> None:
    topology = Topology()
    for name, last in steps:
        host = pod_host(pod_name("d", name), f"10.42.1.{last}", LINK, ROUTES)
        try:
            topology.add(host)
        except ValueError:
            topology.remove(f"pod/d/{name}")
    addresses = [address for host in topology.hosts for address in host.addresses]
    assert len(addresses) == len(set(addresses))
    for host in topology.hosts:
        assert topology.neighbour(bridge_link("worker"), host.addresses[0]) is host


def test_the_width_of_the_lan() -> None:
    assert lan_prefix("172.31.0.77") == "172.31.0.0/24"


PREFIXES = st.lists(
    st.builds(lambda second, length: f"10.{second}.0.0/{length}", st.integers(0, 7), st.sampled_from([16, 20, 24])),
    max_size=8,
    unique=True,
)


@given(PREFIXES, st.integers(0, 7), st.integers(0, 255))
def test_the_table_of_ways_finds_what_a_list_of_routes_would(prefixes: list[str], second: int, third: int) -> None:
    node = node_host("worker", "172.31.0.11", "10.200.1.0/24", PodRoutes(prefixes), "172.31.0.1")
    listed = Host("worker", node.interfaces, node.routes)
    for address in (f"10.{second}.{third}.5", "10.200.1.7", "172.31.0.12", "8.8.8.8"):
        assert node.route_to(address) == listed.route_to(address)


@pytest.mark.parametrize("prefixes", [["10.1.0.0/16", "10.1.2.0/24"], ["10.1.2.0/24", "10.1.0.0/16"]])
def test_of_two_ways_the_longer_prefix_wins_whichever_came_first(prefixes: list[str]) -> None:
    ways = PodRoutes(prefixes)
    found = [ways.to(address_number(address), -1) for address in ("10.1.2.9", "10.1.3.9")]
    assert [route and route.prefix for route in found] == ["10.1.2.0/24", "10.1.0.0/16"]


def test_a_node_that_is_gone_is_no_way() -> None:
    ways = PodRoutes(["10.42.0.0/24"])
    node = node_host("worker", "172.31.0.11", "10.42.1.0/24", ways, "172.31.0.1")
    ways.add("10.42.2.0/25")
    assert str(node.route_to("10.42.2.5")) == "10.42.2.0/25 via 10.42.2.0 dev flannel.1 onlink"
    ways.remove("10.42.2.0/25")
    assert str(node.route_to("10.42.2.5")) == "default via 172.31.0.1 dev eth0"
    assert [route.prefix for route in ways] == ["10.42.0.0/24"]


def test_who_is_outside() -> None:
    topology = Topology()
    for host in (WORKER, lan_host("laptop", ["172.31.0.50"], "172.31.0.1", "172.31.0.0/24")):
        topology.add(host)
    topology.add(pod_host(pod_name("default", "web"), "10.42.1.5", LINK, ROUTES))
    assert [host.name for host in topology.outside] == ["laptop"]
    topology.remove("laptop")
    assert topology.outside == ()
