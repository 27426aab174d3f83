"""``kubectl drain``: who goes, who stays, and what is said. Expected: upstream's filters and a recorded session."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.cluster import Cluster
from kubesim.kubectl.main import run
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.process import Completed
from tests.conformance.transcripts.oracle import OracleRuntime

CONTAINERS = [{"name": "c", "image": "nginx:1.27"}]


def cluster_with(*manifests: Wire) -> Cluster:
    cluster = Cluster(runtime=lambda containers: OracleRuntime())
    cluster.apply(list(manifests))
    cluster.settle()
    return cluster


def pod(name: str, **spec: Any) -> Wire:
    body = {"nodeName": "worker", "containers": CONTAINERS, **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": body}


def workload(kind: str, name: str, **spec: Any) -> Wire:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": CONTAINERS}}
    body = {"selector": {"matchLabels": labels}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": body}


def kubectl(cluster: Cluster, line: str) -> Completed:
    return run(line.split(), cluster, FileSystem())


def names(cluster: Cluster, node: str) -> list[str]:
    found = [pod["metadata"] for pod in cluster.store.on_node(node) if not pod["metadata"].get("deletionTimestamp")]
    return sorted(metadata["name"] for metadata in found if metadata["namespace"] == "default")


BARE = "cannot delete Pods that declare no controller (use --force to override): default/a"
LOCAL = "cannot delete Pods with local storage (use --delete-emptydir-data to override): default/a"


@pytest.mark.parametrize(
    ("manifest", "flags", "problem"),
    [
        (pod("a"), "", BARE),
        (pod("a"), "--force", ""),
        (pod("a", volumes=[{"name": "v", "emptyDir": {}}]), "--force", LOCAL),
        (pod("a", volumes=[{"name": "v", "emptyDir": {}}]), "--force --delete-emptydir-data", ""),
    ],
)
def test_a_pod_that_nobody_makes_again_must_be_meant(manifest: Wire, flags: str, problem: str) -> None:
    cluster = cluster_with(manifest)
    done = kubectl(cluster, f"drain worker {flags}")
    if problem:
        assert problem in done.stderr and "There are pending nodes to be drained:\n worker\n" in done.stderr
        assert (names(cluster, "worker"), done.returncode) == (["a"], 1)
    else:
        assert done.stderr == "Warning: deleting Pods that declare no controller: default/a\n"
        assert done.stdout.splitlines() == [
            "node/worker cordoned", "evicting pod default/a", "pod/a evicted", "node/worker drained",
        ]  # fmt: skip
        assert names(cluster, "worker") == []


def test_daemons_stay_where_that_is_meant() -> None:
    cluster = cluster_with(workload("DaemonSet", "agent"))
    (daemon,) = names(cluster, "worker")
    refused = kubectl(cluster, "drain worker")
    assert f"DaemonSet-managed Pods (use --ignore-daemonsets to ignore): default/{daemon}" in refused.stderr
    done = kubectl(cluster, "drain worker --ignore-daemonsets")
    assert done.stderr == f"Warning: ignoring DaemonSet-managed Pods: default/{daemon}\n"
    assert (names(cluster, "worker"), done.returncode) == ([daemon], 0)


def budget(least: int) -> Wire:
    spec = {"minAvailable": least, "selector": {"matchLabels": {"app": "web"}}}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": spec}


def test_a_budget_lets_pods_go_one_after_another() -> None:
    web = workload("Deployment", "web", replicas=4)
    cluster = cluster_with(web, budget(3))
    before = names(cluster, "worker")
    done = kubectl(cluster, "drain worker --ignore-daemonsets")
    assert len(before) == 2 and names(cluster, "worker") == []
    refused = "(will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget."
    assert refused in done.stderr and done.stdout.count("evicting pod") > 2
    assert done.stdout.endswith("node/worker drained\n")


def test_a_budget_without_room_ends_in_the_time_limit() -> None:
    cluster = cluster_with(workload("Deployment", "web", replicas=2), budget(2))
    (left,) = names(cluster, "worker")
    done = kubectl(cluster, "drain worker --timeout=12s")
    problem = f'error when evicting pods/"{left}" -n "default": global timeout reached: 12s'
    assert f'There are pending pods in node "worker" when an error occurred: {problem}\npod/{left}\n' in done.stderr
    assert (names(cluster, "worker"), done.returncode) == ([left], 1)


def test_deleting_instead_of_evicting_asks_no_budget() -> None:
    cluster = cluster_with(workload("Deployment", "web", replicas=2), budget(2))
    done = kubectl(cluster, "drain worker --disable-eviction")
    assert (names(cluster, "worker"), done.returncode) == ([], 0)
    assert "deleted\n" in done.stdout and "evict" not in done.stdout


def test_a_dry_run_moves_nobody() -> None:
    cluster = cluster_with(workload("Deployment", "web", replicas=2))
    (there,) = names(cluster, "worker")
    done = kubectl(cluster, "drain worker --dry-run=client")
    assert done.stdout.splitlines() == [
        "node/worker cordoned (dry run)", f"evicting pod default/{there} (dry run)", "node/worker drained (dry run)",
    ]  # fmt: skip
    assert names(cluster, "worker") == [there]
