from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from kubesim.controllers.kubelet.node import NodeAddresses


def test_addresses_are_given_in_turn_from_the_second() -> None:
    addresses = NodeAddresses("10.42.1.0/24")
    assert [addresses.allocate(f"default/{n}") for n in "abc"] == ["10.42.1.2", "10.42.1.3", "10.42.1.4"]


def test_a_freed_address_is_not_used_again_at_once() -> None:
    addresses = NodeAddresses("10.42.1.0/24")
    first = addresses.allocate("default/a")
    assert first == "10.42.1.2"
    addresses.release(first)
    assert addresses.allocate("default/a") == "10.42.1.3"


def test_a_pin_is_for_the_first_pod_of_that_name_only() -> None:
    addresses = NodeAddresses("10.42.2.0/24", {"default/mynginx": "10.42.2.42", "default/other": "10.42.0.9"})
    assert addresses.allocate("default/mynginx") == "10.42.2.42"
    addresses.release("10.42.2.42")
    assert addresses.allocate("default/mynginx") != "10.42.2.42"


def test_nobody_else_gets_a_pinned_address() -> None:
    addresses = NodeAddresses("10.42.2.0/29", {"default/mynginx": "10.42.2.4"})
    given_out = [addresses.allocate(f"default/{number}") for number in range(6)]
    assert given_out == ["10.42.2.2", "10.42.2.3", "10.42.2.5", "10.42.2.6", None, None]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=60))
def test_an_address_is_never_held_twice(steps: list[tuple[bool, int]]) -> None:
    addresses = NodeAddresses("10.42.0.0/29")
    held: dict[int, str] = {}
    for take, pod in steps:
        if take and pod not in held:
            address = addresses.allocate(f"default/{pod}")
            if address is None:
                assert len(held) == 5
                continue
            assert address not in held.values()
            assert ipaddress.IPv4Address(address) in ipaddress.IPv4Network("10.42.0.0/29")
            held[pod] = address
        elif not take and pod in held:
            addresses.release(held.pop(pod))
