"""``apply --prune`` deletes what apply made and the manifests no longer have, and nothing else."""

from __future__ import annotations

import pytest

from kubesim.cluster import Cluster
from kubesim.kubectl.main import run
from kubesim.userland.filesystem import FileSystem

SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {}\n  labels: {{app: x}}\nspec:\n  ports:\n  - port: 80\n"


@pytest.mark.parametrize(
    ("flags", "stdout", "left"),
    [
        ("--prune -l app=x", "service/a unchanged\nservice/b pruned\n", {"a", "typed"}),
        (
            "--prune -l app=x --dry-run=server",
            "service/a unchanged (server dry run)\nservice/b pruned (server dry run)\n",
            {"a", "b", "typed"},
        ),
        ("", "service/a unchanged\n", {"a", "b", "typed"}),
    ],
)
def test_what_is_pruned(flags: str, stdout: str, left: set[str]) -> None:
    cluster, files = Cluster(), FileSystem()
    files.make_directory("/root", parents=True)
    for name in "ab":
        files.write(f"/root/{name}.yaml", SERVICE.format(name))
        run(["apply", "-f", f"{name}.yaml"], cluster, files)
    run(["create", "service", "clusterip", "typed", "--tcp=80"], cluster, files)
    run(["label", "service", "typed", "app=x", "--overwrite"], cluster, files)
    assert run(["apply", "-f", "a.yaml", *flags.split()], cluster, files).stdout == stdout
    assert {wire["metadata"]["name"] for wire in cluster.store.list("Service", "default")} - {"kubernetes"} == left
