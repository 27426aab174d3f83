import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.network.addresses import (
    address_number,
    is_ipv4,
    is_loopback,
    nth_address,
    prefix_bounds,
    prefix_length,
    within,
)


@pytest.mark.parametrize(
    ("address", "prefix", "inside"),
    [
        ("10.42.1.5", "10.42.0.0/16", True),
        ("10.43.1.5", "10.42.0.0/16", False),
        ("10.42.1.5", "10.42.1.5", True),
        ("10.42.1.6", "10.42.1.5", False),
        ("255.255.255.255", "0.0.0.0/0", True),
    ],
)
def test_within(address: str, prefix: str, inside: bool) -> None:
    assert within(address, prefix) is inside


def test_prefixes() -> None:
    assert prefix_length("10.42.0.0/16") == 16
    assert prefix_length("10.42.0.1") == 32
    assert nth_address("10.42.1.0/24", 1) == "10.42.1.1"
    first, last = prefix_bounds("10.42.1.0/24")
    assert last - first == 255


@pytest.mark.parametrize("text", ["", "10.42", "10.42.0.256", "myservice", "::1", "010.1.1.1"])
def test_what_is_no_address(text: str) -> None:
    assert not is_ipv4(text)
    with pytest.raises(ValueError):
        address_number(text)


@given(st.ip_addresses(v=4))
def test_every_address_is_in_the_whole_and_in_itself(address: object) -> None:
    text = str(address)
    assert is_ipv4(text)
    assert within(text, "0.0.0.0/0") and within(text, text)
    assert is_loopback(text) == within(text, "127.0.0.0/8")
