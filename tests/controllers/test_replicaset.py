"""A ReplicaSet: as many Pods as asked for, which of them go first, what it adopts (``pkg/controller/replicaset``)."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.cluster import Cluster
from kubesim.controllers.replicaset import ReplicaSetController
from kubesim.kubectl.main import run
from kubesim.userland.filesystem import FileSystem
from tests.controllers.control_plane import ControlPlane


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


class Lab(ControlPlane):
    """One ReplicaSet, ``web``, and no kubelet: the test says what its Pods are like."""

    def __init__(self, replicas: int | None = 3, **spec: Any) -> None:
        super().__init__()
        self.manager.add(ReplicaSetController(self.simulation, self.manager, self.client, self.events))
        parts = {"selector": BY_LABEL, "template": TEMPLATE, **({} if replicas is None else {"replicas": replicas})}
        self.make("ReplicaSet", "web", spec={**parts, **spec})
        self.simulation.settle()

    def change(self, **spec: Any) -> None:
        wire = self.get("ReplicaSet", "web")
        self.client.update({**wire, "spec": {**wire["spec"], **spec}})
        self.simulation.settle()

    def pods(self) -> list[Wire]:
        return [pod for pod in self.store.list("Pod", "default") if not pod["metadata"].get("deletionTimestamp")]

    def status(self) -> Wire:
        status: Wire = self.get("ReplicaSet", "web")["status"]
        return status


TEMPLATE = {
    "metadata": {"labels": {"app": "web", "tier": "front"}, "annotations": {"a": "b"}},
    "spec": {"containers": [{"name": "c", "image": "nginx"}]},
}


def test_a_new_pod_is_made_of_the_template() -> None:
    lab = Lab(1)
    (made,) = lab.pods()
    metadata = made["metadata"]
    assert metadata["generateName"] == "web-"
    assert metadata["name"].startswith("web-") and len(metadata["name"]) == len("web-") + 5
    assert (metadata["labels"], metadata["annotations"]) == ({"app": "web", "tier": "front"}, {"a": "b"})
    (owner,) = metadata["ownerReferences"]
    uid = lab.get("ReplicaSet", "web")["metadata"]["uid"]
    assert owner == {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": "web",
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    assert made["spec"]["containers"][0]["image"] == "nginx"
    assert lab.said("web") == [("Normal", "SuccessfulCreate", f"Created pod: {metadata['name']}")]


@pytest.mark.parametrize(("replicas", "expected"), [(None, 1), (0, 0), (4, 4)])
def test_as_many_as_asked_for(replicas: int | None, expected: int) -> None:
    assert len(Lab(replicas).pods()) == expected


def test_more_and_fewer() -> None:
    lab = Lab(2)
    first = {pod["metadata"]["name"] for pod in lab.pods()}
    lab.change(replicas=4)
    assert len(lab.pods()) == 4 and first < {pod["metadata"]["name"] for pod in lab.pods()}
    lab.change(replicas=1)
    assert len(lab.pods()) == 1
    assert [reason for _, reason, _ in lab.said("web")] == ["SuccessfulCreate"] * 4 + ["SuccessfulDelete"] * 3
    gone = {message.removeprefix("Deleted pod: ") for _, reason, message in lab.said("web") if reason[10:] == "Delete"}
    assert len(gone) == 3 and not gone & {pod["metadata"]["name"] for pod in lab.pods()}


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_finished_is_replaced(phase: str) -> None:
    lab = Lab(2)
    done = lab.pods()[0]["metadata"]["name"]
    lab.set_status("Pod", done, phase=phase)
    lab.simulation.settle()
    assert len(lab.pods()) == 3
    assert lab.status()["replicas"] == 2


READY = {"type": "Ready", "status": "True"}
OLD, NEW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


@pytest.mark.parametrize(
    ("first", "then"),
    [
        # (node, status, annotations) of the Pod that goes, and of the one that stays
        (("", {}, {}), ("n", {}, {})),
        (("n", {"phase": "Pending"}, {}), ("n", {"phase": "Running"}, {})),
        (("n", {"phase": "Pending"}, {}), ("n", {"phase": "Unknown"}, {})),
        (("n", {"phase": "Unknown"}, {}), ("n", {"phase": "Running"}, {})),
        (("n", {"phase": "Running"}, {}), ("n", {"phase": "Running", "conditions": [READY]}, {})),
        (
            ("n", {"phase": "Running"}, {"controller.kubernetes.io/pod-deletion-cost": "-5"}),
            ("n", {"phase": "Running"}, {}),
        ),
        (
            ("n", {"phase": "Running"}, {}),
            ("n", {"phase": "Running"}, {"controller.kubernetes.io/pod-deletion-cost": "10"}),
        ),
        (
            ("n", {"phase": "Running", "containerStatuses": [{"restartCount": 3}, {"restartCount": 0}]}, {}),
            ("n", {"phase": "Running", "containerStatuses": [{"restartCount": 1}]}, {}),
        ),
        # of equals the youngest goes
        (("n", {"phase": "Running", "made": NEW}, {}), ("n", {"phase": "Running", "made": OLD}, {})),
    ],
)
def test_which_of_two_goes(first: tuple[str, Wire, Wire], then: tuple[str, Wire, Wire]) -> None:
    for order in ((first, then), (then, first)):
        lab = Lab(2)
        names = [pod["metadata"]["name"] for pod in lab.pods()]
        for name, (node, status, marks) in zip(names, order, strict=True):
            wire, rest = lab.get("Pod", name), {key: value for key, value in status.items() if key != "made"}
            metadata = {**wire["metadata"], "annotations": marks, "creationTimestamp": status.get("made", OLD)}
            spec = {**wire["spec"], **({"nodeName": node} if node else {})}
            lab.store.commit({**wire, "metadata": metadata, "spec": spec, "status": rest})
        lab.change(replicas=1)
        assert [pod["metadata"]["name"] for pod in lab.pods()] == [names[order.index(then)]]


def test_of_pods_that_are_alike_the_one_in_the_crowd_goes() -> None:
    lab = Lab(3)
    for pod_, node in zip(lab.pods(), ("n", "m", "n"), strict=True):
        lab.store.commit({**pod_, "spec": {**pod_["spec"], "nodeName": node}, "status": {"phase": "Running"}})
    lab.change(replicas=2)
    assert sorted(pod["spec"]["nodeName"] for pod in lab.pods()) == ["m", "n"]


def test_its_numbers() -> None:
    lab = Lab(4)
    a, b, c, _ = (pod["metadata"]["name"] for pod in lab.pods())
    since = {"lastProbeTime": None, "lastTransitionTime": lab.simulation.timestamp()}
    for name in (a, b):
        lab.set_status("Pod", name, phase="Running", conditions=[{**READY, **since}])
    wire = lab.get("Pod", b)
    lab.store.commit({**wire, "metadata": {**wire["metadata"], "labels": {"app": "web"}}})
    wire = lab.get("Pod", c)
    lab.store.commit({**wire, "metadata": {**wire["metadata"], "finalizers": ["example.com/wait"]}})
    lab.client.delete(lab.get("Pod", c))
    lab.simulation.settle()
    assert lab.status() == {
        "observedGeneration": 1,
        "replicas": 4,
        "fullyLabeledReplicas": 3,  # one has lost a label of the template
        "readyReplicas": 2,
        "availableReplicas": 2,
        "terminatingReplicas": 1,
    }


def test_a_pod_is_available_when_it_has_been_ready_for_long_enough() -> None:
    lab = Lab(1, minReadySeconds=10)
    since = {"lastProbeTime": None, "lastTransitionTime": lab.simulation.timestamp()}
    lab.set_status("Pod", lab.pods()[0]["metadata"]["name"], phase="Running", conditions=[{**READY, **since}])
    lab.simulation.advance(9)
    assert (lab.status()["readyReplicas"], "availableReplicas" in lab.status()) == (1, False)
    lab.simulation.advance(2)
    assert lab.status()["availableReplicas"] == 1


def test_a_set_that_is_going_makes_no_pods() -> None:
    lab = Lab(2)
    wire = lab.get("ReplicaSet", "web")
    lab.store.commit({**wire, "metadata": {**wire["metadata"], "finalizers": ["example.com/wait"]}})
    lab.client.delete(lab.get("ReplicaSet", "web"))
    lab.store.delete("Pod", lab.pods()[0]["metadata"]["name"], "default")
    lab.simulation.settle()
    assert len(lab.pods()) == 1
    assert lab.status()["replicas"] == 1
