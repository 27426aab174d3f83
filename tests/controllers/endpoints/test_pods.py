from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.store import Change
from kubesim.controllers.endpoints.pods import EndpointPod, PodsByService, PortNotFoundError


def ready(status: str, since: str = "2026-07-01T09:00:00Z") -> dict[str, Any]:
    return {"type": "Ready", "status": status, "lastTransitionTime": since}


def pod(**status: Any) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {"name": "a", "namespace": "default", "uid": "1", "labels": {"app": "web", "tier": "front"}},
        "spec": {"nodeName": "node1", "containers": [{"name": "c", "image": "nginx"}]},
        "status": {"phase": "Running", "podIPs": [{"ip": "10.0.0.2"}], "conditions": [ready("False")]} | status,
    }


def service(name: str = "web", **selector: str) -> Change:
    metadata = {"name": name, "namespace": "default"}
    return Change.of(None, {"kind": "Service", "metadata": metadata, "spec": {"selector": selector}})


def index_of(*services: Change) -> PodsByService:
    index = PodsByService()
    for each in services:
        index.note_service(each, list)
    index.note_pod(Change.of(None, pod()))
    return index


@pytest.mark.parametrize(
    ("changed", "concerned"),
    [
        (pod(phase="Succeeded"), True),
        (pod(conditions=[ready("True")]), True),
        (pod(conditions=[ready("Unknown")]), True),
        (pod(podIPs=[{"ip": "10.0.0.3"}]), True),
        (pod(containerStatuses=[{"name": "c", "restartCount": 3}]), False),
        (pod(conditions=[ready("False"), {"type": "PodScheduled", "status": "True"}]), False),
        (pod() | {"spec": {**pod()["spec"], "nodeName": "node2"}}, True),
        (pod() | {"spec": {**pod()["spec"], "hostname": "one"}}, True),
        (pod() | {"spec": {**pod()["spec"], "containers": [{"name": "c", "image": "other"}]}}, False),
        (pod() | {"metadata": {**pod()["metadata"], "deletionTimestamp": "2026-07-01T09:00:00Z"}}, True),
        (pod() | {"metadata": {**pod()["metadata"], "annotations": {"a": "b"}}}, False),
    ],
)
def test_what_of_a_pod_changes_its_services_endpoints(changed: dict[str, Any], concerned: bool) -> None:
    found = index_of(service(app="web")).note_pod(Change.of(pod(), changed))
    assert found == ([("default", "web")] if concerned else [])


def test_a_pod_that_changes_its_labels_concerns_the_services_it_leaves_and_those_it_joins() -> None:
    index = index_of(service("old", app="web"), service("new", app="db"), service("both", tier="front"))
    labels = {"app": "db", "tier": "front"}
    moved = pod() | {"metadata": {**pod()["metadata"], "labels": labels}}
    assert set(index.note_pod(Change.of(pod(), moved))) == {("default", name) for name in ("old", "new", "both")}
    assert [index.pods_of(("default", name)) for name in ("old", "new")] == [[], [EndpointPod.of(moved)]]


def test_a_service_that_comes_later_or_selects_others_finds_the_pods_that_are_there() -> None:
    index = index_of(service(app="db"))
    key = ("default", "web")
    assert index.pods_of(key) == []
    index.note_service(service(app="web"), lambda: [pod()])
    assert index.pods_of(key) == [EndpointPod.of(pod())]
    index.note_pod(Change.of(pod(), None))
    assert index.pods_of(key) == []


def test_pods_are_ordered_by_name() -> None:
    index = index_of(service(app="web"))
    for name in ("c", "b"):
        index.note_pod(Change.of(None, pod() | {"metadata": {**pod()["metadata"], "name": name}}))
    assert [each.name for each in index.pods_of(("default", "web"))] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("target", "protocol", "expected"),
    [
        (8080, "TCP", 8080),
        ("http", "TCP", 80),
        ("http", "UDP", None),
        ("dns", "UDP", 53),
        ("helper", "TCP", 15000),
        ("once", "TCP", None),
    ],
)
def test_a_target_port_is_a_number_or_the_name_of_a_port_that_stays(
    target: int | str, protocol: str, expected: int | None
) -> None:
    def container(name: str, port: int, protocol: str = "TCP", **more: str) -> dict[str, Any]:
        ports = [{"name": name, "containerPort": port, "protocol": protocol}]
        return {"name": f"{name}-{port}", "ports": ports, **more}

    spec = {
        "initContainers": [container("once", 1), container("helper", 15000, restartPolicy="Always")],
        "containers": [container("http", 80), container("http", 81), container("dns", 53, "UDP")],
    }
    read = EndpointPod.of({"metadata": {}, "spec": spec})
    if expected is None:
        with pytest.raises(PortNotFoundError):
            read.port(target, protocol)
    else:
        assert read.port(target, protocol) == expected


@pytest.mark.parametrize(
    ("status", "deleted", "belongs", "even_terminating"),
    [
        ({}, False, True, True),
        ({"phase": "Pending"}, False, True, True),
        ({"phase": "Succeeded"}, False, False, False),
        ({"phase": "Failed"}, False, False, False),
        ({"podIPs": []}, False, False, False),
        ({}, True, False, True),
        ({"phase": "Failed"}, True, False, False),
    ],
)
def test_which_selected_pods_are_endpoints_at_all(
    status: dict[str, Any], deleted: bool, belongs: bool, even_terminating: bool
) -> None:
    wire = pod(**status)
    if deleted:
        wire["metadata"]["deletionTimestamp"] = "2026-07-01T09:00:00Z"
    read = EndpointPod.of(wire)
    assert read.belongs(include_terminating=False) is belongs
    assert read.belongs(include_terminating=True) is even_terminating
