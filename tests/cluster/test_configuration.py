"""The cluster file: what it may say, and what is told of a mistake."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.cluster.configuration import DEFAULT_FILE, ClusterConfiguration, ClusterFileError


@pytest.mark.parametrize(("age", "seconds"), [("0s", 0), ("90s", 90), ("5m", 300), ("1h30m", 5400)])
def test_ages(age: str, seconds: float) -> None:
    document = {"base": "k3s.yaml", "age": age}
    assert ClusterConfiguration.from_document(document, DEFAULT_FILE.parent).age_seconds == seconds


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": "soon"}, "age must be a duration such as 90s, 5m or 1h30m, got 'soon'"),
        ({"age": ""}, "age must be a duration"),
        ({"nodes": []}, "a cluster must have a node, got none"),
        (
            {"nodes": [{"name": "a", "address": "172.31.0.10", "podCIDR": "10.42.0.0/24"}]},
            "a cluster must have a node with controlPlane: true, got none",
        ),
        ({"proxy": {"mode": "ipvs"}}, "proxy.mode must be iptables or nftables, got 'ipvs'"),
        ({"colour": "blue"}, "unknown field `colour`"),
    ],
)
def test_mistakes_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ClusterFileError, match=message.replace(".", r"\.")):
        ClusterConfiguration.from_document({"base": "k3s.yaml", **change}, DEFAULT_FILE.parent)
