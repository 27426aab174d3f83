"""``kubectl events`` and what it can be asked for."""

from __future__ import annotations

import pytest

from kubesim.cluster import Cluster
from kubesim.kubectl.main import run
from kubesim.userland.filesystem import FileSystem


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    cluster = Cluster()
    run(["create", "deployment", "web", "--image=nginx"], cluster, FileSystem())
    cluster.simulation.settle()
    return cluster


@pytest.mark.parametrize(
    ("words", "stdout", "stderr"),
    [
        (["-n", "none"], "", "No events found in none namespace.\n"),
        (["--types=Warning"], "", "No events found in default namespace.\n"),
        (["--types=Bad"], "", "error: valid --types are Normal or Warning\n"),
        (["--for=web"], "", "error: --for must be in resource/name form\n"),
        (["--for=foo/web"], "", 'error: the server doesn\'t have a resource type "foo"\n'),
    ],
)
def test_nothing_to_show(cluster: Cluster, words: list[str], stdout: str, stderr: str) -> None:
    done = run(["events", *words], cluster, FileSystem())
    assert (done.stdout, done.stderr) == (stdout, stderr)


def test_of_one_object(cluster: Cluster) -> None:
    lines = run(["events", "--for=deploy/web"], cluster, FileSystem()).stdout.splitlines()
    assert lines[0].split() == ["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    assert [line.split()[1:4] for line in lines[1:]] == [["Normal", "ScalingReplicaSet", "Deployment/web"]]
    names = run(["events", "--for=deploy/web", "-o", "name"], cluster, FileSystem()).stdout
    assert names.startswith("event/web.")


def test_everywhere(cluster: Cluster) -> None:
    done = run(["events", "-A", "--no-headers"], cluster, FileSystem()).stdout
    assert {line.split()[0] for line in done.splitlines()} >= {"default"}
