"""What a ReplicaSet does where the API server refuses its Pods."""

from __future__ import annotations

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
