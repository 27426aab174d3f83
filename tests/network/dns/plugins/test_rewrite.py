"""``rewrite``: what is asked in the end, and what the client is told; after the plugin's README."""

import pytest

from kubesim.network.dns.message import DnsQuery, DnsResponse
from tests.network.dns.plugins.asking import ask, refused, told
from tests.network.dns.surroundings import CLIENT, Network, coredns

ECHO = 'template ANY ANY . {\n answer "{{ .Name }} 60 IN {{ .Type }} 192.0.2.1"\n }'
"""Answers every question about addresses with the very name that arrives."""


@pytest.mark.parametrize(
    ("rule", "name", "arrives"),
    [
        ("name a.example b.example", "a.example.", "b.example."),
        ("name a.example. b.example.", "A.Example.", "b.example."),
        ("name exact a.example b.example", "a.example.", "b.example."),
        ("name a.example b.example", "x.a.example.", "x.a.example."),
        ("name prefix a. b.", "a.example.", "b.example."),
        ("name prefix a. b.", "x.a.example.", "x.a.example."),
        ("name suffix .old.example .new.example", "web.old.example.", "web.new.example."),
        ("name suffix old.example. new.example", "old.example.", "new.example."),
        ("name suffix .old.example .new.example", "old.example.x.", "old.example.x."),
        ("name substring old new", "a.old.b.old.", "a.new.b.new."),
        ("name substring old new", "a.odd.b.", "a.odd.b."),
        (r"name regex (.*)\.old\.(.*) {2}.{1}.new", "web.old.example.", "example.web.new."),
        (r"name regex (.*)\.old {0}.x", "web.old.", "web.old.x."),
        (r"name regex ^(a)?b {1}c", "b.", "c."),
        (r"name regex ^z(.*) {1}", "a.z.", "a.z."),
        ("stop name a.example b.example", "a.example.", "b.example."),
        ("continue name a.example b.example", "a.example.", "b.example."),
        ("{\n name a.example b.example\n }", "a.example.", "b.example."),
    ],
)
def test_the_name_that_is_asked(rule: str, name: str, arrives: str) -> None:
    asked = []

    def upstream(query: DnsQuery) -> DnsResponse:
        asked.append(query.name)
        return DnsResponse()

    server = coredns(f". {{\n rewrite {rule}\n forward . 192.0.2.53\n}}", network=Network({"192.0.2.53": upstream}))
    server.handle(DnsQuery(name), CLIENT)
    assert asked == [arrives]


@pytest.mark.parametrize(
    ("rules", "name", "told_name"),
    [
        ("rewrite name a.example b.example", "A.example.", "A.example."),  # an exact rule by itself
        ("rewrite name suffix .old .new", "web.old.", "web.new."),  # others do not
        ("rewrite name suffix .old .new answer auto", "web.old.", "web.old."),
        (r"rewrite name suffix .old .new answer name (.*)\.new {1}.seen", "web.old.", "web.seen."),
        (r"rewrite name suffix .old .new answer name (nothing) {1}.seen", "web.old.", "web.new."),
        # the first rule that matches is the last, unless it says so
        ("rewrite name suffix .a .b\n rewrite name suffix .b .c", "web.a.", "web.b."),
        ("rewrite continue name suffix .a .b\n rewrite name suffix .b .c", "web.a.", "web.c."),
        ("rewrite stop name suffix .a .b\n rewrite name suffix .b .c", "web.a.", "web.b."),
        ("rewrite name suffix .z .y\n rewrite name suffix .b .c", "web.b.", "web.c."),
        (
            "rewrite continue name suffix .a .b answer auto\n rewrite name suffix .b .c answer auto",
            "web.a.",
            "web.a.",
        ),
    ],
)
def test_the_name_that_is_told(rules: str, name: str, told_name: str) -> None:
    assert told(ask(f"{rules}\n {ECHO}", name)) == [f"{told_name} 60 A 192.0.2.1"]


