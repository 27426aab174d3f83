"""``cache``: how long an answer is kept, and what it looks like when it is given again; after the plugin's README."""

import pytest

from kubesim.network.dns.corefile_words import CorefileError
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.simulation import Simulation
from tests.network.dns.surroundings import CLIENT, Network, coredns

SOA = DnsRecord("example.", "SOA", "ns.example. person.example. 1 7200 1800 86400 60", 60)


def address(ttl: int, name: str = "web.example.", data: str = "192.0.2.1") -> DnsRecord:
    return DnsRecord(name, "A", data, ttl)


class Upstream:
    """A server that gives one answer to all questions, and counts them."""

    def __init__(self, options: str, response: DnsResponse, arguments: str = "") -> None:
        self.asked: list[str] = []
        self.response = response
        self.simulation = Simulation()
        text = f"example {{\n cache {arguments} {{\n {options}\n }}\n forward . 192.0.2.53\n}}"
        self.server = coredns(text, network=Network({"192.0.2.53": self._answer}), simulation=self.simulation)

    def _answer(self, query: DnsQuery) -> DnsResponse:
        self.asked.append(f"{query.name} {query.type}")
        return self.response

    def ask(self, name: str = "web.example.", record_type: str = "A", **query: object) -> DnsResponse:
        return self.server.handle(DnsQuery(name, record_type, **query), CLIENT)  # type: ignore[arg-type]

    def kept_for(self, longest: int = 4000) -> int:
        """The seconds after which the upstream is asked again."""
        self.ask()
        for seconds in range(longest):
            self.ask()
            if len(self.asked) > 1:
                return seconds
            self.simulation.advance(1)
        return longest


FOUND = DnsResponse(answer=(address(600), address(300, data="192.0.2.2")))
DENIED = DnsResponse("NXDOMAIN", authority=(SOA,))
EMPTY = DnsResponse(authority=(SOA,))


@pytest.mark.parametrize(
    ("arguments", "options", "response", "seconds"),
    [
        ("", "", FOUND, 300),  # the smallest TTL of the answer
        ("30", "", FOUND, 30),
        ("", "", DnsResponse(answer=(address(2),)), 5),  # never less than five seconds
        ("", "", DnsResponse(answer=(address(7200),)), 3600),
        ("", "", DENIED, 60),
        ("", "", EMPTY, 60),
        ("", "", DnsResponse("NXDOMAIN", authority=(DnsRecord("example.", "SOA", SOA.data, 7200),)), 1800),
        ("30", "", DENIED, 30),
        ("", "success 10 100", FOUND, 100),
        ("", "success 10 400 350", FOUND, 350),
        ("", "success 10 20", DENIED, 60),
        ("", "denial 10 20", DENIED, 20),
        ("", "denial 10 200 90", EMPTY, 90),
        ("", "denial 10 20", FOUND, 300),
        ("", "", DnsResponse("SERVFAIL"), 5),
        ("", "servfail 17s", DnsResponse("SERVFAIL"), 17),
        ("", "servfail 0", DnsResponse("SERVFAIL"), 0),
        ("", "", DnsResponse("NOTIMP"), 5),
        ("", "", DnsResponse("REFUSED"), 0),
        ("", "", DnsResponse("NXDOMAIN"), 0),  # without an SOA nothing says for how long
        ("", "", DnsResponse(truncated=True, answer=(address(300),)), 0),
        ("", "disable success", FOUND, 0),
        ("", "disable success", DENIED, 60),
        ("", "disable denial", DENIED, 0),
        ("", "disable denial", FOUND, 300),
        ("", "disable denial other.example", DENIED, 60),
        ("", "disable denial web.example", DENIED, 0),
        ("", "prefetch 10 1m 10%\n serve_stale", FOUND, 300),
    ],
)
def test_how_long_an_answer_is_kept(arguments: str, options: str, response: DnsResponse, seconds: int) -> None:
    assert Upstream(options, response, arguments).kept_for() == seconds


@pytest.mark.parametrize(
    ("options", "first", "after_ten"),
    [("", [300, 300], [290, 290]), ("keepttl", [600, 300], [600, 300]), ("disable success", [300, 300], [300, 300])],
)
def test_all_records_get_the_smallest_ttl_and_it_counts_down(
    options: str, first: list[int], after_ten: list[int]
) -> None:
    upstream = Upstream(options, FOUND)
    assert [record.ttl for record in upstream.ask().answer] == first
    upstream.simulation.advance(10)
    assert [record.ttl for record in upstream.ask().answer] == after_ten


