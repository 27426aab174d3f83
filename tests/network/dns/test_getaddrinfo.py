"""What is made of answers: the end of a chain of aliases, and the order of RFC 6724."""

import pytest

from kubesim.network.dns.getaddrinfo import Found, found_in, in_order, may_be_asked
from kubesim.network.dns.message import DnsRecord, DnsResponse


def response(*records: str) -> DnsResponse:
    split = [record.split() for record in records]
    return DnsResponse(answer=tuple(DnsRecord(name, kind, data) for name, kind, data in split))


@pytest.mark.parametrize(
    ("asked", "responses", "expected"),
    [
        ("a", [response("a. A 10.0.0.1", "a. A 10.0.0.2")], Found("a", ("10.0.0.1", "10.0.0.2"))),
        ("A", [response("a. A 10.0.0.1")], Found("A", ("10.0.0.1",))),
        ("a.", [response("a. A 10.0.0.1"), response("a. AAAA fd00::1")], Found("a", ("10.0.0.1", "fd00::1"))),
        ("a", [response("a. CNAME b.", "b. CNAME c.", "c. A 10.0.0.1")], Found("c", ("10.0.0.1",), ("a", "b"))),
        ("a", [response("a. CNAME b.", "b. A 10.0.0.1"), response("a. CNAME b.")], Found("b", ("10.0.0.1",), ("a",))),
        ("a", [response(), response("a. CNAME b.", "b. AAAA fd00::1")], Found("b", ("fd00::1",), ("a",))),
        ("a", [response("b. A 10.0.0.1")], None),  # an answer to another question
        ("a", [response("a. CNAME b.", "a. A 10.0.0.1")], None),  # what follows an alias is the alias's
        ("a", [response("a. CNAME b.")], None),
        ("a", [response("a. TXT x")], None),
        ("a", [], None),
    ],
)
def test_addresses_at_the_end_of_the_chain(asked: str, responses: list[DnsResponse], expected: Found | None) -> None:
    assert found_in(asked, responses) == expected


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("web", True),
        ("web.default.", True),
        ("_http._tcp.web", True),
        ("a-b", True),
        ("9", True),
        (".", True),
        ("", False),
        ("-a", False),
        ("a b", False),
        ("a/b", False),
        ("ä", False),
        ("٣", False),  # a digit, but not one of ASCII
        ("a..b", False),
        (f"{'a' * 63}.b", True),
        (f"{'a' * 64}.b", False),
    ],
)
def test_which_names_are_asked_for(name: str, asked: bool) -> None:
    assert may_be_asked(name) is asked


@pytest.mark.parametrize(
    ("addresses", "local", "expected"),
    [
        (["10.0.0.2", "10.0.0.1"], [], ["10.0.0.2", "10.0.0.1"]),
        (["fd00::1", "10.0.0.1"], [], ["10.0.0.1", "fd00::1"]),
        (["10.0.0.1", "127.0.0.1", "::1"], [], ["::1", "10.0.0.1", "127.0.0.1"]),
        # inside the machine's own network the longest shared prefix comes first
        (["10.42.1.9", "10.42.1.4"], ["10.42.1.5/24"], ["10.42.1.4", "10.42.1.9"]),
        (["10.42.0.4", "10.42.1.200"], ["10.42.1.5/24"], ["10.42.1.200", "10.42.0.4"]),
        (["10.42.0.9", "10.42.0.4"], ["10.42.1.5/24"], ["10.42.0.9", "10.42.0.4"]),
        (["10.42.1.9", "10.43.0.4"], ["fd00::5/64", "10.43.0.5/16", "10.42.1.5/24"], ["10.43.0.4", "10.42.1.9"]),
    ],
)
def test_in_which_order(addresses: list[str], local: list[str], expected: list[str]) -> None:
    assert in_order(addresses, local) == expected
