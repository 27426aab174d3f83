"""A cluster starts without what nobody has asked for yet: tables, pictures, notebooks, programs."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("pandas", "numpy", "graphviz", "pygraphviz", "IPython", "ipywidgets", "regex", "nbformat", "dns")


def loaded(code: str, *names: str) -> list[str]:
    """Those of the modules that are loaded after a fresh process has run ``code``."""
    script = f"import sys\n{code}\nprint(*(name for name in {names!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_a_cluster_starts_without_heavy_libraries_and_programs() -> None:
    code = "from kubesim import Cluster, Terminal\nCluster()"
    ours = ("kubesim.programs.curl", "kubesim.programs.nginx.server", "kubesim.kubectl", "kubesim.api.printers")
    assert loaded(code, *HEAVY, *ours) == []


@pytest.mark.parametrize(
    ("code", "module"),
    [
        ("Cluster().table('pods')", "pandas"),
        ("Cluster().diagram()", "graphviz"),
        ("Cluster().machine('laptop').find('curl')", "kubesim.programs.curl"),
    ],
)
def test_what_is_asked_for_is_loaded_then(code: str, module: str) -> None:
    assert loaded(f"from kubesim import Cluster\n{code}", module) == [module]
