from __future__ import annotations

import pytest

from kubesim.cluster import Cluster
from kubesim.kubectl.main import run
from kubesim.userland.filesystem import FileSystem


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster()


@pytest.mark.parametrize(
    ("words", "stdout"),
    [
        (
            ["--api-group=discovery.k8s.io"],
            "NAME             SHORTNAMES   APIVERSION            NAMESPACED   KIND\n"
            "endpointslices                discovery.k8s.io/v1   true         EndpointSlice\n",
        ),
        (["--api-group=discovery.k8s.io", "-o", "name"], "endpointslices.discovery.k8s.io\n"),
        (
            ["--api-group=policy", "--no-headers"],
            "poddisruptionbudgets   pdb   policy/v1   true   PodDisruptionBudget\n",
        ),
    ],
)
def test_formats(cluster: Cluster, words: list[str], stdout: str) -> None:
    assert run(["api-resources", *words], cluster, FileSystem()).stdout == stdout


def test_types_without_namespaces(cluster: Cluster) -> None:
    names = run(["api-resources", "--namespaced=false", "-o", "name"], cluster, FileSystem()).stdout.split()
    assert names[:4] == ["componentstatuses", "namespaces", "nodes", "persistentvolumes"]
    assert "pods" not in names


def test_unknown_output(cluster: Cluster) -> None:
    assert (
        run(["api-resources", "-o", "yaml"], cluster, FileSystem()).stderr == "error: --output yaml is not available\n"
    )
