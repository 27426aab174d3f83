"""Pods that push out others. Expected: upstream's default preemption, read as rules."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.controllers.conditions import condition
from kubesim.controllers.scheduler import Scheduler
from tests.controllers.control_plane import ControlPlane

CROWDED = "0/2 nodes are available: 2 Insufficient cpu."


class Crowd(ControlPlane):
    """Two nodes of four cores, and classes of priority."""

    def __init__(self) -> None:
        super().__init__()
        self.manager.add(Scheduler(self.simulation, self.manager, self.client, self.events))
        for name, value, policy in (
            ("low", -5, "PreemptLowerPriority"),
            ("high", 1000, "PreemptLowerPriority"),
            ("higher", 2000, "PreemptLowerPriority"),
            ("polite", 3000, "Never"),
        ):
            self.make("PriorityClass", name, namespace="", value=value, preemptionPolicy=policy)
        for name in ("one", "two"):
            self.node(name, status={"allocatable": {"cpu": "4", "memory": "4Gi", "pods": "10"}})

    def ask(self, name: str, cpu: str, of: str = "") -> str:
        resources: dict[str, Any] = {"requests": {"cpu": cpu}}
        spec: dict[str, Any] = {"containers": [{"name": "c", "image": "nginx", "resources": resources}]}
        self.pod(name, spec=spec | ({"priorityClassName": of} if of else {}))
        return self.where(name)

    def where(self, name: str) -> str:
        self.simulation.settle()
        return str(self.get("Pod", name)["spec"].get("nodeName") or "") if self.has("Pod", name) else "gone"

    def going(self) -> set[str]:
        return {
            wire["metadata"]["name"] for wire in self.store.list("Pod") if wire["metadata"].get("deletionTimestamp")
        }

    def end(self, name: str) -> None:
        self.store.delete("Pod", name, "default")
        self.simulation.settle()


@pytest.mark.parametrize(
    ("there", "asked", "expected"),
    [
        ([("a", "4", ""), ("b", "4", "")], ("2", "high"), {"a"}),  # as good as the other: the first node by name
        ([("a", "4", "high"), ("b", "4", "")], ("2", "higher"), {"b"}),  # the lower one goes
        ([("a", "4", "high"), ("b", "4", "high")], ("2", "high"), set()),  # equals stay
        ([("a", "4", "low"), ("b", "4", "low")], ("2", ""), {"a"}),  # no class is 0, which is more than -5
        ([("a", "4", ""), ("b", "4", "")], ("2", "polite"), set()),
        ([("a", "4", ""), ("b", "4", "")], ("5", "high"), set()),  # it would not help
        ([("a", "3", ""), ("b", "3", ""), ("c", "1", ""), ("d", "1", "")], ("1", "high"), {"c"}),  # who may stay stays
    ],
)  # fmt: skip
def test_who_has_to_go(there: list[tuple[str, str, str]], asked: tuple[str, str], expected: set[str]) -> None:
    crowd = Crowd()
    for name, cpu, of in there:
        assert crowd.ask(name, cpu, of)
    assert crowd.ask("p", *asked) == ""
    assert len(crowd.going()) == len(expected)
    if len(there) == 2:
        assert crowd.going() == expected


def test_what_is_said_of_it() -> None:
    crowd = Crowd()
    crowd.ask("a", "4", "high")
    crowd.ask("b", "4")
    crowd.ask("p", "2", "higher")
    node = crowd.where("b")
    assert crowd.get("Pod", "p")["status"]["nominatedNodeName"] == node
    uid = crowd.get("Pod", "p")["metadata"]["uid"]
    assert ("Normal", "Preempted", f"Preempted by pod {uid} on node {node}") in crowd.said("b")
    target = condition(crowd.get("Pod", "b"), "DisruptionTarget") or {}
    assert (target["reason"], target["message"]) == (
        "PreemptionByScheduler",
        "default-scheduler: preempting to accommodate a higher priority pod",
    )
    assert ("Warning", "FailedScheduling", CROWDED) in crowd.said("p")
    crowd.end("b")
    assert crowd.where("p") == node
    assert "nominatedNodeName" not in crowd.get("Pod", "p")["status"]


def test_nobody_of_less_urgency_takes_the_room() -> None:
    crowd = Crowd()
    crowd.ask("a", "4", "high")
    crowd.ask("b", "4")
    crowd.ask("p", "3", "higher")
    assert crowd.ask("quick", "2") == ""
    crowd.end("b")
    assert (crowd.where("p") != "", crowd.where("quick")) == (True, "")


def test_who_may_not_push_is_told_so() -> None:
    crowd = Crowd()
    crowd.ask("a", "4")
    crowd.ask("b", "4")
    crowd.ask("p", "2", "polite")
    message = f"{CROWDED} no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never."
    assert crowd.said("p") == [("Warning", "FailedScheduling", message)]
