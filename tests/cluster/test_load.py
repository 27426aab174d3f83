"""Requests at a steady rate: what a change of the cluster costs those who ask meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubesim.cluster import Cluster

Wire = dict[str, Any]
RATE = 20.0


def deployment(**container: Any) -> list[Wire]:
    """Two replicas of nginx behind a Service, and who asks."""
    labels = {"app": "web"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "nginx", **container}]}}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": pod},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web"},
            "spec": {"selector": labels, "ports": [{"port": 80}]},
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "client"},
            "spec": {
                "nodeName": "master",
                "containers": [{"name": "c", "image": "curlimages/curl", "command": ["sleep", "infinity"]}],
            },
        },
    ]


def under_load(
    cluster: Cluster, change: Callable[[Cluster], object], seconds: float = 6.0, rate: float = RATE, **how: Any
) -> Any:
    """Two seconds of peace, a change, and what comes of it."""
    number = cluster.begin_load("pod/client", "http://web", rate, **how)
    cluster.advance(2.0)
    change(cluster)
    cluster.advance(seconds)
    return cluster.end_load(number)


def with_web(objects: list[Wire]) -> Cluster:
    cluster = Cluster()
    cluster.apply(objects)
    cluster.settle()
    return cluster


def roll_out(cluster: Cluster) -> None:
    cluster.patch("deployment", "web", {"spec": {"template": {"metadata": {"annotations": {"at": "now"}}}}})


SLOW = {"command": ["sh", "-c", "sleep 3; exec nginx -g 'daemon off;'"]}
"""A program that listens three seconds after its container runs."""
ASKED = {"readinessProbe": {"httpGet": {"port": 80}, "periodSeconds": 1}}
LINGERS = {"lifecycle": {"preStop": {"sleep": {"seconds": 3}}}}


@pytest.mark.parametrize(
    ("container", "lost"),
    [
        # The old Pods end at once, and some nodes' rules lead to them for up to a second more.
        ({}, {"timeout"}),
        (LINGERS, set()),
        # Without a probe a Pod gets traffic as soon as its container runs; nothing listens for three seconds.
        (SLOW | LINGERS, {"refused"}),
        (SLOW | LINGERS | ASKED, set()),
    ],
    ids=["plain", "preStop", "slow to start", "slow, with a readiness probe"],
)
def test_what_a_rolling_update_costs(container: Wire, lost: set[str]) -> None:
    cluster = with_web(deployment(**container))
    cluster.advance(5.0)
    requests = under_load(cluster, roll_out, 10.0 if container else 3.0)
    assert set(requests.failures["outcome"]) == lost
    assert {name.split("-")[1] for name in requests["endpoint"] if name.startswith("pod/")} == {
        each["metadata"]["name"].split("-")[1] for each in cluster.store.list("ReplicaSet", "default")
    }


def test_rules_follow_a_series_of_changes_at_most_a_second_later() -> None:
    requests = under_load(with_web(deployment()), roll_out)
    lost = requests.failures
    assert 0 < lost["time"].max() - lost["time"].min() <= 1.0


def test_whoever_keeps_a_connection_never_sees_new_pods() -> None:
    cluster = with_web(deployment())

    def scale(cluster: Cluster) -> None:
        cluster.patch("deployment", "web", {"spec": {"replicas": 5}})

    kept = under_load(cluster, scale, keep_alive=True)
    assert kept["endpoint"].nunique() == kept["connection"].nunique() == 1
    anew = under_load(cluster, lambda cluster: None)
    assert anew["endpoint"].nunique() == 5 and anew["connection"].nunique() == len(anew)


def test_a_kept_connection_is_opened_anew_when_its_server_ends() -> None:
    cluster = with_web(deployment(**LINGERS))
    requests = under_load(cluster, roll_out, keep_alive=True, connections=2)
    assert not len(requests.failures)
    assert requests["connection"].nunique() > 2 >= requests[requests["time"] < 2.0]["connection"].nunique()


def test_affinity_leads_to_one_endpoint() -> None:
    objects = deployment()
    objects[1]["spec"]["sessionAffinity"] = "ClientIP"
    assert with_web(objects).load("pod/client", "http://web", RATE, 3)["endpoint"].nunique() == 1


def test_a_lost_node_costs_until_the_cluster_has_found_out() -> None:
    cluster = with_web(deployment())

    def lose(cluster: Cluster) -> None:
        cluster.fail_node("worker")

    requests = under_load(cluster, lose, 55.0, 2.0)
    lost = requests.failures
    assert set(lost["outcome"]) == {"timeout"}
    assert lost["time"].min() >= 2.0 and 30.0 < lost["time"].max() < 55.0  # the grace period of a node is 50 s


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"rate": 0}, "a rate must be more than 0"),
        ({"rate": math.inf}, "a rate must be a number"),
        ({"seconds": 3e4}, "a load must be of at most 100000 requests"),
        ({"connections": 0}, "connections must be between 1 and 1000"),
        ({"timeout": 0}, "a timeout must be a number of seconds above 0"),
        ({"url": "udp://web:53"}, "a load's URL must be of http, https or tcp"),
    ],
)
def test_what_is_no_load_is_refused(how: Wire, words: str) -> None:
    cluster = Cluster()
    before = len(cluster.journal)
    with pytest.raises(ValueError, match=words):
        cluster.load("node/master", **{"url": "http://10.43.0.1:443", "seconds": 1.0} | how)
    assert len(cluster.journal) - before <= 1
    with pytest.raises(LookupError, match="a load must be one of 0"):
        cluster.end_load()


def test_the_same_load_comes_of_the_journal(tmp_path: Path) -> None:
    cluster = with_web(deployment())
    first = cluster.load("pod/client", "http://web", RATE, 2)
    cluster.save(tmp_path / "journal")
    again = Cluster.restore(tmp_path / "journal").end_load(0)
    assert again.equals(first)


def test_a_frame_of_requests_shows_itself() -> None:
    cluster = with_web(deployment())
    requests = cluster.load("pod/client", "http://web:81", RATE, 1)
    assert list(requests.columns) == ["time", "endpoint", "outcome", "latency", "status", "connection"]
    assert str(requests.diagram()).splitlines() == [
        "pod/default/client → http://web:81, 20 a second, for 1 s: 20 requests, 0 answered, 20 failed",
        "  failed, timeout: 20 requests, from 0 s to 0.95 s",
    ]
    late = requests[requests["time"] > 0.5]
    assert "9 requests" in str(late.diagram()) and requests.endpoints()["requests"].sum() == 20
