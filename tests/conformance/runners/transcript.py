"""Recorded kubectl sessions: every step's stdout, stderr and exit status."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conformance.result import Result
from tests.conformance.transcripts.compare import comparable
from tests.conformance.transcripts.oracle import FIRST, SECOND
from tests.conformance.transcripts.session import COMMAND_SECONDS, Session
from tests.conformance.transcripts.watching import common_ends, is_watch

SECOND_RECORDER = "2026-11-29"
"""Since when the second recorder recorded."""


def run(path: Path, document: dict[str, Any]) -> Iterator[Result]:
    """Replay a session; a step that fails does not stop the others."""
    second = str(document.get("recorded", {}).get("at", "")) >= SECOND_RECORDER
    session = Session.start(document.get("files") or {}, SECOND if second else FIRST)
    for index, step in enumerate(document["steps"]):
        if step.get("skipped"):
            continue
        before, watches = session.cluster.simulation.now, is_watch(step["cmd"])
        try:
            done = session.run(step["cmd"], step.get("stdin") or "")
            got: Any = (done.returncode, comparable(done.stdout, ordered=watches), comparable(done.stderr))
        except Exception as error:  # no step of a session may end it
            got = f"{type(error).__name__}: {error}"
        if not step.get("hidden"):
            expected = (step["rc"], comparable(step["stdout"], ordered=watches), comparable(step["stderr"]))
            if watches and not isinstance(got, str):
                expected, got = _trimmed(expected, got)
            name = f"{path.stem}/{index}: {step['cmd']}"
            yield Result(name, got == expected, expected, got)
        try:
            simulation = session.cluster.simulation
            simulation.advance(max(0.0, before + COMMAND_SECONDS - simulation.now))
            if step.get("wait"):
                session.wait(step["wait"])
        except Exception as error:
            yield Result(f"{path.stem}/{index}: (settling)", False, "no exception", f"{type(error).__name__}: {error}")


def _trimmed(expected: Any, got: Any) -> tuple[Any, Any]:
    """Both sides with what they saw alike of each object's end."""
    one, other = common_ends(expected[1], got[1])
    return (expected[0], one, expected[2]), (got[0], other, got[2])
