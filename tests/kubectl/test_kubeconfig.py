"""Which cluster kubectl talks to, as whom, and what 1.36.4 said where there was none."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kubesim.cluster import Cluster
from kubesim.kubectl.kubeconfig import install
from kubesim.kubectl.main import run
from kubesim.terminal import Terminal
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.process import Completed

REFUSED = "The connection to the server localhost:8080 was refused - did you specify the right host or port?\n"
DIALLED = 'Get "http://localhost:8080/api?timeout=32s": dial tcp 127.0.0.1:8080: connect: connection refused'
NOBODY = "requesting uid, groups or user-extra for default without impersonating a user"
SECOND = """
apiVersion: v1
kind: Config
current-context: other
clusters: [{name: other, cluster: {server: "http://localhost:1"}}]
contexts: [{name: other, context: {cluster: other, namespace: there}}]
"""


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def files(cluster: Cluster) -> FileSystem:
    tree = FileSystem()
    install(tree, cluster.configuration, "/root/mine")
    tree.write("/root/second", SECOND)
    tree.write("/root/web.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n")
    return tree


def kubectl(line: str, cluster: Cluster, files: FileSystem, environment: Mapping[str, str]) -> Completed:
    return run(line.split(), cluster, files, environment=environment)


@pytest.mark.parametrize(
    ("line", "logged", "stderr"),
    [
        ("get svc", 5, REFUSED),
        ("get svc/web", 4, REFUSED),
        ("logs x", 4, REFUSED),
        ("cordon worker", 4, REFUSED),
        ("explain svc", 2, REFUSED),
        ("taint node worker a=b:NoSchedule", 2, REFUSED),
        ("run x --image=y", 1, REFUSED),
        ("create ns x", 0, REFUSED),
        ("auth whoami", 0, REFUSED),
        ("delete -f web.yaml", 1, f'error: unable to recognize "web.yaml": {DIALLED}\n'),
        ("config current-context", 0, "error: current-context is not set\n"),
        ("create deployment x --image=y --dry-run=client", 0, ""),
        ("config view", 0, ""),
    ],
)  # fmt: skip
def test_where_no_kubeconfig_is_found(line: str, logged: int, stderr: str, cluster: Cluster, files: FileSystem) -> None:
    done = kubectl(line, cluster, files, {"KUBECONFIG": "/nosuch"})
    lines = done.stderr.splitlines(keepends=True)
    assert ["memcache.go:265]" in each for each in lines[:logged]] == [True] * logged
    assert "".join(lines[logged:]) == stderr
    assert done.returncode == int(bool(stderr))


@pytest.mark.parametrize(
    ("environment", "line", "text"),
    [
        ({"KUBECONFIG": "mine"}, "config current-context", "default\n"),
        ({"KUBECONFIG": "second:mine"}, "config current-context", "other\n"),
        ({"KUBECONFIG": "nosuch:mine"}, "config get-contexts -o name", "default\n"),
        ({"KUBECONFIG": "second:mine"}, "config get-contexts -o name", "default\nother\n"),
        ({"HOME": "/root"}, "config get-contexts -o name", ""),
        ({}, "config get-contexts -o name --kubeconfig=mine", "default\n"),
        ({"KUBECONFIG": "second:mine"}, "get ns default -o name --context=default", "namespace/default\n"),
    ],
)
def test_which_files_are_read(
    environment: Mapping[str, str], line: str, text: str, cluster: Cluster, files: FileSystem
) -> None:
    assert kubectl(line, cluster, files, environment).stdout == text


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("get svc --kubeconfig=nosuch", "error: stat nosuch: no such file or directory\n"),
        ("get svc --cluster=x", 'error: no server found for cluster "x"\n'),
        ("get svc --user=x", 'error: auth info "x" does not exist\n'),
        ("get svc --context=x", "Error in configuration: context was not found for specified context: x\n"),
        ("auth whoami --as-group=x", f"error: {NOBODY}\n"),
    ],
)  # fmt: skip
def test_what_is_not_there(line: str, words: str, cluster: Cluster, files: FileSystem) -> None:
    assert kubectl(line, cluster, files, {"KUBECONFIG": "mine"}).stderr == words


def test_a_context_of_ones_own(cluster: Cluster, files: FileSystem) -> None:
    environment = {"KUBECONFIG": "/root/mine"}
    made = kubectl("config set-context y --cluster=default --user=default --namespace=z", cluster, files, environment)
    assert made.stdout == 'Context "y" created.\n'
    assert kubectl("config use-context y", cluster, files, environment).stdout == 'Switched to context "y".\n'
    assert kubectl("get pods", cluster, files, environment).stderr == "No resources found in z namespace.\n"


@pytest.mark.parametrize(
    ("flags", "rows"),
    [
        ("--as=nobody", {"Username": "nobody", "Groups": "[system:authenticated]"}),
        ("--as=a --as-group=b --as-uid=7", {"Username": "a", "UID": "7", "Groups": "[b system:authenticated]"}),
        ("--as=system:anonymous", {"Username": "system:anonymous", "Groups": "[system:unauthenticated]"}),
        (
            "--as=system:serviceaccount:shop:web",
            {
                "Username": "system:serviceaccount:shop:web",
                "Groups": "[system:serviceaccounts system:serviceaccounts:shop system:authenticated]",
            },
        ),
    ],
)
def test_who_one_is(flags: str, rows: Mapping[str, str], cluster: Cluster, files: FileSystem) -> None:
    lines = kubectl(f"auth whoami {flags}", cluster, files, {"KUBECONFIG": "mine"}).stdout.splitlines()
    assert {line.split(None, 1)[0]: line.split(None, 1)[1] for line in lines[1:]} == rows


def test_the_administrator_is_known_by_a_certificate(cluster: Cluster, files: FileSystem) -> None:
    lines = kubectl("auth whoami", cluster, files, {"KUBECONFIG": "mine"}).stdout.splitlines()
    assert lines[1].split() == ["Username", "system:admin"]
    assert lines[3].startswith("Extra: authentication.kubernetes.io/credential-id   [X509SHA256=")


def test_in_a_terminal_the_file_is_what_counts(cluster: Cluster) -> None:
    terminal = Terminal(cluster)
    assert terminal.run("kubectl get ns default -o name").stdout == "namespace/default\n"
    assert terminal.run("KUBECONFIG=/nosuch kubectl get ns").stderr.endswith(REFUSED)
    assert terminal.run("mv .kube/config other; kubectl get ns").stderr.endswith(REFUSED)
    assert terminal.run("export KUBECONFIG=$PWD/other; kubectl get ns default -o name").returncode == 0
