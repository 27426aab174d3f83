"""Which objects a command acts on, and what kubectl 1.36.4 said of words that make no sense."""

from __future__ import annotations

import shlex

import pytest

from kubesim.cluster import Cluster
from kubesim.kubectl.main import run
from kubesim.kubectl.resource_arguments import MISSING_RESOURCE
from kubesim.userland.filesystem import FileSystem

MANIFEST = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
"""
UNKNOWN = "error: the server doesn't have a resource type"
PATHS_AND_TYPES = "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"
NO_TEMPLATE = "the object is not a pod or does not have a pod template: *v1.Service"
NO_DIRECTORY = "not a valid directory: evalsymlink failure on 'nosuch' : lstat /root/nosuch: no such file or directory"
NO_KUSTOMIZATION = (
    "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '/root/empty'"
)
PERCENT = "invalid resource name \"50%\": [may not contain '%']"
BOTH = "error: cannot set --all and --selector at the same time"


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    cluster = Cluster()
    cluster.apply(MANIFEST)
    return cluster


@pytest.fixture
def files() -> FileSystem:
    tree = FileSystem()
    tree.make_directory("/root/empty", parents=True)
    for name, text in (("web.yaml", MANIFEST), ("bad.yaml", MANIFEST.replace("name: web", 'name: "50%"'))):
        tree.write(f"/root/{name}", text)
    return tree


@pytest.mark.parametrize("word", ["svc", "SERVICES", "Service", "services.v1", "service"])
def test_a_type_in_any_case_and_a_short_name_as_it_is(word: str, cluster: Cluster, files: FileSystem) -> None:
    assert run(["get", word, "web", "-o", "name"], cluster, files).stdout == "service/web\n"


@pytest.mark.parametrize(
    ("line", "stderr"),
    [
        ("get SVC", f'{UNKNOWN} "SVC"'),
        ("get PO", f'{UNKNOWN} "PO"'),
        ("get foo.apps", f'{UNKNOWN} "foo"'),
        ("get deployments.APPS", f'{UNKNOWN} "deployments"'),
        ("get pod x -n nope", 'Error from server (NotFound): namespaces "nope" not found'),
        ("label pod x a=b -n nope", 'Error from server (NotFound): namespaces "nope" not found'),
        ("delete pod x -n nope", 'Error from server (NotFound): pods "x" not found'),
        ("get all x", "error: you must specify only one resource"),
        ("get svc a%b", "error: invalid resource name \"a%b\": [may not contain '%']"),
        ("get svc ..", "error: invalid resource name \"..\": [may not be '..']"),
        ("get -f web.yaml svc", f"error: {PATHS_AND_TYPES}"),
        ("get -f web.yaml svc/web", "error: resource/name arguments cannot be provided when a path is specified"),
        ("label svc --all -l a=b c=d", BOTH),
        ("annotate svc --all -l a=b c=d", BOTH),
        ("delete svc --all -l a=b", "error: setting 'all' parameter but found a non empty selector. "),
        ("set image c=x", f"error: {MISSING_RESOURCE}"),
        ("set image svc web c=x", f"error: services/web {NO_TEMPLATE}"),
        ("set selector", "error: one selector is required"),
        ("set selector web", f"error: {MISSING_RESOURCE}"),
        ("set selector svc a=b", "error: resource(s) were provided, but no name was specified"),
        ("set selector svc web 'a notin (b)'", "error: match expression [{a NotIn [b]}] not supported on this object"),
        ("set selector cm web a=b", "error: setting a selector is only supported for Services"),
        ("replace", "error: must specify one of -f and -k"),
        ("apply -k nosuch", f"error: must build at directory: {NO_DIRECTORY}"),
        ("apply -k web.yaml", "error: must build at directory: 'web.yaml': file is not directory"),
        ("apply -k empty", f"error: {NO_KUSTOMIZATION}"),
        ("replace -f bad.yaml", 2 * f'error when replacing "bad.yaml": {PERCENT}\n'),
    ],
)  # fmt: skip
def test_a_refusal(line: str, stderr: str, cluster: Cluster, files: FileSystem) -> None:
    done = run(shlex.split(line), cluster, files)
    assert (done.stderr.rstrip("\n"), done.returncode) == (stderr.rstrip("\n"), 1)


@pytest.mark.parametrize(
    "line", ["label svc web --all a=b", "annotate svc web --all a=b", "set selector svc web --all a=b"]
)
def test_names_beside_all(line: str, cluster: Cluster, files: FileSystem) -> None:
    assert run(line.split(), cluster, files).stdout.startswith("service/web ")


ENDPOINTS = "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n"


@pytest.mark.parametrize(
    "line", ["get ep nosuch", "label ep nosuch a=b", "delete ep nosuch", "patch ep nosuch -p {}", "describe ep nosuch"]
)
def test_a_deprecated_type_is_warned_of_with_a_refusal_too(line: str, cluster: Cluster, files: FileSystem) -> None:
    done = run(line.split(), cluster, files)
    assert done.stderr == f'{ENDPOINTS}Error from server (NotFound): endpoints "nosuch" not found\n'


def test_what_was_warned_of_before_a_refusal(cluster: Cluster, files: FileSystem) -> None:
    files.write("/root/e.yaml", MANIFEST.split("---")[0].replace("spec: {", "spec: {externalIPs: [192.0.2.1], "))
    done = run(["create", "-f", "e.yaml"], cluster, files)
    first, second = done.stderr.splitlines()
    assert first == "Warning: spec.externalIPs is deprecated and may no longer be implemented in some clusters"
    assert second.endswith('services "web" already exists')


@pytest.mark.parametrize(("line", "words"), [("get ep", "error: 1 warning received\n"), ("get svc", "")])
def test_warnings_as_errors(line: str, words: str, cluster: Cluster, files: FileSystem) -> None:
    done = run([*line.split(), "--warnings-as-errors"], cluster, files)
    assert (done.stderr.removeprefix(ENDPOINTS), done.returncode) == (words, int(bool(words)))


def test_json_that_is_none_is_read_as_yaml(cluster: Cluster, files: FileSystem) -> None:
    files.write("/root/t.json", "{'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 't',},}")
    assert run(["create", "-f", "t.json", "--dry-run=server"], cluster, files).returncode == 0


def test_the_scale_of_what_has_replicas(cluster: Cluster, files: FileSystem) -> None:
    run(["create", "deployment", "d", "--image=nginx", "--replicas=2"], cluster, files)
    cluster.settle()
    table = run(["get", "deploy", "d", "--subresource=scale"], cluster, files).stdout.splitlines()
    assert [line.split()[:3] for line in table] == [["NAME", "DESIRED", "AVAILABLE"], ["d", "2", "2"]]
    assert (
        run(["get", "deploy", "d", "--subresource=scale", "-o", "name"], cluster, files).stdout
        == "scale.autoscaling/d\n"
    )
    none = run(["get", "svc", "web", "--subresource=scale"], cluster, files)
    assert none.stderr == "Error from server (NotFound): the server could not find the requested resource\n"
    many = run(["get", "deploy", "--subresource=scale"], cluster, files)
    assert many.stderr == "error: subresource cannot be used when bulk resources are specified\n"
