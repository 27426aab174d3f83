"""Recorded kubectl sessions: every step's stdout, stderr and exit status."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conformance.result import Result
from tests.conformance.transcripts.compare import comparable
from tests.conformance.transcripts.session import COMMAND_SECONDS, Session


def run(path: Path, document: dict[str, Any]) -> Iterator[Result]:
    """Replay a session; a step that fails does not stop the others."""
    session = Session.start(document.get("files") or {})
    for index, step in enumerate(document["steps"]):
        if step.get("skipped"):
            continue
        before = session.cluster.simulation.now
        try:
            done = session.run(step["cmd"], step.get("stdin") or "")
            got: Any = (done.returncode, comparable(done.stdout), comparable(done.stderr))
        except Exception as error:  # no step of a session may end it
            got = f"{type(error).__name__}: {error}"
        if not step.get("hidden"):
            expected = (step["rc"], comparable(step["stdout"]), comparable(step["stderr"]))
            name = f"{path.stem}/{index}: {step['cmd']}"
            yield Result(name, got == expected, expected, got)
        try:
            simulation = session.cluster.simulation
            simulation.advance(max(0.0, before + COMMAND_SECONDS - simulation.now))
            if step.get("wait"):
                session.wait(step["wait"])
        except Exception as error:
            yield Result(f"{path.stem}/{index}: (settling)", False, "no exception", f"{type(error).__name__}: {error}")
