import pytest

from kubesim.network.network import Network
from kubesim.network.packet import Packet
from kubesim.network.proxy import ProxyConfig
from kubesim.network.proxy.endpoints import endpoints_map
from kubesim.network.proxy.service_ports import service_port_map
from kubesim.network.proxy.stale import stale_entries
from kubesim.network.sockets import Sockets
from kubesim.network.trace import Outcome
from kubesim.simulation import Simulation
from tests.network.small_cluster import LAPTOP, Echo, endpoints, network, service

CLIENT = "pod/default/client"


def test_a_request_and_its_answer() -> None:
    connection = Sockets(network([service()], [endpoints("web-1")]), CLIENT).connect("10.43.0.20", 80)
    assert connection.outcome is Outcome.DELIVERED and connection.seconds == 0
    assert connection.server == ("pod/default/web-1", 8080)
    assert connection.local[0] == "10.42.0.5" and connection.remote == ("10.43.0.20", 80)
    assert connection.request("hello") == ("hello", "10.42.0.5")


def test_the_same_seed_takes_the_same_ways() -> None:
    def taken(seed: int) -> list[str]:
        built = network([service()], [endpoints("web-0", "web-1")], seed=seed)
        return [Sockets(built, CLIENT).connect("10.43.0.20", 80).trace.destination for _ in range(30)]

    assert taken(1) == taken(1) != taken(2)
    assert set(taken(1)) == {"pod/default/web-0", "pod/default/web-1"}


def test_an_answer_needs_a_server_that_is_still_there() -> None:
    built = network([service()], [endpoints("web-1")])
    connection = Sockets(built, CLIENT).connect("10.43.0.20", 80)
    built.close("pod/default/web-1", "TCP", 8080)
    assert connection.request("hello") is None
    refused = Sockets(built, CLIENT).connect("10.43.0.20", 80)
    assert refused.outcome is Outcome.REFUSED and refused.request("hello") is None and refused.server is None


def test_connections_are_remembered_where_rules_are() -> None:
    built = network([service()], [endpoints("web-1")])
    connection = Sockets(built, CLIENT).connect("10.43.0.20", 80)
    for node in ("node/master", "node/worker"):
        (entry,) = built.connections(node)
        assert entry.state == "ESTABLISHED"
    connection.close()
    assert built.connections("node/master")[0].state == "TIME_WAIT"
    built.simulation.advance(121)
    assert built.connections("node/master") == ()


@pytest.mark.parametrize(("port", "entries"), [(81, 0), (9, 0)])
def test_no_entry_outlives_a_reset(port: int, entries: int) -> None:
    built = network([service()], [endpoints("web-1", port=9)])
    Sockets(built, CLIENT).connect("10.43.0.20", 80)
    assert len(built.connections("node/master")) == entries


@pytest.mark.parametrize(
    ("address", "port", "outcome"),
    [
        ("172.31.0.11", 30080, Outcome.REJECTED),  # the other node has no endpoints for the node port
        ("10.42.1.6", 81, Outcome.REFUSED),  # nothing listens in the Pod on the other node
    ],
)
def test_a_connection_that_ends_on_another_node_leaves_nothing_on_the_way(
    address: str, port: int, outcome: Outcome
) -> None:
    built = network([service(type="NodePort")], [])
    connection = Sockets(built, CLIENT).connect(address, port)
    assert connection.outcome is outcome
    assert "node/worker" in [hop.machine for hop in connection.trace.hops]
    assert built.connections("node/master") == built.connections("node/worker") == ()


def test_a_udp_client_keeps_its_endpoint_until_the_entry_is_deleted() -> None:
    ports = [{"port": 53, "protocol": "UDP", "targetPort": 8080}]
    services = [service(ports=ports)]
    slices = [endpoints("web-0", "web-1", protocol="UDP")]
    built = network(services, slices)
    socket = Sockets(built, CLIENT)
    first = socket.connect("10.43.0.20", 53, "UDP", source_port=40000)
    for _ in range(10):
        again = socket.connect("10.43.0.20", 53, "UDP", source_port=40000)
        assert again.trace.destination == first.trace.destination and len(again.alternatives) == 1
    gone = endpoints("web-0" if first.trace.destination.endswith("1") else "web-1", protocol="UDP")
    stale = stale_entries(service_port_map(services), endpoints_map([gone]))
    assert built.forget_connections("node/master", stale) == 1
    assert built.forget_connections("node/master", stale) == 0


def test_use_keeps_a_udp_entry_alive() -> None:
    ports = [{"port": 53, "protocol": "UDP", "targetPort": 8080}]
    built = network([service(ports=ports)], [endpoints("web-0", "web-1", protocol="UDP")])
    socket = Sockets(built, CLIENT)
    first = socket.connect("10.43.0.20", 53, "UDP", source_port=40000)
    for _ in range(4):
        built.simulation.advance(100)
        again = socket.connect("10.43.0.20", 53, "UDP", source_port=40000)
        assert again.trace.destination == first.trace.destination and len(again.alternatives) == 1
    built.simulation.advance(121)
    assert len(socket.connect("10.43.0.20", 53, "UDP", source_port=40000).alternatives) == 2


