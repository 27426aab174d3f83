"""``hosts``: what a file of names answers, and when it is read again; after the plugin's README."""

import pytest

from kubesim.network.dns.coredns import CoreDNS
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.simulation import Simulation
from tests.network.dns.plugins.asking import ask, refused, told
from tests.network.dns.surroundings import CLIENT, Network, coredns

FILES = {
    "/etc/hosts": "127.0.0.1 localhost\n",
    "/hosts": "10.0.0.1 Web.example web\n10.0.0.2 web.example\nfd00::1 six.example\n10.0.0.1 again.example\n",
}


def echo(query: DnsQuery) -> DnsResponse:
    """The server behind ``forward``, which is the next plugin."""
    return DnsResponse(answer=(DnsRecord(query.name, "A", "192.0.2.1", 60),))


@pytest.mark.parametrize(
    ("line", "name", "record_type", "expected"),
    [
        ("hosts", "localhost.", "A", ["localhost. 3600 A 127.0.0.1"]),
        ("hosts /hosts", "web.example.", "A", ["web.example. 3600 A 10.0.0.1", "web.example. 3600 A 10.0.0.2"]),
        ("hosts /hosts", "WEB.example.", "A", ["web.example. 3600 A 10.0.0.1", "web.example. 3600 A 10.0.0.2"]),
        ("hosts /hosts", "web.", "A", ["web. 3600 A 10.0.0.1"]),
        ("hosts /hosts", "web.example.", "AAAA", ["NOERROR"]),
        ("hosts /hosts", "web.example.", "MX", ["NOERROR"]),
        ("hosts /hosts", "six.example.", "AAAA", ["six.example. 3600 AAAA fd00::1"]),
        ("hosts /hosts", "six.example.", "A", ["NOERROR"]),
        ("hosts /hosts {\n ttl 17\n }", "web.", "A", ["web. 17 A 10.0.0.1"]),
        ("hosts /hosts {\n 10.0.0.9 inline.example\n }", "inline.example.", "A", ["inline.example. 3600 A 10.0.0.9"]),
        ("hosts /hosts {\n 10.0.0.9 web.\n }", "web.", "A", ["web. 3600 A 10.0.0.9", "web. 3600 A 10.0.0.1"]),
        # a name that it does not have is the next plugin's only with fallthrough
        ("hosts /hosts", "other.", "A", ["SERVFAIL"]),
        ("hosts /hosts {\n fallthrough\n }", "other.", "A", ["other. 60 A 192.0.2.1"]),
        ("hosts /hosts {\n fallthrough example\n }", "other.", "A", ["SERVFAIL"]),
        ("hosts /hosts {\n fallthrough example\n }", "other.example.", "A", ["other.example. 60 A 192.0.2.1"]),
        ("hosts /hosts {\n fallthrough\n }", "web.example.", "AAAA", ["NOERROR"]),
        ("hosts /hosts example", "web.", "A", ["web. 60 A 192.0.2.1"]),
        ("hosts /hosts example", "six.example.", "AAAA", ["six.example. 3600 AAAA fd00::1"]),
        # and back
        (
            "hosts /hosts",
            "1.0.0.10.in-addr.arpa.",
            "PTR",
            [f"1.0.0.10.in-addr.arpa. 3600 PTR {name}." for name in ("Web.example", "web", "again.example")],
        ),
        ("hosts /hosts {\n no_reverse\n }", "1.0.0.10.in-addr.arpa.", "PTR", ["1.0.0.10.in-addr.arpa. 60 A 192.0.2.1"]),
        ("hosts /hosts", "9.0.0.10.in-addr.arpa.", "PTR", ["9.0.0.10.in-addr.arpa. 60 A 192.0.2.1"]),
        ("hosts /missing", "web.", "A", ["SERVFAIL"]),
    ],
)
def test_answers(line: str, name: str, record_type: str, expected: list[str]) -> None:
    server = coredns(f". {{\n {line}\n forward . 192.0.2.53\n}}", files=FILES, network=Network({"192.0.2.53": echo}))
    assert told(server.handle(DnsQuery(name, record_type), CLIENT)) == expected


