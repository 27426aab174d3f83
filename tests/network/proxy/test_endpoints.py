import pytest

from kubesim.network.proxy.endpoints import EndpointInfo, categorize, endpoints_map
from kubesim.network.proxy.service_ports import ServicePort, service_port_map
from tests.network.small_cluster import endpoints, service

CLUSTER = ServicePort("10.43.0.20", 80, "TCP")
LOCAL = ServicePort("10.43.0.20", 80, "TCP", internal_policy_local=True)


def _info(last: int, **facts: object) -> EndpointInfo:
    return EndpointInfo(f"10.42.0.{last}", 80, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("listed", "used"),
    [
        ([_info(1), _info(2, ready=False)], ["10.42.0.1:80"]),
        ([_info(1, ready=False, terminating=True), _info(2, ready=False, serving=False)], ["10.42.0.1:80"]),
        ([_info(1, ready=False)], []),
        ([_info(1, zone_hints=frozenset("a")), _info(2, zone_hints=frozenset("b"))], ["10.42.0.1:80"]),
        ([_info(1, zone_hints=frozenset("a")), _info(2)], ["10.42.0.1:80", "10.42.0.2:80"]),
        ([_info(1, zone_hints=frozenset("b"))], ["10.42.0.1:80"]),
        ([_info(1, node_hints=frozenset(["n"])), _info(2, node_hints=frozenset(["m"]))], ["10.42.0.1:80"]),
    ],
)
def test_which_endpoints_cluster_traffic_may_use(listed: list[EndpointInfo], used: list[str]) -> None:
    found = categorize(listed, CLUSTER, "n", {"topology.kubernetes.io/zone": "a"})
    assert [str(endpoint) for endpoint in found.cluster or ()] == used
    assert found.any is bool(used)


def test_local_traffic_uses_this_node_only() -> None:
    found = categorize([_info(1), _info(2, node="n")], LOCAL, "n")
    assert found.cluster is None and [str(e) for e in found.local or ()] == ["10.42.0.2:80"]
    found = categorize([_info(1)], LOCAL, "n")
    assert found.local == () and found.any


def test_slices_are_read_and_sorted() -> None:
    (listed,) = endpoints_map([endpoints("web-1", "web-0")]).values()
    assert [(str(endpoint), endpoint.local("master")) for endpoint in listed] == [
        ("10.42.0.6:8080", True),
        ("10.42.1.6:8080", False),
    ]


def test_a_local_policy_needs_a_way_in_from_outside() -> None:
    (port,) = service_port_map([service(externalTrafficPolicy="Local")]).values()
    assert not port.external_policy_local and not port.uses_local_endpoints
