"""StatefulSets on a cluster. Expected: recorded sessions and upstream's controller."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.cluster import Cluster
from kubesim.cluster.wiring import RuntimeFactory
from kubesim.controllers.containers import SimulatedContainers
from kubesim.controllers.runtime import ContainerRuntime
from tests.conformance.transcripts.oracle import OracleRuntime

CLAIM = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def follow_annotations(containers: SimulatedContainers) -> ContainerRuntime:
    return OracleRuntime()


def made(
    annotations: dict[str, str] | None = None, runtime: RuntimeFactory | None = follow_annotations, **spec: Any
) -> Cluster:
    cluster = Cluster(runtime=runtime)
    metadata = {"labels": {"app": "web"}, "annotations": annotations or {}}
    body = {
        "replicas": 3,
        "serviceName": "web",
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": metadata, "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}]}},
        **spec,
    }
    cluster.apply([{"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}, "spec": body}])
    return cluster


def pods(cluster: Cluster) -> list[str]:
    return [pod["metadata"]["name"] for pod in cluster.store.list("Pod", "default")]


def images(cluster: Cluster) -> list[str]:
    found = cluster.store.list("Pod", "default")
    return [pod["spec"]["containers"][0]["image"].removeprefix("nginx:") for pod in found]


def update(cluster: Cluster, tag: str) -> None:
    containers = [{"name": "c", "image": f"nginx:{tag}"}]
    cluster.patch("StatefulSet", "web", {"spec": {"template": {"spec": {"containers": containers}}}})


def status(cluster: Cluster) -> Wire:
    wire = cluster.store.get("StatefulSet", "web", "default")
    assert wire is not None
    found: Wire = wire["status"]
    return found


def order(cluster: Cluster, verb: str) -> list[str]:
    """The Pods of which it was said that they were created or deleted, in order."""
    events = sorted(cluster.store.list("Event", "default"), key=lambda each: int(each["metadata"]["resourceVersion"]))
    start = f"{verb} Pod "
    return [each["message"].split()[2] for each in events if each["message"].startswith(start)]


@pytest.mark.parametrize(
    ("policy", "expected"), [("OrderedReady", ["web-0"]), ("Parallel", ["web-0", "web-1", "web-2"])]
)
def test_a_pod_that_is_never_ready_holds_up_those_after_it(policy: str, expected: list[str]) -> None:
    cluster = made({"oracle/state": "notready"}, podManagementPolicy=policy)
    cluster.advance(30)
    assert pods(cluster) == expected


def test_pods_come_from_the_first_up_and_go_from_the_last_down() -> None:
    cluster = made()
    cluster.settle()
    assert order(cluster, "Create") == ["web-0", "web-1", "web-2"]
    cluster.patch("StatefulSet", "web", {"spec": {"replicas": 0}})
    cluster.settle()
    assert order(cluster, "Delete") == ["web-2", "web-1", "web-0"]
    assert (pods(cluster), status(cluster)["replicas"]) == ([], 0)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ({"type": "RollingUpdate"}, ["1.28", "1.28", "1.28"]),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}, ["1.27", "1.27", "1.28"]),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 9}}, ["1.27", "1.27", "1.27"]),
        ({"type": "OnDelete"}, ["1.27", "1.27", "1.27"]),
    ],
)
def test_an_update_reaches_as_far_as_its_strategy_says(strategy: Wire, expected: list[str]) -> None:
    cluster = made(updateStrategy=strategy)
    cluster.settle()
    update(cluster, "1.28")
    cluster.settle()
    assert images(cluster) == expected
    cluster.delete("Pod", "web-0")
    cluster.settle()
    below = strategy.get("rollingUpdate", {}).get("partition", 0) > 0
    assert images(cluster)[0] == ("1.27" if below else "1.28")


def test_a_pod_is_available_only_after_it_has_been_ready_for_a_while() -> None:
    cluster = made(minReadySeconds=20, replicas=2)
    cluster.advance(10)
    assert (pods(cluster), status(cluster)["readyReplicas"], status(cluster)["availableReplicas"]) == (["web-0"], 1, 0)
    cluster.advance(15)
    assert pods(cluster) == ["web-0", "web-1"] and status(cluster)["availableReplicas"] == 1


def test_a_template_that_comes_back_is_the_old_revision_under_a_new_number() -> None:
    cluster = made(replicas=1)
    cluster.settle()
    first = status(cluster)["updateRevision"]
    for tag in ("1.28", "1.27"):
        update(cluster, tag)
        cluster.settle()
    assert status(cluster)["updateRevision"] == status(cluster)["currentRevision"] == first
    numbers = {each["metadata"]["name"]: each["revision"] for each in cluster.store.list("ControllerRevision")}
    assert numbers[first] == 3 and sorted(numbers.values()) == [2, 3]


def claims(cluster: Cluster) -> list[str]:
    return [claim["metadata"]["name"] for claim in cluster.store.list("PersistentVolumeClaim", "default")]


def volumes(cluster: Cluster) -> None:
    for number in range(3):
        spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"}}
        metadata = {"name": f"pv{number}"}
        cluster.apply([{"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec}])


@pytest.mark.parametrize(
    ("policy", "scaled", "deleted"),
    [
        ({}, ["data-web-0", "data-web-1"], ["data-web-0", "data-web-1"]),
        ({"whenScaled": "Delete"}, ["data-web-0"], ["data-web-0"]),
        ({"whenDeleted": "Delete"}, ["data-web-0", "data-web-1"], []),
        ({"whenDeleted": "Delete", "whenScaled": "Delete"}, ["data-web-0"], []),
    ],
)
def test_claims_stay_unless_the_policy_lets_them_go(policy: Wire, scaled: list[str], deleted: list[str]) -> None:
    cluster = made(replicas=2, volumeClaimTemplates=[CLAIM], persistentVolumeClaimRetentionPolicy=policy)
    volumes(cluster)
    cluster.advance(40)
    assert claims(cluster) == ["data-web-0", "data-web-1"] and pods(cluster) == ["web-0", "web-1"]
    cluster.patch("StatefulSet", "web", {"spec": {"replicas": 1}})
    cluster.advance(10)
    assert claims(cluster) == scaled
    cluster.delete("StatefulSet", "web")
    cluster.advance(10)
    assert claims(cluster) == deleted and pods(cluster) == []


def test_a_pod_waits_for_its_claim_and_comes_back_to_it() -> None:
    cluster = made(replicas=1, volumeClaimTemplates=[CLAIM])
    cluster.advance(5)
    (waiting,) = cluster.store.list("Pod", "default")
    message = waiting["status"]["conditions"][0]["message"]
    assert message == "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    volumes(cluster)
    cluster.advance(20)
    bound = cluster.store.get("PersistentVolumeClaim", "data-web-0", "default")
    assert bound is not None and bound["status"]["phase"] == "Bound"
    cluster.delete("Pod", "web-0")
    cluster.settle()
    (again,) = cluster.store.list("Pod", "default")
    assert again["spec"].get("nodeName") and again["metadata"]["uid"] != waiting["metadata"]["uid"]


def test_a_pod_has_a_name_in_dns_under_its_service() -> None:
    cluster = made(replicas=2, runtime=None)
    spec = {"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"port": 80}]}
    cluster.apply([{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}])
    cluster.settle()
    answer = cluster.resolve("pod/web-0", "web-1.web.default.svc.cluster.local")
    pod = cluster.store.get("Pod", "web-1", "default")
    assert pod is not None and pod["status"]["podIP"] in str(answer)
