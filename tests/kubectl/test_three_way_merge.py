"""What ``apply`` sends, and that it leads to what the manifest says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api.resources import RESOURCE_TYPES
from kubesim.api.strategic_merge import merge_strategically
from kubesim.kubectl.three_way_merge import three_way_patch

SERVICE = next(kind for kind in RESOURCE_TYPES if kind.kind == "Service")


def spec(*ports: int, **rest: Any) -> dict[str, Any]:
    return {"spec": {"ports": [{"name": f"p{port}", "port": port} for port in ports], **rest}}


@pytest.mark.parametrize(
    ("last", "now", "server", "expected"),
    [
        ({}, {}, {}, {}),
        (spec(80), spec(80), spec(80, type="ClusterIP"), {}),
        ({"spec": {"type": "NodePort"}}, {"spec": {}}, {"spec": {"type": "NodePort"}}, {"spec": {"type": None}}),
        ({}, {"spec": {"type": "NodePort"}}, {"spec": {"type": "ClusterIP"}}, {"spec": {"type": "NodePort"}}),
    ],
)
def test_patch(last: Any, now: Any, server: Any, expected: Any) -> None:
    assert three_way_patch(last, now, server, SERVICE) == expected


PORTS = st.lists(st.integers(1, 9), unique=True, max_size=4)


@given(PORTS, PORTS, PORTS)
def test_ports_of_the_manifest_arrive_and_those_of_others_stay(
    last: list[int], now: list[int], others: list[int]
) -> None:
    server = spec(*last, *[port + 100 for port in others])
    patch = three_way_patch(spec(*last), spec(*now), server, SERVICE)
    after = merge_strategically(server, patch, SERVICE)
    found = {entry["port"] for entry in after["spec"].get("ports") or ()}
    assert found == {*now, *[port + 100 for port in others]}
