"""The context's namespace outlives the command that chose it."""

from __future__ import annotations

import pytest

from kubesim.cluster import Cluster
from kubesim.kubectl.main import run
from kubesim.userland.filesystem import FileSystem


def test_the_context_has_a_namespace() -> None:
    cluster, files = Cluster(), FileSystem()
    assert run(["get", "pods"], cluster, files).stderr == "No resources found in default namespace.\n"
    chosen = run(["config", "set-context", "--current", "--namespace=shop"], cluster, files)
    assert chosen.stdout == 'Context "default" modified.\n'
    assert run(["get", "pods"], cluster, files).stderr == "No resources found in shop namespace.\n"
    assert run(["get", "pods", "-n", "default"], cluster, files).stderr == "No resources found in default namespace.\n"
    assert run(["config", "get-contexts", "--no-headers"], cluster, files).stdout.split()[-1] == "shop"
    run(["config", "set-context", "default", "--namespace="], cluster, files)
    assert run(["get", "pods"], cluster, files).stderr == "No resources found in default namespace.\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "you must specify a non-empty context name or --current"),
        (["default", "--current"], "you cannot specify both a context name and --current"),
    ],
)
def test_which_context(words: list[str], message: str) -> None:
    done = run(["config", "set-context", *words], Cluster(), FileSystem())
    assert (done.returncode, done.stderr) == (1, f"error: {message}\n")
