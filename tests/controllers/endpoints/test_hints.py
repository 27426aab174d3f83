"""Hints by the zones' shares of CPU, as the running controller gives them, with the events that it emits."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.cluster import Cluster
from kubesim.controllers.endpoints.hints import is_overloaded

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
