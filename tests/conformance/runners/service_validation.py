"""Services as ``ValidateService…`` judges them: errors on create and update, with default feature gates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kubesim.api.errors import FieldError
from kubesim.api.fields import message_of
from kubesim.api.objects import LoadBalancerStatus, Service, SessionAffinityConfig, Wire
from kubesim.api.validation import validate
from kubesim.api.validation.service import (
    validate_client_ip_config,
    validate_external_traffic_policy,
    validate_load_balancer_status,
)
from tests.conformance.result import Result, judged, view_of, without_nulls


def run(path: Path, document: list[Wire]) -> Iterator[Result]:
    """One result a case and, where the recorder applied defaults, one more for the defaulted object."""
    return judged(document, _judge)


def _judge(case: Wire) -> Iterator[Result]:
    if "sessionAffinityConfig" in case:
        config = case["sessionAffinityConfig"]
        config = None if config is None else view_of(config, SessionAffinityConfig)
        yield _result(case["id"], case["errors"], validate_client_ip_config(config, "field"))
    elif case["test"] == "TestValidateLoadBalancerStatus":
        service = view_of(case["object"], Service)
        old = view_of(case["old"], Service).status.loadBalancer if case["old"] else LoadBalancerStatus()
        errors = validate_load_balancer_status(service.status.loadBalancer, service, old, "status")
        yield _result(case["id"], case["errors"], errors)
    elif case["test"] == "TestValidateServiceExternalTrafficPolicy":
        errors = validate_external_traffic_policy(view_of(case["object"], Service))
        yield _result(case["id"], case["errors_default_gates"], errors)
    else:
        yield _result(
            case["id"],
            case["errors_default_gates"],
            validate("Service", *map(without_nulls, (case["object"], case["old"]))),
        )
        if case.get("defaulted") is not None:
            errors = validate("Service", *map(without_nulls, (case["defaulted"], case["old_defaulted"])))
            yield _result(f"{case['id']}/defaulted", case["errors_of_defaulted_default_gates"], errors)


def _result(identity: str, expected: list[Wire] | None, got: list[FieldError]) -> Result:
    wanted: list[Any] = [error["message"] for error in expected or []]
    messages = [message_of(error) for error in got]
    return Result(identity, wanted == messages, wanted, messages)