def test_names_inside_records_change_with_a_rule_for_answers_only() -> None:
    sections = ('answer "{{ .Name }} 60 IN CNAME target.new."', 'additional "{{ .Name }} 60 IN A 192.0.2.1"')
    alias = "template IN ANY . {\n " + "\n ".join(sections) + "\n }"
    plain = ask(f"rewrite name web.old web.new\n {alias}", "web.old.")
    assert told(plain) == ["web.old. 60 CNAME target.new."]
    both = ask(rf"rewrite name suffix .old .new answer name (.*)\.new {{1}}.old{chr(10)} {alias}", "web.old.")
    assert told(both) == ["web.old. 60 CNAME target.old."]
    assert [record.name for record in both.additional] == ["web.old."]


def test_a_type_and_a_class_can_be_another() -> None:
    only_aaaa = 'template IN AAAA . {\n answer "{{ .Name }} 60 IN AAAA fd00::1"\n }'
    assert told(ask(f"rewrite type A aaaa\n {only_aaaa}", "a.example.")) == ["a.example. 60 AAAA fd00::1"]
    assert told(ask(f"rewrite type MX AAAA\n {only_aaaa}", "a.example.")) == ["SERVFAIL"]
    assert told(ask(f"rewrite class CH IN\n {ECHO}", "a.example.", class_name="CH")) == ["a.example. 60 A 192.0.2.1"]


@pytest.mark.parametrize(
    ("rule", "name", "ttl"),
    [
        ("ttl a.example 5", "a.example.", 5),
        ("ttl exact a.example 5", "a.example.", 5),
        ("ttl a.example 5", "b.example.", 60),
        ("ttl suffix .example 7", "b.example.", 7),
        ("ttl prefix b 7", "b.example.", 7),
        ("ttl substring xam 7", "b.example.", 7),
        (r"ttl regex ^b\. 7", "b.example.", 7),
    ],
)
def test_the_ttl_that_is_told(rule: str, name: str, ttl: int) -> None:
    assert told(ask(f"rewrite {rule}\n {ECHO}", name)) == [f"{name} {ttl} A 192.0.2.1"]


def test_options_of_the_extension_change_nothing_here() -> None:
    assert told(ask(f"rewrite edns0 local set 0xffee 0x61\n {ECHO}", "a.")) == ["a. 60 A 192.0.2.1"]


@pytest.mark.parametrize(
    ("rule", "name", "code"),
    [
        ("rcode a.example NXDOMAIN NOERROR", "a.example.", "NOERROR"),
        ("rcode a.example 3 0", "a.example.", "NOERROR"),
        ("rcode exact a.example nxdomain refused", "A.example.", "REFUSED"),
        ("rcode suffix .example NXDOMAIN SERVFAIL", "a.example.", "SERVFAIL"),
        ("rcode regex ^b NXDOMAIN SERVFAIL", "a.example.", "NXDOMAIN"),
        ("rcode a.example SERVFAIL NOERROR", "a.example.", "NXDOMAIN"),
        ("ttl a.example 5\n rewrite rcode a.example 3 0", "a.example.", "NXDOMAIN"),  # the first one stops
        ("continue ttl a.example 5\n rewrite rcode a.example 3 0", "a.example.", "NOERROR"),
    ],
)
def test_the_code_that_is_told(rule: str, name: str, code: str) -> None:
    assert ask(f"rewrite {rule}\n template ANY ANY . {{\n rcode NXDOMAIN\n }}", name).rcode == code


@pytest.mark.parametrize(
    ("rule", "told_records"),
    [
        ("cname old.example new.example", ["a. 60 CNAME new.example.", "new.example. 60 A 192.0.2.2"]),
        ("cname exact old.example. new.example.", ["a. 60 CNAME new.example.", "new.example. 60 A 192.0.2.2"]),
        ("cname prefix old new", ["a. 60 CNAME new.example.", "new.example. 60 A 192.0.2.2"]),
        ("cname regex ^old(.*) new{1}", ["a. 60 CNAME new.example.", "new.example. 60 A 192.0.2.2"]),
        ("cname other.example new.example", ["a. 60 CNAME old.example."]),
    ],
)
def test_an_alias_can_lead_elsewhere(rule: str, told_records: list[str]) -> None:
    alias = 'template IN A {\n match ^a[.]$\n answer "a. 60 IN CNAME old.example."\n fallthrough\n }'
    there = 'template IN A {\n match ^new\n answer "{{ .Name }} 60 IN A 192.0.2.2"\n }'
    assert told(ask(f"rewrite {rule}\n {alias}\n {there}", "a.")) == told_records


