"""Namespaces, Endpoints and EndpointSlices as upstream's validation judges them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kubesim.api.fields import message_of
from kubesim.api.objects import Wire
from kubesim.api.validation import validate
from kubesim.api.validation.configuration import validate_namespace_finalizers, validate_namespace_status
from tests.conformance.result import Result, judged, without_nulls


def run(path: Path, document: list[Wire]) -> Iterator[Result]:
    """One result a case."""
    return judged(document, _judge)


def _judge(case: Wire) -> Iterator[Result]:
    new, old = without_nulls(case["object"]), without_nulls(case["old"])
    if case["test"] == "TestValidateNamespaceStatusUpdate":
        errors = validate_namespace_status(new, old)
    elif case["test"] == "TestValidateNamespaceFinalizeUpdate":
        errors = validate_namespace_finalizers(new, old)
    else:
        errors = validate(_kind(case), new, old)
    expected = [error["message"] for error in case["errors"] or []]
    got = [message_of(error) for error in errors]
    yield Result(case["id"], expected == got, expected, got)


def _kind(case: Wire) -> str:
    for kind in ("EndpointSlice", "Endpoints", "Namespace"):
        if kind in case["test"]:
            return kind
    return str(case["object"].get("kind", ""))
