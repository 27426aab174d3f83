# ruff: noqa: E501 (a table of scalars has many to a line)

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.api import go_yaml
from kubesim.api.go_yaml import YamlError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("off", False),
        ("y", True),
        ("0755", 493),
        ("0o755", 493),
        ("0b11", 3),
        ("1_000", 1000),
        ("1e3", 1000),
        ("80.5", 80.5),
        ("12:30:45", "12:30:45"),
        ("2024-01-02", "2024-01-02"),
        ("0o9", "0o9"),
        ("_1", "_1"),
        ("~", None),
        ("", None),
        ('"80"', "80"),
        ("!!str 80", "80"),
        ("1e999", "1e999"),
    ],
)
def test_plain_scalars_mean_what_go_yaml_takes_them_for(text: str, value: Any) -> None:
    loaded = go_yaml.load(f"a: {text}")["a"]
    assert loaded == value
    assert type(loaded) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b\nc\nd: e\n", "yaml: line 3: could not find expected ':'"),
        ("a:\n  b: c: d\n", "yaml: line 2: mapping values are not allowed in this context"),
        (
            "a:\n  b: {{ .Values.c }}\n",
            'yaml: invalid map key: map[interface {}]interface {}{".Values.c":interface {}(nil)}',
        ),
        ("a: *b", "yaml: unknown anchor 'b' referenced"),
        ("a: &b [1, *c, [", "yaml: unknown anchor 'c' referenced"),
        ("a: &b\n  c: *b\n", "yaml: anchor 'b' value contains itself"),
        ("a: .inf", "json: unsupported value: +Inf"),
        ("\x00", "yaml: control characters are not allowed"),
    ],
)
def test_bad_yaml_is_refused_in_go_yamls_words(text: str, message: str) -> None:
    with pytest.raises(YamlError) as caught:
        go_yaml.load(text)
    assert str(caught.value) == message


def test_documents_before_a_bad_one_are_kept() -> None:
    with pytest.raises(YamlError) as caught:
        go_yaml.load_all("a: 1\n---\nb: 2\n---\n- c\nd: 3\n")
    assert caught.value.documents == ({"a": 1}, {"b": 2})


def test_lines_are_counted_within_a_document() -> None:
    with pytest.raises(YamlError, match="yaml: line 2: mapping values"):
        go_yaml.load_all("a: 1\nb: 2\n---\nx:\n  y: z: 1\n")


def test_a_separator_is_followed_by_nothing_but_a_comment() -> None:
    assert go_yaml.load_all("--- # first\na: 1\n---\n\n--- \nb: 2\n") == [{"a": 1}, {"b": 2}]
    with pytest.raises(YamlError, match="invalid Yaml document separator: -"):
        go_yaml.load_all("a: 1\n----\n")


def test_a_manifest_that_begins_with_a_brace_is_json() -> None:
    assert go_yaml.load_all('{"a": 1}\n{"b": 2}') == [{"a": 1}, {"b": 2}]
    with pytest.raises(YamlError, match="unexpected EOF"):
        go_yaml.load_all('{"a": 1,')


def test_a_later_key_wins_and_a_merge_gives_way() -> None:
    assert go_yaml.load("a: 1\na: 2") == {"a": 2}
    assert go_yaml.load("base: &x {a: 1, b: 1}\nmore: {<<: *x, b: 2}")["more"] == {"a": 1, "b": 2}


def test_an_anchor_may_be_set_again_and_the_last_one_counts() -> None:
    text = "a: &x 1\nb: &x {c: &y [~, '1', 1]}\nd: [*x, *y, !!str 2, \"\"]\n"
    assert go_yaml.load(text)["d"] == [{"c": [None, "1", 1]}, [None, "1", 1], "2", ""]


def test_a_small_text_does_not_become_a_large_value() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(YamlError, match="excessive aliasing"):
        go_yaml.load("\n".join(lines))


def test_keys_are_written_in_natural_order() -> None:
    keys = ["a10", "a2", "a1", "A3", "a-b", "a.b/c", "01", "10", "2"]
    assert sorted(keys, key=go_yaml.natural_key) == ["01", "2", "10", "A3", "a-b", "a.b/c", "a1", "a2", "a10"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc.-/ 1:é\n", max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abc1.é", max_size=6), json_values, max_size=4))
def test_what_is_written_reads_back(value: dict[str, Any]) -> None:
    assert go_yaml.load(go_yaml.dump(value)) == value


