"""How good are the tests? Small faults are put into the code, one at a time; a good suite turns red at each.

``make mutation PART=network`` draws a sample of the faults that mutmut's operators can make in ``kubesim/PART``. A
first run of ``tests/PART`` learns which tests execute which lines. Then each fault gets a process of its own, forked
when all libraries are loaded and none of our modules is: the faulty text is imported in place of the true one, and the
tests that enter its function are asked, the quickest first, until one is red. Tests that no longer end, or that want
all memory, have caught their fault too. Printed are every fault that was not caught and the share that was, by file.
Nothing is written into the checkout.

A part takes minutes, so no check runs it. ``--tests tests/api tests/kubectl`` asks more tests, ``--only`` looks at a
file or a folder.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

import coverage
import libcst
import pytest
from hypothesis import Phase, settings
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

ROOT = Path(__file__).parent.parent
PARTS = ("api", "controllers", "network")
OPTIONS = (
    *("-q", "-x", "-p", "no:nbval", "-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # pytest's plugins are loaded already: it says so each time
)
RED = (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED, pytest.ExitCode.USAGE_ERROR)
"""How pytest ends when a test fails, or when a test or the ``conftest.py`` can no longer import the code."""

PATIENCE, GRACE = 6.0, 20.0
"""The tests of a fault may take ``PATIENCE`` times what they take without it, and ``GRACE`` seconds."""

MEMORY = 4 << 30
"""Bytes of address space that the tests of a fault may take."""


@dataclass(frozen=True)
class Fault:
    """One small change of one file.

    :ivar path: the file, from the root of the checkout.
    :ivar lines: the lines that the change touches, in the true text.
    :ivar function: the lines of the function or method around it.
    :ivar text: the whole faulty text.
    """

    path: str
    lines: range
    function: range
    text: str

    def __str__(self) -> str:
        true = (ROOT / self.path).read_text(encoding="utf-8").splitlines()
        diff = list(difflib.unified_diff(true, self.text.splitlines(), lineterm="", n=0))
        return "\n".join([f"{self.path}:{self.lines.start}", *diff[3:]])


@dataclass(frozen=True)
class Reach:
    """What the tests do without any fault.

    :ivar seconds: how long each test takes, by its pytest identifier.
    :ivar tests: the tests that execute a line, by file and line number.
    """

    seconds: dict[str, float]
    tests: dict[str, dict[int, list[str]]]

    def of(self, fault: Fault) -> list[str]:
        """The tests that enter a fault's function: first those that execute its lines, the quicker first."""
        by_line = self.tests.get(fault.path, {})
        close, near = (
            {test for line in lines for test in by_line.get(line, ())} for lines in (fault.lines, fault.function)
        )
        return sorted(near & self.seconds.keys(), key=lambda test: (test not in close, self.seconds[test], test))


class Survey:
    """A pytest plugin that learns which tests execute which lines, and how long they take."""

    def __init__(self, folder: str) -> None:
        self._coverage = coverage.Coverage(data_file=None, source=[str(ROOT / folder)], config_file=False)
        self._seconds: dict[str, float] = {}

    def pytest_sessionstart(self) -> None:
        """Begin to watch, before any of our modules is imported."""
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> object:
        """What is executed from now on belongs to this test."""
        self._coverage.switch_context(item.nodeid)
        began = time.perf_counter()
        try:
            return (yield)
        finally:
            self._seconds[item.nodeid] = time.perf_counter() - began

    def pytest_sessionfinish(self) -> None:
        """No more is watched."""
        self._coverage.stop()

    def reach(self) -> Reach:
        """What was learned."""
        data = self._coverage.get_data()
        files = {name: str(Path(name).relative_to(ROOT)) for name in data.measured_files()}
        return Reach(self._seconds, {path: data.contexts_by_lineno(name) for name, path in files.items()})


class Chosen:
    """A pytest plugin that runs some tests only, in an order of its own, and spends no time on smaller examples."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._order = {test: place for place, test in enumerate(tests)}

    def pytest_sessionstart(self) -> None:
        """A counterexample is enough: hypothesis need not shrink it."""
        settings.register_profile("no shrinking", settings(), phases=(Phase.explicit, Phase.generate))
        settings.load_profile("no shrinking")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the chosen tests, in their order."""
        kept = [item for item in items if item.nodeid in self._order]
        items[:] = sorted(kept, key=lambda item: self._order[item.nodeid])


