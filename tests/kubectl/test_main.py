"""Commands from end to end, against an API server alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformance.transcripts.command import Command

MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "labels": {"a": "1"}}}


@pytest.mark.parametrize(
    ("words", "stdout", "stderr", "status"),
    [
        (["nosuchcommand"], "", 'error: unknown command "nosuchcommand" for "kubectl"\n', 1),
        (["gett"], "", 'error: unknown command "gett" for "kubectl"\n\nDid you mean this?\n\tset\n\tget\n', 1),
        (["run", "p", "--image=nginx"], "pod/p created\n", "", 0),
        (["run", "p"], "", 'error: required flag(s) "image" not set\n', 1),
        (["delete", "pod"], "", "error: resource(s) were provided, but no name was specified\n", 1),
        (["delete", "pod", "nosuch"], "", 'Error from server (NotFound): pods "nosuch" not found\n', 1),
        (["label", "cm", "x", "b=2"], "configmap/x labeled\n", "", 0),
        (["label", "cm", "x", "a=2"], "", "error: 'a' already has a value (1), and --overwrite is false\n", 1),
        (["label", "cm", "x", "a-"], "configmap/x unlabeled\n", "", 0),
        (["rollout", "status"], "", "error: required resource not specified\n", 1),
        (["apply"], "", "error: must specify one of -f and -k\n", 1),
        (
            ["create", "ns"],
            "",
            "error: exactly one NAME is required, got 0\nSee 'kubectl create namespace -h' for help and examples\n",
            1,
        ),
        (["wait", "--for=delete", "pod/nosuch"], "", "", 0),
    ],
)  # fmt: skip
def test_commands(words: list[str], stdout: str, stderr: str, status: int) -> None:
    done = Command(objects=[MAP]).run(words)
    assert (done.stdout, done.stderr, done.returncode) == (stdout, stderr, status)


@pytest.mark.parametrize(
    "line",
    [
        "proxy --port=8080",
        "completion bash",
        "certificate approve x",
        "plugin list",
        "kuberc view",
    ],
)
def test_verbs_that_are_not_simulated_say_so(line: str) -> None:
    done = Command().run(line.split())
    assert done.stderr.startswith(f"error: kubectl {line.split()[0]} is not simulated here: ")
    assert (done.stdout, done.returncode) == ("", 1)
    assert Command().run([line.split()[0], "--help"]).returncode == 0


WORDS = st.sampled_from(
    [
        "get",
        "run",
        "create",
        "delete",
        "apply",
        "label",
        "scale",
        "patch",
        "rollout",
        "status",
        "expose",
        "set",
        "image",
        "cm",
        "pod",
        "svc",
        "deploy",
        "cm/x",
        "x",
        "nosuch",
        "-f",
        "-",
        "-o",
        "yaml",
        "json",
        "name",
        "--all",
        "-l",
        "a=1",
        "a=b",
        "a-",
        "--image",
        "nginx",
        "--port",
        "80",
        "--replicas",
        "-1",
        "-n",
        "default",
        "--dry-run=client",
        "--",
        "--force",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, max_size=7))
def test_no_command_line_raises(words: list[str]) -> None:
    assert isinstance(Command(objects=[MAP]).run(words).returncode, int)