@given(st.text())
def test_any_text_is_a_value_or_a_yaml_error(text: str) -> None:
    try:
        go_yaml.load_all(text)
    except YamlError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("True", True), ("tRUE", "tRUE"), ("N", False), ("Null", None), ("nil", "nil"),
        # whole numbers: bases, signs, underscores; a nought before an 8 makes no octal number, but a float of it
        ("+12", 12), ("-12", -12), ("0x1F", 31), ("-0x10", -16), ("0X10", 16), ("0x_10", 16), ("017", 15), ("-017", -15),
        ("0O17", 15), ("-0b101", -5), ("08", 8), ("0", 0), ("-0", 0), ("1__0", 10), ("0x", "0x"), ("0b2", "0b2"),
        ("0xG", "0xG"), ("+", "+"), ("1_", 1), ("1x", "1x"),
        # sixty-four bits, and a float beyond
        ("18446744073709551615", 2**64 - 1), ("18446744073709551616", float(2**64)), ("-9223372036854775808", -(2**63)),
        ("-9223372036854775809", -float(2**63)),
        # numbers with a point or an exponent
        ("0.5", 0.5), (".5", 0.5), ("+.5", 0.5), ("-.5", -0.5), ("1.", 1), ("1.5e3", 1500), ("12E-1", 1.2), ("1_0.5", 10.5),
        (".", "."), ("..", ".."), (".a", ".a"), ("1.2.3", "1.2.3"), ("1e", "1e"), ("e3", "e3"), ("1e20", 1e20), ("1e21", 1e21),
        ("._5", "._5"), ("-.", "-."),
        # with a tag
        ("!!int 5", 5), ('!!int "5"', 5), ("!!float 5", 5), ("!!float 0.5", 0.5), ("!!bool yes", True), ("!!null ~", None),
        ("!!str yes", "yes"), ("! yes", True), ("!own 5", "5"), ("!!binary aGk=", "hi"),
    ],
)  # fmt: skip
def test_another_scalar(text: str, value: Any) -> None:
    loaded = go_yaml.load(f"a: {text}")["a"]
    assert loaded == value
    assert type(loaded) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: .NaN", "json: unsupported value: NaN"),
        ("a: -.inf", "json: unsupported value: -Inf"),
        ("a: !!int x", "yaml: cannot decode !!str `x` as a !!int"),
        ("a: !!int yes", "yaml: cannot decode !!str `yes` as a !!int"),
        ("a: !!bool 1", "yaml: cannot decode !!str `1` as a !!bool"),
        ("a: !!float yes", "yaml: cannot decode !!str `yes` as a !!float"),
        ("a: !!binary a", "yaml: !!binary value contains invalid base64 data"),
        ("[a, 1, ~, true]: b", 'yaml: invalid map key: []interface {}{"a", 1, interface {}(nil), true}'),
        ("~: b", 'unsupported map key of type: %!s(<nil>), key: <nil>, value: "b"'),
        ('a: 1\nb: "x\\/y"', "yaml: line 2: found unknown escape character"),
        ("a:\n  <<: 5", "yaml: map merge requires map or sequence of maps as the value"),
        ("a:\n  <<: [{b: 1}, 5]", "yaml: map merge requires map or sequence of maps as the value"),
        ("a: &b {c: &d [*b]}", "yaml: anchor 'b' value contains itself"),
        ("a: &b 1\nc: *b\nd: *e", "yaml: unknown anchor 'e' referenced"),
        ("a: " + "[" * 10001, "yaml: exceeded max depth of 10000"),
    ],
)
def test_another_refusal(text: str, message: str) -> None:
    with pytest.raises(YamlError) as caught:
        go_yaml.load(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1: a", {"1": "a"}),
        ("true: a", {"true": "a"}),
        ("no: a", {"false": "a"}),
        ("1.50: a", {"1.5": "a"}),
        ("<<: {a: 1}\nb: 2", {"a": 1, "b": 2}),
        ("<<: [{a: 1}, {a: 2, b: 2}]", {"a": 1, "b": 2}),
        ('"<<": {a: 1}', {"<<": {"a": 1}}),
        ("- a\n- [b, {c: d}]", ["a", ["b", {"c": "d"}]]),
        ("a: &x 1\nb: *x", {"a": 1, "b": 1}),
        ("", None),
        ("# nothing", None),
    ],
)
def test_keys_and_collections(text: str, value: Any) -> None:
    assert go_yaml.load(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("web", "web"), ("yes", '"yes"'), ("y", '"y"'), ("1", '"1"'), ("1e3", '"1e3"'), ("0x1", '"0x1"'), ("~", '"~"'), ("", '""'),
        (".5", '".5"'), (".inf", '".inf"'), ("2024-01-02", '"2024-01-02"'), ("2024-01-02T10:00:00Z", '"2024-01-02T10:00:00Z"'),
        ("12:30", '"12:30"'), ("1:60", "1:60"), ("1.2.3", "1.2.3"), ("a: b", "'a: b'"), ("a #b", "'a #b'"), ("- a", "'- a'"),
        ("a\nb\n", "|\n  a\n  b"), ("a\nb", "|-\n  a\n  b"), ("a\n\n", "|+\n  a\n"), ("é", "é"),
        (True, "true"), (None, "null"), (5, "5"), (-5, "-5"), (0.5, "0.5"), (1e21, "1e+21"), (1e-7, "1e-07"), (1e-10, "1e-10"),
        ([], "[]"), ({}, "{}"),
    ],
)  # fmt: skip
def test_how_a_value_is_written(value: Any, text: str) -> None:
    assert go_yaml.dump({"a": value}) == f"a: {text}\n"


def test_how_collections_are_written() -> None:
    same = {"b": 1}
    value = {"z": [same, same, []], "a": {"a10": {}, "a2": [[1], "x"]}, "K": None}
    assert go_yaml.dump(value) == ("K: null\na:\n  a2:\n  - - 1\n  - x\n  a10: {}\nz:\n- b: 1\n- b: 1\n- []\n")


@pytest.mark.parametrize(
    "ordered",
    [
        ["", "a"], ["1", "a"], ["-", "a"], ["A", "a"], ["a", "aa"], ["a1", "a2"], ["a9", "a10"], ["a1b", "a1c"], ["1a", "1b"],
        ["a.", "aa"], ["a-1", "a.1"], ["1", "01"], ["a1", "a01"], ["a1", "a02"], ["a10", "a100"], ["9a", "10"],
    ],
)  # fmt: skip
def test_a_key_is_before_another(ordered: list[str]) -> None:
    first, second = map(go_yaml.natural_key, ordered)
    assert first < second
    assert not second < first
