"""The Deployment controller, step by step: the test is its ReplicaSet controller, and says how many Pods there are.

Words and conditions are those of ``pkg/controller/deployment``.
"""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.api.resources import RESOURCE_TYPES
from kubesim.controllers.deployment.deployment import DeploymentController
from tests.controllers.control_plane import ControlPlane

(DEPLOYMENT,) = (each for each in RESOURCE_TYPES if each.kind == "Deployment")
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MOST = "deployment.kubernetes.io/max-replicas"


class Lab(ControlPlane):
    """One Deployment, ``web``."""

    def __init__(self, **spec: Any) -> None:
        super().__init__()
        self.controller = DeploymentController(self.simulation, self.manager, self.client, self.events)
        self.manager.add(self.controller)
        template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}}
        wanted = {"replicas": 4, "selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}
        self.make("Deployment", "web", spec=wanted, metadata={"annotations": {"who": "me"}})
        self.simulation.settle()

    @property
    def web(self) -> Wire:
        return self.get("Deployment", "web")

    def change(self, **spec: Any) -> None:
        self.patch({"spec": spec})

    def patch(self, patch: Wire) -> None:
        self.api.patch(DEPLOYMENT, "web", "default", patch, "merge")
        self.simulation.settle()

    def image(self, name: str) -> None:
        wire = self.web
        container = {**wire["spec"]["template"]["spec"]["containers"][0], "image": name}
        self.change(template={"spec": {"containers": [container]}})

    def sets(self) -> dict[str, Wire]:
        """The ReplicaSets by their images."""
        return {
            each["spec"]["template"]["spec"]["containers"][0]["image"]: each for each in self.store.list("ReplicaSet")
        }

    def sizes(self) -> dict[str, int]:
        return {image: each["spec"]["replicas"] for image, each in self.sets().items()}

    def pods(self, image: str, number: int, available: int | None = None, **more: Any) -> None:
        """A set now has so many Pods, of which so many are available."""
        wire = self.sets()[image]
        ready = number if available is None else available
        counts = {"readyReplicas": ready, "availableReplicas": ready} if ready else {}
        status = {"observedGeneration": 1, "replicas": number, **counts, **more}
        self.store.commit({**wire, "status": {key: value for key, value in status.items() if value != []}})
        self.simulation.settle()

    def filled(self) -> None:
        """Every set has the Pods that it asks for, until nothing changes any more."""
        for _ in range(20):
            before = self.sizes()
            for image in before:
                if image in self.sets():
                    self.pods(image, self.sizes()[image])
            if self.sizes() == before:
                return

    def annotations(self, image: str) -> dict[str, str]:
        found: dict[str, str] = self.sets()[image]["metadata"]["annotations"]
        return found

    def condition(self, type: str) -> tuple[str, str, str] | None:
        known = [each for each in self.web["status"]["conditions"] if each["type"] == type]
        return (known[0]["status"], known[0]["reason"], known[0]["message"]) if known else None

    def scalings(self) -> list[str]:
        prefix = "Scaled "
        return [message.removeprefix(prefix) for _, _, message in self.said("web")]


def test_the_first_set_has_all_that_the_template_says_and_a_hash() -> None:
    lab = Lab(minReadySeconds=7)
    (made,) = lab.store.list("ReplicaSet")
    label = made["metadata"]["labels"]["pod-template-hash"]
    assert made["metadata"]["name"] == f"web-{label}"
    assert made["metadata"]["labels"] == {"app": "web", "pod-template-hash": label}
    assert made["spec"]["selector"] == {"matchLabels": {"app": "web", "pod-template-hash": label}}
    assert made["spec"]["template"]["metadata"]["labels"] == {"app": "web", "pod-template-hash": label}
    assert made["spec"]["template"]["spec"] == lab.web["spec"]["template"]["spec"]
    assert (made["spec"]["replicas"], made["spec"]["minReadySeconds"]) == (4, 7)
    (owner,) = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("Deployment", "web", lab.web["metadata"]["uid"])
    assert (owner["controller"], owner["blockOwnerDeletion"]) == (True, True)
    assert made["metadata"]["annotations"] == {"who": "me", REVISION: "1", DESIRED: "4", MOST: "5"}
    assert lab.web["metadata"]["annotations"] == {"who": "me", REVISION: "1"}
    assert lab.said("web") == [
        ("Normal", "ScalingReplicaSet", f"Scaled up replica set web-{label} from 0 to 4"),
    ]


@pytest.mark.parametrize(
    ("strategy", "steps"),
    [
        # with 25 % of 4: one more and one fewer than four
        ({}, [{"1": 3, "2": 2}, {"1": 1, "2": 4}, {"1": 0, "2": 4}]),
        (
            {"maxSurge": 0, "maxUnavailable": 2},
            [{"1": 2, "2": 2}, {"1": 0, "2": 4}],  # what shrinks makes room at once
        ),
        ({"maxSurge": 4, "maxUnavailable": 0}, [{"1": 4, "2": 4}, {"1": 0, "2": 4}]),
    ],
)
def test_a_rolling_update_step_by_step(strategy: dict[str, Any], steps: list[dict[str, int]]) -> None:
    lab = Lab(strategy={"type": "RollingUpdate", "rollingUpdate": strategy})
    lab.filled()
    lab.image("nginx:2")
    seen = [lab.sizes()]
    for _ in range(20):
        for wire in lab.store.list("ReplicaSet"):
            size = wire["spec"]["replicas"]
            lab.set_status("ReplicaSet", wire["metadata"]["name"], replicas=size, availableReplicas=size)
        lab.simulation.settle()
        if lab.sizes() != seen[-1]:
            seen.append(lab.sizes())
    assert [{image.rpartition(":")[2]: size for image, size in each.items()} for each in seen] == steps


def test_new_pods_that_do_not_become_available_stop_the_update() -> None:
    lab = Lab()
    lab.filled()
    lab.image("nginx:2")
    for _ in range(5):
        lab.pods("nginx:1", lab.sizes()["nginx:1"])
        lab.pods("nginx:2", lab.sizes()["nginx:2"], 0)
    assert lab.sizes() == {"nginx:1": 3, "nginx:2": 2}


def test_recreate_waits_until_the_last_old_pod_is_gone() -> None:
    lab = Lab(strategy={"type": "Recreate"})
    lab.filled()
    owner = {**lab.sets()["nginx:1"]["metadata"]}
    reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner["name"], "uid": owner["uid"]}
    for name in ("a", "b"):
        lab.pod(name, metadata={"ownerReferences": [{**reference, "controller": True}]})
    lab.image("nginx:2")
    assert lab.sizes() == {"nginx:1": 0}
    lab.store.delete("Pod", "a", "default")
    lab.simulation.settle()
    assert lab.sizes() == {"nginx:1": 0}
    lab.set_status("Pod", "b", phase="Succeeded")  # a Pod that has finished does not count
    lab.change(minReadySeconds=1)
    assert lab.sizes() == {"nginx:1": 0, "nginx:2": 4}