@pytest.mark.parametrize("address", ["::1", "2001:db8::1", "fe80::1%eth0", "not an address"])
def test_what_is_no_ipv4_address_has_no_route(address: str) -> None:
    for machine in (CLIENT, "node/master", "laptop"):
        connection = Sockets(network([service()], [endpoints("web-0")]), machine).connect(address, 80)
        assert (connection.outcome, connection.seconds) == (Outcome.UNREACHABLE, 0.0)


def test_no_address_in_particular_is_the_machine_itself() -> None:
    assert Sockets(network(), "pod/default/web-0").connect("0.0.0.0", 8080).outcome is Outcome.DELIVERED


def test_session_affinity_lasts_as_long_as_the_service_says() -> None:
    for mode in ("iptables", "nftables"):
        sticky = service(sessionAffinity="ClientIP", sessionAffinityConfig={"clientIP": {"timeoutSeconds": 10}})
        built = network([sticky], [endpoints("web-0", "web-1")], ProxyConfig(mode=mode))
        socket = Sockets(built, CLIENT)
        first = socket.connect("10.43.0.20", 80)
        assert len(first.alternatives) == 2
        for _ in range(5):
            built.simulation.advance(9)
            again = socket.connect("10.43.0.20", 80)
            assert again.trace.destination == first.trace.destination and len(again.alternatives) == 1
        built.simulation.advance(11)
        assert len(socket.connect("10.43.0.20", 80).alternatives) == 2


def test_ping() -> None:
    assert Sockets(network(), "laptop").ping("172.31.0.10").outcome is Outcome.DELIVERED


def test_listeners() -> None:
    built = network()
    web = "pod/default/web-0"
    assert [(protocol, address, port) for protocol, address, port, _ in built.listeners(web)] == [
        ("TCP", "0.0.0.0", 8080),
        ("UDP", "0.0.0.0", 8080),
    ]
    with pytest.raises(OSError, match=r"bind\(\) to 0\.0\.0\.0:8080 failed \(98: Address already in use\)"):
        built.listen(web, "TCP", 8080, Echo())
    built.listen(web, "TCP", 9000, Echo(), address="127.0.0.1")
    assert Sockets(built, web).connect("127.0.0.1", 9000).outcome is Outcome.DELIVERED
    assert Sockets(built, web).connect("10.42.0.6", 9000).outcome is Outcome.REFUSED
    built.close(web, "TCP", 4711)


def test_a_pod_of_the_hosts_network_shares_the_node() -> None:
    built = network()
    built.add_pod("default", "agent", "", "worker", host_network=True)
    built.listen("pod/default/agent", "TCP", 9100, Echo())
    assert built.address("pod/default/agent") == "172.31.0.11"
    connection = Sockets(built, "laptop").connect("172.31.0.11", 9100)
    assert connection.server == ("node/worker", 9100)
    assert Sockets(built, "pod/default/agent").connect("10.42.1.6", 8080).client.address == "10.42.1.1"
    built.remove_pod("default", "agent")
    with pytest.raises(KeyError, match="no machine named pod/default/agent"):
        Sockets(built, "pod/default/agent")


def test_machines_come_and_go() -> None:
    built = network()
    built.remove_pod("default", "web-1")
    built.remove_pod("default", "web-1")
    assert Sockets(built, CLIENT).connect("10.42.1.6", 8080).outcome is Outcome.UNREACHABLE
    built.remove_node("worker")
    built.remove_node("worker")
    assert Sockets(built, CLIENT).connect("10.42.1.6", 8080).outcome is Outcome.LOST
    built.remove_outside("laptop")
    with pytest.raises(KeyError, match="no node named worker"):
        built.add_pod("default", "late", "10.42.1.9", "worker")


def test_a_machine_needs_an_address() -> None:
    with pytest.raises(ValueError, match="machine laptop must have an address, got none"):
        Network(Simulation()).add_outside("laptop", [])


def test_an_internet_host_answers_through_the_router() -> None:
    built = network()
    assert Sockets(built, "laptop").connect("142.250.74.78", 80).client.address == "203.0.113.1"
    assert built.packet("laptop", "142.250.74.78", 80) == Packet("TCP", LAPTOP, 0, "142.250.74.78", 80)


def test_source_ports_are_ephemeral_and_new() -> None:
    built = network()
    ports = [built.source_port("laptop") for _ in range(50)]
    assert len(set(ports)) == 50 and all(32768 <= port <= 60999 for port in ports)
