"""What a name may look like: DNS labels and subdomains, label keys and values, port names, environment variables.

Every check returns the list of problems it found, in upstream's words; an empty list means the value is fine. Lengths
count bytes, as Go's ``len`` does. Upstream: ``k8s.io/apimachinery/pkg/util/validation``, ``pkg/api/validate/content``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Check = Callable[[str], list[str]]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LOOSE_LABEL = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_LOOSE_SUBDOMAIN = rf"{_LOOSE_LABEL}(\.{_LOOSE_LABEL})*"
_LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_WILDCARD_SUBDOMAIN = rf"\*\.{_SUBDOMAIN}"
_QUALIFIED_PART = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = f"({_QUALIFIED_PART})?"
_PERCENT = "[0-9]+%"
_HEADER_NAME = "[-A-Za-z0-9]+"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_PORTABLE_VARIABLE = "[-._a-zA-Z][-._a-zA-Z0-9]*"
_URL_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
# Go's [A-Za-z] classes are ASCII already; re.ASCII keeps \w-like surprises out should a class ever use them.
_patterns = {
    pattern: re.compile(pattern, re.ASCII)
    for pattern in (
        _LABEL, _SUBDOMAIN, _LOOSE_SUBDOMAIN, _LABEL_1035, _WILDCARD_SUBDOMAIN, _QUALIFIED_PART, _LABEL_VALUE,
        _PERCENT, _HEADER_NAME, _CONFIG_KEY, _PORTABLE_VARIABLE, _URL_PATH,
    )
}  # fmt: skip


def matches(pattern: str, value: str) -> bool:
    """Whether the whole value matches one of this module's patterns."""
    return _patterns[pattern].fullmatch(value) is not None


def regex_problem(sentence: str, pattern: str, *examples: str) -> str:
    """The sentence, then examples and the pattern in brackets, joined as upstream joins them."""
    if not examples:
        return f"{sentence} (regex used for validation is '{pattern}')"
    joined = " or ".join(f"'{example}', " for example in examples)
    return f"{sentence} (e.g. {joined}regex used for validation is '{pattern}')"


def byte_length(value: str) -> int:
    """The length that upstream counts: bytes of UTF-8."""
    return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))


def _length_problems(value: str, limit: int, unit: str = "characters") -> list[str]:
    # no character takes more than four bytes
    too_long = len(value) * 4 > limit and byte_length(value) > limit
    return [f"must be no more than {limit} {unit}"] if too_long else []


def in_range(value: int, least: int, most: int) -> list[str]:
    """An integer between two bounds, both allowed."""
    return [] if least <= value <= most else [f"must be between {least} and {most}, inclusive"]


def port_number(value: int) -> list[str]:
    """A TCP or UDP port: 1 to 65535."""
    return in_range(value, 1, 65535)


def _unless(pattern: str, value: str, limit: int, sentence: str, *examples: str, unit: str = "characters") -> list[str]:
    """What is wrong with a value that must match the pattern and may have so many bytes."""
    fits = matches(pattern, value)
    if fits and len(value) <= limit:  # what matches is ASCII: a byte a character
        return []
    problems = _length_problems(value, limit, unit)
    return problems if fits else [*problems, regex_problem(sentence, pattern, *examples)]


def dns1123_label(value: str) -> list[str]:
    """One DNS label as RFC 1123 has it: the name of a Service, a container, a namespace."""
    fits = matches(_LABEL, value)
    if fits and len(value) <= 63:
        return []
    problems = _length_problems(value, 63)
    if fits:
        return problems
    if matches(_SUBDOMAIN, value):
        return [*problems, "must not contain dots"]
    sentence = (
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
        "and must start and end with an alphanumeric character"
    )
    return [*problems, regex_problem(sentence, _LABEL, "my-name", "123-abc")]


def dns1035_label(value: str) -> list[str]:
    """One DNS label as RFC 1035 has it: like RFC 1123's, but starting with a letter."""
    sentence = (
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
        "start with an alphabetic character, and end with an alphanumeric character"
    )
    return _unless(_LABEL_1035, value, 63, sentence, "my-name", "abc-123")


def dns1123_subdomain(value: str) -> list[str]:
    """Dot-separated labels: the name of a Pod, a Deployment, a Node, and most other objects."""
    return _subdomain_problems(value, "characters")


def _subdomain_problems(value: str, unit: str) -> list[str]:
    sentence = (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
        "and must start and end with an alphanumeric character"
    )
    return _unless(_SUBDOMAIN, value, 253, sentence, "example.com", unit=unit)


def search_domain(value: str) -> list[str]:
    """An entry of a resolver's search list: a subdomain in which underscores are allowed."""
    sentence = (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', "
        "and must start and end with an alphanumeric character"
    )
    return _unless(_LOOSE_SUBDOMAIN, value, 253, sentence, "example.com")