NAMED = "name rule supports only exact, prefix, suffix, substring, and regex name matching"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("rewrite", "no rule type specified for rewrite"),
        ("rewrite stop", "stop rule must begin with a rule type"),
        ("rewrite nome a b", 'invalid rule type "nome"'),
        ("rewrite type A", "type rules must have exactly two arguments"),
        ("rewrite class IN CH HS", "class rules must have exactly two arguments"),
        ("rewrite name a", "too few arguments for a name rule"),
        ("rewrite name regex ( b", "invalid regex matching pattern: ("),
        ("rewrite name exact a b c", "invalid arguments for exact rule"),
        ("rewrite name suffix a b answer name c", "name answer rule for suffix rule: 2 arguments required"),
        ("rewrite ttl a", "too few (1) arguments for a ttl rule"),
        ("rewrite ttl a soon", "invalid TTL 'soon' for a ttl rule"),
        ("rewrite ttl a 9-5", "invalid TTL '9-5' for a ttl rule"),
        ("rewrite ttl like a 5", "ttl rule supports only exact, prefix, suffix, substring, and regex name matching"),
        ("rewrite edns0 local", "too few arguments for an EDNS0 rule"),
        ("rewrite edns0 local put 1 2", 'invalid action: "put"'),
        ("rewrite edns0 global set 1 2", 'invalid rule type "global"'),
        ("rewrite edns0 local set 1", "EDNS0 local rules require three or four args"),
        ("rewrite edns0 nsid set 1", "EDNS0 NSID rules can accept no more than one arg"),
        ("rewrite edns0 subnet set 24", "EDNS0 subnet rules require three or four args"),
        ("rewrite edns0 subnet set 33 56 revert", "invalid IPv4 bit mask length 33"),
        ("rewrite edns0 subnet set 24 129", "invalid IPv6 bit mask length 129"),
        ("rewrite edns0 local unset", "local unset action requires exactly two arguments"),
        ("rewrite edns0 local set x 1", 'strconv.ParseUint: parsing "x": invalid syntax'),
        ("rewrite edns0 local set 65536 1", 'strconv.ParseUint: parsing "65536": value out of range'),
        ("rewrite edns0 local set 0xffee 0x1", "encoding/hex: odd length hex string"),
        ("rewrite edns0 local set 0xffee 0xzz", "encoding/hex: invalid byte: U+007A 'z'"),
        ("rewrite edns0 local set 1 {nosuch}", 'unsupported variable name "{nosuch}"'),
        ("rewrite cname a", "too few (1) arguments for a cname rule"),
        ("rewrite cname like a b", "unknown cname rewrite type: like"),
        (
            "rewrite cname regex ( b",
            "invalid cname rewrite regex pattern: error parsing regexp: missing closing ): `(`",
        ),
        ("rewrite rcode a 3", "too few (2) arguments for a rcode rule"),
        ("rewrite rcode a NOSUCH 0", "invalid matching RCODE 'NOSUCH' for a rcode rule"),
        ("rewrite rcode a 3 24", "invalid replacement RCODE '24' for a rcode rule"),
        (
            "rewrite rcode like a 3 0",
            "rcode rule supports only exact, prefix, suffix, substring, and regex name matching",
        ),
        ("rewrite rcode regex ( 3 0", "invalid regex pattern in a rcode rule: ("),
        ("rewrite type A NOSUCH", 'invalid type "NOSUCH"'),
        ("rewrite class IN XX", 'invalid class "XX"'),
        ("rewrite answer name a b", "response rewrites must begin with a name rule"),
        ("rewrite name like a b", f"{NAMED}, received: like"),
        ("rewrite name regex (a) b answer sometimes x", 'invalid type "sometimes" for answer rule for regex rule'),
        (
            "rewrite name regex a {1}",
            "the rewrite regex pattern ({1}) uses more subexpressions than its corresponding matching regex "
            "pattern (a)",
        ),
    ],
)
def test_lines_that_cannot_be_used(line: str, words: str) -> None:
    assert refused(line) == words
