from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api.allocators import AddressAllocator, AllocationError, DryRunPorts, PortAllocator, parse_port_range


def test_a_chosen_address_comes_from_the_dynamic_band_while_it_lasts() -> None:
    allocator = AddressAllocator("10.0.0.0/27", Random(1))
    chosen = [allocator.allocate_next() for _ in range(30)]
    assert all(int(address.rpartition(".")[2]) > 16 for address in chosen[:14])
    assert all(int(address.rpartition(".")[2]) <= 16 for address in chosen[14:])
    with pytest.raises(AllocationError, match="range is full"):
        allocator.allocate_next()


def test_an_address_is_taken_once() -> None:
    allocator = AddressAllocator("10.43.0.0/16", Random(1))
    allocator.allocate("10.43.0.10")
    with pytest.raises(AllocationError, match="provided IP is already allocated"):
        allocator.allocate("10.43.0.10")
    allocator.release("10.43.0.10")
    allocator.allocate("10.43.0.10")


@pytest.mark.parametrize("address", ["10.43.0.0", "10.43.255.255", "10.44.0.1", "fd00::1", "nonsense"])
def test_addresses_that_a_range_does_not_have(address: str) -> None:
    allocator = AddressAllocator("10.43.0.0/16", Random(1))
    assert not allocator.contains(address)
    with pytest.raises(AllocationError, match=f"the provided IP \\({address}\\) is not in the valid range"):
        allocator.allocate(address)


def test_a_pin_is_given_once_and_to_nobody_else() -> None:
    pins = {"default/web": "10.0.0.17"}
    allocator = AddressAllocator("10.0.0.0/27", Random(1), pins)
    others = [allocator.allocate_next() for _ in range(29)]
    assert "10.0.0.17" not in others
    assert allocator.allocate_named("default/web", keep_pin=True) == "10.0.0.17"
    allocator.release("10.0.0.17")
    assert allocator.allocate_named("default/web") == "10.0.0.17"
    allocator.release("10.0.0.17")
    with pytest.raises(AllocationError):
        allocator.allocate_named("default/web")


@given(st.integers(0, 2**32), st.integers(17, 29))
def test_no_address_is_given_twice(seed: int, prefix: int) -> None:
    allocator = AddressAllocator(f"10.0.0.0/{prefix}", Random(seed))
    chosen = [allocator.allocate_next() for _ in range(min(allocator.size, 200))]
    assert len(set(chosen)) == len(chosen)
    assert allocator.free == allocator.size - len(chosen)


@given(st.lists(st.tuples(st.sampled_from(["take", "choose", "release"]), st.integers(30000, 30040)), max_size=60))
def test_ports_are_given_once_and_come_back(steps: list[tuple[str, int]]) -> None:
    allocator = PortAllocator((30000, 30031), Random(0))
    held: set[int] = set()
    for step, port in steps:
        try:
            if step == "release":
                allocator.release(port)
                held.discard(port)
                continue
            if step == "take":
                allocator.allocate(port)
            else:
                port = allocator.allocate_next()
        except AllocationError:
            assert port in held or port > 30031 or len(held) == 32
            continue
        assert port not in held
        held.add(port)
    assert allocator.free == 32 - len(held)


@pytest.mark.parametrize(("text", "size"), [("30000-32767", 2768), ("80", 1), ("30000+10", 11), ("", 0)])
def test_port_ranges(text: str, size: int) -> None:
    assert parse_port_range(text).size == size


@pytest.mark.parametrize("text", ["a", "1-", "90-80", "65536", "1-70000"])
def test_bad_port_ranges(text: str) -> None:
    with pytest.raises(ValueError, match=r"strconv|cannot be"):
        parse_port_range(text)


def test_a_dry_run_takes_any_port_that_nobody_has() -> None:
    real = PortAllocator((30000, 30010), Random(0))
    real.allocate(30001)
    trial = DryRunPorts(real)
    assert [trial.allocate_next(), trial.allocate_next()] == [32769, 32770]
    trial.allocate(80)
    for taken in (30001, 80, 32769):
        with pytest.raises(AllocationError, match="provided port is already allocated"):
            trial.allocate(taken)
    other = DryRunPorts(real)
    other.allocate(30005)
    assert other.allocate_next() == 30006
    assert not real.has(30005)
