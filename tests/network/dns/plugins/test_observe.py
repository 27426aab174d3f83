"""``errors`` and ``log``: which queries get a line, and what it says; after the plugins' READMEs."""

import re

import pytest

from kubesim.network.dns.message import DnsQuery
from tests.network.dns.plugins.asking import refused
from tests.network.dns.surroundings import CLIENT, coredns

ANSWERS = (
    'template IN A good.example {\n answer "{{ .Name }} 60 IN A 192.0.2.1"\n }\n'
    "template IN A bare.example {\n rcode NOERROR\n }\n"
    "template IN A gone.example {\n rcode NXDOMAIN\n }\n"
    "template IN A shut.example {\n rcode REFUSED\n }"
)


def logged(line: str, *names: str, **query: object) -> list[str]:
    """The lines of the log that are about queries."""
    server = coredns(f". {{\n {line}\n {ANSWERS}\n}}")
    for name in names:
        server.handle(DnsQuery(name, **query), CLIENT)  # type: ignore[arg-type]
    return [text for text in server.surroundings.log if text.startswith("[INFO] 10.42.0.9:40000 - ")]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("log", ["good", "bare", "gone", "shut", "lost"]),
        ("log {\n class all\n }", ["good", "bare", "gone", "shut", "lost"]),
        ("log {\n class success\n }", ["good"]),
        ("log {\n class denial\n }", ["bare", "gone"]),
        ("log {\n class error\n }", ["shut", "lost"]),
        ("log {\n class success denial\n }", ["good", "bare", "gone"]),
        ("log {\n class success\n class denial\n }", ["good", "bare", "gone"]),
        ("log good.example gone.example", ["good", "gone"]),
        ("log . {combined}", ["good", "bare", "gone", "shut", "lost"]),
    ],
)
def test_which_queries_get_a_line(line: str, kept: list[str]) -> None:
    names = [f"{word}.example." for word in ("good", "bare", "gone", "shut", "lost")]
    told = [re.findall(r'"A IN (\w+)\.example\.', text)[0] for text in logged(line, *names)]
    assert told == kept


@pytest.mark.parametrize(
    ("name", "query", "expected"),
    [
        # 12 bytes of header, the name and 4 of type and class; the answer's record is 16 with its name compressed
        ("good.example.", {}, '"A IN good.example. udp 30 false 512" NOERROR qr,aa,rd 46 0.000100000s'),
        (
            "good.example.",
            {"transport": "TCP"},
            '"A IN good.example. tcp 30 false 512" NOERROR qr,aa,rd 46 0.000100000s',
        ),
        ("good.example.", {"edns": 1232}, '"A IN good.example. udp 30 false 1232" NOERROR qr,aa,rd 46 0.000100000s'),
        ("gone.example.", {}, '"A IN gone.example. udp 30 false 512" NXDOMAIN qr,aa,rd 30 0.000100000s'),
        ("lost.example.", {}, '"A IN lost.example. udp 30 false 512" -  0 0.000100000s'),
    ],
)
def test_what_a_line_says(name: str, query: dict[str, object], expected: str) -> None:
    (line,) = logged("log", name, **query)
    assert re.fullmatch(rf"\[INFO\] 10\.42\.0\.9:40000 - \d+ {re.escape(expected)}", line)


def test_errors_has_a_line_for_what_a_plugin_failed_on() -> None:
    server = coredns(f". {{\n errors\n {ANSWERS}\n}}")
    for name in ("good.example.", "gone.example.", "lost.example."):
        server.handle(DnsQuery(name), CLIENT)
    assert [line for line in server.surroundings.log if "[ERROR]" in line] == [
        "[ERROR] plugin/errors: 2 lost.example. A: plugin/template: no next plugin found"
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("log {\n class\n }", "Wrong argument count or unexpected line ending after 'class'"),
        ("log {\n sort denial\n }", "unknown property 'sort'"),
        ("log {\n class some\n }", "invalid Class: some"),
        ("errors file.log", "invalid log file: file.log"),
        ("errors stdout x", "Wrong argument count or unexpected line ending after 'x'"),
        ("errors {\n consolidate 5 x\n }", 'time: missing unit in duration "5"'),
        ("errors {\n consolidate 5m x loud\n }", "unknown log level argument in consolidate: loud"),
        ("loadbalance best", "unknown policy: best"),
    ],
)
def test_lines_that_cannot_be_used(line: str, words: str) -> None:
    assert refused(line) == words
