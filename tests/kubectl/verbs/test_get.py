from __future__ import annotations

import shlex
from collections.abc import Callable

import pytest

from kubesim.cluster import Cluster
from kubesim.kubectl.main import run
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.process import Completed

Kubectl = Callable[[str], Completed]

MANIFEST = """
apiVersion: v1
kind: Service
metadata: {name: web, labels: {app: web}}
spec: {clusterIP: 10.43.0.80, selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, ports: [{port: 5432}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: blue}
"""

FORMATS = (
    "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,"
    "kyaml,name,template,templatefile,wide,yaml"
)


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    cluster = Cluster()
    cluster.apply(MANIFEST)
    return cluster


@pytest.fixture
def kubectl(cluster: Cluster) -> Kubectl:
    files = FileSystem()
    return lambda line: run(shlex.split(line), cluster, files)


def columns(done: Completed) -> list[list[str]]:
    return [line.split() for line in done.stdout.splitlines()]


def test_a_table(kubectl: Kubectl) -> None:
    rows = columns(kubectl("get svc db web"))
    assert rows[0] == ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]
    assert rows[1][:5] == ["db", "ClusterIP", "None", "<none>", "5432/TCP"]
    assert rows[2][:5] == ["web", "ClusterIP", "10.43.0.80", "<none>", "80/TCP"]


@pytest.mark.parametrize(
    ("command", "stdout"),
    [
        ("get svc web -o name", "service/web\n"),
        ("get svc/web cm/settings -o name", "service/web\nconfigmap/settings\n"),
        ("get svc web -o jsonpath={.spec.ports[0].name}", "http"),
        ("get svc web -o go-template={{.spec.clusterIP}}", "10.43.0.80"),
        ("get svc web --template={{.spec.clusterIP}}", "10.43.0.80"),
        ("get svc web -o custom-columns=N:.metadata.name,A:.metadata.labels.app", "N     A\nweb   web\n"),
        ("get svc web db --sort-by=.metadata.name -o name", "service/db\nservice/web\n"),
        ("get svc -l app=web -o name", "service/web\n"),
        ("get svc --field-selector=spec.clusterIP=None -o name", "service/db\n"),
        ("get cm settings -o jsonpath-as-json={.data}", '[\n    {\n        "colour": "blue"\n    }\n]\n'),
        ("get svc nosuch --ignore-not-found", ""),
        ("get svc nosuch --ignore-not-found -o yaml", ""),
    ],
)
def test_formats(kubectl: Kubectl, command: str, stdout: str) -> None:
    done = kubectl(command)
    assert (done.stdout, done.stderr, done.returncode) == (stdout, "", 0)


@pytest.mark.parametrize(
    ("command", "stderr"),
    [
        ("get svc nosuch", 'Error from server (NotFound): services "nosuch" not found\n'),
        ("get deploy nosuch", 'Error from server (NotFound): deployments.apps "nosuch" not found\n'),
        ("get nosuch", 'error: the server doesn\'t have a resource type "nosuch"\n'),
        ("get svc -o bad", "error: unable to match a printer suitable for the output format \"bad\", allowed formats "
                           f"are: {FORMATS}\n"),
        ("get svc -o jsonpath", "error: template format specified but no template given\n"),
        ("get svc -o jsonpath={.a", "error: error parsing jsonpath {.a, unclosed action\n"),
        ("get svc -o custom-columns=", "error: custom-columns format specified but no custom columns given\n"),
        ("get svc --sort-by=.nosuch -o name",
         "error: couldn't find any field with path \"{.nosuch}\" in the list of objects\n"),
        ("get svc web -A", "error: a resource cannot be retrieved by name across all namespaces\n"),
        ("get svc -l 'a in b'",
         'Error from server (BadRequest): Unable to find "/v1, Resource=services" that match label selector "a in b", '
         "field selector \"\": unable to parse requirement: found 'b' expected: '('\n"),
        ("get svc web -o json --show-labels",
         "error: --show-labels option cannot be used with any output format other than wide or default\n"),
    ],
)  # fmt: skip
def test_errors(kubectl: Kubectl, command: str, stderr: str) -> None:
    done = kubectl(command)
    assert (done.stderr, done.returncode) == (stderr, 1)


@pytest.mark.parametrize(
    ("command", "stderr"),
    [
        ("get pods", "No resources found in default namespace.\n"),
        ("get ingress", "No resources found in default namespace.\n"),
        ("get nodes -l no=such", "No resources found\n"),
        ("get ds -A", "No resources found\n"),
    ],
)
def test_nothing_found(kubectl: Kubectl, command: str, stderr: str) -> None:
    done = kubectl(command)
    assert (done.stdout, done.stderr, done.returncode) == ("", stderr, 0)


def test_what_exists_is_printed_before_what_does_not(kubectl: Kubectl) -> None:
    done = kubectl("get svc web nosuch")
    assert [row[0] for row in columns(done)] == ["NAME", "web"]
    assert done.stderr == 'Error from server (NotFound): services "nosuch" not found\n'
    assert done.returncode == 1


def test_several_types_are_tables_of_their_own(kubectl: Kubectl) -> None:
    blocks = kubectl("get svc,cm").stdout.split("\n\n")
    assert [block.split()[0] for block in blocks] == ["NAME", "NAME"]
    assert all(line.startswith("service/") for line in blocks[0].splitlines()[1:])


def test_endpoints_warn_once(kubectl: Kubectl) -> None:
    assert kubectl("get ep").stderr.count("Warning: v1 Endpoints is deprecated") == 1


def test_what_is_printed_as_yaml_is_a_list_for_many(kubectl: Kubectl) -> None:
    assert kubectl("get svc -o yaml").stdout.startswith("apiVersion: v1\nitems:\n- apiVersion: v1\n")
    assert kubectl("get svc web -o yaml").stdout.startswith("apiVersion: v1\nkind: Service\n")


def test_a_watch_prints_changes_and_ends() -> None:
    cluster = Cluster()
    files = FileSystem()
    done = run(["get", "pods", "-n", "kube-system", "-w", "--output-watch-events", "-o", "name"], cluster, files)
    assert done.returncode == 0
    before = cluster.simulation.now
    run(["run", "x", "--image=nginx"], cluster, files)
    done = run(["get", "pods", "-w", "--no-headers", "--request-timeout=30s"], cluster, files)
    states = [row[2] for row in columns(done)]
    assert states[-1] == "Running"
    assert len(states) > 1
    assert cluster.simulation.now - before > 29.9
