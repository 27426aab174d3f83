"""Who goes with an owner, who waits for whom, and who stays."""

from __future__ import annotations

from typing import Any, Literal, get_args

import pytest

from kubesim.api.resources import BY_KIND
from kubesim.controllers.garbage_collector import GarbageCollector
from kubesim.controllers.pods import owner_reference
from tests.controllers.control_plane import ControlPlane

Propagation = Literal["Background", "Foreground", "Orphan"]


class Lab(ControlPlane):
    """Owners are ConfigMaps: ``a`` and ``b``."""

    def __init__(self) -> None:
        super().__init__()
        self.manager.add(GarbageCollector(self.simulation, self.manager, self.client))
        for name in "ab":
            self.make("ConfigMap", name)

    def dependent(self, name: str, *owners: str, blocking: bool = True, **metadata: Any) -> None:
        references = [owner_reference(self.get("ConfigMap", owner)) for owner in owners]
        references = [{**r, "controller": False, "blockOwnerDeletion": blocking} for r in references]
        self.pod(name, metadata={"ownerReferences": references, **metadata})

    def delete(self, name: str, propagation: Propagation = "Background", kind: str = "ConfigMap") -> None:
        self.api.delete(BY_KIND[kind], name, "default", propagation=propagation)
        self.simulation.settle()

    def pods(self) -> dict[str, list[str]]:
        """The owners of each Pod that there is."""
        return {
            pod["metadata"]["name"]: [owner["name"] for owner in pod["metadata"].get("ownerReferences") or []]
            for pod in self.store.list("Pod")
        }


@pytest.mark.parametrize(
    ("propagation", "left"),
    [
        ("Background", {"ab": ["b"], "b": ["b"], "free": []}),
        ("Foreground", {"ab": ["b"], "b": ["b"], "free": []}),
        ("Orphan", {"a": [], "ab": ["b"], "b": ["b"], "free": []}),
    ],
)
def test_dependents_go_with_their_last_owner_or_are_let_go(
    propagation: Propagation, left: dict[str, list[str]]
) -> None:
    lab = Lab()
    for owners in ("a", "ab", "b"):
        lab.dependent(owners, *owners)
    lab.pod("free")
    lab.delete("a", propagation)
    assert lab.pods() == left
    assert not lab.has("ConfigMap", "a") and lab.has("ConfigMap", "b")


@pytest.mark.parametrize(("blocking", "waits"), [(True, True), (False, False)])
def test_in_the_foreground_an_owner_waits_for_those_that_block_it(blocking: bool, waits: bool) -> None:
    lab = Lab()
    lab.dependent("p", "a", blocking=blocking, finalizers=["example.com/held"])
    lab.delete("a", "Foreground")
    assert lab.get("Pod", "p")["metadata"]["deletionTimestamp"]
    assert lab.has("ConfigMap", "a") is waits
    lab.client.set_finalizers(lab.get("Pod", "p"), [])
    lab.simulation.settle()
    assert not lab.has("Pod", "p") and not lab.has("ConfigMap", "a")


def test_two_owners_that_both_wait_do_not_keep_their_dependent() -> None:
    lab = Lab()
    lab.dependent("ab", "a", "b", finalizers=["example.com/held"])
    for name in "ab":
        lab.delete(name, "Foreground")
    assert lab.pods() == {"ab": ["b"]}, "the first was let go, for the second lived then"
    lab.client.set_finalizers(lab.get("Pod", "ab"), [])
    lab.simulation.settle()
    assert not any(lab.has("ConfigMap", name) for name in "ab")


def test_an_owner_without_dependents_does_not_wait() -> None:
    for propagation in get_args(Propagation):
        lab = Lab()
        lab.delete("a", propagation)
        assert not lab.has("ConfigMap", "a")


def test_other_finalizers_of_an_owner_stay() -> None:
    lab = Lab()
    lab.client.set_finalizers(lab.get("ConfigMap", "a"), ["example.com/held"])
    lab.delete("a", "Foreground")
    assert lab.get("ConfigMap", "a")["metadata"]["finalizers"] == ["example.com/held"]


def test_the_dependents_of_a_dependent_follow() -> None:
    lab = Lab()
    child = owner_reference(lab.get("ConfigMap", "a"))
    lab.make("ConfigMap", "child", metadata={"ownerReferences": [child]})
    lab.dependent("grandchild", "child")
    lab.delete("a")
    assert lab.pods() == {} and not lab.has("ConfigMap", "child")


def test_an_owner_of_the_same_name_is_another_owner() -> None:
    lab = Lab()
    gone = owner_reference(lab.get("ConfigMap", "a"))
    lab.delete("a")
    lab.make("ConfigMap", "a")
    lab.pod("late", metadata={"ownerReferences": [gone]})
    lab.dependent("child", "a")
    lab.simulation.settle()
    assert lab.pods() == {"child": ["a"]}


def test_a_dependent_of_an_owner_that_never_was_goes() -> None:
    lab = Lab()
    lost = {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "1"}
    strange = {"apiVersion": "example.com/v1", "kind": "Unknown", "name": "n", "uid": "2"}
    lab.pod("lost", metadata={"ownerReferences": [lost]})
    lab.pod("strange", metadata={"ownerReferences": [strange]})
    lab.simulation.settle()
    assert lab.pods() == {"strange": ["n"]}, "of a kind that nobody knows nothing can be said"


def test_a_node_owns_objects_of_a_namespace() -> None:
    lab = Lab()
    lab.pod("p", metadata={"ownerReferences": [owner_reference(lab.node("n"))]})
    lab.simulation.settle()
    assert lab.pods() == {"p": ["n"]}
    lab.api.delete(BY_KIND["Node"], "n")
    lab.simulation.settle()
    assert lab.pods() == {}


def test_many_dependents_go_as_fast_as_the_server_takes_the_requests() -> None:
    lab = Lab()
    for number in range(510):
        lab.make("ConfigMap", f"c{number}", metadata={"ownerReferences": [owner_reference(lab.get("ConfigMap", "a"))]})
    lab.simulation.settle()
    lab.delete("a")
    lab.simulation.settle()
    assert [each["metadata"]["name"] for each in lab.store.list("ConfigMap", "default")] == ["b"]
    # 500 at once, two requests each at 40 a second; 30 of a burst are free, so the others wait (1000 - 30) / 40 s
    assert lab.simulation.now == pytest.approx(24.25, abs=0.01)


def test_an_owner_that_waits_itself_keeps_nobody() -> None:
    lab = Lab()
    lab.dependent("held", "b", finalizers=["example.com/held"])
    lab.delete("b", "Foreground")
    lab.dependent("late", "a", "b")
    lab.delete("a")
    assert lab.has("ConfigMap", "b") and "late" not in lab.pods()
