"""What nginx answers and what its container logs because of it; volatile parts aside."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conformance.lab import Lab, clean
from tests.conformance.result import Result

_WEB, _OTHER = "web", "web3"


def run(path: Path, document: dict[str, Any]) -> Iterator[Result]:
    """Every case, typed one after the other in one cluster; the log is that of the server that is asked."""
    lab = Lab()
    files = lab.machine(_WEB).files
    files.make_directory("/usr/share/nginx/html/dir")
    for case in document["cases"]:
        expected = (clean(case["stdout"]), clean(case["stderr"]), case["returncode"], clean(case.get("log") or ""))
        try:
            got = _one(lab, case)
        except Exception:  # a program must never let one out
            yield Result(case["id"], False, expected, traceback.format_exc())
            continue
        yield Result(case["id"], got == expected, expected, got)


def _one(lab: Lab, case: dict[str, Any]) -> Any:
    name = _OTHER if case["situation"].get("pod") == _OTHER or "pod" not in case["situation"] else _WEB
    before = lab.cluster.logs(name)
    if case["id"].startswith("start"):
        return ("", "", None, clean(_started(before)))
    if case["id"].startswith("stop"):
        machine = lab.machine(_OTHER)
        machine.handlers[1]("QUIT" if "quit" in case["id"] else "TERM")
        return ("", "", None, clean(lab.cluster.logs(name)[len(before) :]))
    done = lab.run(case)
    log = lab.cluster.logs(name)[len(before) :]
    if isinstance(done, str):
        return done
    return (clean(done.stdout), clean(done.stderr), done.returncode, clean(log))


def _started(log: str) -> str:
    """The log of a start: up to the last worker process."""
    lines = log.splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if "start worker process " in line and number < 20)
    return "".join(lines[: last + 1])
