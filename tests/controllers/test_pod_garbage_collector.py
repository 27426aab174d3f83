"""Pods of nodes that do not exist fail and go, after the node had time to come."""

from __future__ import annotations

from kubesim.api.resources import BY_KIND
from kubesim.api.store import Change
from kubesim.controllers.conditions import condition
from kubesim.controllers.pod_garbage_collector import PodGarbageCollector
from tests.controllers.control_plane import ControlPlane


class Lab(ControlPlane):
    """A node ``n``, and what was written of each Pod that went."""

    def __init__(self) -> None:
        super().__init__()
        self.last: dict[str, dict[str, object]] = {}
        self.manager.add(PodGarbageCollector(self.simulation, self.manager, self.client))
        self.node("n")
        self.store.watch(self._note, ["Pod"])

    def _note(self, change: Change) -> None:
        if change.type == "DELETED":
            self.last[change.key[1]] = change.object

    def names(self) -> set[str]:
        return {pod["metadata"]["name"] for pod in self.store.list("Pod")}


def test_the_pods_of_a_missing_node_go_after_forty_seconds() -> None:
    lab = Lab()
    for name, node in (("here", "n"), ("lost", "nowhere"), ("free", "")):
        lab.pod(name, node=node)
    lab.simulation.advance(20)
    lab.pod("late", node="nowhere")
    lab.simulation.advance(19.9)
    assert lab.names() == {"here", "lost", "free", "late"}
    lab.simulation.advance(0.2)
    assert lab.names() == {"here", "free"}
    status = lab.last["lost"]["status"]
    assert isinstance(status, dict) and status["phase"] == "Failed"
    target = condition(lab.last["lost"], "DisruptionTarget") or {}
    assert (target["status"], target["reason"], target["message"]) == (
        "True",
        "DeletionByPodGC",
        "PodGC: node no longer exists",
    )


def test_a_pod_that_has_finished_keeps_its_phase() -> None:
    lab = Lab()
    lab.pod("done", node="nowhere", status={"phase": "Succeeded"})
    lab.simulation.advance(41)
    status = lab.last["done"]["status"]
    assert isinstance(status, dict) and status["phase"] == "Succeeded" and "conditions" not in status


def test_a_node_that_goes_leaves_its_pods_forty_seconds() -> None:
    lab = Lab()
    lab.pod("p", node="n")
    lab.simulation.advance(100)
    lab.api.delete(BY_KIND["Node"], "n")
    lab.simulation.advance(39)
    assert lab.names() == {"p"}
    lab.simulation.advance(2)
    assert lab.names() == set()


def test_a_node_that_comes_in_time_keeps_its_pods_and_the_next_absence_counts_anew() -> None:
    lab = Lab()
    lab.pod("p", node="slow")
    lab.simulation.advance(30)
    lab.node("slow")
    lab.simulation.advance(30)
    assert lab.names() == {"p"}
    lab.api.delete(BY_KIND["Node"], "slow")
    lab.simulation.advance(39)
    assert lab.names() == {"p"}
    lab.simulation.advance(2)
    assert lab.names() == set()


def test_a_deleted_pod_of_a_missing_node_goes_too() -> None:
    lab = Lab()
    lab.pod("p", node="nowhere")
    lab.api.delete(BY_KIND["Pod"], "p", "default")
    assert lab.names() == {"p"}, "no kubelet confirms its end"
    lab.simulation.advance(41)
    assert lab.names() == set()


def test_a_quarantine_without_pods_is_forgotten() -> None:
    lab = Lab()
    lab.pod("p", node="nowhere")
    lab.simulation.advance(10)
    lab.api.delete(BY_KIND["Pod"], "p", "default", grace_period_seconds=0)
    lab.simulation.advance(60)
    lab.pod("next", node="nowhere")
    lab.simulation.advance(39)
    assert lab.names() == {"next"}
    lab.simulation.advance(2)
    assert lab.names() == set()
