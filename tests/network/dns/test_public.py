"""The Internet's resolver: what recursive servers answer (RFC 1034, RFC 2308: a denial carries the SOA of its zone)."""

import pytest

from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.network.dns.public import DOMAIN_SOA, ROOT_SOA, PublicDns
from tests.network.dns.surroundings import CLIENT

ROOT = DnsRecord(".", "SOA", ROOT_SOA, 86400)
COM = DnsRecord("com.", "SOA", DOMAIN_SOA, 900)
A = DnsRecord("google.com.", "A", "142.250.206.14", 300)


def server() -> PublicDns:
    made = PublicDns.from_names(
        {
            "google.com": "142.250.206.14",
            "Shop.Example.com": {"A": ["192.0.2.1", "192.0.2.2"], "TXT": '"v=1"'},
            "www.example.com": {"CNAME": "google.com"},
            "far.example.com": {"CNAME": "nowhere.example.net."},
            "round.example.com": {"CNAME": "round.example.com."},
        }
    )
    made.failing["broken.example.com."] = "SERVFAIL"
    made.silent = ("silent.example.",)
    return made


def ask(name: str, record_type: str = "A", **query: object) -> DnsResponse | None:
    return server().handle(DnsQuery(name, record_type, **query), CLIENT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "record_type", "rcode", "answer", "authority"),
    [
        ("google.com.", "A", "NOERROR", [A], []),
        ("GOOGLE.com.", "A", "NOERROR", [A], []),
        ("google.com.", "AAAA", "NOERROR", [], [COM]),
        (
            "shop.example.com.",
            "A",
            "NOERROR",
            [
                DnsRecord("Shop.Example.com.", "A", "192.0.2.1", 300),
                DnsRecord("Shop.Example.com.", "A", "192.0.2.2", 300),
            ],
            [],
        ),
        ("shop.example.com.", "TXT", "NOERROR", [DnsRecord("Shop.Example.com.", "TXT", '"v=1"', 300)], []),
        (
            "www.example.com.",
            "A",
            "NOERROR",
            [DnsRecord("www.example.com.", "CNAME", "google.com", 300), A],
            [],
        ),
        ("www.example.com.", "CNAME", "NOERROR", [DnsRecord("www.example.com.", "CNAME", "google.com", 300)], []),
        (  # the alias is told, and that what it stands for does not exist
            "far.example.com.",
            "A",
            "NXDOMAIN",
            [DnsRecord("far.example.com.", "CNAME", "nowhere.example.net.", 300)],
            [ROOT],
        ),
        ("example.com.", "A", "NOERROR", [], [COM]),  # names lie below it: it exists
        ("ample.com.", "A", "NXDOMAIN", [], [COM]),
        ("missing.com.", "A", "NXDOMAIN", [], [COM]),
        ("web.default.svc.cluster.local.", "A", "NXDOMAIN", [], [ROOT]),
        (".", "NS", "NOERROR", [DnsRecord(".", "NS", "a.root-servers.net.", 518400)], []),
        (".", "A", "NOERROR", [], [ROOT]),
        ("broken.example.com.", "A", "SERVFAIL", [], []),
    ],
)
def test_answers(name: str, record_type: str, rcode: str, answer: list[DnsRecord], authority: list[DnsRecord]) -> None:
    response = ask(name, record_type)
    assert response is not None
    assert (response.rcode, list(response.answer), list(response.authority)) == (rcode, answer, authority)
    assert response.flags == "qr rd ra"
    assert response.seconds == 0.001


def test_a_circle_of_aliases_ends() -> None:
    response = ask("round.example.com.")
    assert response is not None
    assert {record.type for record in response.answer} == {"CNAME"}
    assert len(response.answer) == 8


def test_what_the_query_says_comes_back() -> None:
    response = ask("google.com.", recursion_desired=False, edns=4096)
    assert response is not None
    assert (response.flags, response.edns) == ("qr ra", 1232)
    plain = ask("google.com.")
    assert plain is not None
    assert plain.edns is None


def test_another_class_is_refused() -> None:
    response = ask("version.bind.", "TXT", class_name="CH")
    assert response is not None
    assert (response.rcode, response.answer, response.authority) == ("REFUSED", (), ())


def test_some_zones_never_answer() -> None:
    assert ask("a.silent.example.") is None
    assert ask("silent.example.") is None
    assert ask("unsilent.example.") is not None


def test_a_name_is_an_address_or_a_table() -> None:
    with pytest.raises(ValueError, match=r"records of 'a\.example' must be an address or a table by type, got 5"):
        PublicDns.from_names({"a.example": 5})
