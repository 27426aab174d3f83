"""``ipset``: the sets that the rules of NetworkPolicies ask, as a node lists them."""

from __future__ import annotations

import pytest

from kubesim.network.ipsets import IpSet, Kind

NETS = IpSet("S", Kind.PREFIXES, {"10.0.0.0/8": False, "10.1.0.0/16": True, "10.1.2.3": False})


@pytest.mark.parametrize(
    ("address", "has"),
    [("10.9.9.9", True), ("10.1.9.9", False), ("10.1.2.3", True), ("11.0.0.1", False)],
    ids=["within", "excepted", "within what is excepted", "outside"],
)
def test_the_longest_prefix_decides(address: str, has: bool) -> None:
    assert NETS.has(address) is has