def test_a_template_that_is_found_again_is_the_newest_revision_and_keeps_its_history() -> None:
    lab = Lab()
    lab.filled()
    for image, revision in (("nginx:2", "2"), ("nginx:3", "3"), ("nginx:1", "4"), ("nginx:1", "4")):
        lab.image(image)
        lab.filled()
        assert lab.annotations(image)[REVISION] == revision
        assert lab.web["metadata"]["annotations"][REVISION] == revision
    assert lab.annotations("nginx:1")[HISTORY] == "1"
    lab.image("nginx:2")
    lab.image("nginx:1")
    assert (lab.annotations("nginx:1")[REVISION], lab.annotations("nginx:1")[HISTORY]) == ("6", "1,4")
    assert sorted(lab.sizes()) == ["nginx:1", "nginx:2", "nginx:3"]


@pytest.mark.parametrize(
    ("limit", "kept"), [(0, ["4"]), (1, ["3", "4"]), (2, ["2", "3", "4"]), (10, ["1", "2", "3", "4"])]
)
def test_old_sets_beyond_the_limit_go_oldest_first(limit: int, kept: list[str]) -> None:
    lab = Lab(revisionHistoryLimit=limit)
    for number in (1, 2, 3, 4):
        lab.image(f"nginx:{number}")
        lab.filled()
    assert sorted(image.rpartition(":")[2] for image in lab.sets()) == list(kept)


def test_nothing_goes_before_the_rollout_is_complete() -> None:
    lab = Lab(revisionHistoryLimit=0)
    lab.image("nginx:2")  # the first set never had a Pod
    lab.pods("nginx:2", lab.sizes()["nginx:2"], 0)
    assert "nginx:1" in lab.sets()


def test_scaling_in_the_middle_of_an_update_keeps_the_proportions() -> None:
    lab = Lab(replicas=10, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}})
    lab.filled()
    lab.image("nginx:2")
    lab.pods("nginx:2", 5, 0)
    assert lab.sizes() == {"nginx:1": 8, "nginx:2": 5}
    lab.change(replicas=15)
    # 18 Pods may be there after 13: 8 * 18 / 13 is 11, 5 * 18 / 13 is 7
    assert lab.sizes() == {"nginx:1": 11, "nginx:2": 7}
    assert lab.annotations("nginx:1")[DESIRED] == lab.annotations("nginx:2")[DESIRED] == "15"
    assert lab.annotations("nginx:1")[MOST] == lab.annotations("nginx:2")[MOST] == "18"


