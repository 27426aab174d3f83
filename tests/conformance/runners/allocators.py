"""``allocators``: sizes, bands and messages of the allocators of addresses and node ports."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from kubesim.api import allocators
from kubesim.api.allocators import AddressAllocator, AllocationError, PortAllocator
from tests.conformance.result import Result, judged

Case = dict[str, Any]
IPV4_IN_IPV6 = 0xFFFF << 32
"""Upstream numbers an IPv4 address as the IPv6 address that maps it."""


def run(path: Path, document: list[Case]) -> Iterator[Result]:
    """Answer each case with the part of it that was asked for, and compare."""
    return judged(document, _judge)


def _judge(case: Case) -> Iterator[Result]:
    answer = ANSWERS[case["func"]](case)
    expected = {key: case[key] for key in answer}
    yield Result(case["id"], answer == expected, expected, answer)


def _error(action: Callable[[], Any]) -> str | None:
    try:
        action()
    except (AllocationError, ValueError) as error:
        return str(error)
    return None


def _range_offset(case: Case) -> Case:
    if "cidr" in case:
        return {"out": allocators.address_band(case["cidr"])}
    return {"out": allocators.port_band(_size(case["pr"]))}


def _size(port_range: Any) -> int:
    if isinstance(port_range, dict):
        return int(port_range.get("Size", port_range.get("size")))
    return allocators.parse_port_range(port_range).size


def _parse_port_range(case: Case) -> Case:
    try:
        parsed = allocators.parse_port_range(case["value"])
    except ValueError as error:
        return {"out": None, "error": str(error)}
    return {"out": {"base": parsed.base, "size": parsed.size}, "error": None}


def _address_allocator(case: Case) -> Case:
    cidr = case["cidr"]
    allocator = AddressAllocator(cidr, Random(0))
    dynamic = allocator.first + allocator.offset
    answer: Case = {
        "size": str(allocator.size),
        "hosts_per_network": str(allocators.hosts_per_network(cidr)),
        "range_size": allocators.range_size(cidr),
        "range_offset": allocators.address_band(cidr),
        "first": str(allocator.first),
        "last": str(ipaddress.ip_address(_last(allocator))),
        "dynamic_starts_at": str(dynamic),
        "allocator_free": allocator.free,
    }
    if "bitmap_max" in case and allocator.family == "IPv4":
        answer |= {"bitmap_max": allocator.size, "bitmap_free": allocator.free}
        answer["bitmap_base"] = str(int(allocator.first) + IPV4_IN_IPV6)
    if case["first_allocated_error"] is not None:
        answer["first_allocated_error"] = _error(allocator.allocate_next)
    else:
        chosen = allocator.allocate_next()
        recorded = case["first_allocated"]
        in_band = [int(ipaddress.ip_address(address)) >= int(dynamic) for address in (chosen, recorded)]
        answer["first_allocated"] = recorded if in_band == [True, True] else chosen
        answer["reallocate_error"] = _error(lambda: allocator.allocate(chosen))
    return {key: value for key, value in answer.items() if key in case}


def _last(allocator: AddressAllocator) -> int:
    broadcast = int(allocator.network.broadcast_address)
    return broadcast - 1 if allocator.family == "IPv4" else broadcast


def _allocate_address(case: Case) -> Case:
    allocator = AddressAllocator(case["cidr"], Random(0))
    first = _error(lambda: allocator.allocate(case["ip"]))
    return {"error": first, "again_error": _error(lambda: allocator.allocate(case["ip"]))}


def _port_allocator(case: Case) -> Case:
    parsed = allocators.parse_port_range(case["range"])
    base, last = parsed.base, parsed.base + parsed.size - 1
    allocator = PortAllocator((base, last), Random(0))
    offset = allocator.offset
    answer: Case = {
        "size": allocator.size,
        "free": allocator.free,
        "range_offset": offset,
        "static_band": [base, base + offset - 1],
        "dynamic_band": [base + offset, last],
        "allocate_base": _error(lambda: allocator.allocate(base)),
        "allocate_base_again": _error(lambda: allocator.allocate(base)),
        "allocate_last": _error(lambda: allocator.allocate(last)),
        "allocate_below": _error(lambda: allocator.allocate(base - 1)),
        "allocate_above": _error(lambda: allocator.allocate(last + 1)),
    }
    dynamic_size = allocator.size - offset - sum(port >= base + offset for port in {base, last})
    chosen = [allocator.allocate_next() for _ in range(dynamic_size)]
    answer["dynamic_allocations"] = len(chosen)
    answer["dynamic_allocations_in_band"] = all(port >= base + offset for port in chosen)
    following: list[int] = []
    answer["next_error"] = _error(lambda: following.append(allocator.allocate_next()))
    answer["next_after_dynamic_band_full_is_static"] = any(port < base + offset for port in following)
    return {key: value for key, value in answer.items() if key in case}


ANSWERS: dict[str, Callable[[Case], Case]] = {
    "addOffsetAddress": lambda case: {"out": allocators.offset_address(case["address"], int(case["offset"]))},
    "broadcastAddress": lambda case: {"out": allocators.broadcast_address(case["subnet"])},
    "calculateRangeOffset": _range_offset,
    "hostsPerNetwork": lambda case: {"out": str(allocators.hosts_per_network(case["subnet"]))},
    "ipallocator": _address_allocator,
    "ipallocator.Allocate": _allocate_address,
    "ParsePortRange": _parse_port_range,
    "portallocator": _port_allocator,
}
