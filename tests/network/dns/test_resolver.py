"""The stub resolvers: what they send and when; facts of ``resolv.conf(5)``, recorded runs and musl's source."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubesim.network.dns import hosts_file, resolv_conf
from kubesim.network.dns.getaddrinfo import in_order
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.network.dns.resolver import Failure, Family, Resolution, resolve
from kubesim.network.trace import Outcome
from tests.network.dns.surroundings import Answerer, Network

POD = "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.43.0.10\noptions ndots:5\n"
SEARCH = "svc.cluster.local svc.cluster.local cluster.local"
SUFFIXES = ("default.svc.cluster.local.", "svc.cluster.local.", "cluster.local.")
WEB = "web.default.svc.cluster.local."


def knows(*names: str, rcode: str = "NXDOMAIN") -> Answerer:
    """A server that has an A record for these names, and answers with an error for others."""

    def answer(query: DnsQuery) -> DnsResponse:
        if query.name not in names:
            return DnsResponse(rcode)
        records = (DnsRecord(query.name, "A", "10.43.0.7", 5),) if query.type == "A" else ()
        return DnsResponse(answer=records)

    return answer


def run(
    name: str,
    servers: Mapping[str, Answerer | Outcome],
    libc: str = "glibc",
    conf: str = POD,
    family: Family = Family.ANY,
) -> Resolution:
    return resolve(Network(servers), conf, "127.0.0.1 localhost\n", name, libc=libc, family=family)


def sent(resolution: Resolution) -> list[tuple[float, str, str]]:
    return [(one.started, one.query.name, one.query.type) for one in resolution.queries]


def both(moment: float, name: str) -> list[tuple[float, str, str]]:
    return [(moment, name, "A"), (moment, name, "AAAA")]


@pytest.mark.parametrize("libc", ["glibc", "musl"])
def test_a_short_name_is_completed_with_the_first_suffix(libc: str) -> None:
    resolution = run("web", {"10.43.0.10": knows(WEB)}, libc)
    assert resolution.addresses == ("10.43.0.7",)
    assert resolution.canonical_name == WEB.rstrip(".")
    assert sent(resolution) == both(0.0, WEB)


def test_glibc_walks_the_whole_list_and_ends_with_the_name_itself() -> None:
    resolution = run("typo", {"10.43.0.10": knows()})
    assert resolution.error is Failure.NO_NAME
    expected = [f"typo.{suffix}" for suffix in SUFFIXES] + ["typo."]
    assert [name for _, name, _ in sent(resolution)[::2]] == expected


def test_five_dots_are_tried_as_they_are_first() -> None:
    resolution = run("a.b.c.d.e.f", {"10.43.0.10": knows()})
    assert sent(resolution)[0][1] == "a.b.c.d.e.f."
    assert len(resolution.queries) == 8


def test_musl_stops_at_a_name_that_exists_without_an_address() -> None:
    def empty(query: DnsQuery) -> DnsResponse:
        return DnsResponse() if query.name == WEB else DnsResponse("NXDOMAIN")

    resolution = run("web", {"10.43.0.10": empty}, "musl")
    assert resolution.error is Failure.NO_DATA
    assert len(resolution.queries) == 2
    assert len(run("web", {"10.43.0.10": empty}).queries) == 8


def test_a_silent_server_costs_ten_seconds_a_name_and_only_two_names() -> None:
    resolution = run("web", {"10.43.0.10": Outcome.DROPPED})
    assert sent(resolution) == [*both(0, WEB), *both(5, WEB), *both(10, "web."), *both(15, "web.")]
    assert (resolution.error, resolution.seconds) == (Failure.TRY_AGAIN, 20.0)


def test_an_icmp_rejection_ends_everything_at_once() -> None:
    resolution = run("web", {"10.43.0.10": Outcome.REJECTED})
    assert sent(resolution) == [*both(0, WEB), *both(0, WEB)]
    assert (resolution.error, resolution.seconds) == (Failure.TRY_AGAIN, 0.0)


def test_musl_waits_out_its_five_seconds_even_so() -> None:
    resolution = run("web", {"10.43.0.10": Outcome.REJECTED}, "musl")
    assert sent(resolution) == [*both(0, WEB), *both(2.5, WEB)]
    assert resolution.seconds == 5.0


def test_servfail_is_asked_again_at_once() -> None:
    resolution = run("x.example.", {"10.43.0.10": knows(rcode="SERVFAIL")})
    assert sent(resolution) == [*both(0, "x.example."), *both(0, "x.example.")]
    assert resolution.error is Failure.TRY_AGAIN


def test_the_second_server_is_asked_when_the_first_is_silent() -> None:
    conf = POD + "nameserver 10.43.0.11\n"
    resolution = run("web", {"10.43.0.10": Outcome.DROPPED, "10.43.0.11": knows(WEB)}, conf=conf)
    assert resolution.addresses == ("10.43.0.7",)
    assert resolution.seconds == 5.0


def test_musl_asks_both_servers_at_once() -> None:
    conf = POD + "nameserver 10.43.0.11\n"
    resolution = run("web", {"10.43.0.10": Outcome.DROPPED, "10.43.0.11": knows(WEB)}, "musl", conf)
    assert (resolution.addresses, resolution.seconds) == (("10.43.0.7",), 0.0)


def test_a_late_answer_is_the_answer_to_the_question_asked_again() -> None:
    def slow(query: DnsQuery) -> DnsResponse:
        return DnsResponse("NXDOMAIN", seconds=6.0)

    resolution = run("web.", {"10.43.0.10": slow}, family=Family.IPV4)
    assert [one.failure for one in resolution.queries] == ["timed out", ""]
    assert resolution.seconds == 6.0


def test_a_cut_answer_is_asked_for_over_tcp() -> None:
    def long(query: DnsQuery) -> DnsResponse:
        if query.transport == "UDP":
            return DnsResponse(truncated=True)
        return DnsResponse(answer=(DnsRecord(query.name, "A", "10.0.0.1", 5),))

    resolution = run("web.", {"10.43.0.10": long}, family=Family.IPV4)
    assert [one.query.transport for one in resolution.queries] == ["UDP", "TCP"]
    assert resolution.addresses == ("10.0.0.1",)


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "localhost."])
def test_the_hosts_file_comes_first(name: str) -> None:
    resolution = run(name, {})
    assert (resolution.addresses, resolution.queries) == (("127.0.0.1",), ())


def test_an_address_is_not_asked_for() -> None:
    assert run("10.42.0.3", {}).addresses == ("10.42.0.3",)
    assert run("10.42.0.3", {}, family=Family.IPV6).error is Failure.NO_NAME


@settings(max_examples=200)
@given(st.text(max_size=300), st.sampled_from(["glibc", "musl", "uclibc"]))
def test_every_name_resolves_or_fails_in_words(name: str, libc: str) -> None:
    resolution = run(name, {"10.43.0.10": knows(WEB)}, libc)
    assert (resolution.error is None) is bool(resolution.addresses)
    assert all(len(query.query.name.encode()) <= 255 for query in resolution.queries)


@given(st.text(max_size=200))
def test_every_resolv_conf_is_read(text: str) -> None:
    settings_ = resolv_conf.parse(text)
    assert len(settings_.nameservers) <= 3
    assert settings_.attempts >= 1


def test_own_subnet_first_and_ipv6_last() -> None:
    addresses = ["2001:db8::1", "10.42.0.7", "10.42.1.7"]
    assert in_order(addresses, ["10.42.1.5/24"]) == ["10.42.1.7", "10.42.0.7", "2001:db8::1"]
    assert in_order(["127.0.0.1", "::1"]) == ["::1", "127.0.0.1"]


@pytest.mark.parametrize(
    ("policy", "host_network", "expected"),
    [
        ("ClusterFirst", False, f"search shop.{SEARCH} lan\nnameserver 10.43.0.10\noptions ndots:5\n"),
        ("ClusterFirst", True, "search lan\nnameserver 172.31.0.1\noptions edns0\n"),
        ("Default", False, "search lan\nnameserver 172.31.0.1\noptions edns0\n"),
        ("None", False, ""),
    ],
)  # fmt: skip
def test_a_pods_resolv_conf_follows_its_policy(policy: str, host_network: bool, expected: str) -> None:
    node = "search lan\nnameserver 172.31.0.1\noptions edns0\n"
    assert resolv_conf.for_pod(policy, "shop", node, host_network=host_network) == expected


def test_hosts_lines_without_a_name_or_an_address_mean_nothing() -> None:
    lines = hosts_file.parse("# comment\n10.0.0.1\nfoo bar\n10.0.0.2 two deux # zwei\n")
    assert [(line.address, line.names) for line in lines] == [("10.0.0.2", ("two", "deux"))]