def test_a_paused_deployment_is_scaled_and_not_rolled_out() -> None:
    lab = Lab()
    lab.filled()
    lab.change(paused=True)
    assert lab.condition("Progressing") == ("Unknown", "DeploymentPaused", "Deployment is paused")
    lab.image("nginx:2")
    assert lab.sizes() == {"nginx:1": 4}
    lab.change(replicas=6)
    assert lab.sizes() == {"nginx:1": 6}
    lab.change(paused=None)
    assert sorted(lab.sizes()) == ["nginx:1", "nginx:2"]
    lab.filled()
    assert lab.sizes() == {"nginx:1": 0, "nginx:2": 6}


def test_what_it_says_about_its_progress() -> None:
    lab = Lab()
    name = lab.sets()["nginx:1"]["metadata"]["name"]
    assert lab.condition("Progressing") == ("True", "NewReplicaSetCreated", f'Created new replica set "{name}"')
    assert lab.condition("Available") == (
        "False",
        "MinimumReplicasUnavailable",
        "Deployment does not have minimum availability.",
    )
    lab.pods("nginx:1", 4, 2)
    assert lab.condition("Progressing") == ("True", "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
    lab.pods("nginx:1", 4, 3)  # one may be missing
    assert lab.condition("Available") == ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    lab.pods("nginx:1", 4)
    done = ("True", "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.')
    assert lab.condition("Progressing") == done
    lab.pods("nginx:1", 4, 1)
    assert lab.condition("Available") == (
        "False",
        "MinimumReplicasUnavailable",
        "Deployment does not have minimum availability.",
    )


@pytest.mark.parametrize("deadline", [60, 600])
def test_an_update_that_stands_still_for_too_long_is_told(deadline: int) -> None:
    lab = Lab(progressDeadlineSeconds=deadline)
    name = lab.sets()["nginx:1"]["metadata"]["name"]
    lab.pods("nginx:1", 4, 1)
    lab.simulation.advance(deadline - 5)
    lab.pods("nginx:1", 4, 2)  # it moved: the time begins anew
    lab.simulation.advance(deadline - 5)
    assert lab.condition("Progressing") == ("True", "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
    lab.simulation.advance(10)
    over = ("False", "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.')
    assert lab.condition("Progressing") == over
    lab.pods("nginx:1", 4)
    assert lab.condition("Progressing") == (
        "True",
        "NewReplicaSetAvailable",
        f'ReplicaSet "{name}" has successfully progressed.',
    )


def test_its_numbers_are_those_of_its_sets() -> None:
    lab = Lab()
    lab.filled()
    lab.image("nginx:2")
    lab.pods("nginx:1", 3, 2, terminatingReplicas=1)
    lab.pods("nginx:2", 2, 1)
    status = {key: value for key, value in lab.web["status"].items() if key != "conditions"}
    assert status == {
        "observedGeneration": lab.web["metadata"]["generation"],
        "replicas": 5,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "unavailableReplicas": 2,
        "updatedReplicas": 2,
        "terminatingReplicas": 1,
    }


def test_why_pods_cannot_be_made_is_taken_over_while_it_lasts() -> None:
    lab = Lab()
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "no quota"}
    lab.pods("nginx:1", 0, conditions=[{**failure, "lastTransitionTime": "2026-01-01T00:00:00Z"}])
    assert lab.condition("ReplicaFailure") == ("True", "FailedCreate", "no quota")
    lab.pods("nginx:1", 0, conditions=[])
    assert lab.condition("ReplicaFailure") is None


def test_its_own_annotations_go_to_its_sets_and_kubectls_do_not() -> None:
    lab = Lab()
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    lab.patch({"metadata": {"annotations": {"who": "you", "team": "a", applied: "{}"}}})
    assert lab.annotations("nginx:1") == {"who": "you", "team": "a", REVISION: "1", DESIRED: "4", MOST: "5"}


def test_a_deployment_that_is_going_makes_nothing_new() -> None:
    lab = Lab()
    lab.filled()
    wire = lab.web
    wire = {**wire, "metadata": {**wire["metadata"], "finalizers": ["example.com/wait"]}}
    lab.store.commit(wire)
    lab.client.delete(lab.web)
    lab.image("nginx:2")
    assert lab.sizes() == {"nginx:1": 4}
    lab.pods("nginx:1", 2)
    assert lab.web["status"]["replicas"] == 2
