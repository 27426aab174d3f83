"""Commands that wait let simulated time pass until what they wait for is true, and no longer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubesim.cluster import Cluster
from kubesim.kubectl.main import run
from kubesim.terminal import Terminal


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def pod(cluster: Cluster) -> Iterator[str]:
    """The Pod ``x``, which runs and takes 30 s to end: its shell ignores SIGTERM."""
    command = ["sh", "-c", "trap '' TERM; while true; do sleep 1; done"]
    container = {"name": "x", "image": "busybox", "command": command}
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [container]}})
    cluster.settle()
    yield "x"
    if cluster.store.get("Pod", "x", "default") is not None:
        cluster.delete("Pod", "x", grace_period_seconds=0)
    cluster.settle()


def kubectl(cluster: Cluster, line: str) -> tuple[str, str, int, float]:
    """What a command printed on both streams, its status, and how long it took."""
    done = run(line.split(), cluster, Terminal(cluster).machine.files)
    return done.stdout, done.stderr, done.returncode, done.seconds


def test_delete_waits_until_the_object_is_gone(cluster: Cluster, pod: str) -> None:
    stdout, _, status, seconds = kubectl(cluster, "delete pod x")
    assert (stdout, status) == ('pod "x" deleted from default namespace\n', 0)
    assert 30 <= seconds < 35
    assert cluster.store.get("Pod", "x", "default") is None


def test_delete_gives_up_when_its_time_is_over(cluster: Cluster, pod: str) -> None:
    _, stderr, status, seconds = kubectl(cluster, "delete pod x --timeout=5s")
    assert (stderr, status, seconds) == ("error: timed out waiting for the condition on pods/x\n", 1, 5.0)


def test_delete_need_not_wait(cluster: Cluster, pod: str) -> None:
    assert kubectl(cluster, "delete pod x --wait=false")[3] == 0


def test_another_object_of_that_name_is_not_waited_for(cluster: Cluster, pod: str) -> None:
    held = cluster.api.get(cluster.api.resource_type("pods"), "x")
    fresh = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": held["spec"]}

    def replace_it() -> None:
        cluster.delete("Pod", "x", grace_period_seconds=0)
        cluster.apply(fresh)

    cluster.simulation.after(3, replace_it)
    assert 3 <= kubectl(cluster, "delete pod x")[3] < 4
    assert cluster.get("Pod", "x").metadata.uid != held["metadata"]["uid"]


def test_a_wait_without_end_is_given_up_as_by_ctrl_c(cluster: Cluster, pod: str) -> None:
    finalizers = {"metadata": {"finalizers": ["example.com/held"]}}
    cluster.patch("Pod", "x", finalizers)
    _, stderr, status, seconds = kubectl(cluster, "delete pod x")
    assert (stderr, status, seconds) == ("^C\n", 130, 600.0)
    cluster.patch("Pod", "x", [{"op": "remove", "path": "/metadata/finalizers"}])


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("wait --for=delete pod/nosuch --timeout=5s", ("", "", 0, 0.0)),
        ("wait --for=create pod/nosuch --timeout=5s", ("", "error: timed out", 1, 5.0)),
        ("wait --for=condition=Ready pod/x --timeout=5s", ("pod/x condition met\n", "", 0, 0.0)),
        ("wait --for=jsonpath={.status.phase}=Running pod/x", ("pod/x condition met\n", "", 0, 0.0)),
        ("wait --for=jsonpath={.status.phase}=Failed pod/x --timeout=0", ("", "error: timed out", 1, 0.0)),
    ],
)
def test_wait(line: str, shown: tuple[str, str, int, float], cluster: Cluster, pod: str) -> None:
    stdout, stderr, status, seconds = kubectl(cluster, line)
    assert (stdout, status, seconds) == (shown[0], shown[2], shown[3])
    assert stderr.startswith(shown[1])


def test_a_watch_in_the_background_shows_what_changes_beside_what_is_typed() -> None:
    terminal = Terminal(Cluster())
    terminal.run("kubectl create deploy web --image=nginx --replicas=1; sleep 10")
    started = terminal.run("kubectl get pods -l app=web -w --output-watch-events &").stdout
    assert [line.split()[0] for line in started.splitlines()] == ["EVENT", "ADDED"]
    lines = terminal.run("kubectl delete deploy web").stdout.splitlines()
    assert lines[0] == 'deployment.apps "web" deleted from default namespace'
    assert [line.split()[0] for line in lines[1:]][-2:] == ["MODIFIED", "DELETED"]
    terminal.run("kill %1")
    assert terminal.run("kubectl create deploy web --image=nginx").stdout == "deployment.apps/web created\n"
