"""What a cluster hands out is the caller's own, and what its controllers write is put to the proof in this suite."""

from __future__ import annotations

import pytest

from kubesim import ApiError, Cluster

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "nginx", "image": "nginx"}]},
        },
    },
}


def _image(template: dict) -> str:
    return template["spec"]["containers"][0]["image"]


@pytest.mark.parametrize("way", ["applied", "applied again", "patched"])
def test_changing_what_was_handed_out_changes_nothing_in_the_cluster(way: str) -> None:
    cluster = Cluster()
    (given,) = cluster.apply(DEPLOYMENT)
    cluster.settle()
    if way == "applied again":
        (given,) = cluster.apply(DEPLOYMENT)
    elif way == "patched":
        given = cluster.patch("Deployment", "web", {"spec": {"replicas": 2}})
    given["spec"]["template"]["spec"]["containers"][0]["image"] = "other"
    given["metadata"]["labels"] = {"other": "label"}
    cluster.settle()
    for kind in ("Deployment", "ReplicaSet"):
        (stored,) = cluster.store.list(kind, "default")
        assert _image(stored["spec"]["template"]) == "nginx"
        assert stored["metadata"].get("labels", {}).get("other") is None


def test_a_second_apply_is_read_as_strictly_as_the_first() -> None:
    cluster = Cluster()
    unknown = {**DEPLOYMENT, "spec": {**DEPLOYMENT["spec"], "foo": "x"}}
    with pytest.raises(ApiError, match=r'unknown field "spec\.foo"'):
        cluster.apply(unknown)
    cluster.apply(DEPLOYMENT)
    with pytest.raises(ApiError, match=r'unknown field "spec\.foo"'):
        cluster.apply(unknown)


def test_the_suite_runs_in_strict_mode() -> None:
    cluster = Cluster()
    node = cluster.store.list("Node")[0]
    with pytest.raises(AssertionError, match="Node"):
        cluster._parts.client.update_status(node, {**node["status"], "phase": 7})


def test_a_node_that_is_up_does_not_come_back_twice() -> None:
    cluster = Cluster()
    cluster.recover_node("worker")
    cluster.fail_node("worker")
    cluster.recover_node("worker")
    cluster.recover_node("worker")
    cluster.settle()
    assert list(cluster.table("nodes")["STATUS"]) == ["Ready", "Ready"]
