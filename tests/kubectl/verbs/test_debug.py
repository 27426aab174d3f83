"""Containers for debugging: in a Pod, in a copy of it, on a node; expected words are those of kubectl 1.36."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kubesim.cluster import Cluster
from kubesim.terminal import Terminal

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}, annotations: {note: kept}}
spec:
  containers:
  - {name: web, image: nginx, ports: [{containerPort: 80}], readinessProbe: {tcpSocket: {port: 80}}}
"""
NO_COPY = "may only be used with --copy-to."


@pytest.fixture(scope="module")
def terminal() -> Iterator[Terminal]:
    cluster = Cluster()
    cluster.apply(POD)
    cluster.settle()
    yield Terminal(cluster)


def spec_of(terminal: Terminal, name: str) -> Any:
    return terminal.cluster.store.get("Pod", name, "default")


def test_a_container_is_added_to_a_pod_that_runs(terminal: Terminal) -> None:
    done = terminal.run("kubectl debug web --image=busybox --target=web -c one -i -- sh -c 'ps; wget -qO- localhost'")
    assert done.stdout.startswith('Targeting container "web". If you don\'t see processes from this container it may ')
    assert "nginx: master process" in done.stdout
    assert "Welcome to nginx!" in done.stdout  # the network is the Pod's
    terminal.run("kubectl debug web --image=busybox -c two -- sleep 1000")
    assert "Running" in terminal.run("kubectl get pod web -o jsonpath='{.status.phase}'").stdout
    assert terminal.run("kubectl exec web -c two -- ls -d /bin").stdout == "/bin\n"
    assert terminal.run("kubectl exec web -- true").stderr == (
        'Defaulted container "web" out of: web, one (ephem), two (ephem)\n'
    )
    wire = spec_of(terminal, "web")
    assert [each["name"] for each in wire["spec"]["ephemeralContainers"]] == ["one", "two"]
    states = {each["name"]: next(iter(each["state"])) for each in wire["status"]["ephemeralContainerStatuses"]}
    assert states == {"one": "terminated", "two": "running"}
    assert wire["spec"]["ephemeralContainers"][1]["securityContext"] == {"capabilities": {"add": ["SYS_PTRACE"]}}
    described = terminal.run("kubectl describe pod web").stdout
    assert "Ephemeral Containers:\n  one:\n" in described


def test_a_container_for_debugging_is_neither_changed_nor_taken_away(terminal: Terminal) -> None:
    patch = '\'[{"op": "remove", "path": "/spec/ephemeralContainers"}]\''
    done = terminal.run(f"kubectl patch pod web --subresource=ephemeralcontainers --type=json -p {patch}")
    assert done.returncode == 1


def test_a_copy_leaves_labels_probes_and_the_node_behind(terminal: Terminal) -> None:
    terminal.run("kubectl debug web --copy-to=copy --image=busybox -c tools --set-image=web=nginx:1.27 -- sleep 1000")
    wire = spec_of(terminal, "copy")
    assert not {"labels", "annotations"} & set(wire["metadata"])
    web, tools = wire["spec"]["containers"]
    assert (web["image"], tools["image"], "readinessProbe" in web) == ("nginx:1.27", "busybox", False)
    assert wire["spec"]["shareProcessNamespace"] is True
    assert wire["status"]["phase"] == "Running"


def test_a_pod_on_a_node_has_the_nodes_network(terminal: Terminal) -> None:
    done = terminal.run("kubectl debug node/worker -i --image=busybox -- hostname -i")
    first, _, rest = done.stdout.partition("\n")
    assert first.startswith("Creating debugging pod node-debugger-worker-")
    assert first.endswith(" with container debugger on node worker.")
    address = terminal.run("kubectl get node worker -o jsonpath='{.status.addresses[0].address}'").stdout
    assert rest == f"{address}\n"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("web", "you must specify --image when not using --copy-to."),
        ("web --image=busybox --replace", f"--replace {NO_COPY}"),
        ("web --image=busybox --same-node", f"--same-node {NO_COPY}"),
        ("web --set-image=web=nginx", f"--set-image {NO_COPY}"),
        ("web --copy-to=x", "you must specify --image, --set-image or command arguments."),
        (
            "web --copy-to=x --image=b --target=web",
            "--target is incompatible with --copy-to. Use --share-processes instead.",
        ),
        ("--image=busybox", "NAME or filename is required for debug"),
        ("web --image=busybox -t", "-i/--stdin is required for containers with -t/--tty=true"),
        ("web --image=busybox --profile=root", "unknown profile: root"),
        ("service/kubernetes --image=busybox", '"/v1, Kind=Service" not supported by debug'),
        ("web --image=A", 'invalid image name "A": invalid reference format'),
    ],
)
def test_what_does_not_go_together_is_refused(words: str, error: str, terminal: Terminal) -> None:
    assert terminal.run(f"kubectl debug {words}").stderr == f"error: {error}\n"
