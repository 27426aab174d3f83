"""The moments of log lines."""

from __future__ import annotations

import re

import pytest

from kubesim.cluster import Cluster
from kubesim.kubectl.main import run
from kubesim.userland.filesystem import FileSystem

LOOP = "i=0; while true; do echo line $i; i=$((i+1)); sleep 10; done"


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    built = Cluster()
    run(["run", "loop", "--image=busybox", "--", "sh", "-c", LOOP], built, FileSystem())
    run(["run", "web", "--image=nginx"], built, FileSystem())
    built.settle()
    built.advance(55)
    return built


def lines(cluster: Cluster, words: str) -> list[str]:
    done = run(["logs", *words.split()], cluster, FileSystem())
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_each_line_has_the_moment_at_which_it_was_written(cluster: Cluster) -> None:
    stamped = lines(cluster, "loop --timestamps")
    assert [re.sub(r"^\S+ ", "", line) for line in stamped] == lines(cluster, "loop")
    moments = [line.split()[0] for line in stamped]
    assert all(re.fullmatch(r"2026-07-01T09:\d\d:\d\d\.\d{9}Z", moment) for moment in moments)
    assert moments == sorted(set(moments))


@pytest.mark.parametrize(("since", "count"), [("12s", 1), ("25s", 2), ("1h", 6)])
def test_only_lines_that_are_new_enough_are_shown(since: str, count: int, cluster: Cluster) -> None:
    shown = lines(cluster, f"loop --since={since}")
    assert shown == lines(cluster, "loop")[-count:]


def test_lines_since_a_moment_are_shown(cluster: Cluster) -> None:
    moment = lines(cluster, "loop --timestamps")[3].split()[0]
    assert lines(cluster, f"loop --since-time={moment[:-4]}Z") == lines(cluster, "loop")[3:]


def test_a_server_writes_each_request_at_its_time(cluster: Cluster) -> None:
    cluster.connect("pod/web", "http://127.0.0.1")
    assert len(lines(cluster, "web --since=1s")) == 1
    assert len(lines(cluster, "web")) > 10


def test_a_moment_that_is_none_is_named(cluster: Cluster) -> None:
    done = run(["logs", "web", "--since-time=yesterday"], cluster, FileSystem())
    assert (done.returncode, done.stderr) == (
        1,
        "error: --since-time must be a moment such as 2026-07-01T09:00:00Z, got 'yesterday'\n",
    )
