"""How good are the tests? Small faults are put into the code, one at a time; a good suite turns red at each.

``make mutation PART=network`` copies the checkout to a temporary folder, lets mutmut write its faults into
``kubesim/PART``, draws a sample of them, and runs for each the tests that reach the changed function. Printed are the
share that was caught, by module, and every fault that was not; tests that no longer end have caught their fault. It
takes minutes to hours, so no check runs it. ``--tests tests/api`` asks fewer tests, and ``--folder`` keeps the copy, so
that a second run need not learn again which tests reach what.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
TESTS = {
    "api": ("tests/api", "tests/cluster", "tests/kubectl", "tests/test_cluster.py", "tests/conformance"),
    "controllers": ("tests/controllers", "tests/cluster", "tests/test_cluster.py", "tests/conformance"),
    "network": ("tests/network", "tests/cluster", "tests/test_cluster.py", "tests/conformance"),
}
"""The tests that speak of each part."""

SURVIVED = 0
"""The status of a run of tests that noticed nothing."""

UNREACHED = 33
"""mutmut's own status for a function that no test calls."""


def settings(part: str, only: str, tests: list[str]) -> str:
    """What mutmut reads, as lines of pyproject.toml."""
    lists = {
        "source_paths": ["kubesim"],
        "only_mutate": [only or f"kubesim/{part}/*"],
        "also_copy": ["data", "notebooks", "README.md", "docs", "Makefile", "environment.yml", "benchmarks", "tools"],
        "pytest_add_cli_args_test_selection": tests or list(TESTS[part]),
        "pytest_add_cli_args": ["-p", "no:nbval", "-o", "addopts=--import-mode=importlib"],
    }
    return "\n[tool.mutmut]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in lists.items())


def statuses(folder: Path) -> dict[str, int | None]:
    """Each fault's name, and the status of the tests that met it; None where none has run yet."""
    found: dict[str, int | None] = {}
    for path in sorted((folder / "mutants/kubesim").rglob("*.meta")):
        found |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def copy(folder: Path, configuration: str) -> None:
    """The checkout as it is now, with mutmut's settings; to mutmut only what changed since the last copy is new."""
    left_out = shutil.ignore_patterns(".venv", ".git", "__pycache__", ".*_cache", "mutants")
    shutil.copytree(ROOT, folder, ignore=left_out, dirs_exist_ok=True)
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(configuration)


def run(mutmut: list[str], names: list[str], folder: Path) -> str:
    """Let mutmut write its faults if it has not, and try those named.

    :returns: what it prints: progress, or why it could not begin (a test that fails without any fault).
    """
    tried = subprocess.run([*mutmut, *names], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return tried.stdout


def main() -> None:
    """Put faults in, run the tests, print what was caught."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=sorted(TESTS))
    parser.add_argument("--only", default="", help="one module, such as kubesim/network/conntrack.py")
    parser.add_argument("--sample", type=int, default=400, help="faults to try, drawn by chance; 0 for all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--tests", nargs="*", default=[], help="the tests to ask, instead of all that speak of the part"
    )
    parser.add_argument("--folder", type=Path, help="where to work; it is kept, and used again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = (given.folder or Path(name) / "kubesim").resolve()
        copy(folder, settings(given.part, given.only, given.tests))
        mutmut = [sys.executable, "-m", "mutmut", "run", "--max-children", str(given.workers)]
        run(mutmut, ["no fault has this name"], folder)
        names = every = sorted(statuses(folder))
        if given.sample and given.sample < len(names):
            names = sorted(random.Random(given.seed).sample(names, given.sample))
        said = run(mutmut, names, folder)
        found = statuses(folder)
        if all(found[fault] is None for fault in names):
            raise SystemExit(said[-4000:])
        tried, missed = Counter[str](), Counter[str]()
        for fault in names:
            module = fault.split(".x")[0]
            tried[module] += 1
            if found[fault] in (SURVIVED, UNREACHED, None):
                missed[module] += 1
                shown = subprocess.run(
                    [sys.executable, "-m", "mutmut", "show", fault], cwd=folder, capture_output=True, text=True
                )
                print(f"not caught ({found[fault]}): {fault}\n{shown.stdout}")
    for module in sorted(tried):
        caught = tried[module] - missed[module]
        print(f"{module:60} {caught:4} of {tried[module]:4}  {100 * caught / tried[module]:5.1f} %")
    caught = tried.total() - missed.total()
    print(f"{given.part:60} {caught:4} of {tried.total():4}  {100 * caught / max(1, tried.total()):5.1f} %")
    print(f"(seed {given.seed}; {len(every)} faults in all)")


if __name__ == "__main__":
    main()
