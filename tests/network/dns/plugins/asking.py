"""One question to a CoreDNS with some lines in its only server block."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.network.dns.corefile_words import CorefileError
from kubesim.network.dns.message import DnsQuery, DnsResponse
from tests.network.dns.surroundings import CLIENT, coredns


def ask(
    lines: str, name: str, record_type: str = "A", *, files: dict[str, str] | None = None, **query: Any
) -> DnsResponse:
    """The answer."""
    return coredns(f". {{\n{lines}\n}}", files=files).handle(DnsQuery(name, record_type, **query), CLIENT)


def told(response: DnsResponse) -> list[str]:
    """The answer's records as ``NAME TTL TYPE DATA``; its code where it has none."""
    records = [f"{one.name} {one.ttl} {one.type} {one.data}" for one in response.answer]
    return records or [response.rcode]


def refused(lines: str) -> str:
    """Why a Corefile with these lines cannot be used, after the place."""
    with pytest.raises(CorefileError) as caught:
        coredns(f". {{\n{lines}\n}}")
    told = str(caught.value)
    return told.partition("Error during parsing: ")[2] or told.partition(": ")[2]
