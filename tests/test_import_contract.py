"""What holds for the whole house: floors, no circles, no hidden imports, no slivers."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "kubesim"

SHORTEST_MODULE = 40
"""Lines. A concept that fills fewer mostly belongs to the module that uses it."""

SHORT = {
    "api/strategies/storage.py": "volumes are held as no other kind is; it stands beside the other kinds' strategies",
    "api/validation/disruption.py": "one API group's rules, beside those of the other groups",
    "controllers/job/conditions.py": "the Job's, the CronJob's and the TTL controller's view of a Job's end",
    "kubectl/verbs/edit.py": "one verb, beside the others",
    "api/int_or_string.py": "one of upstream's types, with its own arithmetic, for controllers and validation alike",
    "command/serve.py": "a verb of the command, and each is a module that is loaded when it is asked for",
    "programs/nginx/tree.py": "what is read and what is made of it know the same tree, and not each other",
    "userland/numerals.py": "every program that is given a number asks it; it asks nothing",
    "cluster/calls.py": "what a cluster gives to whoever keeps a connection open",
    "userland/bounds.py": "everything that gathers text asks it; it asks nothing",
    "data_directory.py": "every floor reads data; its place is known in one module that imports nothing",
    "notebook/readme_picture.py": "a program of its own (`make pictures`)",
}
"""Modules that are shorter all the same, with the reason."""

LAZY = {"IPython", "pandas", "regex"}
"""Libraries that are slow to load: named in annotations, imported by the function that uses them."""

LAZY_MODULES = {
    "kubesim.api.errors": "the package's own names are loaded when they are first asked for",
    "kubesim.cluster": "the same",
    "kubesim.terminal": "the same",
    "kubesim.exercises.exercise": "the same",
    "kubesim.exercises.files": "Tab within a call of exercise() asks for it",
    "kubesim.exercises.progress": "the package's own names are loaded when they are first asked for",
    "kubesim.exercises.ward": "the same",
    "kubesim.notebook.player": "the same; loads ipywidgets",
    "kubesim.notebook.session": "the same",
    "kubesim.notebook.timeline": "the same; loads ipywidgets",
    "kubesim.notebook.widgets": "the same; loads ipywidgets",
    "kubesim.cluster.diagnosis": "loads pandas",
    "kubesim.cluster.diagnosis.pairs": "the same",
    "kubesim.cluster.dump": "only a cluster that is filled from a dump asks for it",
    "kubesim.cluster.inquiries": "loads pandas",
    "kubesim.cluster.load": "only a cluster under load asks for it",
    "kubesim.views.load": "loads pandas",
    "kubesim.views.rendering": "loads Graphviz",
}
"""Modules of our own that are loaded late, with the reason."""


def modules() -> Iterator[tuple[str, str]]:
    """Every module but the ``__init__.py``: its path below the package, and its text."""
    for path in sorted(SOURCES.rglob("*.py")):
        yield path.relative_to(SOURCES).as_posix(), path.read_text(encoding="utf-8")


def hidden_imports(text: str) -> Iterator[str]:
    """What a module imports for its annotations alone."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import):
                    yield from (alias.name for alias in inner.names)
                elif isinstance(inner, ast.ImportFrom):
                    yield inner.module or "."


def test_the_import_contract_is_kept(monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_only_what_is_loaded_late_is_imported_for_annotations_alone() -> None:
    found = {(path, name) for path, text in modules() for name in hidden_imports(text)}
    assert {
        (path, name) for path, name in found if name not in LAZY_MODULES and name.partition(".")[0] not in LAZY
    } == set()


def test_no_module_is_a_sliver() -> None:
    short = {
        path
        for path, text in modules()
        if text.count("\n") < SHORTEST_MODULE and not path.endswith(("__init__.py", "__main__.py"))
    }
    assert short - set(SHORT) == set()


def test_a_cluster_alone_loads_no_shell() -> None:
    code = "import sys; from kubesim import Cluster; Cluster(); print([m for m in sys.modules if '.shell' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"
