"""How evenly twenty thousand connections a Service fell on its endpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conformance.datapath_cases import build, spread_results
from tests.conformance.result import Result

_RECORDING = Path(__file__).parents[1] / "data" / "datapath_iptables.json"


def run(path: Path, document: Any) -> Iterator[Result]:
    """One result for each row. The file has counts only; its objects are those of the recording beside it."""
    beside = path.parent / "datapath_iptables.json"
    recording = json.loads((beside if beside.exists() else _RECORDING).read_text(encoding="utf-8"))
    yield from spread_results(build(recording), document, recording["probes"], "spread")
