"""Pods as upstream's validation judges them: whole Pods, their specs, or single fields by function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kubesim.api.addresses import special_address
from kubesim.api.errors import FieldError
from kubesim.api.fields import invalid_values, message_of
from kubesim.api.objects import Wire
from kubesim.api.validation import validate
from kubesim.api.validation.container import validate_container_ports, validate_containers, validate_pull_policy
from kubesim.api.validation.pod import (
    validate_dns_config,
    validate_dns_policy,
    validate_host_name,
    validate_pod_spec,
    validate_restart_policy,
)
from kubesim.api.validation.pod_update import validate_pod_status
from tests.conformance.result import Result, judged, without_nulls


def run(path: Path, document: list[Wire]) -> Iterator[Result]:
    """One result a case."""
    return judged(document, _judge)


def _judge(case: Wire) -> Iterator[Result]:
    errors = _FUNCTIONS[case["func"]](case["input"]) if "func" in case else _whole(case)
    expected = [error["message"] for error in case["errors"] or []]
    got = [message_of(error) for error in errors]
    yield Result(case["id"], expected == got, expected, got)


def _whole(case: Wire) -> list[FieldError]:
    new, old = without_nulls(case["object"]), without_nulls(case["old"])
    spec = new.get("spec", {})
    match case["test"]:
        case "TestPodIPsValidation":
            return validate_pod_status(new, old)
        case "TestValidatePodSpec":
            return validate_pod_spec(spec, "field", is_pod=True)
        case "TestValidatePodHostName":
            return validate_host_name(spec, "spec")
    return validate("Pod", new, old)


def _dns_config(given: Wire) -> list[FieldError]:
    config = given["dnsConfig"]
    return validate_dns_config(
        None if config is None else without_nulls(config),
        given["dnsPolicy"] or "",
        "dnsConfig",
        strict=given.get("StrictIPCIDRValidation", True),
        underscores=given["opts"]["AllowRelaxedDNSSearchValidation"],
    )


_FUNCTIONS: dict[str, Callable[[Any], list[FieldError]]] = {
    "validateContainerPorts": lambda ports: validate_container_ports(without_nulls(ports or []), "field"),
    "validateContainers": lambda given: validate_containers(without_nulls(given or []), {}, None, "containers"),
    "validatePullPolicy": lambda policy: validate_pull_policy(policy or "", "field"),
    "validateRestartPolicy": lambda policy: validate_restart_policy(policy or "", "field"),
    "validateDNSPolicy": lambda policy: validate_dns_policy(policy or "", "field"),
    "validatePodDNSConfig": _dns_config,
    "ValidateEndpointIP": lambda address: invalid_values("ip", address, special_address(address)),
}
