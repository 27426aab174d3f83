"""Hints by the zones' shares of CPU, as the running controller gives them, with the events that it emits."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.cluster import Cluster
from kubesim.controllers.endpoints.hints import cpu_shares, distribution_hints, hints_enabled, is_overloaded, zone_hints

ZONE = "topology.kubernetes.io/zone"
AUTO = {"service.kubernetes.io/topology-mode": "Auto"}


def service(annotations: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": "web", "annotations": annotations}
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def pod(name: str, node: str) -> dict[str, Any]:
    spec = {"nodeName": node, "containers": [{"name": "c", "image": "nginx"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "web"}}, "spec": spec}


def cluster_with(annotations: dict[str, str], *, zones: tuple[str | None, str | None], replicas: int) -> Cluster:
    cluster = Cluster()
    names = [node["metadata"]["name"] for node in cluster.store.list("Node")]
    for name, zone in zip(names, zones, strict=True):
        roles = {f"node-role.kubernetes.io/{role}": None for role in ("control-plane", "master")}
        cluster.patch("Node", name, {"metadata": {"labels": {ZONE: zone} | roles}})
    cluster.apply([service(annotations), *(pod(f"p{i}", names[0]) for i in range(replicas))])
    assert cluster.settle()
    return cluster


def zones_hinted(cluster: Cluster) -> list[str]:
    (piece,) = cluster.store.list("EndpointSlice", "default", {"kubernetes.io/service-name": "web"})
    hints = [(endpoint.get("hints") or {}).get("forZones") or [] for endpoint in piece["endpoints"]]
    return sorted(zone["name"] for zones in hints for zone in zones)


def said(cluster: Cluster) -> list[tuple[str, str, str]]:
    about = [e for e in cluster.store.list("Event") if e["involvedObject"]["name"] == "web"]
    return [(e["type"], e["reason"], e["message"]) for e in about if "TopologyAware" in e["reason"]]


def test_endpoints_are_shared_out_in_proportion_to_cpus() -> None:
    cluster = cluster_with(AUTO, zones=("east", "west"), replicas=4)
    assert zones_hinted(cluster) == ["east", "east", "west", "west"]  # though all Pods are in one zone
    assert said(cluster)[-1] == (
        "Normal",
        "TopologyAwareHintsEnabled",
        "Topology Aware Hints has been enabled, addressType: IPv4",
    )


@pytest.mark.parametrize(
    ("zones", "replicas", "why"),
    [
        (
            ("east", None),
            2,
            "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes",
        ),
        (
            ("east", "east"),
            2,
            "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes",
        ),
        (("east", "west"), 1, "Insufficient number of endpoints (1 endpoints, 2 zones)"),
    ],
)
def test_why_nobody_gets_hints(zones: tuple[str | None, str | None], replicas: int, why: str) -> None:
    cluster = cluster_with(AUTO, zones=zones, replicas=replicas)
    assert zones_hinted(cluster) == []
    assert said(cluster)[-1] == ("Warning", "TopologyAwareHintsDisabled", f"{why}, addressType: IPv4")


def test_hints_go_with_the_annotation_and_an_event_says_so() -> None:
    cluster = cluster_with(AUTO, zones=("east", "west"), replicas=2)
    cluster.patch("Service", "web", {"metadata": {"annotations": {"service.kubernetes.io/topology-mode": None}}})
    cluster.settle()
    assert zones_hinted(cluster) == []
    disabled = "Topology Aware Hints has been disabled, addressType: IPv4"
    assert said(cluster)[-1] == ("Warning", "TopologyAwareHintsDisabled", disabled)


def test_a_service_without_the_annotation_hears_nothing() -> None:
    cluster = cluster_with({}, zones=("east", "west"), replicas=2)
    assert (zones_hinted(cluster), said(cluster)) == ([], [])


def test_a_zone_that_falls_silent_gets_no_hints_any_more() -> None:
    cluster = cluster_with(AUTO, zones=("east", "west"), replicas=4)
    cluster.fail_node(cluster.store.list("Node")[1]["metadata"]["name"])
    cluster.advance(60)
    assert zones_hinted(cluster) == []


@pytest.mark.parametrize(
    ("zones", "shares", "expected"),
    [
        ({"a": 2, "b": 2}, {"a": 0.5, "b": 0.5}, False),
        ({"a": 5, "b": 4}, {"a": 0.5, "b": 0.5}, False),  # 0.5 / (4/9) is 12.5 % above
        ({"a": 5, "b": 3}, {"a": 0.5, "b": 0.5}, True),  # 33 % above
        ({"a": 2, "b": 2}, {"a": 0.4, "b": 0.3, "c": 0.3}, True),
        ({"a": 2, "b": 2}, {}, True),
        ({}, {"a": 0.5, "b": 0.5}, False),
    ],
)
def test_overload(zones: dict[str, int], shares: dict[str, float], expected: bool) -> None:
    assert is_overloaded(zones, shares) is expected


def point(zone: str = "", node: str = "", *, ready: bool | None = True, hints: Any = None) -> dict[str, Any]:
    """An endpoint."""
    known = {"zone": zone, "nodeName": node, "hints": hints}
    conditions = {} if ready is None else {"ready": ready}
    return {"addresses": ["10.42.0.3"], "conditions": conditions, **{k: v for k, v in known.items() if v}}


def of_zone(*names: str) -> dict[str, Any]:
    return {"forZones": [{"name": name} for name in names]}


@pytest.mark.parametrize(
    ("distribution", "endpoint", "expected"),
    [
        ("PreferClose", point("east", "n1"), of_zone("east")),
        ("PreferSameZone", point("east", "n1"), of_zone("east")),
        ("PreferSameNode", point("east", "n1"), {"forNodes": [{"name": "n1"}], **of_zone("east")}),
        ("PreferSameNode", point("", "n1"), {"forNodes": [{"name": "n1"}]}),
        ("PreferSameNode", point("east"), of_zone("east")),
        ("PreferClose", point("", "n1"), None),
        ("PreferClose", point("east", ready=None), of_zone("east")),
        ("PreferClose", point("east", ready=False), None),
        ("PreferClose", point("east", ready=False, hints=of_zone("west")), of_zone("west")),  # left as they are
        ("PreferClose", point("east", hints=of_zone("west")), of_zone("east")),
        (None, point("east", "n1"), None),
        (None, point("east", "n1", hints=of_zone("east")), None),  # the wish is gone, and so are they
        ("Unknown", point("east", "n1", ready=False, hints=of_zone("east")), None),
    ],
)
def test_hints_of_a_distribution(distribution: str | None, endpoint: dict[str, Any], expected: Any) -> None:
    piece = {"endpoints": [endpoint]}
    for place in range(3):
        pieces: list[list[dict[str, Any]]] = [[], [], []]
        pieces[place] = [piece]
        result = distribution_hints(distribution, *pieces)
        found = [*result.create, *result.update, *result.unchanged]
        assert [one.get("hints") for one in found[0]["endpoints"]] == [expected]
        assert (found[0] is piece) is (endpoint.get("hints") == expected)
        # what was to be made or updated still is; a slice that needed nothing is updated if its hints changed
        to = place if place < 2 or endpoint.get("hints") == expected else 1
        assert [len(result.create), len(result.update), len(result.unchanged)] == [int(to == i) for i in range(3)]


def node(zone: str | None, cpu: str | None, *, ready: bool = True, role: str = "") -> dict[str, Any]:
    labels = ({ZONE: zone} if zone else {}) | ({f"node-role.kubernetes.io/{role}": ""} if role else {})
    status = {"conditions": [{"type": "Ready", "status": str(ready)}], "allocatable": {"cpu": cpu} if cpu else {}}
    return {"kind": "Node", "metadata": {"name": "n", "labels": labels}, "status": status}


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([node("a", "1"), node("b", "3")], {"a": 0.25, "b": 0.75}),
        ([node("a", "500m"), node("a", "500m"), node("b", "1")], {"a": 0.5, "b": 0.5}),
        ([node("a", "1"), node("b", "1"), node("b", "1", ready=False)], {"a": 0.5, "b": 0.5}),
        ([node("a", "1"), node("b", "1"), node("b", "1", role="control-plane")], {"a": 0.5, "b": 0.5}),
        ([node("a", "1"), node("b", "1"), node(None, "1", role="master")], {"a": 0.5, "b": 0.5}),
        ([node("a", "1"), node("b", "1"), node(None, "1")], {}),
        ([node("a", "1"), node("b", "1"), node("b", None)], {}),
        ([node("a", "1"), node("a", "1")], {}),
        ([], {}),
    ],
)
def test_shares_of_the_zones(nodes: list[dict[str, Any]], expected: dict[str, float]) -> None:
    assert cpu_shares(nodes) == expected


HALVES = {"a": 0.5, "b": 0.5}
THIRDS = {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}


@pytest.mark.parametrize(
    ("shares", "zones", "expected"),
    [
        (HALVES, "aabb", {"a": 2, "b": 2}),
        (HALVES, "aaab", {"a": 2, "b": 2}),
        (HALVES, "aaaaab", {"a": 3, "b": 3}),  # each must have 0.5 * 6 / 1.2 of them, rounded up
        (HALVES, "aaaa", {"a": 2, "b": 2}),
        ({"a": 0.25, "b": 0.75}, "aaaabbbb", {"a": 3, "b": 5}),
        (THIRDS, "aaabbb", {"a": 2, "b": 2, "c": 2}),
        ({}, "ab", "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"),
        (HALVES, "a", "Insufficient number of endpoints (1 endpoints, 2 zones)"),
        (HALVES, "a-", "One or more endpoints do not have a zone specified"),
        (HALVES, "aaabbx", "No hints allocated for zones"),
        (
            HALVES,
            "abb",
            "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold",
        ),
    ],
)
def test_how_many_endpoints_take_each_zones_traffic(
    shares: dict[str, float], zones: str, expected: dict[str, int] | str
) -> None:
    points = [point(zone.strip("-")) for zone in zones]
    piece = {"endpoints": [*points, point("a", ready=False)]}
    result = zone_hints(shares, [piece], [], [])
    hints = [(one.get("hints") or {}).get("forZones") for one in result.create[0]["endpoints"]]
    assert hints[-1] is None
    if isinstance(expected, str):
        assert (result.problem, result.zones, set(map(str, hints))) == (expected, {}, {"None"})
    else:
        assert (result.problem, result.zones) == ("", expected)
        given = [hint[0]["name"] for hint in hints if hint is not None]
        assert {zone: given.count(zone) for zone in shares} == expected
        assert all(len(hint) == 1 for hint in hints if hint is not None)


@pytest.mark.parametrize(
    ("annotations", "enabled"),
    [
        ({}, False),
        (AUTO, True),
        ({"service.kubernetes.io/topology-mode": "auto"}, True),
        ({"service.kubernetes.io/topology-mode": "AUTO"}, False),
        ({"service.kubernetes.io/topology-mode": "Disabled"}, False),
        ({"service.kubernetes.io/topology-aware-hints": "Auto"}, True),
        ({"service.kubernetes.io/topology-aware-hints": "Disabled", **AUTO}, False),  # the older one wins
    ],
)
def test_who_asks_for_hints(annotations: dict[str, str], enabled: bool) -> None:
    assert hints_enabled(annotations) is enabled
