"""``template``: answers made from a pattern; after the plugin's README."""

import pytest

from kubesim.network.dns.message import DnsQuery
from tests.network.dns.plugins.asking import ask, refused, told
from tests.network.dns.surroundings import CLIENT, coredns

A = 'answer "{{ .Name }} 60 IN A 192.0.2.1"'
FOUND = ["web.example. 60 A 192.0.2.1"]
REST = 'template ANY ANY . {\n answer "rest. 1 IN A 192.0.2.9"\n }'
NEXT = ["rest. 1 A 192.0.2.9"]


@pytest.mark.parametrize(
    ("head", "options", "expected"),
    [
        ("IN A", A, FOUND),
        ("ANY ANY", A, FOUND),
        ("ANY A example", A, FOUND),
        ("IN AAAA", A, NEXT),
        ("CH A", A, NEXT),
        ("IN A other", A, NEXT),
        ("IN A", rf"match ^web\.{chr(10)} {A}", FOUND),
        ("IN A", rf"match ^x ^web\.{chr(10)} {A}", FOUND),
        # a name of its zone that it does not match is a failure, unless it falls through
        ("IN A", f"match ^x\n {A}", ["SERVFAIL"]),
        ("IN A", f"match ^x\n {A}\n fallthrough", NEXT),
        ("IN A", f"match ^x\n {A}\n fallthrough other", ["SERVFAIL"]),
        ("IN A", "rcode NXDOMAIN", ["NXDOMAIN"]),
        ("IN A", "rcode refused", ["REFUSED"]),
        ("IN A", 'answer "{{.Name}} {{ .Class }} {{ .Type }} 192.0.2.1"', ["web.example. 3600 A 192.0.2.1"]),
        ("IN A example", 'answer "{{ .Zone }} IN 60 A 192.0.2.1"', ["example. 60 A 192.0.2.1"]),
        ("IN A", 'answer "{{ .Name }} 60 IN A {{ .Remote }}"', ["web.example. 60 A 10.42.0.9"]),
        ("IN A", 'match (?P<first>\\w+)\n answer "{{ .Group.first }}.x 60 IN A 192.0.2.1"', ["web.x. 60 A 192.0.2.1"]),
        (
            "IN A",
            'match (\\w+)\n answer "{{ index .Match 1 }}{{ index .Match 2 }}.x 60 IN A 192.0.2.1"',
            ["web.x. 60 A 192.0.2.1"],
        ),
        ("IN A", 'match w\n answer "{{- index .Match 0 -}}.x 60 IN A 192.0.2.1"', ["w.x. 60 A 192.0.2.1"]),
        ("IN A", 'answer "a 1 IN A 192.0.2.1"\n answer "b 2 IN CNAME c"', ["a. 1 A 192.0.2.1", "b. 2 CNAME c."]),
        ("IN A", 'answer "a 1 IN A nowhere"', ["SERVFAIL"]),
        ("IN A", 'answer "a 1 IN A"', ["SERVFAIL"]),
        ("IN A", 'answer "{{ .Nome }} 1 IN A 192.0.2.1"', ["SERVFAIL"]),
    ],
)
def test_answers(head: str, options: str, expected: list[str]) -> None:
    assert told(ask(f"template {head} {{\n {options}\n }}\n {REST}", "web.example.")) == expected


def test_sections_and_flags() -> None:
    lines = 'answer "a 1 IN A 192.0.2.1"\n authority "b 2 IN NS c"\n additional "c 3 IN A 192.0.2.2"\n upstream'
    response = ask(f"template IN A {{\n {lines}\n }}", "web.example.", recursion_desired=False)
    assert [record.name for record in (*response.answer, *response.authority, *response.additional)] == [
        "a.",
        "b.",
        "c.",
    ]
    assert response.flags == "qr aa"


def test_a_template_that_cannot_be_filled_is_told_in_the_log() -> None:
    server = coredns('. {\n errors\n template IN A {\n answer "a 1 IN A"\n }\n}')
    server.handle(DnsQuery("web.example."), CLIENT)
    assert server.surroundings.log[-1] == (
        "[ERROR] plugin/errors: 2 web.example. A: plugin/template: 'a 1 IN A' must be NAME [TTL] [CLASS] TYPE DATA"
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("template in A", "invalid query class in"),
        ("template IN a", "invalid RR class a"),
        (
            "template IN A {\n ederror x\n }",
            'error parsing extended DNS error code x, strconv.ParseUint: parsing "x": invalid syntax',
        ),
        ("template IN", "Wrong argument count or unexpected line ending after 'IN'"),
        ("template IN A {\n answer\n }", "Wrong argument count or unexpected line ending after 'answer'"),
        ("template IN A {\n match (\n }", "could not parse regex: (, error parsing regexp: missing closing ): `(`"),
        ("template IN A {\n rcode MAYBE\n }", "unknown rcode MAYBE"),
        ("template IN A {\n anser x\n }", "Wrong argument count or unexpected line ending after 'anser'"),
    ],
)
def test_lines_that_cannot_be_used(line: str, words: str) -> None:
    assert refused(line) == words
