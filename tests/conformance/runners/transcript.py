"""Recorded kubectl sessions: every step's stdout, stderr and exit status."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conformance.result import Result
from tests.conformance.transcripts.compare import comparable
from tests.conformance.transcripts.normalise import named_in
from tests.conformance.transcripts.oracle import FIRST, SECOND
from tests.conformance.transcripts.session import COMMAND_SECONDS, Session
from tests.conformance.transcripts.watching import common_ends, is_watch

SECOND_RECORDER = "2026-11-29"
"""Since when the second recorder recorded."""


def run(path: Path, document: dict[str, Any]) -> Iterator[Result]:
    """Replay a session; a step that fails does not stop the others."""
    second = str(document.get("recorded", {}).get("at", "")) >= SECOND_RECORDER
    session = Session.start(document.get("files") or {}, SECOND if second else FIRST)
    named = named_in(_texts(document))
    for index, step in enumerate(document["steps"]):
        if step.get("skipped"):
            continue
        before = session.cluster.simulation.now
        try:
            done = session.run(step["cmd"], step.get("stdin") or "")
            printed: Any = (done.returncode, done.stdout, done.stderr)
        except Exception as error:  # no step of a session may end it
            printed = f"{type(error).__name__}: {error}"
        if not step.get("hidden"):
            yield _judge(f"{path.stem}/{index}: {step['cmd']}", step, printed, named)
        try:
            simulation = session.cluster.simulation
            simulation.advance(max(0.0, before + COMMAND_SECONDS - simulation.now))
            if step.get("wait"):
                session.wait(step["wait"])
        except Exception as error:
            yield Result(f"{path.stem}/{index}: (settling)", False, "no exception", f"{type(error).__name__}: {error}")


def _texts(document: dict[str, Any]) -> Iterator[str]:
    """Everything that the session was given: files, commands, inputs."""
    yield from (document.get("files") or {}).values()
    for step in document["steps"]:
        yield step["cmd"]
        yield step.get("stdin") or ""


def _judge(name: str, step: dict[str, Any], printed: Any, named: frozenset[str]) -> Result:
    """Compare what was printed with what was recorded."""
    recorded = (step["rc"], step["stdout"], step["stderr"])
    if isinstance(printed, str):
        return Result(name, False, recorded, printed, case=step)
    command = step["cmd"]
    watches = is_watch(command)
    out = comparable(recorded[1], printed[1], command, named, ordered=watches)
    error = comparable(recorded[2], printed[2], command, named)
    if watches:
        out = common_ends(*out)
    expected, got = ((whole[0], out[side], error[side]) for side, whole in enumerate((recorded, printed)))
    return Result(name, got == expected, expected, got, case=step)
