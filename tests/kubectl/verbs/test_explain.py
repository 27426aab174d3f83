from __future__ import annotations

import pytest

from kubesim.cluster import Cluster
from kubesim.kubectl.main import run
from kubesim.userland.filesystem import FileSystem


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster()


def test_a_field_of_a_simple_type(cluster: Cluster) -> None:
    text = run(["explain", "svc.spec.ports.port"], cluster, FileSystem()).stdout
    assert text == (
        "KIND:       Service\nVERSION:    v1\n\nFIELD: port <integer>\n\n\nDESCRIPTION:\n"
        "    The port that will be exposed by this service.\n    \n\n"
    )


def test_a_struct_lists_its_fields(cluster: Cluster) -> None:
    text = run(["explain", "deploy.spec"], cluster, FileSystem()).stdout
    assert text.startswith("GROUP:      apps\nKIND:       Deployment\nVERSION:    v1\n\nFIELD: spec <DeploymentSpec>\n")
    assert "\n  selector\t<LabelSelector> -required-\n" in text


def test_recursive_prints_names_alone(cluster: Cluster) -> None:
    lines = run(["explain", "svc", "--recursive"], cluster, FileSystem()).stdout.splitlines()
    assert "    ports\t<[]ServicePort>" in lines
    assert "      port\t<integer> -required-" in lines


@pytest.mark.parametrize(
    ("words", "stderr"),
    [
        (["svc.nosuch"], 'error: field "nosuch" does not exist\n'),
        (["nosuch"], 'the server doesn\'t have a resource type "nosuch"\n'),
        ([], 'error: You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list '
             "of supported resources.\n"),
    ],
)  # fmt: skip
def test_errors(cluster: Cluster, words: list[str], stderr: str) -> None:
    done = run(["explain", *words], cluster, FileSystem())
    assert (done.stderr, done.returncode) == (stderr, 1)


def test_values_of_an_enum(cluster: Cluster) -> None:
    text = run(["explain", "svc.spec.sessionAffinity"], cluster, FileSystem()).stdout
    assert "FIELD: sessionAffinity <string>\nENUM:\n    ClientIP\n    None\n\nDESCRIPTION:\n" in text