def test_an_answer_is_authoritative() -> None:
    assert ask("hosts /hosts", "web.", files=FILES).flags == "qr aa rd"
    assert ask("hosts /hosts", "web.", files=FILES, recursion_desired=False).flags == "qr aa"


def address(server: CoreDNS) -> tuple[str, ...]:
    return server.handle(DnsQuery("web."), CLIENT).addresses()


@pytest.mark.parametrize(
    ("option", "still", "anew"),
    [("", 4, 6), ("reload 15s", 14, 16), ("reload 1m", 59, 61)],
)
def test_the_file_is_read_again_when_its_interval_is_over(option: str, still: int, anew: int) -> None:
    simulation = Simulation()
    files = {"/hosts": "10.0.0.1 web\n"}
    server = coredns(f". {{\n hosts /hosts {{\n {option}\n }}\n}}", files=files, simulation=simulation)
    assert address(server) == ("10.0.0.1",)
    server.surroundings.files.files["/hosts"] = "10.0.0.2 web\n"  # type: ignore[attr-defined]
    simulation.advance(still)
    assert address(server) == ("10.0.0.1",)
    simulation.advance(anew - still)
    assert address(server) == ("10.0.0.2",)


def test_an_interval_of_nothing_means_never_again() -> None:
    simulation = Simulation()
    server = coredns(
        ". {\n hosts /hosts {\n reload 0\n }\n}", files={"/hosts": "10.0.0.1 web\n"}, simulation=simulation
    )
    assert address(server) == ("10.0.0.1",)
    server.surroundings.files.files["/hosts"] = "10.0.0.2 web\n"  # type: ignore[attr-defined]
    simulation.advance(3600)
    assert address(server) == ("10.0.0.1",)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("ttl", "ttl needs a time in second"),
        ("ttl soon", "ttl needs a number of second"),
        ("ttl 0", "ttl provided is invalid"),
        ("ttl 65536", "ttl provided is invalid"),
        ("reload", "reload needs a duration (zero seconds to disable)"),
        ("reload -1s", "invalid negative duration for reload '-1s'"),
        ("reload soon", "invalid duration for reload 'soon'"),
        ("fallthrough\n 10.0.0.1 web", "unknown property '10.0.0.1'"),
    ],
)
def test_lines_that_cannot_be_used(option: str, words: str) -> None:
    assert refused(f"hosts {{\n {option}\n }}") == words


def test_the_largest_ttl_is_that_of_sixteen_bits() -> None:
    assert told(ask("hosts {\n 10.0.0.1 web\n ttl 65535\n }", "web.")) == ["web. 65535 A 10.0.0.1"]


@pytest.mark.parametrize(
    ("version", "line", "record_type", "passed_on"),
    [
        ("1.14.4", "fallthrough", "TXT", False),
        ("1.14.6", "fallthrough", "TXT", True),
        ("1.14.6", "fallthrough", "MX", True),
        ("1.14.6", "fallthrough other", "TXT", False),
        ("1.14.6", "", "TXT", False),
        ("1.14.6", "fallthrough", "A", False),
        ("1.14.6", "fallthrough", "AAAA", False),  # none is there, but it is a type that it answers
    ],
)
def test_a_name_that_it_has_and_a_type_that_it_does_not_answer(
    version: str, line: str, record_type: str, passed_on: bool
) -> None:
    """coredns/coredns#8193, in 1.14.5 and 1.14.6."""
    text = f". {{\n hosts /hosts {{\n {line}\n }}\n forward . 192.0.2.53\n}}"
    server = coredns(text, files=FILES, network=Network({"192.0.2.53": echo}), version=version)
    answers = told(server.handle(DnsQuery("web.example.", record_type), CLIENT))
    assert (answers == ["web.example. 60 A 192.0.2.1"]) is passed_on
