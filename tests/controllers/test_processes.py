"""Processes that hang, end and begin anew: what becomes of their sockets and of the Pod's status."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.cluster import Cluster
from kubesim.network.trace import Outcome


def pod(name: str, *containers: Mapping[str, object], **spec: object) -> dict[str, object]:
    listed = list(containers) or [{"name": "c", "image": "nginx"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": listed, **spec}}


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.apply([pod("web"), pod("client")])
    made.settle()
    return made


def dns_pod(cluster: Cluster) -> str:
    (found,) = cluster.store.list("Pod", "kube-system", {"k8s-app": "kube-dns"})
    return str(found["metadata"]["name"])


@pytest.mark.parametrize("hung_for", [0, 5, 40, 95])
def test_names_time_out_while_the_name_server_hangs_and_a_restart_mends_it(cluster: Cluster, hung_for: float) -> None:
    cluster.suspend(dns_pod(cluster), "kube-system")
    assert cluster.exec("client", ["getent", "hosts", "kubernetes"]).seconds > 5
    assert cluster.connect("pod/client", f"http://{cluster.get('Pod', 'web').status.podIP}").reached
    cluster.advance(hung_for)
    restarted = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}
    cluster.patch("Deployment", "coredns", restarted, "kube-system")
    cluster.advance(60)
    assert cluster.resolve("pod/client", "kubernetes").addresses


def test_a_hung_process_is_restarted_by_its_liveness_probe(cluster: Cluster) -> None:
    name = dns_pod(cluster)
    cluster.suspend(name, "kube-system")
    cluster.advance(120)
    (status,) = cluster.get("Pod", name, "kube-system").status.containerStatuses
    assert (status.restartCount, status.ready) == (1, True)
    assert cluster.resolve("pod/client", "kubernetes").addresses


def test_a_resumed_process_answers_again(cluster: Cluster) -> None:
    cluster.suspend("web")
    address = cluster.get("Pod", "web").status.podIP
    assert cluster.connect("pod/client", f"http://{address}").response is None
    cluster.resume("web")
    assert cluster.connect("pod/client", f"http://{address}").response is not None


def test_the_second_process_that_wants_a_port_ends(cluster: Cluster) -> None:
    cluster.apply(pod("twice", {"name": "a", "image": "nginx"}, {"name": "b", "image": "nginx"}))
    cluster.settle()
    first, second = cluster.get("Pod", "twice").status.containerStatuses
    assert first.ready and second.lastState.terminated.exitCode == 1
    assert "98: Address already in use" in cluster.logs("twice", "b") + cluster.logs("twice", "b", previous=True)


def kill(cluster: Cluster, name: str, *words: str) -> None:
    cluster.exec(name, ["sh", "-c", " ".join(words)])


@pytest.mark.parametrize(
    ("words", "restarts"),
    [
        (("kill", "1"), 1),
        (("kill", "-QUIT", "1"), 1),
        (("kill", "-KILL", "1"), 0),  # the kernel spares a container's first process
        (("kill", "-WINCH", "1"), 0),
    ],
)
def test_signals_to_the_first_process(cluster: Cluster, words: tuple[str, ...], restarts: int) -> None:
    kill(cluster, "web", *words)
    cluster.advance(15)
    (status,) = cluster.get("Pod", "web").status.containerStatuses
    assert (status.restartCount, status.ready) == (restarts, True)


def test_a_process_without_a_handler_ignores_sigterm(cluster: Cluster) -> None:
    cluster.apply(pod("idle", {"name": "c", "image": "busybox", "command": ["sleep", "3600"]}))
    cluster.settle()
    kill(cluster, "idle", "kill", "1")
    cluster.advance(15)
    (status,) = cluster.get("Pod", "idle").status.containerStatuses
    assert status.restartCount == 0 and status.state.running is not None


def changes_image(cluster: Cluster, name: str, image: str) -> None:
    cluster.patch("Pod", name, {"spec": {"containers": [{"name": "c", "image": image}]}})
    assert cluster.settle()


def test_another_image_is_pulled_at_once_after_a_failed_pull(cluster: Cluster) -> None:
    cluster.apply(pod("typo", {"name": "c", "image": "ngnix"}))
    cluster.settle()
    cluster.advance(100)
    changes_image(cluster, "typo", "nginx")
    (status,) = cluster.get("Pod", "typo").status.containerStatuses
    assert (status.restartCount, status.ready) == (0, True)


def test_another_image_of_a_running_container_restarts_it(cluster: Cluster) -> None:
    changes_image(cluster, "web", "httpd")
    (status,) = cluster.get("Pod", "web").status.containerStatuses
    assert (status.restartCount, status.ready, status.image) == (1, True, "docker.io/library/httpd:latest")
    said = [event["message"] for event in cluster.store.list("Event", "default") if event["reason"] == "Killing"]
    assert said == ["Container c definition changed, will be restarted"]


def test_a_grpc_probe_finds_no_grpc_server(cluster: Cluster) -> None:
    container = {"name": "c", "image": "nginx", "readinessProbe": {"grpc": {"port": 80}}}
    cluster.apply(pod("grpc", container))
    cluster.settle()
    assert not cluster.get("Pod", "grpc").status.containerStatuses[0].ready


def deleted(cluster: Cluster) -> None:
    cluster.delete("Pod", "lost")


def left_alone(cluster: Cluster) -> None:
    """Nobody does anything."""


@pytest.mark.parametrize("meanwhile", [deleted, left_alone])
def test_a_pod_of_a_missing_node_stays_until_it_is_collected(
    cluster: Cluster, meanwhile: Callable[[Cluster], None]
) -> None:
    cluster.apply(pod("lost", nodeName="nowhere"))
    cluster.advance(1)
    meanwhile(cluster)
    cluster.advance(30)
    assert cluster.get("Pod", "lost").spec.nodeName == "nowhere"
    cluster.advance(30)
    with pytest.raises(ApiError, match="not found"):
        cluster.get("Pod", "lost")


def test_a_node_is_as_old_as_the_file_says(cluster: Cluster) -> None:
    fresh = Cluster()
    assert fresh.simulation.now == 300
    assert fresh.table("nodes")["AGE"].tolist() == ["5m", "5m"]
    assert cluster.network.trace("node/master", "10.43.0.10", 53, "UDP")[0].outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    ("mounts", "parts", "problem"),
    [  # runc's words: what mount(2) and mkdirat(2) answer
        ([{"mountPath": "/etc/nginx/nginx.conf"}], {}, "mount src={0}, dst=/etc/nginx/nginx.conf, "),
        ([{"mountPath": "/etc", "subPath": "a"}], {}, "mount src={1}, dst=/etc, "),
        ([{"mountPath": "/etc/hostname/x"}], {}, "create mountpoint for /etc/hostname/x mount: not a directory"),
        ([{"mountPath": "/x"}, {"mountPath": "/x/a"}], {}, "mount src={0}, dst=/x/a, "),
        ([], {"workingDir": "/etc/hostname/x"}, "mkdir /etc/hostname/x: not a directory"),
        ([{"mountPath": "/etc/nginx/nginx.conf", "subPath": "a"}], {"command": ["sleep", "1d"]}, None),
        ([{"mountPath": "/etc/nginx/conf.d"}], {"command": ["sleep", "1d"]}, None),
    ],
)
def test_what_cannot_be_mounted_keeps_the_container_from_starting(
    mounts: list[Wire], parts: Wire, problem: str | None
) -> None:
    cluster = Cluster()
    container = {"name": "c", "image": "nginx", "volumeMounts": [{"name": "v", **each} for each in mounts], **parts}
    spec = {"containers": [container], "volumes": [{"name": "v", "configMap": {"name": "m"}}]}
    cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"a": "1"}})
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
    cluster.settle()
    pod = cluster.store.get("Pod", "p", "default")
    assert pod is not None
    (status,) = pod["status"]["containerStatuses"]
    if problem is None:
        assert "running" in status["state"]
        return
    ended = status["state"].get("terminated") or status["lastState"]["terminated"]
    folder = f"/var/lib/kubelet/pods/{pod['metadata']['uid']}"
    words = problem.format(f"{folder}/volumes/kubernetes.io~configmap/v", f"{folder}/volume-subpaths/v/c/0")
    assert (ended["reason"], ended["exitCode"]) == ("StartError", 128)
    assert words in ended["message"]
    cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"a": "2", "b": "3"}})
    cluster.settle()
