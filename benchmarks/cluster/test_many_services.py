"""Services with three Pods each, from one manifest to all endpoints ready: the cost per object must not grow.

``pytest benchmarks/cluster --benchmark-only`` prints a line for each size; the last column divided by the number of
objects is what to compare.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from kubesim.api.objects import EndpointSlice, Wire
from kubesim.cluster import Cluster, ClusterConfiguration

PODS_A_SERVICE = 3


def large_cluster() -> Cluster:
    """The default cluster with nodes that hold thousands of Pods."""
    default = msgspec.to_builtins(ClusterConfiguration.load())
    default["hardware"] |= {"cpu": "4000", "memory": "8131912Mi", "pods": "100000"}
    default["networks"]["pods"] = "10.128.0.0/9"
    for number, node in enumerate(default["nodes"]):
        node["podCIDR"] = f"10.{128 + number * 8}.0.0/16"
    default["pins"] = {}
    return Cluster(ClusterConfiguration.from_document(default, Path(default["directory"])))


def manifest(services: int) -> list[Wire]:
    """So many Services, each with three Pods."""
    objects: list[Wire] = []
    for number in range(services):
        name = f"web-{number}"
        objects.append(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": name},
                "spec": {"selector": {"app": name, "tier": "web"}, "ports": [{"port": 80}]},
            }
        )
        for pod in range(PODS_A_SERVICE):
            objects.append(
                {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "metadata": {"name": f"{name}-{pod}", "labels": {"app": name, "tier": "web"}},
                    "spec": {"containers": [{"name": "nginx", "image": "nginx"}]},
                }
            )
    return objects


@pytest.mark.parametrize("services", [125, 250, 500, 1000])
def test_services_with_pods(benchmark: pytest.FixtureRequest, services: int) -> None:
    """1,000 Services and 3,000 Pods, and smaller ones to compare with."""

    def setup() -> tuple[tuple[Cluster, list[Wire]], dict[str, object]]:
        return (large_cluster(), manifest(services)), {}

    def bring_up(cluster: Cluster, objects: list[Wire]) -> None:
        cluster.apply(objects)
        assert cluster.settle(600)
        ready = sum(
            endpoint.conditions.ready is True
            for piece in cluster.store.views(EndpointSlice, "default")
            for endpoint in piece.endpoints or []
            if piece.metadata.name != "kubernetes"
        )
        assert ready >= services * PODS_A_SERVICE

    benchmark.extra_info["objects"] = len(manifest(services))  # type: ignore[attr-defined]
    benchmark.pedantic(bring_up, setup=setup, rounds=1)  # type: ignore[attr-defined]
