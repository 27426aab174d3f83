"""``kubectl get``: on the course's cluster under 20 ms; of many Pods, a cost per Pod that does not grow."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.cluster import Cluster
from kubesim.kubectl import main as kubectl
from kubesim.userland.filesystem import FileSystem

CHAPTER = ["get pod -o wide", "get svc", "get node", "get pod,svc -A", "get svc kube-dns -n kube-system -o yaml"]


def files() -> FileSystem:
    return FileSystem(lambda: 0.0)


@pytest.mark.parametrize("typed", CHAPTER)
def test_a_get_of_the_chapter(benchmark: Any, typed: str) -> None:
    cluster = Cluster()
    for name in ("mynginx", "client", "cluster-ip"):
        kubectl.run(f"run {name} --image nginx --expose --port 80".split(), cluster, files())
    cluster.settle()
    done = benchmark(lambda: kubectl.run(typed.split(), cluster, files()))
    assert done.returncode == 0


@pytest.mark.parametrize("output", ["wide", "yaml"])
@pytest.mark.parametrize("pods", [500, 1000, 2000, 4000])
def test_a_get_of_many_pods(benchmark: Any, pods: int, output: str) -> None:
    cluster = Cluster()
    wire = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    cluster.apply([{**wire, "metadata": {"name": f"p{number}"}} for number in range(pods)])
    words = ["get", "pods", "-o", output]
    done = benchmark.pedantic(lambda: kubectl.run(words, cluster, files()), rounds=2)
    assert done.stdout.count("p1") >= pods // 10
    benchmark.extra_info["microseconds a Pod"] = round(benchmark.stats["mean"] / pods * 1e6)