def wildcard_dns1123_subdomain(value: str) -> list[str]:
    """A subdomain behind ``*.``."""
    sentence = (
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
        "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
    )
    return _unless(_WILDCARD_SUBDOMAIN, value, 253, sentence, "*.example.com")


_plain_key = re.compile("(?:[a-z0-9]+(?:[-.][a-z0-9]+)*/)?[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*", re.ASCII).fullmatch
"""Finds most label keys that have no problem, if they are short, in a fraction of the time that all rules take."""

_QUALIFIED_SENTENCE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)


def qualified_name(value: str) -> list[str]:
    """A label key, an annotation key, a finalizer: ``name`` or ``prefix.example.com/name``."""
    if len(value) <= 63 and _plain_key(value) is not None:
        return []
    prefix, slash, name = value.rpartition("/")
    if value.count("/") > 1:
        problem = regex_problem(
            f"a valid label key {_QUALIFIED_SENTENCE}", _QUALIFIED_PART, "MyName", "my.name", "123-abc"
        )
        return [f"{problem} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    problems = []
    if slash:
        if not prefix:
            problems.append("prefix part must be non-empty")
        else:
            problems += [f"prefix part {problem}" for problem in _subdomain_problems(prefix, "bytes")]
    if not name:
        problems.append("name part must be non-empty")
    elif too_long := _length_problems(name, 63, "bytes"):
        problems += [f"name part {problem}" for problem in too_long]
    if not matches(_QUALIFIED_PART, name):
        problem = regex_problem(_QUALIFIED_SENTENCE, _QUALIFIED_PART, "MyName", "my.name", "123-abc")
        problems.append(f"name part {problem}")
    return problems


def label_value(value: str) -> list[str]:
    """The value of a label: up to 63 bytes, or empty."""
    sentence = (
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
        "and must start and end with an alphanumeric character"
    )
    return _unless(_LABEL_VALUE, value, 63, sentence, "MyValue", "my_value", "12345", unit="bytes")


def port_name(value: str) -> list[str]:
    """The name of a container's port (RFC 6335, lower case): what a ``targetPort`` may be."""
    problems = _length_problems(value, 15)
    if re.fullmatch("[-a-z0-9]+", value) is None:
        problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if re.search("[a-z]", value) is None:
        problems.append("must contain at least one letter (a-z)")
    if "--" in value:
        problems.append("must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        problems.append("must not begin or end with a hyphen")
    return problems


def percentage(value: str) -> list[str]:
    """``25%``."""
    if matches(_PERCENT, value):
        return []
    sentence = "a valid percent string must be a numeric string followed by an ending '%'"
    return [regex_problem(sentence, _PERCENT, "1%", "93%")]


def http_header_name(value: str) -> list[str]:
    """The name of an HTTP header."""
    if matches(_HEADER_NAME, value):
        return []
    sentence = "a valid HTTP header must consist of alphanumeric characters or '-'"
    return [regex_problem(sentence, _HEADER_NAME, "X-Header-Name")]


def environment_variable(value: str) -> list[str]:
    """The name of an environment variable: printable ASCII without ``=`` (the relaxed rule, general since 1.34)."""
    if not value:
        return ["environment variable name must be non-empty"]
    if all(" " <= character <= "~" and character != "=" for character in value):
        return []
    return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]


def portable_environment_variable(value: str) -> list[str]:
    """The name of an environment variable by the strict rule, which kubectl keeps to."""
    problems = []
    if not matches(_PORTABLE_VARIABLE, value):
        sentence = (
            "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and "
            "must not start with a digit"
        )
        problems = [regex_problem(sentence, _PORTABLE_VARIABLE, "my.env-name", "MY_ENV.NAME", "MyEnvName1")]
    return problems


def config_map_key(value: str) -> list[str]:
    """A key of a ConfigMap or a Secret."""
    problems = _length_problems(value, 253)
    if not matches(_CONFIG_KEY, value):
        sentence = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        problems.append(regex_problem(sentence, _CONFIG_KEY, "key.name", "KEY_NAME", "key-name"))
    if value == ".":
        problems.append("must not be '.'")
    elif value == "..":
        problems.append("must not be '..'")
    elif value.startswith(".."):
        problems.append("must not start with '..'")
    return problems


def path_segment(value: str) -> list[str]:
    """A name that is nothing but a segment of a URL path."""
    if value in (".", ".."):
        return [f"may not be '{value}'"]
    return [f"may not contain '{character}'" for character in "/%" if character in value]


def url_path(value: str) -> list[str]:
    """The path of a URL, without what must be escaped in one."""
    return [] if matches(_URL_PATH, value) else [regex_problem("Invalid path", _URL_PATH)]


def without_trailing_dash(prefix: str) -> str:
    """A ``generateName`` checked as a name: upstream lets the dash before the random part pass."""
    return f"{prefix[:-2]}a" if len(prefix) > 1 and prefix.endswith("-") else prefix
