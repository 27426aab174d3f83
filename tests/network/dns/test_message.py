from dataclasses import replace

import pytest

from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse, fitted, wire_size

QUERY = DnsQuery("many.default.svc.cluster.local.")


def response_with(count: int) -> DnsResponse:
    records = tuple(DnsRecord(QUERY.name, "A", f"10.42.0.{number}", 5) for number in range(1, count + 1))
    return DnsResponse(answer=records, authoritative=True)


def test_flags_are_printed_as_dig_does() -> None:
    response = DnsResponse(authoritative=True, recursion_available=True, truncated=True)
    assert response.flags == "qr aa tc rd ra"


@pytest.mark.parametrize(
    ("transport", "edns", "is_cut"),
    [("UDP", None, True), ("UDP", 1232, False), ("UDP", 512, True), ("UDP", 100, True), ("TCP", None, False)],
)
def test_a_long_answer_is_cut_over_udp_only(transport: str, edns: int | None, is_cut: bool) -> None:
    query = replace(QUERY, transport=transport, edns=edns)
    sent = fitted(query, response_with(60))
    assert sent.truncated is is_cut
    if is_cut:
        assert 0 < len(sent.answer) < 60
        assert wire_size(query, sent) <= 512
    else:
        assert len(sent.answer) == 60


def test_a_short_answer_is_sent_as_it_is() -> None:
    response = response_with(3)
    assert fitted(QUERY, response) is response
