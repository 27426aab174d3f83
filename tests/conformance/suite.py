"""Finding the runner of a recorded file, running it, and setting aside the cases that are excluded with a reason.

A file's kind is the start of its name (``service_validation.json``, ``service_validation_more.json``); transcripts are
YAML documents with ``steps``. ``exclusions.yaml`` maps a kind to case ids (shell patterns) and the reason.
"""

from __future__ import annotations

import fnmatch
import importlib
import json
import re
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.conformance.result import Result

HERE = Path(__file__).parent
RUNNERS = HERE / "runners"


@dataclass(slots=True)
class Report:
    """The figures of one file."""

    name: str
    passed: int = 0
    failures: list[Result] = field(default_factory=list)
    excluded: list[tuple[str, str]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Cases that count where exclusions do; an excluded case that passes is a case that passed."""
        return self.passed + len(self.failures)

    @property
    def all(self) -> int:
        """All cases."""
        return self.total + len(self.excluded)

    def line(self) -> str:
        """``name: passed/total (98.1 %), 3 excluded (97.0 % of all)``."""
        excluded = f", {len(self.excluded)} excluded ({share(self.passed, self.all)} of all)" if self.excluded else ""
        return f"{self.name}: {self.passed}/{self.total} ({share(self.passed, self.total)}){excluded}"


def share(passed: int, total: int) -> str:
    """A part of cases, in percent."""
    return f"{100 * passed / total if total else 100:.1f} %"


def load(path: Path) -> Any:
    """Read a recorded file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return json.loads(text)
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def kind_of(path: Path, document: Any) -> str | None:
    """The name of the runner module for a file, or None where no runner takes it."""
    if isinstance(document, dict) and "steps" in document:
        return "transcript" if (RUNNERS / "transcript.py").exists() else None
    if path.parent.name == "yaml":
        return "yaml" if path.stem.startswith("in") else None
    kinds = sorted((p.stem for p in RUNNERS.glob("*.py") if p.stem != "__init__"), key=len, reverse=True)
    return next((kind for kind in kinds if path.stem == kind or path.stem.startswith(f"{kind}_")), None)


def exclusions_for(kind: str) -> dict[str, str]:
    """Patterns of case ids that are left out, with the reason."""
    document = yaml.safe_load((HERE / "exclusions.yaml").read_text(encoding="utf-8")) or {}
    return document.get(kind) or {}


def run_file(path: Path) -> Report | None:
    """Run one file; None where no runner takes it."""
    if path.parent.name == "yaml" and path.suffix == ".yaml":
        return None  # an expected output, written in a YAML of its own
    document = load(path)
    kind = kind_of(path, document)
    if kind is None:
        return None
    report = Report(path.stem)
    runner = importlib.import_module(f"tests.conformance.runners.{kind}")
    exclusions = exclusions_for(path.stem) | exclusions_for(kind)
    for result in _guarded(runner.run(path, document)):
        if result.passed:
            report.passed += 1
        elif (reason := next((why for pattern, why in exclusions.items() if _fits(pattern, result)), None)) is not None:
            report.excluded.append((result.id, reason))
        else:
            report.failures.append(result)
    return report


RECORDED = "~"
"""What a pattern begins with that is a regular expression for the case as it was recorded, and not one of its id."""


def _fits(pattern: str, result: Result) -> bool:
    """Whether an exclusion holds for a case."""
    if not pattern.startswith(RECORDED):
        return fnmatch.fnmatchcase(result.id, pattern)
    text = json.dumps(result.case, sort_keys=True, ensure_ascii=False, default=str)
    return re.search(pattern.removeprefix(RECORDED), text) is not None


def _guarded(results: Iterable[Result]) -> Iterator[Result]:
    try:
        yield from results
    except Exception:  # a runner that breaks is one failing case, not the end of the suite
        yield Result("runner", False, "no exception", traceback.format_exc())


def recorded_files(directory: Path) -> list[Path]:
    """The files below a directory that may hold recorded facts, in the order of their names."""
    return sorted([*directory.rglob("*.json"), *directory.rglob("*.yaml")])


def run_directory(directory: Path) -> Iterator[Report]:
    """Run every file below a directory, in the order of their names."""
    for path in recorded_files(directory):
        report = run_file(path)
        if report is not None and (report.total or report.excluded):  # fixtures alone are no cases
            yield report
