"""The stub resolvers: what they send and when; facts of ``resolv.conf(5)``, recorded runs and musl's source."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubesim.network.dns import hosts_file, resolv_conf
from kubesim.network.dns.exchange import Asker
from kubesim.network.dns.getaddrinfo import in_order
from kubesim.network.dns.glibc import Glibc
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.network.dns.musl import Musl
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


Steps = list[tuple[float, str, str]]


def one(libc: str, name: str, servers: Mapping[str, Answerer | Outcome], **settings: str) -> tuple[Steps, Resolution]:
    """A question for IPv4 addresses only: what was sent, and what came of it."""
    resolution = run(name, servers, libc, settings.get("conf", POD), Family.IPV4)
    return sent(resolution), resolution


class TestUclibc:
    """uClibc: AAAA through all candidates, then A; a name with a dot is tried as it is first."""

    @pytest.mark.parametrize(
        ("name", "candidates"),
        [
            ("web", [*(f"web.{suffix}" for suffix in SUFFIXES), "web."]),
            ("web.shop", ["web.shop.", *(f"web.shop.{suffix}" for suffix in SUFFIXES)]),
            ("web.", ["web."]),
        ],
    )
    def test_candidates(self, name: str, candidates: list[str]) -> None:
        resolution = run(name, {"10.43.0.10": knows()}, "uclibc")
        asked = [(kind, candidate) for kind in ("AAAA", "A") for candidate in candidates]
        assert [(kind, candidate) for _, candidate, kind in sent(resolution)] == asked
        assert resolution.error is Failure.NO_NAME

    def test_the_first_address_ends_the_walk(self) -> None:
        steps, resolution = one("uclibc", "web", {"10.43.0.10": knows(f"web.{SUFFIXES[1]}")})
        assert [name for _, name, _ in steps] == [f"web.{SUFFIXES[0]}", f"web.{SUFFIXES[1]}"]
        assert (resolution.addresses, resolution.canonical_name) == (("10.43.0.7",), "web.svc.cluster.local")

    def test_a_name_without_an_address_ends_it_too(self) -> None:
        steps, resolution = one("uclibc", "web", {"10.43.0.10": lambda query: DnsResponse()})
        assert (len(steps), resolution.error) == (1, Failure.NO_DATA)

    def test_a_server_failure_is_an_answer(self) -> None:
        steps, resolution = one("uclibc", "web.", {"10.43.0.10": knows(rcode="SERVFAIL")})
        assert (len(steps), resolution.error) == (1, Failure.NO_NAME)

    @pytest.mark.parametrize(("outcome", "asked", "seconds"), [(Outcome.DROPPED, 3, 15.0), (Outcome.REJECTED, 3, 0.0)])
    def test_no_answer_is_asked_for_three_times_and_so_is_a_rejection(
        self, outcome: Outcome, asked: int, seconds: float
    ) -> None:
        steps, resolution = one("uclibc", "web", {"10.43.0.10": outcome})
        assert (len(steps), resolution.seconds, resolution.error) == (asked, seconds, Failure.TRY_AGAIN)

    def test_another_server_is_asked_after_a_rejection(self) -> None:
        conf = POD + "nameserver 10.43.0.11\n"
        steps, resolution = one("uclibc", "web", {"10.43.0.10": Outcome.REJECTED, "10.43.0.11": knows(WEB)}, conf=conf)
        assert (len(steps), resolution.addresses) == (2, ("10.43.0.7",))


class TestMusl:
    """musl 1.2.5, ``name_from_dns_search`` and ``res_msend``."""

    @pytest.mark.parametrize(
        ("name", "conf", "candidates"),
        [
            ("web", POD, [*(f"web.{suffix}" for suffix in SUFFIXES), "web."]),
            ("web.", POD, ["web."]),
            ("a.b.c.d.e", POD, [*(f"a.b.c.d.e.{suffix}" for suffix in SUFFIXES), "a.b.c.d.e."]),
            ("a.b.c.d.e.f", POD, ["a.b.c.d.e.f."]),  # as many dots as ndots: as it is, and nothing else
            ("web", "nameserver 10.43.0.10\nsearch lan\n", ["web.lan.", "web."]),
            ("web.lan", "nameserver 10.43.0.10\nsearch lan\n", ["web.lan."]),
        ],
    )
    def test_candidates(self, name: str, conf: str, candidates: list[str]) -> None:
        steps, resolution = one("musl", name, {"10.43.0.10": knows()}, conf=conf)
        assert ([candidate for _, candidate, _ in steps], resolution.error) == (candidates, Failure.NO_NAME)

    @pytest.mark.parametrize(
        ("rcode", "asked", "error"),
        [("SERVFAIL", 6, Failure.TRY_AGAIN), ("REFUSED", 2, Failure.TRY_AGAIN), ("NXDOMAIN", 4, Failure.NO_NAME)],
    )
    def test_what_an_error_means(self, rcode: str, asked: int, error: Failure) -> None:
        steps, resolution = one("musl", "web", {"10.43.0.10": knows(rcode=rcode)})
        assert (len(steps), resolution.error) == (asked, error)

    @pytest.mark.parametrize("name", [".", "web..", "-web"])
    def test_names_that_it_does_not_ask_for(self, name: str) -> None:
        steps, resolution = one("musl", name, {"10.43.0.10": knows()})
        assert (steps, resolution.error) == ([], Failure.NO_NAME)

    def test_an_answer_takes_the_time_of_the_slower_question(self) -> None:
        def slow(query: DnsQuery) -> DnsResponse:
            took = 0.5 if query.type == "A" else 1.5
            records = (DnsRecord(query.name, "A", "10.43.0.7", 5),) if query.type == "A" else ()
            return DnsResponse(answer=records, seconds=took)

        assert run("web", {"10.43.0.10": slow}, "musl").seconds == 1.5

    def test_what_is_unanswered_is_sent_again_after_half_the_time(self) -> None:
        conf = "nameserver 10.43.0.10\noptions timeout:6 attempts:3\n"
        steps, resolution = one("musl", "web.", {"10.43.0.10": Outcome.DROPPED}, conf=conf)
        assert steps == [(0.0, "web.", "A"), (2.0, "web.", "A"), (4.0, "web.", "A")]
        assert (resolution.seconds, resolution.error) == (6.0, Failure.TRY_AGAIN)


class TestGlibc:
    """glibc 2.41, ``res_search`` and ``res_send``."""

    @pytest.mark.parametrize(
        ("name", "conf", "candidates"),
        [
            ("web.", POD, ["web."]),
            ("a.b.c.d.e", POD, [*(f"a.b.c.d.e.{suffix}" for suffix in SUFFIXES), "a.b.c.d.e."]),
            ("a.b.c.d.e.f", POD, ["a.b.c.d.e.f.", *(f"a.b.c.d.e.f.{suffix}" for suffix in SUFFIXES)]),
            ("web", "nameserver 10.43.0.10\nsearch . lan\n", ["web.", "web.lan."]),
            ("web", "nameserver 10.43.0.10\n", ["web."]),
        ],
    )
    def test_candidates(self, name: str, conf: str, candidates: list[str]) -> None:
        steps, resolution = one("glibc", name, {"10.43.0.10": knows()}, conf=conf)
        assert ([candidate for _, candidate, _ in steps], resolution.error) == (candidates, Failure.NO_NAME)

    @pytest.mark.parametrize(
        ("answers", "error"),
        [
            (["NXDOMAIN"] * 4, Failure.NO_NAME),
            (["NXDOMAIN", "NOERROR", "NXDOMAIN", "NXDOMAIN"], Failure.NO_DATA),  # an empty answer is remembered
            (["SERVFAIL", "NXDOMAIN", "NXDOMAIN", "NXDOMAIN"], Failure.TRY_AGAIN),
            (["NXDOMAIN", "NXDOMAIN", "NXDOMAIN", "NOERROR"], Failure.NO_DATA),
            (["SERVFAIL", "NOERROR", "NXDOMAIN", "NXDOMAIN"], Failure.NO_DATA),
        ],
    )
    def test_which_failure_is_told_in_the_end(self, answers: list[str], error: Failure) -> None:
        by_name = dict(zip([*(f"web.{suffix}" for suffix in SUFFIXES), "web."], answers, strict=True))
        steps, resolution = one("glibc", "web", {"10.43.0.10": lambda query: DnsResponse(by_name[query.name])})
        assert (resolution.error, {name for _, name, _ in steps}) == (error, set(by_name))

    @pytest.mark.parametrize(
        ("option", "types", "transports", "edns"),
        [
            ("", ["A", "AAAA"], {"UDP"}, {None}),
            ("no-aaaa", ["A"], {"UDP"}, {None}),
            ("use-vc", ["A", "AAAA"], {"TCP"}, {None}),
            ("edns0", ["A", "AAAA"], {"UDP"}, {1232}),
        ],
    )
    def test_options(self, option: str, types: list[str], transports: set[str], edns: set[int | None]) -> None:
        conf = f"nameserver 10.43.0.10\noptions {option}\n"
        queries = [one.query for one in run("web.", {"10.43.0.10": knows()}, conf=conf).queries]
        assert [query.type for query in queries] == types
        assert ({query.transport for query in queries}, {query.edns for query in queries}) == (transports, edns)
        assert {query.authentic_data for query in queries} == {False}

    def test_trust_ad_asks_for_authentic_data(self) -> None:
        conf = "nameserver 10.43.0.10\noptions trust-ad\n"
        assert {one.query.authentic_data for one in run("web.", {"10.43.0.10": knows()}, conf=conf).queries} == {True}

    def test_no_aaaa_leaves_nothing_to_ask_of_ipv6(self) -> None:
        conf = "nameserver 10.43.0.10\noptions no-aaaa\n"
        resolution = run("web.", {"10.43.0.10": knows()}, conf=conf, family=Family.IPV6)
        assert (resolution.error, resolution.queries) == (Failure.NO_DATA, ())

    @pytest.mark.parametrize(
        ("option", "seconds"), [("", 1.0), ("single-request", 2.0), ("single-request-reopen", 2.0)]
    )
    def test_one_after_the_other_where_so_told(self, option: str, seconds: float) -> None:
        conf = f"nameserver 10.43.0.10\noptions {option}\n"
        slow = {"10.43.0.10": lambda query: DnsResponse("NXDOMAIN", seconds=1.0)}
        assert run("web.", slow, conf=conf).seconds == seconds

    def test_when_one_of_two_answers_is_lost_they_are_asked_one_by_one(self) -> None:
        def half(query: DnsQuery) -> DnsResponse | None:
            return DnsResponse(answer=(DnsRecord(query.name, "A", "10.0.0.1", 5),)) if query.type == "A" else None

        resolution = run("web.", {"10.43.0.10": half})
        assert sent(resolution) == [*both(0.0, "web."), (5.0, "web.", "A"), (5.0, "web.", "AAAA")]
        assert resolution.error is Failure.TRY_AGAIN

    @pytest.mark.parametrize(
        ("servers", "moments"),
        [(1, [0.0, 5.0]), (2, [0.0, 5.0, 10.0, 15.0]), (3, [0.0, 5.0, 8.0, 14.0, 19.0, 22.0])],
    )
    def test_patience_with_each_server(self, servers: int, moments: list[float]) -> None:
        addresses = [f"10.43.0.{last}" for last in range(10, 10 + servers)]
        conf = "".join(f"nameserver {address}\n" for address in addresses)
        steps, _ = one("glibc", "web.", dict.fromkeys(addresses, Outcome.DROPPED), conf=conf)
        assert [moment for moment, _, _ in steps] == moments


@pytest.mark.parametrize(
    ("libc", "server", "expected"),
    [
        ("glibc", "10.0.0.1", ["web.example"]),
        ("musl", "10.0.0.1", ["web.example"]),
        ("glibc", "10.0.0.2", Failure.NO_NAME),
        ("musl", "10.0.0.2", Failure.NO_NAME),
        ("glibc", "10.0.0.3", Failure.TRY_AGAIN),
        ("musl", "10.0.0.3", Failure.TRY_AGAIN),
    ],
)
def test_names_of_addresses(libc: str, server: str, expected: list[str] | Failure) -> None:
    def names_it(query: DnsQuery) -> DnsResponse:
        assert (query.name, query.type) == ("1.2.0.192.in-addr.arpa.", "PTR")
        records = DnsRecord(query.name, "CNAME", "x."), DnsRecord("x.", "PTR", "web.example.")
        return DnsResponse(answer=records)

    network = Network({"10.0.0.1": names_it, "10.0.0.2": knows(), "10.0.0.3": Outcome.REJECTED})
    library = {"glibc": Glibc, "musl": Musl}[libc]
    assert library(Asker(network), resolv_conf.parse(f"nameserver {server}\n")).reverse("192.0.2.1") == expected


@pytest.mark.parametrize(
    ("address", "family", "expected"),
    [
        ("10.42.0.3", Family.ANY, ("10.42.0.3",)),
        ("10.42.0.3", Family.IPV4, ("10.42.0.3",)),
        ("fd00:0::1", Family.ANY, ("fd00::1",)),
        ("fd00::1", Family.IPV6, ("fd00::1",)),
        ("fd00::1", Family.IPV4, ()),
    ],
)
def test_addresses_stand_for_themselves(address: str, family: Family, expected: tuple[str, ...]) -> None:
    resolution = run(address, {}, family=family)
    assert (resolution.addresses, resolution.queries) == (expected, ())
    assert resolution.canonical_name == (address if expected else "")
    assert resolution.error is (None if expected else Failure.NO_NAME)


def test_a_resolution_as_lines() -> None:
    found = run("web.", {"10.43.0.10": knows("web.")}, family=Family.IPV4)
    assert str(found) == "0.000 s  web. A → 10.43.0.10: NOERROR\nweb.: 10.43.0.7"
    assert str(run("10.0.0.1", {}, family=Family.IPV6)) == "10.0.0.1: Name or service not known"
