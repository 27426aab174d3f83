"""Containers of any image: each of the catalogue starts, and one that nobody described serves what its Pod declares."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.cluster import Cluster
from kubesim.programs.images import ImageCatalogue
from kubesim.userland.machine import ExecutableNotFoundError

NEEDS_A_FILE = ("coredns",)
"""Images whose program ends without its configuration."""
NEEDS_ARGUMENTS = {"docker.io/curlimages/curl": 2}
"""Images whose program ends for want of an argument, with this status."""


def pod(name: str, container: dict[str, Any], **spec: Any) -> dict[str, Any]:
    listed = [{"name": "c", **container}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": listed, **spec}}


def only(cluster: Cluster, name: str) -> Any:
    (status,) = cluster.get("Pod", name).status.containerStatuses
    return status


def test_every_image_of_the_catalogue_starts() -> None:
    references = {
        f"p{position}": f"{entry['name']}:{next(iter(entry['tags']))}"
        for position, entry in enumerate(ImageCatalogue.load().document["images"])
    }
    cluster = Cluster()
    cluster.apply([pod(name, {"image": image}) for name, image in references.items()])
    cluster.settle()
    for name, image in references.items():
        status, repository = only(cluster, name), image.rpartition(":")[0]
        assert not status.state.waiting or status.state.waiting.reason == "CrashLoopBackOff", image
        if status.lastState.terminated is None:
            assert status.ready, image
        elif not repository.endswith(NEEDS_A_FILE):
            assert status.lastState.terminated.exitCode == NEEDS_ARGUMENTS.get(repository, 0), image


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    made = Cluster()
    port = {"containerPort": 8080, "name": "web"}
    probes = {
        "startupProbe": {"exec": {"command": ["/app/check"]}},
        "readinessProbe": {"httpGet": {"port": "web", "path": "/ready"}},
        "livenessProbe": {"grpc": {"port": 9000}},
    }
    hook = {"postStart": {"exec": {"command": ["/app/warm-up"]}}}
    made.apply(
        [
            pod("web", {"image": "acme/web:1", "ports": [port], "lifecycle": hook, **probes}),
            pod("tls", {"image": "acme/web:1", "readinessProbe": {"httpGet": {"port": 8443, "scheme": "HTTPS"}}}),
            pod("db", {"image": "mysql:8", "args": ["--skip-name-resolve"]}),
            pod("waits", {"image": "acme/web:1", "command": ["sleep", "infinity"]}),
            pod("script", {"image": "node:20", "command": ["sh", "-c", "npm ci && npm start"], "ports": [port]}),
            pod(
                "init",
                {"image": "acme/web:1", "ports": [port]},
                initContainers=[{"name": "migrate", "image": "acme/migrate:1", "ports": [port]}],
            ),
            pod("task", {"image": "perl:5.34", "command": ["perl", "-wle", "print 1"]}, restartPolicy="Never"),
            pod("works", {"image": "nginx", "workingDir": "/srv/app"}),
            pod("client", {"image": "nginx"}),
        ]
    )
    made.settle()
    return made


@pytest.mark.parametrize("name", ["web", "tls", "db", "waits", "script", "init"])
def test_a_pod_of_an_image_that_nobody_described_is_ready(cluster: Cluster, name: str) -> None:
    assert only(cluster, name).ready


@pytest.mark.parametrize(
    ("name", "port", "image"),
    [("web", 8080, "acme/web:1"), ("db", 3306, "mysql:8"), ("script", 8080, "node:20"), ("init", 8080, "acme/web:1")],
)
def test_it_answers_on_its_ports_with_who_it_is(cluster: Cluster, name: str, port: int, image: str) -> None:
    address = cluster.get("Pod", name).status.podIP
    answer = cluster.exec("client", ["curl", "-s", f"{address}:{port}/path"])
    assert answer.stdout == f"Container: c\nPod: default/{name}\nImage: {image}\n"
    assert '"GET /path HTTP/1.1" 200' in cluster.logs(name)


def test_a_task_ends_well(cluster: Cluster) -> None:
    assert cluster.get("Pod", "task").status.phase == "Succeeded"


def test_one_event_says_once_what_is_simulated(cluster: Cluster) -> None:
    events = [each for each in cluster.store.list("Event", "default") if each["reason"] == "Simulated"]
    said = {each["involvedObject"]["name"]: each["message"] for each in events}
    assert len(said) < len(events) and "client" not in said  # a Pod with an init container has two images
    assert said["web"].startswith('Image "acme/web:1" is not in the simulator\'s catalogue')


@pytest.mark.parametrize(("name", "has"), [("db", True), ("script", True), ("web", False)])
def test_only_images_that_are_known_to_have_a_shell_have_one(cluster: Cluster, name: str, has: bool) -> None:
    if has:
        assert cluster.exec(name, ["sh", "-c", "echo in"]).stdout == "in\n"
    else:
        with pytest.raises(ExecutableNotFoundError):
            cluster.exec(name, ["sh"])


def test_a_container_begins_in_its_working_directory(cluster: Cluster) -> None:
    assert cluster.exec("works", ["pwd"]).stdout == "/srv/app\n"


@pytest.mark.parametrize(("image", "resolves"), [("busybox:1.28", True), ("busybox:1.36", False)])
def test_only_an_old_busybox_completes_a_name_with_a_dot(image: str, resolves: bool) -> None:
    cluster = Cluster()
    cluster.apply(pod("client", {"image": image, "command": ["sleep", "infinity"]}))
    cluster.settle()
    done = cluster.exec("client", ["nslookup", "kubernetes.default"])
    assert (done.returncode == 0) is resolves
    if resolves:
        assert done.stdout == (
            "Server:    10.43.0.10\nAddress 1: 10.43.0.10 kube-dns.kube-system.svc.cluster.local\n\n"
            "Name:      kubernetes.default\nAddress 1: 10.43.0.1 kubernetes.default.svc.cluster.local\n"
        )


@pytest.mark.parametrize(
    ("words", "stdout", "stderr"),
    [
        ("redis-cli ping", "PONG\n", ""),
        (
            "redis-cli -p 6380 ping",
            "",
            "Could not connect to Redis at 127.0.0.1:6380: Connection refused\n",
        ),
        ("redis-cli get x", "", "redis-cli: get is not simulated: PING is\n"),
    ],
)
def test_redis_is_asked_whether_it_is_well(words: str, stdout: str, stderr: str) -> None:
    cluster = Cluster()
    probe = {"exec": {"command": ["redis-cli", "ping"]}}
    cluster.apply(pod("redis", {"image": "redis:7", "readinessProbe": probe}))
    cluster.settle()
    cluster.advance(10)
    assert only(cluster, "redis").ready
    done = cluster.exec("redis", words.split())
    assert (done.stdout, done.stderr) == (stdout, stderr)
