"""Cases of programs: a command line typed in a Pod, on a node or on the laptop, its output and exit status."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conformance.lab import Lab, clean
from tests.conformance.result import Result


def run(path: Path, document: dict[str, Any]) -> Iterator[Result]:
    """Every case, typed one after the other in one cluster."""
    lab = Lab()
    for case in document["cases"]:
        expected = (clean(case["stdout"]), clean(case["stderr"]), case["returncode"])
        try:
            done = lab.run(case)
        except Exception:  # a program must never let one out
            yield Result(case["id"], False, expected, traceback.format_exc())
            continue
        got = done if isinstance(done, str) else (clean(done.stdout), clean(done.stderr), done.returncode)
        yield Result(case["id"], got == expected, expected, got)