def test_the_other_sections_count_down_too() -> None:
    extra = address(500, "ns.example.")
    upstream = Upstream("", DnsResponse(answer=(address(300),), authority=(SOA,), additional=(extra,)))
    upstream.ask()
    upstream.simulation.advance(20)
    again = upstream.ask()
    assert [record.ttl for record in (*again.answer, *again.authority, *again.additional)] == [40, 40, 40]


def test_a_kept_answer_is_authoritative_and_takes_no_time() -> None:
    slow = DnsResponse(answer=(address(300),), recursion_available=True, seconds=1.5)
    upstream = Upstream("", slow)
    first, again = upstream.ask(), upstream.ask(recursion_desired=False)
    assert (first.flags, first.seconds) == ("qr rd ra", 1.5)
    assert (again.flags, again.seconds) == ("qr aa ra", 0.0)


def test_only_the_same_question_has_the_same_answer() -> None:
    upstream = Upstream("", FOUND)
    for name, record_type in (
        ("web.example.", "A"),
        ("WEB.example.", "A"),
        ("web.example.", "AAAA"),
        ("x.example.", "A"),
    ):
        upstream.ask(name, record_type)
    assert upstream.asked == ["web.example. A", "web.example. AAAA", "x.example. A"]


def test_the_oldest_answer_makes_room() -> None:
    upstream = Upstream("success 2", FOUND)
    for name in ("a.example.", "b.example.", "c.example.", "b.example.", "c.example.", "a.example."):
        upstream.ask(name)
    assert upstream.asked == ["a.example. A", "b.example. A", "c.example. A", "a.example. A"]


def test_names_outside_its_zones_are_not_kept() -> None:
    upstream = Upstream("", FOUND, "30 shop.example")
    for name in ("web.example.", "web.example.", "a.shop.example.", "a.shop.example."):
        upstream.ask(name)
    assert upstream.asked == ["web.example. A", "web.example. A", "a.shop.example. A"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "cache 0",
            "plugin/cache: cache TTL can not be zero or negative: 0",
        ),
        ("cache -5", "cache TTL can not be zero or negative: -5"),
        (
            "cache {\n success\n }",
            ":3 - Error during parsing: Wrong argument count or unexpected line ending after 'success'",
        ),
        ("cache {\n success many\n }", 'plugin/cache: strconv.Atoi: parsing "many": invalid syntax'),
        ("cache {\n denial 1 0\n }", "cache TTL can not be zero or negative: 0"),
        ("cache {\n denial 1 2 -3\n }", "cache min TTL can not be negative: -3"),
        ("cache {\n servfail -1s\n }", "invalid negative ttl for servfail"),
        ("cache {\n servfail 5\n }", 'time: missing unit in duration "5"'),
        ("cache {\n keepttl 5\n }", "Wrong argument count or unexpected line ending after '5'"),
        ("cache {\n prefetch x\n }", 'strconv.Atoi: parsing "x": invalid syntax'),
        ("cache {\n prefetch 5 1m 5%\n }", "percentage should fall in range [10, 90]: 5"),
        ("cache {\n prefetch 5 1m 50\n }", "last character of percentage should be `%`, but is: '0'"),
        ("cache {\n serve_stale 1h later\n }", "invalid value for serve_stale refresh mode: later"),
        ("cache 30\n cache 60", "plugin/cache: this plugin can only be used once per Server Block"),
        ("cache {\n servfail\n }", "Wrong argument count or unexpected line ending after 'servfail'"),
        ("cache {\n servfail 6m\n }", "caching SERVFAIL responses over 5 minutes is not permitted"),
        ("cache {\n disable all\n }", 'cache type for disable must be "success" or "denial"'),
        ("cache {\n disable\n }", "Wrong argument count or unexpected line ending after 'disable'"),
        ("cache {\n prefetsch\n }", "Wrong argument count or unexpected line ending after 'prefetsch'"),
    ],
)
def test_lines_that_cannot_be_used(line: str, words: str) -> None:
    with pytest.raises(CorefileError) as caught:
        coredns(f". {{\n {line}\n}}")
    assert str(caught.value).endswith(words)
