"""What Namespaces, Pods and kinds that count their changes do differently. Expected: upstream's strategies."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND
from kubesim.api.strategies.base import Strategy
from kubesim.api.strategies.kinds import (
    EndpointSliceStrategy,
    GenerationStrategy,
    KeptStrategy,
    NamespaceStrategy,
    PodStrategy,
    quality_of_service,
)

HALF, WHOLE = {"cpu": "500m", "memory": "1Gi"}, {"cpu": "1", "memory": "1Gi"}


@pytest.mark.parametrize(
    ("containers", "quality"),
    [
        ([{}], "BestEffort"),
        ([{"requests": {}}], "BestEffort"),
        ([{"requests": {"cpu": "0"}}], "BestEffort"),
        ([{"requests": {"ephemeral-storage": "1Gi"}}], "BestEffort"),
        ([{"requests": {"cpu": "1m"}}], "Burstable"),
        ([{"limits": {"memory": "1"}}], "Burstable"),
        ([{"requests": WHOLE, "limits": WHOLE}], "Guaranteed"),
        ([{"requests": {"cpu": "1000m", "memory": "1024Mi"}, "limits": WHOLE}], "Guaranteed"),
        ([{"requests": HALF, "limits": WHOLE}], "Burstable"),
        ([{"requests": {"cpu": "1"}, "limits": {"cpu": "1"}}], "Burstable"),
        ([{"requests": WHOLE, "limits": WHOLE}, {"requests": WHOLE, "limits": WHOLE}], "Guaranteed"),
        ([{"requests": WHOLE, "limits": WHOLE}, {}], "Burstable"),
        ([{"requests": WHOLE, "limits": WHOLE}, {"requests": HALF, "limits": WHOLE}], "Burstable"),
    ],
)
def test_quality_of_service(containers: list[Wire], quality: str) -> None:
    made = [{"name": "c", "resources": resources} for resources in containers]
    assert quality_of_service({"containers": made}) == quality
    assert quality_of_service({"containers": made[:1], "initContainers": made[1:]}) == quality


@pytest.mark.parametrize(
    ("spec", "phase", "asked", "seconds"),
    [
        ({"nodeName": "n"}, "Running", None, 30),
        ({"nodeName": "n", "terminationGracePeriodSeconds": 5}, "Running", None, 5),
        ({"nodeName": "n", "terminationGracePeriodSeconds": 5}, "Running", 9, 9),
        ({"nodeName": "n"}, "Running", 0, 0),
        ({"nodeName": "n"}, "Running", -1, 1),
        ({"nodeName": "n", "terminationGracePeriodSeconds": -5}, "Running", None, 1),
        ({}, "Pending", None, 0),
        ({}, "Pending", 9, 0),
        ({"nodeName": "n"}, "Succeeded", 9, 0),
        ({"nodeName": "n"}, "Failed", None, 0),
    ],
)
def test_how_long_a_deleted_pod_may_take(spec: Wire, phase: str, asked: int | None, seconds: int) -> None:
    assert PodStrategy().grace_period({"spec": spec, "status": {"phase": phase}}, asked) == seconds


def test_a_pod_begins_pending_and_keeps_its_quality() -> None:
    pod: Wire = {"metadata": {}, "spec": {"containers": [{"name": "c"}]}, "status": {"phase": "Running"}}
    PodStrategy().prepare_create(pod)
    assert (pod["metadata"]["generation"], pod["status"]) == (1, {"phase": "Pending", "qosClass": "BestEffort"})
    for status, quality in (({"phase": "Running"}, "BestEffort"), ({"qosClass": "Burstable"}, "Burstable")):
        new = {"metadata": {}, "spec": {}, "status": status}
        PodStrategy().prepare_status_update(new, pod)
        assert new["spec"] is pod["spec"]
        assert new["status"]["qosClass"] == quality


SLICE: Wire = {"metadata": {"labels": {"a": "b"}}, "addressType": "IPv4", "endpoints": [], "ports": []}
INGRESS: Wire = {"metadata": {}, "spec": {"rules": []}, "status": {"loadBalancer": {}}}
DEPLOYMENT: Wire = {"metadata": {}, "spec": {"replicas": 1}, "status": {"replicas": 0}}


@pytest.mark.parametrize(
    ("strategy", "wire", "change", "counts"),
    [
        (EndpointSliceStrategy(), SLICE, {"endpoints": [{"addresses": ["10.42.0.3"]}]}, True),
        (EndpointSliceStrategy(), SLICE, {"ports": [{"port": 80}]}, True),
        (EndpointSliceStrategy(), SLICE, {"addressType": "IPv6"}, True),
        (EndpointSliceStrategy(), SLICE, {"metadata": {"labels": {}}}, True),
        (EndpointSliceStrategy(), SLICE, {"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}}, False),
        (GenerationStrategy("replicas"), DEPLOYMENT, {"spec": {"replicas": 2}}, True),
        (GenerationStrategy("replicas"), DEPLOYMENT, {"spec": {"replicas": 1}}, False),
        (GenerationStrategy("replicas"), DEPLOYMENT, {"metadata": {"labels": {}}}, False),
        (GenerationStrategy("replicas"), DEPLOYMENT, {"status": {"replicas": 3}}, False),
        (KeptStrategy(BY_KIND["Ingress"], counted=True), INGRESS, {"spec": {}}, True),
        (KeptStrategy(BY_KIND["Ingress"], counted=True), INGRESS, {"metadata": {"labels": {}}}, False),
        (KeptStrategy(BY_KIND["Ingress"], counted=True), INGRESS, {"status": {}}, False),
    ],
)
def test_what_counts_as_a_change(strategy: Strategy, wire: Wire, change: Wire, counts: bool) -> None:
    old = copy.deepcopy(wire)
    strategy.prepare_create(old)
    assert old["metadata"]["generation"] == 1
    new = copy.deepcopy({**old, **change})
    strategy.prepare_update(new, old)
    assert new["metadata"]["generation"] == (2 if counts else 1)
    assert new.get("status") == old.get("status")


@pytest.mark.parametrize(
    ("kind", "counted", "given", "status"),
    [
        ("Ingress", True, {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}, {"loadBalancer": {}}),
        ("Role", False, {"a": "b"}, None),
    ],
)
def test_a_kept_kind_begins_with_the_status_that_go_writes(kind: str, counted: bool, given: Any, status: Any) -> None:
    wire: Wire = {"metadata": {}, "status": given}
    KeptStrategy(BY_KIND[kind], counted=counted).prepare_create(wire)
    assert wire.get("status") == status
    assert ("generation" in wire["metadata"]) is counted


@pytest.mark.parametrize(
    ("given", "held_by"),
    [
        ({}, ["kubernetes"]),
        ({"finalizers": ["kubernetes"]}, ["kubernetes"]),
        ({"finalizers": ["example.com/a"]}, ["example.com/a", "kubernetes"]),
    ],
)
def test_a_namespace_is_held_by_its_content(given: Wire, held_by: list[str]) -> None:
    namespace: Wire = {"metadata": {}, "spec": given, "status": {"phase": "Terminating"}}
    NamespaceStrategy().prepare_create(namespace)
    assert (namespace["spec"], namespace["status"]) == ({"finalizers": held_by}, {"phase": "Active"})
    changed: Wire = {"metadata": {}, "spec": {"finalizers": []}, "status": {"phase": "Terminating"}}
    NamespaceStrategy().prepare_update(changed, namespace)
    assert (changed["spec"], changed["status"]) == (namespace["spec"], namespace["status"])
