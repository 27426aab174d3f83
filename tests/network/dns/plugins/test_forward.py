"""``forward``: which upstream is asked, in which order and how; after the plugin's README."""

import pytest

from kubesim.network.dns.coredns import CoreDNS
from kubesim.network.dns.corefile_words import CorefileError
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.network.trace import Outcome
from kubesim.simulation import Simulation
from tests.network.dns.surroundings import CLIENT, FakeConnection, coredns

RESOLV_CONF = "nameserver 192.0.2.1\nnameserver 192.0.2.2\n"


class Upstreams:
    """Servers that all know every name; some are silent or refuse. Every query to one is noted."""

    def __init__(self, block: str, files: dict[str, str] | None = None, **ends: Outcome) -> None:
        self.asked: list[str] = []
        self.ends = {address.replace("_", ".").removeprefix("at."): outcome for address, outcome in ends.items()}
        self.cuts = False
        self.simulation = Simulation()
        self.server: CoreDNS = coredns(
            f".:53 {{\n errors\n {block}\n}}", files=files, network=self, simulation=self.simulation
        )

    def connect(self, address: str, port: int, protocol: str = "TCP") -> FakeConnection:
        def answer(query: DnsQuery) -> DnsResponse:
            record = DnsRecord(query.name, "A", address, 60)
            return DnsResponse(answer=(record,), truncated=self.cuts and protocol == "UDP", seconds=0.5)

        self.asked.append(f"{address}:{port}/{protocol}")
        outcome = self.ends.get(address, Outcome.DELIVERED)
        silent = outcome in (Outcome.LOST, Outcome.DROPPED)
        return FakeConnection(outcome, float("inf") if silent else 0.0, answer)

    def ask(self, name: str = "example.com.", **query: object) -> DnsResponse:
        return self.server.handle(DnsQuery(name, **query), CLIENT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("192.0.2.1", ["192.0.2.1:53/UDP"]),
        ("192.0.2.1:5353", ["192.0.2.1:5353/UDP"]),
        ("dns://192.0.2.1", ["192.0.2.1:53/UDP"]),
        ("fd00::1", ["fd00::1:53/UDP"]),
        ("/etc/resolv.conf {\n policy sequential\n }", ["192.0.2.1:53/UDP"]),
        ("192.0.2.1 {\n force_tcp\n }", ["192.0.2.1:53/TCP"]),
        ("192.0.2.1 {\n prefer_udp\n }", ["192.0.2.1:53/UDP"]),
        (
            "192.0.2.1 {\n max_fails 3\n expire 10s\n health_check 5s\n max_concurrent 100\n }",
            ["192.0.2.1:53/UDP"],
        ),
    ],
)
def test_whom_it_asks(to: str, expected: list[str]) -> None:
    upstreams = Upstreams(f"forward . {to}", {"/etc/resolv.conf": RESOLV_CONF})
    assert upstreams.ask().rcode == "NOERROR"
    assert upstreams.asked == expected


@pytest.mark.parametrize(
    ("policy", "turns"),
    [("sequential", ["1", "1", "1", "1"]), ("round_robin", ["2", "3", "1", "2"])],
)
def test_in_which_order(policy: str, turns: list[str]) -> None:
    upstreams = Upstreams(f"forward . 192.0.2.1 192.0.2.2 192.0.2.3 {{\n policy {policy}\n }}")
    for _ in range(4):
        upstreams.ask()
    assert [one.partition(":")[0].rpartition(".")[2] for one in upstreams.asked] == turns


def test_by_chance_all_are_asked() -> None:
    upstreams = Upstreams("forward . 192.0.2.1 192.0.2.2 192.0.2.3")
    for _ in range(30):
        upstreams.ask()
    assert set(upstreams.asked) == {f"192.0.2.{last}:53/UDP" for last in "123"}


@pytest.mark.parametrize(
    ("line", "name", "forwarded"),
    [
        ("forward . 192.0.2.1", "a.example.com.", True),
        ("forward example.com 192.0.2.1", "a.Example.com.", True),
        ("forward example.com 192.0.2.1", "example.com.", True),
        ("forward example.com 192.0.2.1", "example.org.", False),
        ("forward . 192.0.2.1 {\n except example.com example.org\n }", "a.example.com.", False),
        ("forward . 192.0.2.1 {\n except example.com\n except example.org\n }", "a.example.com.", False),
        ("forward . 192.0.2.1 {\n except example.org\n }", "a.example.com.", True),
    ],
)
def test_which_names_it_forwards(line: str, name: str, forwarded: bool) -> None:
    upstreams = Upstreams(line)
    assert (upstreams.ask(name).rcode == "NOERROR") is forwarded
    assert bool(upstreams.asked) is forwarded


def test_a_tcp_client_is_served_over_tcp_and_a_forced_udp_answer_that_was_cut_is_fetched_again() -> None:
    plain = Upstreams("forward . 192.0.2.1")
    plain.ask(transport="TCP")
    assert plain.asked == ["192.0.2.1:53/TCP"]
    preferring = Upstreams("forward . 192.0.2.1 {\n prefer_udp\n }")
    preferring.cuts = True
    response = preferring.ask(transport="TCP")
    assert preferring.asked == ["192.0.2.1:53/UDP", "192.0.2.1:53/TCP"]
    assert not response.truncated
    assert preferring.ask().truncated  # a UDP client gets what came


