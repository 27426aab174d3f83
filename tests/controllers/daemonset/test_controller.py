"""DaemonSets on a cluster. Expected: recorded sessions and upstream's controller."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND
from kubesim.cluster import Cluster
from tests.conformance.transcripts.oracle import OracleRuntime


def made(template: Wire | None = None, **spec: Any) -> Cluster:
    cluster = Cluster(runtime=lambda containers: OracleRuntime())
    own = {"containers": [{"name": "c", "image": "nginx:1.27"}], **(template or {})}
    body = {"selector": {"matchLabels": {"app": "a"}}, **spec}
    body["template"] = {"metadata": {"labels": {"app": "a"}}, "spec": own}
    cluster.apply([{"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "a"}, "spec": body}])
    cluster.settle()
    return cluster


def nodes(cluster: Cluster) -> list[str]:
    return sorted(pod["spec"].get("nodeName", "") for pod in cluster.store.list("Pod", "default"))


def patch_node(cluster: Cluster, name: str, patch: Wire) -> None:
    cluster.api.patch(BY_KIND["Node"], name, "", patch, "merge")
    cluster.advance(40)


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"spec": {"unschedulable": True}}, ["master", "worker"]),
        ({"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}}, ["master", "worker"]),  # who is there stays
        ({"spec": {"taints": [{"key": "a", "effect": "NoExecute"}]}}, ["master"]),
    ],
)
def test_a_node_that_is_closed_keeps_its_daemon_unless_it_turns_it_out(patch: Wire, expected: list[str]) -> None:
    cluster = made()
    patch_node(cluster, "worker", patch)
    assert nodes(cluster) == expected


@pytest.mark.parametrize(
    ("taint", "template", "expected"),
    [
        ({"key": "a", "effect": "NoSchedule"}, {}, ["master"]),
        ({"key": "a", "effect": "NoSchedule"}, {"tolerations": [{"operator": "Exists"}]}, ["master", "worker"]),
        ({"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}, {}, ["master", "worker"]),
        ({"key": "a", "effect": "PreferNoSchedule"}, {}, ["master", "worker"]),
    ],
)
def test_a_daemon_comes_where_it_tolerates_the_node(taint: Wire, template: Wire, expected: list[str]) -> None:
    cluster = made({**template, "nodeSelector": {"daemons": "yes"}})
    assert nodes(cluster) == []
    patch_node(cluster, "worker", {"spec": {"taints": [taint]}})
    for node in ("master", "worker"):
        patch_node(cluster, node, {"metadata": {"labels": {"daemons": "yes"}}})
    assert nodes(cluster) == expected
    patch_node(cluster, "master", {"metadata": {"labels": {"daemons": None}}})
    assert "master" not in nodes(cluster)


def test_a_daemon_stays_on_a_node_that_is_lost_and_its_status_says_so() -> None:
    cluster = made()
    cluster.fail_node("worker")
    cluster.advance(400)
    assert nodes(cluster) == ["master", "worker"]
    wire = cluster.store.get("DaemonSet", "a", "default")
    assert wire is not None
    # What is not to be scheduled there (the taint's other effect is not tolerated) counts as misscheduled.
    status = wire["status"]
    assert (status["desiredNumberScheduled"], status["numberReady"], status["numberMisscheduled"]) == (1, 1, 1)


def test_old_revisions_go_beyond_the_limit() -> None:
    cluster = made(revisionHistoryLimit=1)
    for tag in ("1.28", "1.29", "1.30"):
        image = [{"name": "c", "image": f"nginx:{tag}"}]
        cluster.patch("DaemonSet", "a", {"spec": {"template": {"spec": {"containers": image}}}})
        cluster.advance(30)
    assert sorted(each["revision"] for each in cluster.store.list("ControllerRevision")) == [3, 4]
    wire = cluster.store.get("DaemonSet", "a", "default")
    assert wire is not None
    assert wire["metadata"]["annotations"]["deprecated.daemonset.template.generation"] == "4"


def status(cluster: Cluster) -> Wire:
    wire = cluster.store.get("DaemonSet", "a", "default")
    assert wire is not None
    found: Wire = wire["status"]
    return found


def test_daemons_are_available_when_they_have_been_ready_for_long_enough() -> None:
    cluster = made(minReadySeconds=60)
    waited = cluster.simulation.now - made().simulation.now  # it settles when they are available
    assert 50 < waited < 70
    counts = {name: count for name, count in status(cluster).items() if name != "observedGeneration"}
    assert counts == {
        "currentNumberScheduled": 2,
        "desiredNumberScheduled": 2,
        "numberAvailable": 2,
        "numberMisscheduled": 0,
        "numberReady": 2,
        "updatedNumberScheduled": 2,
    }


@pytest.mark.parametrize(
    ("strategy", "updated"),
    [({"type": "RollingUpdate"}, 2), ({"type": "OnDelete"}, 0)],
)
def test_a_new_template_reaches_the_nodes_by_the_strategy(strategy: Wire, updated: int) -> None:
    cluster = made(updateStrategy=strategy)
    before = {pod["metadata"]["name"] for pod in cluster.store.list("Pod", "default")}
    image = [{"name": "c", "image": "nginx:1.28"}]
    cluster.patch("DaemonSet", "a", {"spec": {"template": {"spec": {"containers": image}}}})
    cluster.advance(60)
    assert status(cluster).get("updatedNumberScheduled", 0) == updated
    after = {pod["metadata"]["name"] for pod in cluster.store.list("Pod", "default")}
    assert (len(after), len(after - before)) == (2, updated)


def test_what_a_set_says_of_its_daemons() -> None:
    cluster = made()
    (pod, *_) = [pod["metadata"]["name"] for pod in cluster.store.list("Pod", "default")]
    cluster.patch("DaemonSet", "a", {"spec": {"template": {"spec": {"nodeSelector": {"no": "where"}}}}})
    cluster.advance(10)
    found = [each for each in cluster.store.list("Event", "default") if each["involvedObject"]["kind"] == "DaemonSet"]
    said = [(each["type"], each["reason"], each["message"]) for each in found]
    assert ("Normal", "SuccessfulCreate", f"Created pod: {pod}") in said
    assert ("Normal", "SuccessfulDelete", f"Deleted pod: {pod}") in said
    assert (nodes(cluster), status(cluster)["desiredNumberScheduled"]) == ([], 0)
