"""Kustomizations, as kubectl 1.36.4 built them: overlays, patches of all kinds, generators, references, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from kubesim.cluster import Cluster
from kubesim.kubectl.main import run
from kubesim.userland.filesystem import FileSystem

RECORDED = yaml.load(Path(__file__).with_name("recorded.yaml").read_text(), Loader=yaml.CSafeLoader)
CASES: list[dict[str, str]] = RECORDED["cases"]


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def files() -> FileSystem:
    tree = FileSystem()
    for path, text in RECORDED["files"].items():
        tree.make_directory(f"/srv/{path}".rpartition("/")[0], parents=True)
        tree.write(f"/srv/{path}", text)
    return tree


@pytest.mark.parametrize("case", CASES, ids=[case["directory"] for case in CASES])
def test_what_is_built_is_what_kubectl_builds(case: dict[str, Any], cluster: Cluster, files: FileSystem) -> None:
    done = run(["kustomize", f"/srv/{case['directory']}"], cluster, files)
    assert (done.stdout, done.stderr) == (case["stdout"], case["stderr"])
    assert done.returncode == (1 if "error: " in case["stderr"] else 0)


def test_apply_takes_what_is_built_and_refuses_files_beside_it(cluster: Cluster, files: FileSystem) -> None:
    done = run(["apply", "-k", "/srv/base"], cluster, files)
    assert done.stdout == ("configmap/settings-7ggkb26hb4 created\nservice/web created\ndeployment.apps/web created\n")
    assert run(["delete", "-k", "/srv/base", "--wait=false"], cluster, files).returncode == 0
    both = run(["apply", "-k", "/srv/base", "-f", "x.yaml"], cluster, files)
    assert both.stderr == "error: only one of -f or -k can be specified\n"


def test_what_is_built_goes_into_files(cluster: Cluster, files: FileSystem) -> None:
    files.make_directory("/srv/out", parents=True)
    run(["kustomize", "/srv/base", "-o", "/srv/out"], cluster, files)
    assert files.list("/srv/out") == [
        "apps_v1_deployment_web.yaml",
        "v1_configmap_settings-7ggkb26hb4.yaml",
        "v1_service_web.yaml",
    ]
