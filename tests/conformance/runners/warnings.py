"""The warnings that upstream gives for Services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kubesim.api.objects import Wire
from kubesim.api.warnings import warnings_for
from tests.conformance.result import Result, judged, without_nulls


def run(path: Path, document: list[Wire]) -> Iterator[Result]:
    """One result a case."""
    return judged(document, _judge)


def _judge(case: Wire) -> Iterator[Result]:
    expected = case["warnings"] or []
    got = warnings_for(case["object"].get("kind", "Service"), *map(without_nulls, (case["object"], case["old"])))
    yield Result(case["id"], expected == got, expected, got)