class Faulty(MetaPathFinder, SourceFileLoader):
    """Imports the faulty text of one module in place of the true one."""

    def __init__(self, fault: Fault) -> None:
        name = fault.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        SourceFileLoader.__init__(self, name, str(ROOT / fault.path))
        self._text = fault.text

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Answer for the faulty module, and for no other."""
        return spec_from_file_location(fullname, self.path, loader=self) if fullname == self.name else None

    def get_code(self, fullname: str) -> CodeType:
        """The faulty text, compiled."""
        return compile(self._text, self.path, "exec", dont_inherit=True)


def read(path: str, chosen: Sequence[int] = ()) -> tuple[int, list[Fault]]:
    """The faults that mutmut's operators make inside the functions of one file.

    What modules and classes say while they are imported is data, and left alone, as mutmut does.

    :param chosen: the numbers of those that are wanted.
    :returns: how many there are, and those wanted.
    """
    wrapper = MetadataWrapper(libcst.parse_module((ROOT / path).read_text(encoding="utf-8")))
    visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
    wrapper.visit(visitor)
    inside = [one for one in visitor.mutations if isinstance(one.contained_by_top_level_function, libcst.FunctionDef)]
    positions = wrapper.resolve(PositionProvider) if chosen else {}

    def lines(node: libcst.CSTNode) -> range:
        return range(positions[node].start.line, positions[node].end.line + 1)

    faults = []
    for mutation in (inside[number] for number in chosen):
        function = mutation.contained_by_top_level_function
        text = wrapper.module.deep_replace(mutation.original_node, mutation.mutated_node).code
        faults.append(Fault(path, lines(mutation.original_node), lines(function), text))
    return len(inside), faults


def draw(folder: str, sample: int, seed: int) -> tuple[int, list[Fault]]:
    """Faults of a folder or file, drawn by chance.

    :param sample: how many; 0 for all.
    :returns: how many there are in all, and those drawn, in random order.
    """
    root = ROOT / folder
    files = sorted(root.rglob("*.py")) if root.is_dir() else [root]
    paths = [str(file.relative_to(ROOT)) for file in files]
    every = [(path, number) for path in paths for number in range(read(path)[0])]
    drawn = random.Random(seed).sample(every, min(sample or len(every), len(every)))
    wanted = defaultdict[str, list[int]](list)
    for path, number in drawn:
        wanted[path].append(number)
    found = {
        (path, number): fault
        for path in wanted
        for number, fault in zip(wanted[path], read(path, wanted[path])[1], strict=True)
    }
    return len(every), [found[one] for one in drawn]


def survey(folder: str, tests: Sequence[str], kept: Path) -> Reach:
    """Run the tests without any fault.

    :param kept: a file that gets what was learned.
    :raises SystemExit: a test is red already.
    """
    child = os.fork()
    if not child:
        plugin = Survey(folder)
        code = pytest.main([*OPTIONS, *tests], plugins=[plugin])
        reach = plugin.reach()
        kept.write_text(json.dumps([reach.seconds, {path: list(by.items()) for path, by in reach.tests.items()}]))
        os._exit(code)
    if os.waitpid(child, 0)[1]:
        raise SystemExit("the tests must be green before a fault is put in")
    seconds, lines = json.loads(kept.read_text())
    return Reach(seconds, {path: dict(by) for path, by in lines.items()})


def attempt(fault: Fault, tests: Sequence[str]) -> None:
    """In a process of its own: import the fault, ask the tests, and end with pytest's status."""
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(quiet, stream)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.meta_path.insert(0, Faulty(fault))
    files = sorted({test.partition("::")[0] for test in tests})
    os._exit(pytest.main([*OPTIONS, *files], plugins=[Chosen(tests)]))


def caught(faults: Sequence[Fault], reach: Reach, workers: int) -> dict[Fault, bool]:
    """Try each fault: did a test notice it?"""
    found: dict[Fault, bool] = {}
    running: dict[int, tuple[Fault, float]] = {}
    waiting = list(reversed(faults))
    while waiting or running:
        while waiting and len(running) < workers:
            fault = waiting.pop()
            tests = reach.of(fault)
            if not tests:
                found[fault] = False
                print(f"not reached: {fault}\n", flush=True)
                continue
            due = time.monotonic() + GRACE + PATIENCE * sum(reach.seconds[test] for test in tests)
            child = os.fork()
            if not child:
                attempt(fault, tests)
            running[child] = fault, due
        for child, (fault, due) in list(running.items()):
            if time.monotonic() > due:
                os.kill(child, signal.SIGKILL)
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                del running[child]
                found[fault] = os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) in RED
                if not found[fault]:
                    print(f"not caught: {fault}\n", flush=True)
        time.sleep(0.01)
    return found


def main() -> None:
    """Put faults in, ask the tests, print what was caught."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--only", help="a folder or file of the part, such as kubesim/network/conntrack.py")
    parser.add_argument("--sample", type=int, default=100, help="faults to try, drawn by chance; 0 for all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--tests", nargs="*", help="the tests to ask, instead of tests/PART")
    given = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    sys.dont_write_bytecode = True
    tests = given.tests or [f"tests/{given.part}"]
    every, faults = draw(given.only or f"kubesim/{given.part}", given.sample, given.seed)
    pytest.main([*OPTIONS, "--collect-only", "-qq", *tests])
    for name in [name for name in sys.modules if name.partition(".")[0] in ("kubesim", "tests")]:
        del sys.modules[name]
    with tempfile.NamedTemporaryFile() as kept:
        reach = survey(f"kubesim/{given.part}", tests, Path(kept.name))
    found = caught(faults, reach, given.workers)
    tried, noticed = Counter(fault.path for fault in faults), Counter(fault.path for fault in faults if found[fault])
    for path in sorted(tried):
        print(f"{path:60} {noticed[path]:4} of {tried[path]:4}  {100 * noticed[path] / tried[path]:5.1f} %")
    share = 100 * noticed.total() / max(1, tried.total())
    print(f"{given.part:60} {noticed.total():4} of {tried.total():4}  {share:5.1f} %")
    print(f"(seed {given.seed}; {every} faults in all)")


if __name__ == "__main__":
    main()
