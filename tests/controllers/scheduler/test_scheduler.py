"""One Pod after another gets its node, or is told why not. The words are upstream's (recorded from a real cluster)."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.resources import BY_KIND
from kubesim.controllers.conditions import condition
from kubesim.controllers.scheduler import Scheduler
from tests.controllers.control_plane import ControlPlane


class Lab(ControlPlane):
    """Nodes are made by the test."""

    def __init__(self, placements: dict[str, str] | None = None) -> None:
        super().__init__()
        self.manager.add(Scheduler(self.simulation, self.manager, self.client, self.events, placements))

    def room(self, name: str, cpu: str = "2", pods: str = "10", **parts: Any) -> None:
        self.node(name, status={"allocatable": {"cpu": cpu, "memory": "4Gi", "pods": pods}}, **parts)

    def ask(self, name: str, cpu: str = "", **spec: Any) -> str:
        """Create a Pod; the node it got."""
        container: dict[str, Any] = {"name": "c", "image": "nginx"}
        if cpu:
            container["resources"] = {"requests": {"cpu": cpu}}
        self.pod(name, spec={"containers": [container], **spec})
        self.simulation.settle()
        return self.where(name)

    def where(self, name: str) -> str:
        return str(self.get("Pod", name)["spec"].get("nodeName") or "")

    def verdict(self, name: str) -> tuple[str, str, str]:
        found = condition(self.get("Pod", name), "PodScheduled") or {}
        return found.get("status", ""), found.get("reason", ""), found.get("message", "")

    def free(self, name: str) -> None:
        self.api.delete(BY_KIND["Pod"], name, "default", grace_period_seconds=0)
        self.simulation.settle()


def test_a_pod_is_bound_and_that_is_said() -> None:
    lab = Lab()
    lab.room("n")
    assert lab.ask("p") == "n"
    assert lab.verdict("p") == ("True", "", "")
    assert lab.said("p") == [("Normal", "Scheduled", "Successfully assigned default/p to n")]
    (event,) = lab.store.list("Event")
    assert (event["action"], event["reportingComponent"]) == ("Binding", "default-scheduler")
    assert event["reportingInstance"] == "default-scheduler"


def failure(count: int, reasons: str, preemption: str) -> str:
    summary = f"0/{count} nodes are available"
    return f"{summary}: {reasons}. no new claims to deallocate, preemption: {summary}: {preemption}."


HELPLESS, NO_VICTIM = "Preemption is not helpful for scheduling", "No preemption victims found for incoming pod"
CORDONED = {"spec": {"unschedulable": True}}


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([], "no nodes available to schedule pods"),
        ([{"cpu": "1"}], failure(1, "1 Insufficient cpu", f"1 {NO_VICTIM}")),
        ([{"cpu": "1"}] * 2, failure(2, "2 Insufficient cpu", f"2 {NO_VICTIM}")),
        ([CORDONED], failure(1, "1 node(s) were unschedulable", f"1 {HELPLESS}")),
        (
            [{"cpu": "1"}, CORDONED],
            failure(2, "1 Insufficient cpu, 1 node(s) were unschedulable", f"1 {NO_VICTIM}, 1 {HELPLESS}"),
        ),
        ([{"cpu": "1", "pods": "0"}], failure(1, "1 Insufficient cpu, 1 Too many pods", f"1 {NO_VICTIM}")),
    ],
)
def test_a_pod_that_fits_nowhere_is_told_why(nodes: list[dict[str, Any]], message: str) -> None:
    lab = Lab()
    for number, each in enumerate(nodes):
        lab.room(f"n{number}", **each)
    assert lab.ask("p", "2") == ""
    assert lab.verdict("p") == ("False", "Unschedulable", message)
    assert lab.said("p") == [("Warning", "FailedScheduling", message)]


def test_room_that_comes_is_given_to_who_waits_one_after_another() -> None:
    lab = Lab()
    lab.room("n", cpu="2")
    lab.ask("first", "2")
    assert [lab.ask(name, "1") for name in ("a", "b", "c")] == ["", "", ""]
    lab.free("first")
    assert sorted(lab.where(name) for name in "abc") == ["", "n", "n"]
    lab.room("m", cpu="1")
    lab.simulation.settle()
    assert sorted(lab.where(name) for name in "abc") == ["m", "n", "n"]


@pytest.mark.parametrize("end", ["Succeeded", "Failed"])
def test_a_pod_that_has_finished_takes_nothing_any_more(end: str) -> None:
    lab = Lab()
    lab.room("n", cpu="1")
    lab.ask("first", "1")
    assert lab.ask("next", "1") == ""
    lab.set_status("Pod", "first", phase=end)
    lab.simulation.settle()
    assert lab.where("next") == "n"


def test_a_waiting_pod_that_goes_gives_its_turn_on() -> None:
    lab = Lab()
    lab.room("n", cpu="1")
    lab.ask("first", "1")
    for name in ("a", "b"):
        lab.ask(name, "1")
    lab.free("a")
    lab.free("first")
    assert lab.where("b") == "n"


def test_a_pod_with_gates_waits_for_them() -> None:
    lab = Lab()
    lab.room("n")
    assert lab.ask("p", schedulingGates=[{"name": "example.com/gate"}]) == ""
    words = "Scheduling is blocked due to non-empty scheduling gates"
    assert lab.verdict("p") == ("False", "SchedulingGated", words)
    assert lab.said() == []
    wire = lab.get("Pod", "p")
    lab.store.commit({**wire, "spec": {key: value for key, value in wire["spec"].items() if key != "schedulingGates"}})
    lab.simulation.settle()
    assert lab.where("p") == "n"


def test_a_pod_of_another_scheduler_is_left_alone() -> None:
    lab = Lab()
    lab.room("n")
    assert lab.ask("p", schedulerName="mine") == ""
    assert lab.verdict("p")[0] == ""


def test_a_pod_prefers_the_node_of_its_pinned_address_once() -> None:
    lab = Lab({"default/p": "z", "default/q": "missing"})
    for name in ("a", "z"):
        lab.room(name)
    assert (lab.ask("p"), lab.ask("q")) == ("z", "a")
    lab.free("p")
    lab.ask("r")
    lab.free("r")
    lab.free("q")
    assert lab.ask("p") == "a"


def test_pods_that_are_placed_by_hand_count() -> None:
    lab = Lab()
    lab.room("n", cpu="2")
    requests = {"resources": {"requests": {"cpu": "2"}}}
    lab.pod("theirs", node="n", spec={"containers": [{"name": "c", "image": "nginx", **requests}]})
    assert lab.ask("p", "1") == ""
    lab.free("theirs")
    assert lab.where("p") == "n"


def test_a_node_that_is_gone_is_no_place() -> None:
    lab = Lab()
    lab.room("n")
    lab.api.delete(BY_KIND["Node"], "n")
    assert lab.ask("p") == ""
    assert lab.verdict("p")[2] == "no nodes available to schedule pods"
