"""How many Pods of a budget may go. Expected: upstream's ``disruption.go``, count by count."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.controllers.disruption import DisruptionController
from kubesim.controllers.pods import owner_reference
from tests.controllers.control_plane import CONTAINERS, ControlPlane

LABELS = {"app": "web"}
BEFORE, START = "2026-07-01T08:59:00Z", "2026-07-01T09:00:00Z"


def ready(holds: bool = True) -> Wire:
    return {"phase": "Running", "conditions": [{"type": "Ready", "status": str(holds)}]}


class Budgeted(ControlPlane):
    """Pods of workloads, and what a budget says of them."""

    def __init__(self) -> None:
        super().__init__()
        self.manager.add(DisruptionController(self.simulation, self.manager, self.client, self.events))

    def workload(self, kind: str, name: str, replicas: int | None, owner: Wire | None = None) -> Wire:
        spec: Wire = {
            "selector": {"matchLabels": {"set": name}},
            "template": {"metadata": {"labels": {"set": name}}, "spec": {"containers": CONTAINERS}},
        }
        if kind == "ReplicationController":
            spec["selector"] = {"set": name}
        if replicas is not None:
            spec["replicas"] = replicas
        metadata = {"ownerReferences": [owner_reference(owner)]} if owner else {}
        return self.make(kind, name, spec=spec, metadata=metadata)

    def pods(self, *healthy: bool, owner: Wire | None = None, prefix: str = "p", labels: Wire = LABELS) -> None:
        metadata: Wire = {"ownerReferences": [owner_reference(owner)]} if owner else {}
        for number, holds in enumerate(healthy):
            self.pod(f"{prefix}{number}", labels=labels, metadata=metadata, status=ready(holds))

    def budget(self, name: str = "b", **spec: Any) -> Wire:
        self.make("PodDisruptionBudget", name, spec={"selector": {"matchLabels": LABELS}, **spec})
        return self.status(name)

    def status(self, name: str = "b") -> Wire:
        self.simulation.settle()
        found: Wire = self.get("PodDisruptionBudget", name)["status"]
        return found

    def counts(self, name: str = "b") -> tuple[int, int, int, int]:
        status = self.status(name)
        names = ("expectedPods", "currentHealthy", "desiredHealthy", "disruptionsAllowed")
        return tuple(status[each] for each in names)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("spec", "unready", "expected"),
    [
        # expected, healthy, wanted, allowed; of a ReplicaSet of five
        ({"minAvailable": 3}, 0, (5, 5, 3, 2)),
        ({"minAvailable": 3}, 2, (5, 3, 3, 0)),
        ({"minAvailable": 3}, 3, (5, 2, 3, 0)),  # never fewer than none
        ({"minAvailable": 0}, 0, (5, 5, 0, 5)),
        ({"minAvailable": 9}, 0, (5, 5, 9, 0)),
        ({"minAvailable": "50%"}, 0, (5, 5, 3, 2)),  # rounded up
        ({"minAvailable": "100%"}, 0, (5, 5, 5, 0)),
        ({"maxUnavailable": 1}, 0, (5, 5, 4, 1)),
        ({"maxUnavailable": 0}, 0, (5, 5, 5, 0)),
        ({"maxUnavailable": 9}, 0, (5, 5, 0, 5)),
        ({"maxUnavailable": "50%"}, 0, (5, 5, 2, 3)),
        ({"maxUnavailable": 1}, 1, (5, 4, 4, 0)),
        ({"maxUnavailable": 2, "selector": {}}, 0, (5, 5, 3, 2)),
        ({}, 0, (5, 5, 0, 5)),  # upstream's zero of minAvailable
    ],
)
def test_a_budget_counts(spec: Wire, unready: int, expected: tuple[int, int, int, int]) -> None:
    lab = Budgeted()
    lab.pods(*(number >= unready for number in range(5)), owner=lab.workload("ReplicaSet", "rs", 5))
    if "selector" not in spec:
        lab.pods(True, prefix="stranger", labels={"app": "db"})
    lab.budget(**spec)
    assert lab.counts() == expected
    (verdict,) = lab.status()["conditions"]
    allowed = expected[3] > 0
    assert (verdict["type"], verdict["status"], verdict["reason"], verdict["message"]) == (
        "DisruptionAllowed",
        str(allowed),
        "SufficientPods" if allowed else "InsufficientPods",
        "",
    )
    assert lab.said() == []
    assert lab.status()["observedGeneration"] == 1 and "disruptedPods" not in lab.status()


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"])
def test_a_share_is_of_what_the_workload_is_to_have(kind: str) -> None:
    lab = Budgeted()
    owner = lab.workload(kind, "w", 10)
    direct = lab.workload("ReplicaSet", "rs", 4, owner) if kind == "Deployment" else owner
    lab.pods(True, True, owner=direct)
    lab.budget(maxUnavailable="20%")
    assert lab.counts() == (10, 2, 8, 0)
    wire = lab.get(kind, "w")
    lab.client.update({**wire, "spec": {**wire["spec"], "replicas": 2}})
    assert lab.counts() == (2, 2, 1, 1), "scaled: the budget is counted anew"


def test_the_workloads_of_a_budget_count_together_and_each_once() -> None:
    lab = Budgeted()
    lab.pods(True, True, True, owner=lab.workload("ReplicaSet", "a", 3), prefix="a")
    lab.pods(True, owner=lab.workload("ReplicaSet", "b", None), prefix="b")
    lab.budget(maxUnavailable=1)
    assert lab.counts() == (4, 4, 3, 1)


def test_a_set_whose_deployment_is_gone_counts_itself() -> None:
    lab = Budgeted()
    owner = lab.workload("Deployment", "d", 10)
    direct = lab.workload("ReplicaSet", "rs", 4, owner)
    lab.pods(True, owner=direct)
    lab.store.delete("Deployment", "d", "default")
    lab.budget(maxUnavailable=1)
    assert lab.counts() == (4, 1, 3, 0)


def test_pods_that_come_change_or_go_count_at_once() -> None:
    lab = Budgeted()
    lab.budget(minAvailable=1)
    assert lab.counts() == (0, 0, 1, 0)
    assert lab.said() == [("Normal", "NoPods", "No matching pods found")]
    lab.pods(True, True)
    assert lab.counts() == (2, 2, 1, 1)
    lab.set_status("Pod", "p0", **ready(False))
    assert lab.counts() == (2, 1, 1, 0)
    lab.set_status("Pod", "p0", **ready(True))
    wire = lab.get("Pod", "p1")
    lab.store.commit({**wire, "metadata": {**wire["metadata"], "labels": {"app": "other"}}})
    assert lab.counts() == (1, 1, 1, 0), "the Pod is no longer of this budget"
    lab.store.delete("Pod", "p0", "default")
    assert lab.counts() == (0, 0, 1, 0)


def test_a_pod_that_is_being_deleted_is_not_healthy() -> None:
    lab = Budgeted()
    lab.pods(True, True)
    wire = lab.get("Pod", "p0")
    lab.store.commit({**wire, "metadata": {**wire["metadata"], "deletionTimestamp": START}})
    lab.budget(minAvailable=1)
    assert lab.counts() == (2, 1, 1, 0)


def test_pods_of_nobody_are_told_and_do_not_count() -> None:
    lab = Budgeted()
    lab.pods(True, True)
    lab.pods(True, owner=lab.workload("ReplicaSet", "rs", 1), prefix="r")
    lab.budget(maxUnavailable=1)
    assert lab.counts() == (1, 3, 0, 3)
    message = (
        "Pods selected by this PodDisruptionBudget (selector: &LabelSelector{app=web}) were found to be unmanaged. As "
        "a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To "
        'account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
    )
    assert lab.said() == [("Warning", "UnmanagedPods", message)]


@pytest.mark.parametrize(
    ("kind", "version", "problem"),
    [
        ("DaemonSet", "apps/v1", "daemonsets.apps does not implement the scale subresource"),
        ("Job", "batch/v1", "jobs.batch does not implement the scale subresource"),
        ("Gadget", "example.com/v1", "Gadget does not implement the scale subresource"),
    ],
)
def test_pods_of_what_has_no_size_cannot_be_counted(kind: str, version: str, problem: str) -> None:
    lab = Budgeted()
    reference = {"apiVersion": version, "kind": kind, "name": "d", "uid": "1", "controller": True}
    lab.pod("p", labels=LABELS, metadata={"ownerReferences": [reference]}, status=ready())
    lab.budget(minAvailable="50%")
    status = lab.status()
    assert status["disruptionsAllowed"] == 0
    (verdict,) = status["conditions"]
    assert (verdict["status"], verdict["reason"], verdict["message"]) == ("False", "SyncFailed", problem)
    said = f"Failed to calculate the number of expected pods: {problem}"
    assert lab.said() == [("Warning", "CalculateExpectedPodCountFailed", said)]
    lab.budget("whole", minAvailable=1)
    assert lab.counts("whole") == (1, 1, 1, 0), "whole numbers ask nobody"


def test_an_evicted_pod_counts_as_going_for_two_minutes_or_until_it_is_seen_going() -> None:
    lab = Budgeted()
    lab.pods(True, True, True, True)
    lab.budget(minAvailable=1)
    wire = lab.get("Pod", "p2")
    lab.store.commit({**wire, "metadata": {**wire["metadata"], "deletionTimestamp": START}})
    evicted = {"p0": START, "p1": BEFORE, "p2": START, "lost": START}
    lab.set_status("PodDisruptionBudget", "b", disruptedPods=evicted)
    assert lab.status()["disruptedPods"] == {"p0": START, "p1": BEFORE}
    assert lab.counts() == (4, 1, 1, 0)
    lab.simulation.advance(61)
    assert lab.status()["disruptedPods"] == {"p0": START}
    assert lab.counts() == (4, 2, 1, 1)
    lab.simulation.advance(60)
    assert "disruptedPods" not in lab.status()
    assert lab.counts() == (4, 3, 1, 2)


def test_the_verdict_keeps_the_time_at_which_it_last_changed() -> None:
    lab = Budgeted()
    lab.pods(True, True, True)
    lab.budget(minAvailable=1)
    lab.simulation.advance(30)
    lab.set_status("Pod", "p0", **ready(False))
    assert (lab.counts()[3], lab.status()["conditions"][0]["lastTransitionTime"]) == (1, START)
    lab.set_status("Pod", "p1", **ready(False))
    assert (lab.counts()[3], lab.status()["conditions"][0]["lastTransitionTime"]) == (0, "2026-07-01T09:00:30Z")
