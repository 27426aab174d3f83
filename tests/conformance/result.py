"""The result of one recorded case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from kubesim.api.objects import V, Wire, view


@dataclass(frozen=True, slots=True)
class Result:
    """One case: what was recorded and what the simulator answered; it passed when the runner says so.

    :param case: the case as it was recorded, for exclusions that look into it.
    """

    id: str
    passed: bool
    expected: Any = None
    got: Any = None
    case: Any = None


def judged(cases: Iterable[Any], judge: Callable[[Any], Iterable[Result]]) -> Iterator[Result]:
    """The results of every case; one that its judge does not know, or breaks on, fails alone."""
    for case in cases:
        try:
            for result in judge(case):
                yield replace(result, case=case)
        except Exception as error:
            yield Result(str(case.get("id")), False, "no exception", f"{type(error).__name__}: {error}", case)


def without_nulls(recorded: Any) -> Any:
    """A recorded object in canonical form: Go writes null for much that the simulator leaves out."""
    if isinstance(recorded, dict):
        return {key: without_nulls(value) for key, value in recorded.items() if value is not None}
    return [without_nulls(value) for value in recorded] if isinstance(recorded, list) else recorded


def view_of(recorded: Wire, as_type: type[V]) -> V:
    """A recorded object, or a part of one, as a view."""
    return view(without_nulls(recorded), as_type)