def test_the_next_is_asked_where_one_is_silent_and_that_one_is_left_out_afterwards() -> None:
    upstreams = Upstreams("forward . 192.0.2.1 192.0.2.2 {\n policy sequential\n }", at_192_0_2_1=Outcome.DROPPED)
    response = upstreams.ask()
    assert (upstreams.asked, response.addresses()) == (["192.0.2.1:53/UDP", "192.0.2.2:53/UDP"], ("192.0.2.2",))
    assert response.seconds == 2.5


@pytest.mark.parametrize(
    ("outcome", "tries", "seconds", "reason"),
    [
        (Outcome.DROPPED, 3, 6.0, "i/o timeout"),
        (Outcome.REJECTED, 1, 0.0, "read: connection refused"),
        (Outcome.UNREACHABLE, 1, 0.0, "read: host unreachable"),
    ],
)
def test_none_that_answers_is_a_failure_with_its_reason(
    outcome: Outcome, tries: int, seconds: float, reason: str
) -> None:
    upstreams = Upstreams("forward . 192.0.2.1", at_192_0_2_1=outcome)
    response = upstreams.ask()
    assert (response.rcode, response.seconds, len(upstreams.asked)) == ("SERVFAIL", seconds, tries)
    line = upstreams.server.surroundings.log[-1]
    assert line.startswith("[ERROR] plugin/errors: 2 example.com. A: read udp 10.42.0.2:")
    assert line.endswith(f"->192.0.2.1:53: {reason}")


def test_a_server_that_is_down_gets_one_try_until_it_answers() -> None:
    upstreams = Upstreams("forward . 192.0.2.1", at_192_0_2_1=Outcome.DROPPED)
    assert [upstreams.ask().seconds for _ in range(3)] == [6.0, 2.0, 2.0]
    del upstreams.ends["192.0.2.1"]
    assert upstreams.ask().rcode == "NOERROR"
    upstreams.ends["192.0.2.1"] = Outcome.DROPPED
    assert upstreams.ask().seconds == 6.0


def test_all_refusing_are_asked_once_each() -> None:
    upstreams = Upstreams("forward . 192.0.2.1 192.0.2.2", at_192_0_2_1=Outcome.REJECTED, at_192_0_2_2=Outcome.REJECTED)
    assert upstreams.ask().rcode == "SERVFAIL"
    assert sorted(upstreams.asked) == ["192.0.2.1:53/UDP", "192.0.2.2:53/UDP"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("forward", "Wrong argument count or unexpected line ending after 'forward'"),
        ("forward .", "Wrong argument count or unexpected line ending after '.'"),
        ("forward . nowhere", 'not an IP address or file: "nowhere"'),
        ("forward . web:53", 'not an IP address or file: "web:53"'),
        ("forward . dns://", 'invalid address: "dns://"'),
        (
            "forward . grpc://192.0.2.1",
            "'grpc' is not supported as a destination protocol in forward: grpc://192.0.2.1",
        ),
        ("forward . 192.0.2.1 {\n force_tcp yes\n }", "Wrong argument count or unexpected line ending after 'yes'"),
        ("forward . 192.0.2.1 {\n expire -1m\n }", "expire can't be negative: -1m0s"),
        ("forward . 192.0.2.1 {\n health_check 5s twice\n }", "health_check: unknown option twice"),
        ("forward . 192.0.2.1 {\n max_concurrent -1\n }", "max_concurrent can't be negative: -1"),
        ("forward . 192.0.2.1 {\n next MAYBE\n }", "MAYBE is not a valid rcode"),
        ("forward . 192.0.2.1 {\n tls a b c d\n }", "Wrong argument count or unexpected line ending after 'd'"),
        ("forward . /etc/missing.conf", 'not an IP address or file: "/etc/missing.conf"'),
        ("forward . /etc/empty.conf", "no nameservers found"),
        (f"forward . {' '.join(f'192.0.2.{last}' for last in range(16))}", "more than 15 TOs configured: 16"),
        ("forward . 192.0.2.1 {\n policy\n }", "Wrong argument count or unexpected line ending after 'policy'"),
        ("forward . 192.0.2.1 {\n policy best\n }", "unknown policy 'best'"),
        ("forward . 192.0.2.1 {\n except\n }", "Wrong argument count or unexpected line ending after 'except'"),
        ("forward . 192.0.2.1 {\n expire soon\n }", 'time: invalid duration "soon"'),
        ("forward . 192.0.2.1 {\n max_fails many\n }", 'strconv.ParseUint: parsing "many": invalid syntax'),
        ("forward . 192.0.2.1 {\n retries 3\n }", "unknown property 'retries'"),
    ],
)
def test_lines_that_cannot_be_used(line: str, words: str) -> None:
    with pytest.raises(CorefileError) as caught:
        Upstreams(line, {"/etc/empty.conf": "search lan\n"})
    told = str(caught.value)
    assert told.removeprefix("plugin/forward: ") == words or told.endswith(f"Error during parsing: {words}")


def test_fifteen_upstreams_are_not_too_many() -> None:
    assert Upstreams(f"forward . {' '.join(f'192.0.2.{last}' for last in range(15))}").ask().rcode == "NOERROR"
