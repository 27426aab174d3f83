"""Endpoints' slices, one rule a row. Expected: upstream's words in ``pkg/apis/discovery/validation``."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from tests.api.validation.objects import changed, valid, verdict
from tests.api.validation.test_containers import SUBDOMAIN
from tests.api.validation.test_scheduling import LABEL, PART, VALUE

ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
POINT = "endpoints/0"
CASES: list[tuple[str, Any, list[str]]] = [
    ("endpoints", [], []),
    ("endpoints", [{"addresses": ["10.42.0.3"]}] * 1000, []),
    ("endpoints", [{"addresses": ["10.42.0.3"]}] * 1001, ["endpoints: Too many: 1001: must have at most 1000 items"]),
    (f"{POINT}/addresses", ["10.42.0.3"] * 100, []),
    (f"{POINT}/addresses", ["10.42.0.3"] * 101, ["endpoints[0].addresses: Too many: 101: must have at most 100 items"]),
    (f"{POINT}/addresses", ["10.42.0.3", "10.42.0.300"], [f'endpoints[0].addresses[1]: Invalid value: "10.42.0.300": {ADDRESS}']),
    (f"{POINT}/addresses", ["fd00::1"], ['endpoints[0].addresses: Invalid value: "fd00::1": must be an IPv4 address']),
    (f"{POINT}/addresses", ["127.0.0.1"], ['endpoints[0].addresses[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)']),
    (f"{POINT}/nodeName", "n-1", []),
    (f"{POINT}/nodeName", "N", [f'endpoints[0].nodeName: Invalid value: "N": {SUBDOMAIN}']),
    (f"{POINT}/hostname", "a-1", []),
    (f"{POINT}/hostname", "a.b", ['endpoints[0].hostname: Invalid value: "a.b": must not contain dots']),
    (f"{POINT}/deprecatedTopology", {f"a{number}": "b" for number in range(16)}, []),
    (f"{POINT}/deprecatedTopology", {f"a{number}": "b" for number in range(17)}, ["endpoints[0].deprecatedTopology: Too many: 17: must have at most 16 items"]),
    (f"{POINT}/deprecatedTopology", {"a": "b c"}, [f'endpoints[0].deprecatedTopology: Invalid value: "b c": {VALUE}']),
    (f"{POINT}/hints", {"forZones": [{"name": f"z{number}"} for number in range(8)]}, []),
    (f"{POINT}/hints", {"forZones": [{"name": f"z{number}"} for number in range(9)]}, ["endpoints[0].hints.forZones: Too many: 9: must have at most 8 items"]),
    (f"{POINT}/hints", {"forZones": [{"name": "z"}, {"name": "z"}]}, ['endpoints[0].hints.forZones[1].name: Duplicate value: "z"']),
    (f"{POINT}/hints", {"forZones": [{"name": "a b"}]}, [f'endpoints[0].hints.forZones[0].name: Invalid value: "a b": {VALUE}']),
    (f"{POINT}/hints", {"forNodes": [{"name": "n"}, {"name": "N"}]}, [f'endpoints[0].hints.forNodes[1].name: Invalid value: "N": {SUBDOMAIN}']),
    ("ports", [{"name": f"p{number}", "protocol": "TCP"} for number in range(101)], []),
    ("ports", [{"name": f"p{number}", "protocol": "TCP"} for number in range(20_001)], ["ports: Too many: 20001: must have at most 20000 items"]),
    ("ports", [{"protocol": "TCP"}, {"protocol": "UDP"}], ['ports[1].name: Duplicate value: ""']),
    ("ports", [{"name": "a", "protocol": "TCP"}, {"name": "a", "protocol": "UDP"}], ['ports[1].name: Duplicate value: "a"']),
    ("ports", [{"name": "A", "protocol": "TCP"}], [f'ports[0].name: Invalid value: "A": {LABEL}']),
    ("ports", [{"name": "a"}], ["ports[0].protocol: Required value"]),
    ("ports", [{"name": "a", "protocol": "SCTP", "appProtocol": "kubernetes.io/h2c"}], []),
    ("ports", [{"name": "a", "protocol": "TCP", "appProtocol": "-"}], [f'ports[0].appProtocol: Invalid value: "-": {PART}']),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "expected"), CASES)
def test_one_broken_field_of_a_slice(path: str, value: Any, expected: list[str]) -> None:
    assert verdict("EndpointSlice", changed(valid("EndpointSlice"), path, value)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.example", []),
        ("a.example.", []),
        ("", ["endpoints[0].addresses[0]: Required value"]),
        ("a", ['endpoints[0].addresses[0]: Invalid value: "a": should be a domain with at least two segments separated by dots']),
        ("A.example", [f'endpoints[0].addresses[0]: Invalid value: "A.example": {SUBDOMAIN}']),
        (f"{'a' * 64}.example", [f'endpoints[0].addresses[0]: Invalid value: "{"a" * 64}": must be no more than 63 characters']),
    ],
)  # fmt: skip
def test_the_domain_names_of_a_slice(name: str, expected: list[str]) -> None:
    wire = changed(changed(valid("EndpointSlice"), "addressType", "FQDN"), "endpoints/0/addresses", [name])
    assert verdict("EndpointSlice", wire) == expected


def test_an_odd_address_may_stay_where_it_was() -> None:
    old = changed(valid("EndpointSlice"), "endpoints/0/addresses", ["010.42.0.3"])
    assert verdict("EndpointSlice", old, old) == []
    assert verdict("EndpointSlice", old) == [
        'endpoints[0].addresses[0]: Invalid value: "010.42.0.3": must not have leading 0s'
    ]
