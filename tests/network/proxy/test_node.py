from __future__ import annotations

import pytest

from kubesim.api.objects import Node, NodeSpec, ObjectMeta
from kubesim.network.proxy.node import node_view


@pytest.mark.parametrize(
    ("given", "prefix", "addresses"),
    [
        ("10.42.1.0/24", "10.42.1.0/24", ("127.0.0.1", "10.42.1.0", "10.42.1.1")),
        ("", "", ("127.0.0.1",)),
        ("1(.42.9.0/24", "", ("127.0.0.1",)),
        ("zz", "", ("127.0.0.1",)),
    ],
)
def test_a_node_whose_range_is_none_has_no_bridge(given: str, prefix: str, addresses: tuple[str, ...]) -> None:
    seen = node_view(Node(metadata=ObjectMeta(name="a"), spec=NodeSpec(podCIDR=given)))
    assert (seen.pod_prefix, seen.addresses) == (prefix, addresses)
