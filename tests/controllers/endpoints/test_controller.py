"""One reconcile keeps a Service's slices and its Endpoints, whatever happens to its Pods or to what it wrote."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.cluster import Cluster
from kubesim.controllers.endpoints.triggers import ANNOTATION

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
}


def pod(name: str, **spec: Any) -> dict[str, Any]:
    container = {"name": "c", "image": "nginx", **spec.pop("container", {})}
    metadata = {"name": name, "labels": {"app": "web"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container], **spec}}


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.apply([SERVICE, pod("a")])
    made.settle()
    return made


def slices(cluster: Cluster) -> list[dict[str, Any]]:
    return cluster.store.list("EndpointSlice", "default", {"kubernetes.io/service-name": "web"})


def ready_in_slices(cluster: Cluster) -> list[str]:
    points = [point for piece in slices(cluster) for point in piece["endpoints"] or []]
    return sorted(point["targetRef"]["name"] for point in points if point["conditions"]["ready"])


def ready_in_endpoints(cluster: Cluster) -> list[str]:
    wire = cluster.store.get("Endpoints", "web", "default")
    subsets = (wire or {}).get("subsets") or []
    return sorted(entry["targetRef"]["name"] for subset in subsets for entry in subset.get("addresses") or [])


def test_a_pod_that_has_finished_is_no_endpoint_any_more(cluster: Cluster) -> None:
    cluster.apply(pod("once", restartPolicy="Never", container={"command": ["sleep", "100"]}))
    cluster.settle()
    assert ready_in_slices(cluster) == ready_in_endpoints(cluster) == ["a", "once"]
    cluster.advance(120)
    assert cluster.get("Pod", "once").status.phase == "Succeeded"
    assert ready_in_slices(cluster) == ready_in_endpoints(cluster) == ["a"]


def test_a_slice_that_somebody_changes_or_deletes_is_mended(cluster: Cluster) -> None:
    for _ in range(2):
        (piece,) = slices(cluster)
        cluster.patch("EndpointSlice", piece["metadata"]["name"], {"endpoints": []})
        cluster.settle()
        assert ready_in_slices(cluster) == ["a"]
        cluster.delete("EndpointSlice", piece["metadata"]["name"])
        cluster.settle()
        assert ready_in_slices(cluster) == ["a"]


def test_slices_and_endpoints_carry_the_same_moment(cluster: Cluster) -> None:
    cluster.apply(pod("b"))
    cluster.settle()
    (piece,) = slices(cluster)
    since = next(c for c in cluster.get("Pod", "b").status.conditions or [] if c.type == "Ready").lastTransitionTime
    wire = cluster.store.get("Endpoints", "web", "default")
    assert wire is not None
    assert piece["metadata"]["annotations"][ANNOTATION] == wire["metadata"]["annotations"][ANNOTATION] == since


def test_a_service_that_goes_takes_its_endpoints_along_and_begins_anew(cluster: Cluster) -> None:
    cluster.delete("Service", "web")
    cluster.settle()
    assert slices(cluster) == [] and cluster.store.get("Endpoints", "web", "default") is None
    cluster.advance(60)
    cluster.apply(SERVICE)
    cluster.settle()
    (piece,) = slices(cluster)
    assert piece["metadata"]["annotations"][ANNOTATION] == cluster.get("Service", "web").metadata.creationTimestamp
    assert ready_in_slices(cluster) == ready_in_endpoints(cluster) == ["a"]


def test_an_endpoint_has_the_zone_of_its_node_as_that_changes(cluster: Cluster) -> None:
    node = cluster.get("Pod", "a").spec.nodeName
    for zone in ("east", "west", None):
        cluster.patch("Node", node, {"metadata": {"labels": {"topology.kubernetes.io/zone": zone}}})
        cluster.settle()
        (piece,) = slices(cluster)
        assert piece["endpoints"][0].get("zone") == zone


def test_endpoints_that_somebody_deletes_come_back(cluster: Cluster) -> None:
    before = ready_in_endpoints(cluster)
    cluster.delete("endpoints", "web")
    cluster.settle()
    assert before and ready_in_endpoints(cluster) == before


def test_slices_of_an_earlier_service_are_made_anew(cluster: Cluster) -> None:
    (before,) = slices(cluster)
    owner = {**before["metadata"]["ownerReferences"][0], "uid": "00000000-0000-4000-8000-000000000000"}
    change = {"op": "replace", "path": "/metadata/ownerReferences", "value": [owner]}
    cluster.patch("endpointslice", before["metadata"]["name"], [change])
    cluster.settle()
    (after,) = slices(cluster)
    assert after["metadata"]["name"] != before["metadata"]["name"]
    assert after["metadata"]["ownerReferences"] == before["metadata"]["ownerReferences"]
