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


MAPS = "".join(
    f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, labels: {{app: x}}}}\n---\n" for name in "ab"
)
NOT_FOR_LONG = "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the"
NONE_CHOSEN = (
    "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. "
    "If you did not mean to prune all resources, specify a label selector"
)


@pytest.mark.parametrize(
    ("flags", "pruned", "warned"),
    [
        ("-l app=x --prune-allowlist=core/v1/ConfigMap", ["configmap/b pruned"], False),
        ("-l app=x --prune-allowlist=core/v1/Service", ["service/a pruned"], False),
        ("--all", ["configmap/b pruned", "service/a pruned", "namespace/ns pruned"], True),
    ],
)
def test_which_kinds_are_pruned(flags: str, pruned: list[str], warned: bool) -> None:
    cluster, files = Cluster(), FileSystem()
    files.make_directory("/root", parents=True)
    files.write(
        "/root/all.yaml", f"{MAPS}{SERVICE.format('a')}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: ns}}\n"
    )
    files.write("/root/one.yaml", MAPS.partition("---")[0])
    assert run(["apply", "-f", "all.yaml"], cluster, files).returncode == 0
    done = run(["apply", "-f", "one.yaml", "--prune", *flags.split()], cluster, files)
    assert done.stdout.splitlines() == ["configmap/a unchanged", *pruned]
    assert (f"prune.go:71] {NOT_FOR_LONG}" in done.stderr) is warned


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--prune", NONE_CHOSEN),
        (
            "--prune --all --prune-allowlist=v1/Pod",
            "invalid GroupVersionKind format: v1/Pod, please follow <group/version/kind>",
        ),
        ("--prune --all --prune-allowlist=core/v1/Foo", 'no matches for kind "Foo" in version "v1"'),
        ("--prune --all --force", "--force cannot be used with --prune"),
        ("--all -l a=b", "cannot set --all and --selector at the same time"),
        ("--force --dry-run=server", "--dry-run=server cannot be used with --force"),
    ],
)
def test_flags_that_do_not_go_together(flags: str, words: str) -> None:
    files = FileSystem()
    files.make_directory("/root", parents=True)
    files.write("/root/a.yaml", SERVICE.format("a"))
    assert run(["apply", "-f", "a.yaml", *flags.split()], Cluster(), files).stderr == f"error: {words}\n"


def test_force_makes_anew_what_cannot_be_changed() -> None:
    cluster, files = Cluster(), FileSystem()
    files.make_directory("/root", parents=True)
    for name in "ab":
        files.write(
            f"/root/{name}.yaml",
            f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: m}}, immutable: true, data: {{k: {name}}}}}",
        )
    run(["apply", "-f", "a.yaml"], cluster, files)
    assert "field is immutable" in run(["apply", "-f", "b.yaml"], cluster, files).stderr
    assert run(["apply", "-f", "b.yaml", "--force"], cluster, files).stdout == "configmap/m configured\n"
    assert cluster.store.get("ConfigMap", "m", "default")["data"] == {"k": "b"}
