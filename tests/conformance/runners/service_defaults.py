"""``service_defaults``: defaults of an object, and what a Service drops when its type changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kubesim.api import schema
from kubesim.api.defaults import apply_defaults
from kubesim.api.objects import Wire, copy_of
from kubesim.api.resources import RESOURCE_TYPES
from kubesim.api.strategies.service import drop_type_dependent_fields
from tests.conformance.result import Result, judged


def run(path: Path, document: list[dict[str, Any]]) -> Iterator[Result]:
    """Apply the operation of each case; compare what Go would write of the result."""
    return judged(document, _judge)


def _judge(case: dict[str, Any]) -> Iterator[Result]:
    kind = case.get("kind", "Service").rpartition(".")[2]
    if case["op"] == "default":
        got = apply_defaults({**case["input"], "kind": kind})
    else:
        got = copy_of(case["input"])
        drop_type_dependent_fields(got, case["before"])
    encoded, expected = _encoded(got, kind), _encoded(case["output"], kind)
    yield Result(case["id"], encoded == expected, case["output"], encoded)


def _encoded(wire: Wire, kind: str) -> Wire:
    version = next((resource.api_version for resource in RESOURCE_TYPES if resource.kind == kind), "v1")
    return schema.decode(wire, kind, version).object
