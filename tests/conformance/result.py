"""The result of one recorded case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """One case: what was recorded and what the simulator answered; it passed when the runner says so."""

    id: str
    passed: bool
    expected: Any = None
    got: Any = None
