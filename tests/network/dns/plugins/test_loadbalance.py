"""``loadbalance``: addresses change places, aliases come first; after the plugin's README."""

import pytest

from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from tests.network.dns.surroundings import CLIENT, Network, coredns


def record(record_type: str, data: str) -> DnsRecord:
    return DnsRecord("web.example.", record_type, data, 60)


ALIAS = record("CNAME", "b.example.")
ADDRESSES = [record("A", f"192.0.2.{last}") for last in range(1, 5)]
SIX = [record("AAAA", f"fd00::{last}") for last in range(1, 4)]
TEXT = record("TXT", '"x"')
MAIL = [record("MX", f"10 mx{last}.example.") for last in range(1, 4)]


def answers(response: DnsResponse, times: int = 40, policy: str = "") -> list[DnsResponse]:
    network = Network({"192.0.2.53": lambda query: response})
    server = coredns(f". {{\n loadbalance {policy}\n forward . 192.0.2.53\n}}", network=network)
    return [server.handle(DnsQuery("web.example."), CLIENT) for _ in range(times)]


@pytest.mark.parametrize(
    "mixed",
    [ADDRESSES, SIX, MAIL, [*ADDRESSES, *SIX], [ADDRESSES[0], TEXT, ALIAS, *MAIL, *ADDRESSES[1:]]],
)
def test_each_address_comes_first_at_times_and_aliases_always(mixed: list[DnsRecord]) -> None:
    for policy in ("", "round_robin"):
        told = [response.answer for response in answers(DnsResponse(answer=tuple(mixed)), policy=policy)]
        assert all(sorted(map(str, answer)) == sorted(map(str, mixed)) for answer in told)
        order = {"CNAME": 0, "TXT": 1, "A": 2, "AAAA": 2, "MX": 3}
        ranks = [[order[one.type] for one in answer] for answer in told]
        assert all(rank == sorted(rank) for rank in ranks)
        for kinds in ({"A", "AAAA"}, {"MX"}):
            moving = {one for one in mixed if one.type in kinds}
            assert {next(one for one in answer if one.type in kinds) for answer in told if moving} == moving


def test_the_additional_section_is_mixed_too_and_the_authority_is_not() -> None:
    response = DnsResponse(answer=(TEXT,), authority=tuple(ADDRESSES), additional=tuple(ADDRESSES))
    told = answers(response)
    assert {one.authority for one in told} == {tuple(ADDRESSES)}
    assert {one.additional[0] for one in told} == set(ADDRESSES)


def test_a_failure_is_left_as_it_is() -> None:
    told = answers(DnsResponse("SERVFAIL", answer=tuple(ADDRESSES)))
    assert {one.answer for one in told} == {tuple(ADDRESSES)}
