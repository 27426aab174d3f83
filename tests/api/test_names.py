"""Names: limits and characters of each sort of name. Expected: RFC 1123, 1035, 6335, upstream's documentation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api import names

CHECKS = [
    names.dns1123_label,
    names.dns1123_subdomain,
    names.dns1035_label,
    names.search_domain,
    names.wildcard_dns1123_subdomain,
    names.qualified_name,
    names.label_value,
    names.port_name,
    names.percentage,
    names.http_header_name,
    names.environment_variable,
    names.config_map_key,
    names.path_segment,
]


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (names.dns1123_label, ["a", "web-1", "1", "a" * 63], ["", "-a", "a-", "a.b", "A", "a_b", "a" * 64, "é"]),
        (names.dns1123_subdomain, ["a.b", "web", "a" * 63 + ".b"], ["", "a..b", ".a", "a.", "a_b.c", "A.b"]),
        (names.dns1035_label, ["a", "a-1"], ["1a", "", "a.b"]),
        (names.search_domain, ["_tcp.web", "a_b.c"], ["", "a_", "A"]),
        (names.wildcard_dns1123_subdomain, ["*.example.com"], ["*", "example.com", "*.*.com"]),
        (names.qualified_name, ["app", "example.com/App_1.x"], ["", "/a", "a/", "a/b/c", "Ex.com/a", "a" * 64]),
        (names.label_value, ["", "web", "A_b-c.d", "x" * 63], ["-a", "a b", "x" * 64]),
        (names.port_name, ["http", "a-1"], ["", "80", "a--b", "-a", "a" * 16, "A"]),
        (names.percentage, ["25%", "0%"], ["25", "%", "-1%"]),
        (names.http_header_name, ["X-Name"], ["", "a b"]),
        (names.environment_variable, ["HOME", "1x", "a b", "a.b"], ["", "a=b", "é"]),
        (names.config_map_key, ["key.name", "KEY_1"], ["", ".", "..", "..a", "a/b"]),
        (names.path_segment, ["anything goes"], [".", "..", "a/b", "50%"]),
    ],
)  # fmt: skip
def test_good_and_bad(check: names.Check, good: list[str], bad: list[str]) -> None:
    assert [value for value in good if check(value)] == []
    assert [value for value in bad if not check(value)] == []


ENDS = "and must start and end with an alphanumeric character"
LABEL = (
    f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {ENDS} "
    "(e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
DOTTED = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
SUBDOMAIN = (
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {ENDS} "
    f"(e.g. 'example.com', regex used for validation is '{DOTTED}')"
)
DNS_1035 = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
WILDCARD = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
    "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character "
    f"(e.g. '*.example.com', regex used for validation is '\\*\\.{DOTTED}')"
)
SEARCH = (
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', {ENDS} "
    "(e.g. 'example.com', regex used for validation is "
    "'_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')"
)


@pytest.mark.parametrize(
    ("check", "value", "problem"),
    [
        (names.dns1123_label, "a.b", "must not contain dots"),
        (names.dns1123_label, "a" * 64, "must be no more than 63 characters"),
        (names.label_value, "a" * 64, "must be no more than 63 bytes"),
        (names.port_name, "8080", "must contain at least one letter (a-z)"),
        (names.qualified_name, "/a", "prefix part must be non-empty"),
        (names.path_segment, "a/b", "may not contain '/'"),
        (names.path_segment, "50%", "may not contain '%'"),
        (names.path_segment, "..", "may not be '..'"),
        (names.dns1123_label, "A", LABEL),
        (names.dns1123_subdomain, "A", SUBDOMAIN),
        (names.dns1035_label, "1a", DNS_1035),
        (names.wildcard_dns1123_subdomain, "*.A", WILDCARD),
        (names.search_domain, "A", SEARCH),
        (names.dns1123_subdomain, "a." * 126 + "ab", "must be no more than 253 characters"),
        (names.search_domain, "a." * 126 + "ab", "must be no more than 253 characters"),
        (names.wildcard_dns1123_subdomain, "*." + "a." * 125 + "ab", "must be no more than 253 characters"),
        (names.dns1035_label, "a" * 64, "must be no more than 63 characters"),
    ],
)
def test_words(check: names.Check, value: str, problem: str) -> None:
    assert check(value) == [problem]


def test_lengths_count_bytes() -> None:
    assert "must be no more than 63 bytes" in names.label_value("é" * 32)


@pytest.mark.parametrize(("number", "good"), [(0, False), (1, True), (65535, True), (65536, False), (-1, False)])
def test_port_number(number: int, good: bool) -> None:
    assert (names.port_number(number) == []) == good


@pytest.mark.parametrize(("prefix", "masked"), [("web-", "wea"), ("web", "web"), ("-", "-"), ("", "")])
def test_a_generated_name_may_have_a_dash_before_its_suffix(prefix: str, masked: str) -> None:
    assert names.without_trailing_dash(prefix) == masked


@given(st.text(), st.sampled_from(CHECKS))
def test_checks_take_any_text(text: str, check: names.Check) -> None:
    assert all(isinstance(problem, str) for problem in check(text))


@given(st.from_regex(r"\A[a-z]([-a-z0-9]{0,61}[a-z0-9])?\Z"))
def test_a_label_of_rfc_1035_is_a_label_a_subdomain_and_a_label_value(label: str) -> None:
    for check in (names.dns1035_label, names.dns1123_label, names.dns1123_subdomain, names.label_value):
        assert check(label) == []
