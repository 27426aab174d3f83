"""Programs that the kubelet runs in a container and that do not come about: its events, and life goes on."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.cluster import Cluster
from kubesim.terminal import Terminal

MISSING = {"exec": {"command": ["nosuch"]}}
FAILING = {"exec": {"command": ["false"]}}
NOT_FOUND = (
    "OCI runtime exec failed: exec failed: unable to start container process: "
    'exec: "nosuch": executable file not found in $PATH'
)


def running(part: str, what: Any, image: str = "busybox", **spec: Any) -> Cluster:
    """A cluster with a Pod whose container has a probe or a hook."""
    hook = part in ("postStart", "preStop")
    container = {
        "name": "c",
        "image": image,
        **({"command": ["sleep", "1000000"]} if image == "busybox" else {}),
        **({"lifecycle": {part: what}} if hook else {part: {**what, "periodSeconds": 1}}),
    }
    cluster = Cluster()
    pod = {"containers": [container], "terminationGracePeriodSeconds": 3, **spec}
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": pod})
    cluster.settle(20)
    cluster.advance(5)
    return cluster


def events(cluster: Cluster) -> list[tuple[str, str]]:
    shown = cluster.api.list(cluster.api.resource_type("events"), "default")
    return [(event["reason"], event["message"]) for event in shown if event["involvedObject"]["name"] == "p"]


@pytest.mark.parametrize(
    ("part", "kind", "ready"),
    [("readinessProbe", "Readiness", False), ("livenessProbe", "Liveness", True), ("startupProbe", "Startup", False)],
)
def test_a_probe_that_cannot_be_carried_out_counts_for_nothing(part: str, kind: str, ready: bool) -> None:
    cluster = running(part, MISSING)
    found = [message for reason, message in events(cluster) if reason == "Unhealthy"]
    assert found
    for message in found:
        assert message.startswith(f"{kind} probe errored and resulted in unknown state: rpc error: code = Unknown desc")
        assert message.endswith(NOT_FOUND)
    (status,) = cluster.get("Pod", "p").status.containerStatuses
    assert (status.ready, status.restartCount) == (ready, 0)


UNANSWERED = {"httpGet": {"port": 81, "path": "/"}}
SOCKET = {"tcpSocket": {"port": 80}}


@pytest.mark.parametrize("hook", [MISSING, FAILING, UNANSWERED, SOCKET])
def test_a_container_whose_first_hook_fails_is_killed(hook: Any) -> None:
    cluster = running("postStart", hook)
    found = events(cluster)
    assert ("FailedPostStartHook", "PostStartHook failed") in found
    assert ("Killing", "FailedPostStartHook") in found
    (status,) = cluster.get("Pod", "p").status.containerStatuses
    assert status.restartCount > 0


@pytest.mark.parametrize(
    "hook",
    [
        {"sleep": {"seconds": 1}},
        {"httpGet": {"port": 80, "path": "/"}},
        {"httpGet": {"port": 80, "path": "/nosuch"}},  # any answer will do
        {"exec": {"command": ["true"]}},
    ],
)
@pytest.mark.parametrize("part", ["postStart", "preStop"])
def test_a_hook_that_succeeds_says_nothing(part: str, hook: Any) -> None:
    cluster = running(part, hook, image="nginx")
    (status,) = cluster.get("Pod", "p").status.containerStatuses
    assert (status.ready, status.restartCount) == (True, 0)
    cluster.delete("Pod", "p")
    cluster.settle()
    assert not [reason for reason, _ in events(cluster) if "Hook" in reason]


@pytest.mark.parametrize("hook", [MISSING, FAILING, UNANSWERED, SOCKET])
def test_a_last_hook_that_fails_holds_nothing_up(hook: Any) -> None:
    cluster = running("preStop", hook)
    cluster.delete("Pod", "p")
    cluster.settle()
    assert ("FailedPreStopHook", "PreStopHook failed") in events(cluster)
    assert cluster.store.get("Pod", "p", "default") is None


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["sh", "-c", "f() { g; }; g() { f; }; f"], id="functions"),
        pytest.param(["sh", "-c", "echo $(" * 300 + "a" + ")" * 300], id="substitutions"),
        pytest.param(["awk", "BEGIN{x=" + "(" * 2000 + "1" + ")" * 2000 + "}"], id="brackets"),
    ],
)
@pytest.mark.parametrize("part", ["main", "livenessProbe", "preStop"])
def test_a_program_that_recurses_ends(part: str, command: list[str]) -> None:
    cluster = Cluster()
    container: dict[str, Any] = {"name": "c", "image": "busybox", "command": ["sleep", "1000000"]}
    if part == "main":
        container["command"] = command
    elif part == "preStop":
        container["lifecycle"] = {part: {"exec": {"command": command}}}
    else:
        container[part] = {"exec": {"command": command}}
    spec = {"containers": [container], "restartPolicy": "Never", "terminationGracePeriodSeconds": 2}
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
    cluster.settle(20)
    assert cluster.get("Pod", "p").status.phase == ("Failed" if part == "main" else "Running")
    cluster.delete("Pod", "p")
    cluster.settle()
    assert cluster.store.get("Pod", "p", "default") is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("kubectl exec a -- ls", "error dialing backend: proxy error from 127.0.0.1:6443 while dialing {}:10250"),
        ("kubectl logs a", 'Get "https://{}:10250/containerLogs/default/a/a": proxy error from 127.0.0.1:6443'),
    ],
)
def test_nobody_reaches_a_kubelet_that_is_off(line: str, said: str) -> None:
    terminal = Terminal(Cluster())
    on_worker = Terminal(terminal.cluster, "worker")
    terminal.prepare('kubectl run a --image nginx --overrides \'{"spec":{"nodeName":"worker"}}\'')
    terminal.cluster.fail_node("worker")
    done = terminal.run(line)
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr.startswith("Error from server: " + said.format("172.31.0.11"))
    typed = on_worker.run("echo hi")
    assert (typed.stderr, typed.returncode) == ("ssh: connect to host worker port 22: No route to host\n", 255)
    terminal.cluster.recover_node("worker")
    assert on_worker.run("echo hi").stdout == "hi\n"
