"""The older Endpoints object. Packing and truncation are those of upstream's ``repacked`` and ``truncateEndpoints``."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import ObjectMeta, Service, ServicePort, ServiceSpec
from kubesim.controllers.endpoints.legacy import endpoint_address, endpoints_object, subsets_of, truncate
from kubesim.controllers.endpoints.pods import EndpointPod

MANAGED = {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}
HEADLESS = "service.kubernetes.io/headless"
OVER = "endpoints.kubernetes.io/over-capacity"


def pod(number: int = 1, *, ready: bool = True, ips: tuple[str, ...] = (), **more: Any) -> EndpointPod:
    metadata = {"name": f"p{number}", "namespace": "default", "uid": str(number), **more.pop("metadata", {})}
    conditions = [{"type": "Ready", "status": str(ready)}]
    addresses = [{"ip": ip} for ip in ips or (f"10.0.{number // 200}.{number % 200}",)]
    status = {"phase": "Running", "podIPs": addresses, "conditions": conditions}
    return EndpointPod.of({"metadata": metadata, "spec": {"nodeName": "n", **more}, "status": status})


def service(**spec: Any) -> Service:
    labels = spec.pop("labels", None)
    ports = [ServicePort(name="http", port=80, targetPort=8080, protocol="TCP")]
    whole = ServiceSpec(**({"clusterIP": "10.43.0.1", "ports": ports} | spec))
    return Service(metadata=ObjectMeta(name="web", namespace="default", uid="s", labels=labels), spec=whole)


HTTP, DNS = ({"name": name, "port": port, "protocol": "TCP"} for name, port in (("http", 80), ("dns", 53)))
TWO_PORTS = [ServicePort(name=name, port=1, targetPort=name, protocol="TCP") for name in ("http", "dns")]


def entry(number: int, **more: str) -> dict[str, Any]:
    target = {"kind": "Pod", "namespace": "default", "name": f"p{number}", "uid": str(number)}
    return {"ip": f"10.0.0.{number}", "nodeName": "n", "targetRef": target, **more}


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ({}, []),
        ({1: [HTTP]}, [{"addresses": [entry(1)], "ports": [HTTP]}]),
        ({-1: [HTTP]}, [{"notReadyAddresses": [entry(1)], "ports": [HTTP]}]),
        # in the order of texts, not of numbers
        ({10: [HTTP], 2: [HTTP]}, [{"addresses": [entry(10), entry(2)], "ports": [HTTP]}]),
        ({1: [HTTP], -2: [HTTP]}, [{"addresses": [entry(1)], "notReadyAddresses": [entry(2)], "ports": [HTTP]}]),
        ({1: [HTTP, DNS], 2: [HTTP, DNS]}, [{"addresses": [entry(1), entry(2)], "ports": [DNS, HTTP]}]),
        (
            {1: [HTTP], 2: [DNS]},
            [{"addresses": [entry(1)], "ports": [HTTP]}, {"addresses": [entry(2)], "ports": [DNS]}],
        ),
        (
            {1: [HTTP, DNS], 2: [HTTP]},
            [{"addresses": [entry(1), entry(2)], "ports": [HTTP]}, {"addresses": [entry(1)], "ports": [DNS]}],
        ),
        ({1: []}, []),
    ],
)
def test_addresses_that_share_ports_are_packed(pods: dict[int, list[dict[str, Any]]], expected: Any) -> None:
    """Pods by number, those that are not ready negated, with the ports that they name."""
    made = []
    for number, ports in pods.items():
        named = [{"name": port["name"], "containerPort": port["port"], "protocol": "TCP"} for port in ports]
        made.append(pod(abs(number), ready=number > 0, containers=[{"name": "c", "ports": named}]))
    assert subsets_of(service(ports=TWO_PORTS), made) == expected


@pytest.mark.parametrize(
    "recorded",  # the order in which real controllers wrote the ports of one subset
    [
        "8080/UDP 8080/TCP",
        "port1:8088/TCP port0:8080/TCP",
        "http:8080/TCP metrics:9113/TCP",
        "http:8080/TCP dns-tcp:5353/TCP dns:5353/UDP alt:8080/TCP",
        "b:8080/TCP a:8080/TCP",
        "metrics:9153/TCP dns-tcp:53/TCP dns:53/UDP",
        "http:8080/TCP dns-udp:53/UDP",
    ],
)
def test_ports_go_by_their_hash(recorded: str) -> None:
    ports = []
    for text in recorded.split():
        name, _, rest = text.rpartition(":")
        number, protocol = rest.split("/")
        ports.append(ServicePort(name=name, port=int(number), targetPort=int(number), protocol=protocol))
    (subset,) = subsets_of(service(ports=sorted(ports, key=lambda port: port.port)), [pod(1)])
    shown = (f"{port.get('name', '')}:{port['port']}/{port['protocol']}".lstrip(":") for port in subset["ports"])
    assert " ".join(shown) == recorded


def test_two_pods_of_one_address_are_two() -> None:
    (subset,) = subsets_of(service(), [pod(2, ips=("10.0.0.1",)), pod(1)])
    assert [each["targetRef"]["name"] for each in subset["addresses"]] == ["p1", "p2"]


def counts(ready: int, waiting: int = 0) -> dict[str, Any]:
    subset = {"addresses": [{"ip": str(n)} for n in range(ready)]} if ready else {}
    return subset | ({"notReadyAddresses": [{"ip": str(n)} for n in range(waiting)]} if waiting else {})


@pytest.mark.parametrize(
    ("subsets", "limit", "expected"),
    [
        ([counts(6, 4)], 10, None),
        ([counts(6, 5)], 10, [counts(6, 4)]),
        ([counts(11, 5)], 10, [counts(10)]),
        ([counts(10, 5)], 10, [counts(10)]),
        ([counts(6), counts(6)], 10, [counts(5), counts(5)]),
        ([counts(9), counts(3)], 8, [counts(6), counts(2)]),
        ([counts(7), counts(4)], 10, [counts(7), counts(3)]),  # 6.36 and 3.63: the last has what is left
        ([counts(0, 3), counts(10)], 10, [counts(10)]),
        ([counts(301), counts(300), counts(700)], 1000, [counts(232), counts(231), counts(537)]),
        ([counts(5, 1), counts(5, 1)], 11, [counts(5, 1), counts(5)]),
        ([counts(3, 3), counts(3, 3)], 6, [counts(3), counts(3)]),
    ],
)
def test_each_subset_gives_up_its_share_ready_addresses_last(subsets: Any, limit: int, expected: Any) -> None:
    kept, cut = truncate(subsets, limit)
    assert (kept, cut) == ((subsets, False) if expected is None else (expected, True))


PORTS = [{"name": "http", "port": 8080, "protocol": "TCP"}]


DELETED = {"deletionTimestamp": "2026-07-01T09:00:00Z"}


@pytest.mark.parametrize(
    ("of", "pods", "expected"),
    [
        (service(), [], []),
        (service(), [pod(1), pod(2, ready=False)], [{"addresses": [entry(1)], "notReadyAddresses": [entry(2)]}]),
        (service(), [pod(1), pod(2, metadata=DELETED)], [{"addresses": [entry(1)]}]),
        (
            service(publishNotReadyAddresses=True),
            [pod(1, ready=False), pod(2, metadata=DELETED)],
            [{"addresses": [entry(1), entry(2)]}],
        ),
        (service(), [pod(1, hostname="a", subdomain="web")], [{"addresses": [entry(1, hostname="a")]}]),
        (service(), [pod(1, hostname="a", subdomain="other")], [{"addresses": [entry(1)]}]),
        (service(), [pod(1, ips=("fd00::1",))], []),
    ],
)
def test_what_endpoints_say_of_pods(of: Service, pods: list[EndpointPod], expected: list[dict[str, Any]]) -> None:
    of.spec.ipFamilies = ["IPv4"]
    assert subsets_of(of, pods) == [{**subset, "ports": PORTS} for subset in expected]


def test_a_headless_service_without_ports_still_has_addresses() -> None:
    assert subsets_of(service(clusterIP="None", ports=[]), [pod(1)]) == [{"addresses": [entry(1)]}]
    assert subsets_of(service(ports=[]), [pod(1)]) == []


BOTH = ("10.0.0.1", "fd00::1")


@pytest.mark.parametrize(
    ("cluster_ip", "families", "ips", "expected"),
    [
        ("10.43.0.1", ["IPv4"], BOTH, "10.0.0.1"),
        ("fd43::1", ["IPv6"], BOTH, "fd00::1"),
        ("10.43.0.1", ["IPv4"], ("fd00::1",), None),
        ("10.43.0.1", [], BOTH, "10.0.0.1"),
        ("fd43::1", [], BOTH, "fd00::1"),
        ("None", [], ("fd00::1",), "fd00::1"),
        ("None", [], BOTH, "10.0.0.1"),
        ("None", ["IPv6"], BOTH, "fd00::1"),
    ],
)
def test_an_address_is_of_the_services_family(
    cluster_ip: str, families: list[str], ips: tuple[str, ...], expected: str | None
) -> None:
    found = endpoint_address(service(clusterIP=cluster_ip, ipFamilies=families), pod(1, ips=ips))
    assert (None if found is None else found["ip"]) == expected


def written(of: Service, pods: list[EndpointPod], current: dict[str, Any] | None = None) -> dict[str, Any]:
    wanted = endpoints_object(of, pods, current)
    assert wanted is not None
    return wanted


def test_the_object_has_the_services_labels_and_says_who_keeps_it() -> None:
    made = written(service(labels={"app": "web", HEADLESS: ""}), [pod(1)])
    assert made == {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": "web", "labels": {"app": "web", **MANAGED}},
        "subsets": [{"addresses": [entry(1)], "ports": PORTS}],
    }
    assert written(service(clusterIP="None"), [pod(1)])["metadata"]["labels"] == {**MANAGED, HEADLESS: ""}
    assert "subsets" not in written(service(), [])


def test_endpoints_that_say_the_same_are_left_alone() -> None:
    pods = [pod(1), pod(2, ready=False)]
    for of in (service(), service(clusterIP="None"), service(labels={"app": "web"})):
        current = written(of, pods)
        assert endpoints_object(of, pods, current) is None
    (subset,) = current["subsets"]
    other = [{**subset, "addresses": [{**entry(1), "targetRef": {**entry(1)["targetRef"], "resourceVersion": "5"}}]}]
    assert endpoints_object(service(labels={"app": "web"}), pods, {**current, "subsets": other}) is None


@pytest.mark.parametrize(
    ("of", "pods"),
    [
        (service(), [pod(1), pod(2)]),
        (service(), [pod(1, ready=False)]),
        (service(), []),
        (service(labels={"app": "web"}), [pod(1)]),
        (service(ports=[ServicePort(name="http", port=80, targetPort=9090, protocol="TCP")]), [pod(1)]),
        (service(), [pod(1, hostname="a", subdomain="web")]),
    ],
)
def test_what_changes_endpoints(of: Service, pods: list[EndpointPod]) -> None:
    current = written(service(), [pod(1)])
    theirs = {"own": "kept"}
    current = {**current, "metadata": {**current["metadata"], "uid": "u", "annotations": theirs}}
    changed = written(of, pods, current)
    assert changed.get("subsets", []) == subsets_of(of, pods)
    assert (changed["metadata"]["uid"], changed["metadata"]["annotations"]) == ("u", theirs)


def test_more_than_a_thousand_addresses_are_cut_and_the_object_says_so() -> None:
    many = [pod(number) for number in range(1, 1006)]
    made = written(service(), many)
    (subset,) = made["subsets"]
    assert len(subset["addresses"]) == 1000
    assert made["metadata"]["annotations"] == {OVER: "truncated"}
    assert endpoints_object(service(), many, made) is None
    fewer = written(service(), many[:1000], made)
    assert "annotations" not in fewer["metadata"] and len(fewer["subsets"][0]["addresses"]) == 1000
