"""Nodes that fall silent, and Pods that must leave a tainted node."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.controllers.conditions import condition
from kubesim.controllers.node_lifecycle import NodeLifecycleController
from tests.controllers.control_plane import ControlPlane, node_condition

ALL = ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready", "Theirs")
UNREACHABLE = "node.kubernetes.io/unreachable"
TAINT = {"key": "example.com/gone", "value": "yes", "effect": "NoExecute"}


class Lab(ControlPlane):
    """Two nodes, ``n`` and ``m``."""

    def __init__(self) -> None:
        super().__init__()
        self.controller = NodeLifecycleController(self.simulation, self.manager, self.client, self.events)
        self.manager.add(self.controller)
        conditions = [node_condition(type, str(type in ("Ready", "Theirs"))) for type in ALL]
        for name in "nm":
            self.node(name, status={"conditions": conditions})

    def ready_pod(self, name: str, node: str = "n", **spec: Any) -> None:
        ready = {"type": "Ready", "status": "True", "lastProbeTime": None, "lastTransitionTime": "2026-01-01T00:00:00Z"}
        self.pod(name, node=node, spec=spec, status={"phase": "Running", "conditions": [ready]})

    def conditions(self, name: str = "n") -> dict[str, str]:
        return {each["type"]: each["status"] for each in self.get("Node", name, "")["status"]["conditions"]}

    def taints(self) -> list[tuple[str, str]]:
        taints = self.get("Node", "n", "")["spec"].get("taints") or []
        return [(each["key"], each["effect"]) for each in taints]

    def taint(self, *taints: dict[str, Any]) -> None:
        wire = self.get("Node", "n", "")
        self.store.commit({**wire, "spec": {**wire["spec"], "taints": list(taints)}})
        self.simulation.settle()

    def going(self) -> set[str]:
        return {p["metadata"]["name"] for p in self.store.list("Pod") if p["metadata"].get("deletionTimestamp")}

    def left(self) -> set[str]:
        """The Pods that nobody has deleted."""
        return {p["metadata"]["name"] for p in self.store.list("Pod")} - self.going()


def test_a_silent_node_is_unknown_after_forty_seconds() -> None:
    lab = Lab()
    lab.ready_pod("a")
    lab.ready_pod("b", "m")
    lab.controller.stopped("n")
    lab.simulation.advance(39.9)
    assert lab.conditions()["Ready"] == "True" and lab.taints() == []
    lab.simulation.advance(0.2)
    assert lab.conditions() == dict.fromkeys(ALL, "Unknown")
    ready = condition(lab.get("Node", "n", ""), "Ready") or {}
    assert (ready["reason"], ready["message"]) == ("NodeStatusUnknown", "Kubelet stopped posting node status.")
    assert lab.taints() == [(UNREACHABLE, "NoSchedule"), (UNREACHABLE, "NoExecute")]
    assert lab.conditions("m")["Ready"] == "True"
    states = {name: condition(lab.get("Pod", name), "Ready") or {} for name in "ab"}
    assert [states[name]["status"] for name in "ab"] == ["False", "True"]
    assert states["a"]["lastTransitionTime"] == lab.simulation.datetime.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert lab.said("n") == [("Normal", "NodeNotReady", "Node n status is now: NodeNotReady")]
    assert lab.said("a") == [("Warning", "NodeNotReady", "Node is not ready")]


def test_a_node_that_returns_in_time_was_never_gone() -> None:
    lab = Lab()
    lab.controller.stopped("n")
    lab.simulation.advance(30)
    lab.controller.returned("n")
    lab.simulation.advance(60)
    assert lab.conditions()["Ready"] == "True" and lab.taints() == []


def test_a_node_that_returns_is_ready_and_without_taints_of_its_own() -> None:
    lab = Lab()
    lab.taint({"key": "mine", "effect": "NoSchedule"})
    lab.controller.stopped("n")
    lab.simulation.advance(60)
    assert lab.taints()[0] == ("mine", "NoSchedule") and len(lab.taints()) == 3
    lab.controller.returned("n")
    pressures = dict.fromkeys(ALL[:3], "False")
    assert lab.conditions() == {**pressures, "Ready": "True", "Theirs": "Unknown"}
    ready = condition(lab.get("Node", "n", ""), "Ready") or {}
    assert (ready["reason"], ready["message"]) == ("KubeletReady", "kubelet is posting ready status")
    assert lab.taints() == [("mine", "NoSchedule")]
    assert lab.said("n")[-1] == ("Normal", "NodeReady", "Node n status is now: NodeReady")


@pytest.mark.parametrize("call", ["stopped", "returned"])
def test_a_node_that_is_gone_is_nobodys_concern(call: str) -> None:
    lab = Lab()
    getattr(lab.controller, call)("nobody")
    lab.simulation.advance(60)
    assert lab.said() == []


def tolerating(key: str = "", seconds: int | None = None, **more: str) -> dict[str, Any]:
    limit = {} if seconds is None else {"tolerationSeconds": seconds}
    return {"operator": "Exists", **({"key": key} if key else {}), **more, **limit}


OWN = "example.com/gone"


@pytest.mark.parametrize(
    ("tolerations", "goes_after"),
    [
        ([], 0),
        ([tolerating("another")], 0),
        ([tolerating(OWN, effect="NoSchedule")], 0),
        ([tolerating(OWN)], None),
        ([tolerating()], None),
        ([tolerating(OWN, effect="NoExecute")], None),
        ([{"key": OWN, "operator": "Equal", "value": "yes", "effect": "NoExecute"}], None),
        ([{"key": OWN, "operator": "Equal", "value": "no", "effect": "NoExecute"}], 0),
        ([tolerating(OWN, 30, effect="NoExecute")], 30),
        ([tolerating(OWN, 30, effect="NoExecute"), tolerating(effect="NoExecute", seconds=50)], 30),
        ([tolerating(OWN, 30, effect="NoExecute"), tolerating(effect="NoExecute")], None),
        ([tolerating(OWN, 0, effect="NoExecute")], 0),
    ],
)
def test_a_pod_leaves_when_it_tolerates_a_taint_no_longer(
    tolerations: list[dict[str, Any]], goes_after: float | None
) -> None:
    lab = Lab()
    lab.ready_pod("a", tolerations=tolerations)
    lab.simulation.settle()
    lab.taint({**TAINT, "timeAdded": lab.simulation.timestamp()})
    if goes_after:
        lab.simulation.advance(goes_after - 0.5)
        assert lab.left() == {"a"}
        lab.simulation.advance(1)
    assert lab.left() == ({"a"} if goes_after is None else set())
    lab.simulation.advance(400)
    if goes_after is None:
        assert lab.left() == {"a"}
    else:
        assert ("Normal", "TaintManagerEviction", "Marking for deletion Pod default/a") in lab.said("a")


def test_the_shortest_of_two_taints_counts() -> None:
    lab = Lab()
    tolerations = [tolerating("a", 60, effect="NoExecute"), tolerating("b", 20, effect="NoExecute")]
    lab.ready_pod("p", tolerations=tolerations)
    lab.taint(*({"key": key, "effect": "NoExecute", "timeAdded": lab.simulation.timestamp()} for key in "ab"))
    lab.simulation.advance(19)
    assert lab.left() == {"p"}
    lab.simulation.advance(2)
    assert lab.left() == set()


@pytest.mark.parametrize("effect", ["NoSchedule", "PreferNoSchedule"])
def test_other_taints_move_nobody(effect: str) -> None:
    lab = Lab()
    lab.ready_pod("a")
    lab.taint({**TAINT, "effect": effect})
    lab.simulation.advance(400)
    assert lab.left() == {"a"}


def test_the_pods_of_other_nodes_stay_and_a_late_one_goes() -> None:
    lab = Lab()
    lab.ready_pod("there", "m")
    lab.taint(TAINT)
    lab.ready_pod("late")
    lab.simulation.settle()
    assert lab.left() == {"there"}


def test_a_taint_that_is_taken_back_in_time_moves_nobody() -> None:
    lab = Lab()
    lab.ready_pod("a", tolerations=[tolerating(OWN, 30, effect="NoExecute")])
    lab.taint({**TAINT, "timeAdded": lab.simulation.timestamp()})
    lab.simulation.advance(20)
    lab.taint()
    lab.simulation.advance(60)
    assert lab.left() == {"a"}
