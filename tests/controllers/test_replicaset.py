"""What a ReplicaSet does where the API server refuses its Pods."""

from __future__ import annotations

import pytest

from kubesim.cluster import Cluster
from kubesim.kubectl.main import run
from kubesim.userland.filesystem import FileSystem


def kubectl(cluster: Cluster, command: str) -> None:
    assert run(command.split(), cluster, FileSystem()).returncode == 0
    cluster.simulation.settle()


def test_refused_pods_are_asked_for_again_later() -> None:
    cluster = Cluster()
    kubectl(cluster, "create deployment web --image=nginx --replicas=2")
    kubectl(cluster, "set serviceaccount deployment web builder")
    deployment = cluster.store.get("Deployment", "web", "default")
    assert deployment is not None
    failure = next(each for each in deployment["status"]["conditions"] if each["type"] == "ReplicaFailure")
    refused = r'error looking up service account default/builder: serviceaccount "builder" not found'
    prefix = next(
        each["metadata"]["name"] for each in cluster.store.list("ReplicaSet") if "conditions" in each["status"]
    )
    assert failure["message"] == f'pods "{prefix}-" is forbidden: {refused}'
    kubectl(cluster, "create serviceaccount builder")
    cluster.simulation.advance(60)
    pods = cluster.store.list("Pod", "default")
    assert {pod["spec"]["serviceAccountName"] for pod in pods} == {"builder"}
    deployment = cluster.store.get("Deployment", "web", "default")
    assert deployment is not None
    assert {each["type"] for each in deployment["status"]["conditions"]} == {"Available", "Progressing"}


def pod(name: str, **labels: str) -> dict[str, object]:
    spec = {"containers": [{"name": "c", "image": "nginx"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}


def replica_set(replicas: int, selector: dict[str, object]) -> dict[str, object]:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    spec = {"replicas": replicas, "selector": selector, "template": template}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}, "spec": spec}


def owned(cluster: Cluster) -> set[str]:
    pods = cluster.store.list("Pod", "default")
    return {p["metadata"]["name"] for p in pods if p["metadata"].get("ownerReferences")}


BY_LABEL: dict[str, object] = {"matchLabels": {"app": "web"}}
BY_EXPRESSION: dict[str, object] = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}


@pytest.mark.parametrize("selector", [BY_LABEL, BY_EXPRESSION])
def test_pods_that_nobody_owns_are_adopted_whether_they_came_before_or_after(selector: dict[str, object]) -> None:
    cluster = Cluster()
    cluster.apply([pod("before", app="web"), pod("other", app="db")])
    cluster.settle()
    cluster.apply(replica_set(2, selector))
    cluster.settle()
    assert len(owned(cluster)) == 2 and "before" in owned(cluster)
    cluster.apply(pod("after", app="web"))
    cluster.settle()
    assert (
        len(cluster.store.list("Pod", "default", {"app": "web"})) == 2
    )  # one too many was adopted, and the youngest went
    assert "other" not in owned(cluster)


def test_a_pod_that_no_longer_matches_is_let_go_and_one_that_matches_again_is_adopted() -> None:
    cluster = Cluster()
    cluster.apply(replica_set(1, BY_LABEL))
    cluster.settle()
    (first,) = owned(cluster)
    cluster.patch("Pod", first, {"metadata": {"labels": {"app": "debug"}}})
    cluster.settle()
    assert first not in owned(cluster) and len(owned(cluster)) == 1
    cluster.patch("ReplicaSet", "web", {"spec": {"replicas": 2}})
    cluster.settle()
    cluster.patch("Pod", first, {"metadata": {"labels": {"app": "web"}}})
    cluster.settle()
    assert len(cluster.store.list("Pod", "default", {"app": "web"})) == 2
