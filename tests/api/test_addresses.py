"""Addresses and CIDR blocks, read sloppily and strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api import addresses

NOT_AN_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ("10.0.0.1", []),
        ("2001:db8::1", []),
        ("010.0.0.1", ["must not have leading 0s"]),
        ("::ffff:10.0.0.1", ["must not be an IPv4-mapped IPv6 address"]),
        ("10.0.0", [NOT_AN_ADDRESS]),
        ("10.0.0.256", [NOT_AN_ADDRESS]),
        ("fe80::1%eth0", [NOT_AN_ADDRESS]),
        ("", [NOT_AN_ADDRESS]),
    ],
)
def test_addresses_of_old_fields(value: str, problems: list[str]) -> None:
    assert addresses.legacy_ip_address(value) == problems


def test_an_old_value_may_stay() -> None:
    assert addresses.legacy_ip_address("010.0.0.1", ["010.0.0.1"]) == []
    assert addresses.legacy_ip_address("010.0.0.1", strict=False) == []
    assert str(addresses.parse_sloppily("010.0.0.1")) == "10.0.0.1"


def test_new_fields_demand_the_canonical_form() -> None:
    assert addresses.ip_address("2001:DB8::1") == ['must be in canonical form ("2001:db8::1")']


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ("10.0.0.0/24", []),
        ("::/0", []),
        ("10.0.0.1/24", ["must not have bits set beyond the prefix length"]),
        ("10.0.0.0/024", ["must not have leading 0s in IP or prefix length"]),
        ("10.0.0.0/33", ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]),
        ("10.0.0.0", ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]),
    ],
)
def test_blocks(value: str, problems: list[str]) -> None:
    assert addresses.legacy_cidr(value) == problems


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("0.0.0.0", "unspecified"),
        ("127.0.0.53", "loopback"),
        ("169.254.1.1", "link-local range"),
        ("224.0.0.5", "link-local multicast"),
        ("ff02::1", "link-local multicast"),
    ],
)
def test_addresses_that_nothing_can_be_sent_to(value: str, part: str) -> None:
    [problem] = addresses.special_address(value)
    assert part in problem


def test_warnings() -> None:
    assert addresses.address_warnings("p", "010.0.0.1") == [
        'p: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"'
    ]
    [warning] = addresses.cidr_warnings("p", "10.0.0.1/8")
    assert warning.endswith('is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)')
    assert addresses.cidr_warnings("p", "10.0.0.0/8") == []


@given(st.text(alphabet="0123456789abf:./%") | st.ip_addresses().map(str))
def test_any_text_is_judged(text: str) -> None:
    for judge in (addresses.legacy_ip_address, addresses.ip_address, addresses.legacy_cidr, addresses.special_address):
        assert isinstance(judge(text), list)
    assert isinstance(addresses.cidr_warnings("p", text) + addresses.address_warnings("p", text), list)


@given(st.ip_addresses())
def test_canonical_addresses_are_fine(address: object) -> None:
    text = str(addresses.parse_sloppily(str(address)))
    assert addresses.ip_address(text) == []


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("10.42.0.3", "10.42.0.3"),
        ("010.042.000.003", "10.42.0.3"),
        ("10.0.0.08", "10.0.0.8"),
        ("FD00:0:0::0A", "fd00::a"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::ffff:010.0.0.1", "10.0.0.1"),
        ("10.0.0.256", "10.0.0.256"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("None", "None"),
        ("", ""),
    ],
)
def test_an_oddly_spelt_address_is_printed_plainly(written: str, plain: str) -> None:
    assert addresses.plain_address(written) == plain
