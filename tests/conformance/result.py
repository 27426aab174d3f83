"""The result of one recorded case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """One case: what was recorded and what the simulator answered; it passed when the runner says so."""

    id: str
    passed: bool
    expected: Any = None
    got: Any = None


def judged(cases: Iterable[Any], judge: Callable[[Any], Iterable[Result]]) -> Iterator[Result]:
    """The results of every case; one that its judge does not know, or breaks on, fails alone."""
    for case in cases:
        try:
            yield from judge(case)
        except Exception as error:
            yield Result(str(case.get("id")), False, "no exception", f"{type(error).__name__}: {error}")
