"""What CoreDNS keeps of a cluster: after any events, the last state of each object and nothing else."""

from typing import Any

from kubesim.api.store import Change
from kubesim.network.dns.objects import KubernetesObjects
from tests.network.dns.test_zone import endpoint, service, slice_

PORTS = [{"name": "http", "protocol": "TCP", "port": 80}]


def pod(address: str | None) -> dict[str, Any]:
    status = {} if address is None else {"podIP": address}
    return {"kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "status": status}


def test_a_service_is_found_at_its_present_address_only() -> None:
    cache = KubernetesObjects()
    first, second = service("web", "10.43.0.7"), service("web", "10.43.0.8", "fd00:43::8")
    cache.changed(Change.of(None, first), 10)
    assert [entry.name for entry in cache.services_at("10.43.0.7")] == ["web"]
    cache.changed(Change.of(first, second), 20)
    assert cache.services_at("10.43.0.7") == []
    assert [[entry.name for entry in cache.services_at(one)] for one in ("10.43.0.8", "fd00:43::8")] == [["web"]] * 2
    cache.changed(Change.of(second, None), 30)
    assert cache.service("web", "default") is None
    assert cache.services_at("10.43.0.8") == []
    assert cache.modified == 30


def test_a_slice_follows_its_endpoints_and_its_service() -> None:
    cache = KubernetesObjects()
    first = slice_("s", "web", PORTS, endpoint("10.42.0.3"))
    moved = slice_("s", "shop", PORTS, endpoint("10.42.0.4"))
    cache.changed(Change.of(None, first), 1)
    assert [entry.name for entry in cache.endpoints("web", "default")] == ["s"]
    cache.changed(Change.of(first, moved), 2)
    assert (cache.endpoints("web", "default"), cache.endpoints_at("10.42.0.3")) == ([], [])
    assert [entry.service for entry in cache.endpoints_at("10.42.0.4")] == ["shop"]
    cache.changed(Change.of(moved, None), 3)
    assert (cache.endpoints("shop", "default"), cache.endpoints_at("10.42.0.4")) == ([], [])


def test_slices_come_in_the_order_of_their_names() -> None:
    wires = [slice_(name, "web", PORTS, endpoint("10.42.0.3")) for name in ("web-b", "web-a", "web-c")]
    cache = KubernetesObjects.of(wires)
    assert [entry.name for entry in cache.endpoints("web", "default")] == ["web-a", "web-b", "web-c"]
    assert [entry.name for entry in cache.endpoints_at("10.42.0.3")] == ["web-a", "web-b", "web-c"]


def test_a_pod_has_the_address_of_its_status() -> None:
    cache = KubernetesObjects()
    cache.changed(Change.of(None, pod(None)), 1)
    assert cache.pods_at("10.42.0.3") == []
    cache.changed(Change.of(pod(None), pod("10.42.0.3")), 2)
    assert cache.pods_at("10.42.0.3") == [("p", "default")]
    cache.changed(Change.of(pod("10.42.0.3"), pod("10.42.0.4")), 3)
    assert (cache.pods_at("10.42.0.3"), cache.pods_at("10.42.0.4")) == ([], [("p", "default")])
    cache.changed(Change.of(pod("10.42.0.4"), None), 4)
    assert cache.pods_at("10.42.0.4") == []


def test_a_namespace_exists_until_it_is_deleted() -> None:
    cache, wire = KubernetesObjects(), {"kind": "Namespace", "metadata": {"name": "shop"}}
    assert not cache.namespace_exists("shop")
    cache.changed(Change.of(None, wire), 1)
    assert cache.namespace_exists("shop")
    cache.changed(Change.of(wire, None), 2)
    assert not cache.namespace_exists("shop")


def test_the_serial_is_the_time_of_the_last_change_of_a_service_or_slice() -> None:
    cache = KubernetesObjects(modified=5)
    assert (cache.modified, cache.synced, cache.imported) == (5, True, None)
    cache.changed(Change.of(None, pod("10.42.0.3")), 10)
    assert cache.modified == 5
    cache.changed(Change.of(None, service("web", "10.43.0.7")), 20)
    assert cache.modified == 20
    cache.changed(Change.of(None, slice_("s", "web", PORTS)), 30)
    assert cache.modified == 30


def test_a_service_without_ports_and_a_slice_without_ports_have_none() -> None:
    cache = KubernetesObjects.of([service("web", "10.43.0.7"), slice_("s", "web", [], endpoint("10.42.0.3"))])
    entry = cache.service("web", "default")
    assert entry is not None
    assert [(port.name, port.protocol, port.number) for port in entry.ports] == [("", "", -1)]
    (found,) = cache.endpoints("web", "default")
    assert [(port.name, port.protocol, port.number) for port in found.subsets[0].ports] == [("", "", -1)]


def test_a_slice_port_without_a_number_stands_for_none() -> None:
    (found,) = KubernetesObjects.of([slice_("s", "web", [{"name": "x", "protocol": "TCP"}])]).endpoints(
        "web", "default"
    )
    assert [(port.name, port.protocol, port.number) for port in found.subsets[0].ports] == [("x", "TCP", -1)]


def test_the_older_field_alone_is_an_address_too() -> None:
    wire = service("web", "10.43.0.7")
    del wire["spec"]["clusterIPs"]
    assert [entry.cluster_ips for entry in KubernetesObjects.of([wire]).services_at("10.43.0.7")] == [("10.43.0.7",)]
